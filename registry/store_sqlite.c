/* SPDX-License-Identifier: Apache-2.0 */
/* The file, its statements and transactions, the server's runs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <whitekey/steady.h>

#include "columns.h"
#include "store_sqlite.h"

#define PATIENCE_MS 5000 /* what a person at a shell puts up with */

static const char *const queries[WK_SQL_COUNT] = {
    [WK_SQL_BEGIN] = "BEGIN IMMEDIATE",
    [WK_SQL_COMMIT] = "COMMIT",
    [WK_SQL_ROLLBACK] = "ROLLBACK",
    [WK_SQL_GET_DEVICE] =
        "SELECT " DEVICE_COLUMNS " FROM device WHERE d_id = ?1",
    [WK_SQL_NEXT_DEVICE] =
        "SELECT " DEVICE_COLUMNS " FROM device WHERE d_id > ?1"
        " ORDER BY d_id LIMIT 1",
    [WK_SQL_GET_CHAIN] = "SELECT " CHAIN_COLUMNS " FROM chain WHERE d_id = ?1",
    [WK_SQL_PUT_DEVICE] = "INSERT OR REPLACE INTO device (" DEVICE_COLUMNS ")"
                          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [WK_SQL_PUT_CHAIN] =
        "INSERT OR REPLACE INTO chain (" CHAIN_COLUMNS ")"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
        " ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
    [WK_SQL_DELETE_CHAIN] = "DELETE FROM chain WHERE d_id = ?1 AND role = ?2",
    [WK_SQL_PUT_ANCHOR] = "INSERT INTO anchor (d_id, anchor) VALUES (?1, ?2)",
    [WK_SQL_PUT_CHANGE] = "INSERT INTO change (d_id) VALUES (?1)",
    [WK_SQL_NEXT_CHANGE] = "SELECT seq, d_id FROM change WHERE seq > ?1"
                           " ORDER BY seq LIMIT 1",
    [WK_SQL_UPDATE_DEVICE] =
        "UPDATE device SET state = ?3, released = ?4,"
        " long_walk_at = ?6, login_at = ?8"
        " WHERE d_id = ?1 AND generation = ?2 AND state <> 3",
    [WK_SQL_UPDATE_CHAIN] =
        "UPDATE chain SET epoch = ?4, n = ?5, last = ?6,"
        " value = ?7, hash = ?8, t_max = ?9, promise = ?10,"
        " promise_run = ?11, pending_state = ?12,"
        " pending_index = ?13, pending_n = ?14,"
        " pending_anchor = ?15, pending_vouch = ?16,"
        " previous_last = ?17, previous_value = ?18,"
        " previous_hash = ?19"
        " WHERE d_id = ?1 AND role = ?2 AND generation = ?3",
    [WK_SQL_HEAD] =
        "SELECT realm, master_check, run, clean, unclean_run, not_before"
        " FROM head",
    [WK_SQL_BEGIN_RUN] =
        "UPDATE head SET unclean_run = iif(clean, unclean_run, run),"
        " run = run + 1, clean = 0",
    [WK_SQL_END_RUN] = "UPDATE head SET clean = 1",
    [WK_SQL_NOT_BEFORE] = "UPDATE head SET not_before = ?1",
    [WK_SQL_FORGET_CHANGES] = "DELETE FROM change WHERE seq <= ?1",
};

struct wk_store {
  sqlite3 *db;
  char *path;
  sqlite3_stmt *query[WK_SQL_COUNT];
};

enum wk_err wk_store_error(struct wk_why *why, const char *path, sqlite3 *db,
                           int code) {
  enum wk_err err = WK_ERR_IO;
  switch (code & 0xff) {
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    err = WK_ERR_BUSY;
    break;
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    err = WK_ERR_CORRUPT;
    break;
  case SQLITE_CANTOPEN:
  case SQLITE_READONLY:
    return wk_fail(why, err, "%s: the file or its folder cannot be written",
                   path);
  default:
    break;
  }
  return wk_fail(why, err, "%s: %s", path,
                 db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
}

enum wk_err wk_store_failed(struct wk_store *store, struct wk_why *why,
                            int code) {
  return wk_store_error(why, store->path, store->db, code);
}

sqlite3 *wk_store_db(struct wk_store *store) {
  return store->db;
}

const char *wk_store_path(const struct wk_store *store) {
  return store->path;
}

static enum wk_err corrupt(struct wk_store *store, struct wk_why *why,
                           const char *what) {
  return wk_fail(why, WK_ERR_CORRUPT, "%s: %s", store->path, what);
}

/* ---- open -------------------------------------------------------------- */

static enum wk_err pragma_get(struct wk_store *store, const char *pragma,
                              int *value, struct wk_why *why) {
  sqlite3_stmt *stmt = NULL;
  const int code = sqlite3_prepare_v2(store->db, pragma, -1, &stmt, NULL);
  if (code != SQLITE_OK)
    return wk_store_failed(store, why, code);
  const int step = sqlite3_step(stmt);
  *value = step == SQLITE_ROW ? sqlite3_column_int(stmt, 0) : -1;
  (void)sqlite3_finalize(stmt);
  return step == SQLITE_ROW ? WK_OK : wk_store_failed(store, why, step);
}

/* A registry of the present version, from now on. */
static enum wk_err check_version(struct wk_store *store, struct wk_why *why) {
  int id = 0;
  int version = 0;
  enum wk_err err = pragma_get(store, "PRAGMA application_id", &id, why);
  if (err == WK_OK && id != APPLICATION_ID)
    err = corrupt(store, why, "is no WhiteKey registry");
  if (err == WK_OK)
    err = pragma_get(store, "PRAGMA user_version", &version, why);
  if (err == WK_OK && version == 1)
    return wk_store_upgrade(store, why);
  if (err == WK_OK && version != SCHEMA_VERSION)
    err = wk_fail(why, WK_ERR_CORRUPT,
                  "%s: is of version %d, which this program does not know",
                  store->path, version);
  return err;
}

enum wk_err wk_store_check(struct wk_store *store, struct wk_why *why) {
  sqlite3_stmt *stmt = NULL;
  int code = sqlite3_prepare_v2(store->db, "PRAGMA integrity_check(1)", -1,
                                &stmt, NULL);
  if (code == SQLITE_OK)
    code = sqlite3_step(stmt);
  enum wk_err err = WK_OK;
  if (code != SQLITE_ROW)
    err = wk_store_failed(store, why, code);
  else if (strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") != 0)
    err = corrupt(store, why, "is damaged");
  (void)sqlite3_finalize(stmt);
  return err;
}

static enum wk_err prepare_all(struct wk_store *store, struct wk_why *why) {
  for (int sql = 0; sql < WK_SQL_COUNT; sql++) {
    const int code = sqlite3_prepare_v3(store->db, queries[sql], -1,
                                        SQLITE_PREPARE_PERSISTENT,
                                        &store->query[sql], NULL);
    if (code != SQLITE_OK)
      return wk_store_failed(store, why, code);
  }
  return WK_OK;
}

static enum wk_err open_db(struct wk_store *store, struct wk_store_head *head,
                           struct wk_why *why) {
  int code =
      sqlite3_open_v2(store->path, &store->db, SQLITE_OPEN_READWRITE, NULL);
  if (code != SQLITE_OK)
    return wk_store_failed(store, why, code);
  (void)sqlite3_busy_timeout(store->db, PATIENCE_MS);
  enum wk_err err = check_version(store, why);
  if (err != WK_OK)
    return err;
  code = sqlite3_exec(store->db,
                      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                      "PRAGMA secure_delete = ON; PRAGMA foreign_keys = OFF",
                      NULL, NULL, NULL);
  if (code != SQLITE_OK)
    return wk_store_failed(store, why, code);
  err = prepare_all(store, why);
  return err == WK_OK ? wk_store_head(store, head, why) : err;
}

enum wk_err wk_store_open(struct wk_store **store, const char *path,
                          struct wk_store_head *head, struct wk_why *why) {
  *store = NULL;
  if (access(path, R_OK | W_OK) != 0)
    return wk_fail(why, errno == ENOENT ? WK_ERR_MISSING : WK_ERR_IO, "%s: %s",
                   path, strerror(errno));
  struct wk_store *made = calloc(1, sizeof *made);
  if (made)
    made->path = strdup(path);
  if (!made || !made->path) {
    free(made);
    return wk_fail(why, WK_ERR_MEMORY, "%s: out of memory", path);
  }
  const enum wk_err err = open_db(made, head, why);
  if (err != WK_OK) {
    wk_store_close(made);
    return err;
  }
  *store = made;
  return WK_OK;
}

void wk_store_set_patience(struct wk_store *store, int ms) {
  (void)sqlite3_busy_timeout(store->db, ms);
}

void wk_store_close(struct wk_store *store) {
  if (!store)
    return;
  for (int sql = 0; sql < WK_SQL_COUNT; sql++)
    (void)sqlite3_finalize(store->query[sql]);
  (void)sqlite3_close(store->db);
  free(store->path);
  free(store);
}

/* ---- statements, transactions ------------------------------------------ */

sqlite3_stmt *wk_store_ready(struct wk_store *store, enum wk_sql sql) {
  sqlite3_stmt *stmt = store->query[sql];
  (void)sqlite3_reset(stmt);
  (void)sqlite3_clear_bindings(stmt);
  return stmt;
}

enum wk_err wk_store_run(struct wk_store *store, enum wk_sql sql,
                         struct wk_why *why) {
  const int code = sqlite3_step(store->query[sql]);
  enum wk_err err = WK_OK;
  if (code != SQLITE_DONE)
    err = wk_store_failed(store, why, code);
  (void)sqlite3_reset(store->query[sql]);
  return err;
}

/* What is written to a file without a name is lost with the process. */
enum wk_err wk_store_begin(struct wk_store *store, struct wk_why *why) {
  int moved = 0;
  if (sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED,
                           &moved) == SQLITE_OK &&
      moved != 0)
    return wk_fail(why, WK_ERR_IO,
                   "%s: was moved, removed or replaced while in use: restart",
                   store->path);
  (void)wk_store_ready(store, WK_SQL_BEGIN);
  return wk_store_run(store, WK_SQL_BEGIN, why);
}

enum wk_err wk_store_commit(struct wk_store *store, struct wk_why *why) {
  (void)wk_store_ready(store, WK_SQL_COMMIT);
  const enum wk_err err = wk_store_run(store, WK_SQL_COMMIT, why);
  if (err != WK_OK)
    wk_store_rollback(store);
  return err;
}

void wk_store_rollback(struct wk_store *store) {
  /* Some failures have rolled back by themselves: then there is none. */
  if (sqlite3_get_autocommit(store->db) != 0)
    return;
  sqlite3_stmt *stmt = wk_store_ready(store, WK_SQL_ROLLBACK);
  (void)sqlite3_step(stmt);
  (void)sqlite3_reset(stmt);
}

/* ---- runs and changes --------------------------------------------------- */

enum wk_err wk_store_head(struct wk_store *store, struct wk_store_head *head,
                          struct wk_why *why) {
  sqlite3_stmt *stmt = wk_store_ready(store, WK_SQL_HEAD);
  const int code = sqlite3_step(stmt);
  enum wk_err err = WK_OK;
  if (code != SQLITE_ROW && code != SQLITE_DONE)
    err = wk_store_failed(store, why, code);
  else if (code == SQLITE_DONE ||
           !wk_column_bytes(stmt, 0, head->realm, WK_REALM_LEN) ||
           !wk_column_bytes(stmt, 1, head->check, WK_CHECK_LEN))
    err = corrupt(store, why, "the registry's head is damaged");
  head->run = (uint32_t)sqlite3_column_int64(stmt, 2);
  head->clean = sqlite3_column_int(stmt, 3) == 1;
  head->unclean_run = (uint32_t)sqlite3_column_int64(stmt, 4);
  head->not_before = sqlite3_column_int64(stmt, 5);
  (void)sqlite3_reset(stmt);
  return err;
}

enum wk_err wk_store_note_change(struct wk_store *store, const char *did,
                                 struct wk_why *why) {
  (void)sqlite3_bind_text(wk_store_ready(store, WK_SQL_PUT_CHANGE), 1, did, -1,
                          SQLITE_STATIC);
  return wk_store_run(store, WK_SQL_PUT_CHANGE, why);
}

enum wk_err wk_store_forget_changes(struct wk_store *store, int64_t seq,
                                    struct wk_why *why) {
  (void)sqlite3_bind_int64(wk_store_ready(store, WK_SQL_FORGET_CHANGES), 1,
                           seq);
  return wk_store_run(store, WK_SQL_FORGET_CHANGES, why);
}

/*
 * Moves the WAL into the database and begins it anew, without truncating it.
 * After a failed sync the kernel may call pages of the WAL clean that never
 * reached the disk; the process that met the failure writes them again, but
 * one that starts later would find them whole in the kernel's memory and build
 * upon them.
 */
static enum wk_err renew_wal(struct wk_store *store, struct wk_why *why) {
  const int64_t patience = wk_steady_ms() + PATIENCE_MS;
  int code = 0;
  while ((code = sqlite3_wal_checkpoint_v2(store->db, NULL,
                                           SQLITE_CHECKPOINT_RESTART, NULL,
                                           NULL)) == SQLITE_BUSY &&
         wk_steady_ms() < patience)
    (void)sqlite3_sleep(1); /* for another's checkpoint SQLite does not wait */
  return code == SQLITE_OK ? WK_OK : wk_store_failed(store, why, code);
}

enum wk_err wk_store_begin_run(struct wk_store *store,
                               struct wk_store_head *head,
                               struct wk_why *why) {
  enum wk_err err = renew_wal(store, why);
  if (err == WK_OK)
    err = wk_store_begin(store, why);
  if (err != WK_OK)
    return err;
  (void)wk_store_ready(store, WK_SQL_BEGIN_RUN);
  err = wk_store_run(store, WK_SQL_BEGIN_RUN, why);
  if (err == WK_OK)
    err = wk_store_forget_changes(store, INT64_MAX, why);
  if (err == WK_OK)
    err = wk_store_head(store, head, why);
  if (err == WK_OK)
    return wk_store_commit(store, why);
  wk_store_rollback(store);
  return err;
}

/* A single statement is a transaction of its own. */
enum wk_err wk_store_end_run(struct wk_store *store, struct wk_why *why) {
  (void)wk_store_ready(store, WK_SQL_END_RUN);
  return wk_store_run(store, WK_SQL_END_RUN, why);
}

/* Setting a row to what it is would not reach the disk. */
enum wk_err wk_store_probe(struct wk_store *store, struct wk_why *why) {
  const enum wk_err err = wk_store_note_change(store, "", why);
  return err == WK_OK ? wk_store_forget_changes(store, INT64_MAX, why) : err;
}

enum wk_err wk_store_not_before(struct wk_store *store, int64_t not_before,
                                struct wk_why *why) {
  (void)sqlite3_bind_int64(wk_store_ready(store, WK_SQL_NOT_BEFORE), 1,
                           not_before);
  return wk_store_run(store, WK_SQL_NOT_BEFORE, why);
}

enum wk_err wk_store_next_change(struct wk_store *store, int64_t *seq,
                                 char did[WK_DID_MAX + 1],
                                 struct wk_why *why) {
  sqlite3_stmt *stmt = wk_store_ready(store, WK_SQL_NEXT_CHANGE);
  (void)sqlite3_bind_int64(stmt, 1, *seq);
  const int code = sqlite3_step(stmt);
  enum wk_err err = WK_OK;
  if (code == SQLITE_ROW) {
    *seq = sqlite3_column_int64(stmt, 0);
    (void)snprintf(did, WK_DID_MAX + 1, "%s", sqlite3_column_text(stmt, 1));
  } else {
    err = code == SQLITE_DONE ? wk_fail(why, WK_ERR_MISSING, "no change")
                              : wk_store_failed(store, why, code);
  }
  (void)sqlite3_reset(stmt);
  return err;
}

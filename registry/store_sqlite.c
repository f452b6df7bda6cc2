/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "columns.h"
#include "store_sqlite.h"

#define PATIENCE_MS 5000 /* what a person at a shell puts up with */

enum query {
  BEGIN,
  COMMIT,
  ROLLBACK,
  GET_DEVICE,
  NEXT_DEVICE,
  GET_CHAIN,
  PUT_DEVICE,
  PUT_CHAIN,
  DELETE_CHAIN,
  PUT_ANCHOR,
  PUT_CHANGE,
  NEXT_CHANGE,
  UPDATE_DEVICE,
  UPDATE_CHAIN,
  HEAD,
  BEGIN_RUN,
  END_RUN,
  NOT_BEFORE,
  FORGET_CHANGES,
  QUERY_COUNT
};

static const char *const queries[QUERY_COUNT] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [GET_DEVICE] = "SELECT " DEVICE_COLUMNS " FROM device WHERE d_id = ?1",
    [NEXT_DEVICE] = "SELECT " DEVICE_COLUMNS " FROM device WHERE d_id > ?1"
                    " ORDER BY d_id LIMIT 1",
    [GET_CHAIN] = "SELECT " CHAIN_COLUMNS " FROM chain WHERE d_id = ?1",
    [PUT_DEVICE] = "INSERT OR REPLACE INTO device (" DEVICE_COLUMNS ")"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [PUT_CHAIN] = "INSERT OR REPLACE INTO chain (" CHAIN_COLUMNS ")"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
                  " ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
    [DELETE_CHAIN] = "DELETE FROM chain WHERE d_id = ?1 AND role = ?2",
    [PUT_ANCHOR] = "INSERT INTO anchor (d_id, anchor) VALUES (?1, ?2)",
    [PUT_CHANGE] = "INSERT INTO change (d_id) VALUES (?1)",
    [NEXT_CHANGE] = "SELECT seq, d_id FROM change WHERE seq > ?1"
                    " ORDER BY seq LIMIT 1",
    [UPDATE_DEVICE] = "UPDATE device SET state = ?3, released = ?4,"
                      " long_walk_at = ?6, login_at = ?8"
                      " WHERE d_id = ?1 AND generation = ?2 AND state <> 3",
    [UPDATE_CHAIN] = "UPDATE chain SET epoch = ?4, n = ?5, last = ?6,"
                     " value = ?7, hash = ?8, t_max = ?9, promise = ?10,"
                     " promise_run = ?11, pending_state = ?12,"
                     " pending_index = ?13, pending_n = ?14,"
                     " pending_anchor = ?15, pending_vouch = ?16,"
                     " previous_last = ?17, previous_value = ?18,"
                     " previous_hash = ?19"
                     " WHERE d_id = ?1 AND role = ?2 AND generation = ?3",
    [HEAD] = "SELECT realm, master_check, run, clean, unclean_run, not_before"
             " FROM head",
    [BEGIN_RUN] = "UPDATE head SET unclean_run = iif(clean, unclean_run, run),"
                  " run = run + 1, clean = 0",
    [END_RUN] = "UPDATE head SET clean = 1",
    [NOT_BEFORE] = "UPDATE head SET not_before = ?1",
    [FORGET_CHANGES] = "DELETE FROM change WHERE seq <= ?1",
};

struct wk_store {
  sqlite3 *db;
  char *path;
  sqlite3_stmt *query[QUERY_COUNT];
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

static enum wk_err pragma_is(struct wk_store *store, const char *pragma,
                             int want, const char *complaint,
                             struct wk_why *why) {
  sqlite3_stmt *stmt = NULL;
  const int code = sqlite3_prepare_v2(store->db, pragma, -1, &stmt, NULL);
  if (code != SQLITE_OK)
    return wk_store_failed(store, why, code);
  const int step = sqlite3_step(stmt);
  const int got = step == SQLITE_ROW ? sqlite3_column_int(stmt, 0) : -1;
  (void)sqlite3_finalize(stmt);
  if (step != SQLITE_ROW)
    return wk_store_failed(store, why, step);
  return got == want ? WK_OK : corrupt(store, why, complaint);
}

static enum wk_err prepare_all(struct wk_store *store, struct wk_why *why) {
  for (int q = 0; q < QUERY_COUNT; q++) {
    const int code =
        sqlite3_prepare_v3(store->db, queries[q], -1,
                           SQLITE_PREPARE_PERSISTENT, &store->query[q], NULL);
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
  enum wk_err err = pragma_is(store, "PRAGMA application_id", APPLICATION_ID,
                              "is no WhiteKey registry", why);
  if (err == WK_OK &&
      pragma_is(store, "PRAGMA user_version", 1, "", NULL) == WK_OK)
    err = wk_store_upgrade(store, why);
  if (err == WK_OK)
    err = pragma_is(store, "PRAGMA user_version", SCHEMA_VERSION,
                    "a registry of another version", why);
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
  for (int q = 0; q < QUERY_COUNT; q++)
    (void)sqlite3_finalize(store->query[q]);
  (void)sqlite3_close(store->db);
  free(store->path);
  free(store);
}

/* ---- transactions and rows --------------------------------------------- */

/* A statement ready for binding. */
static sqlite3_stmt *ready(struct wk_store *store, enum query q) {
  sqlite3_stmt *stmt = store->query[q];
  (void)sqlite3_reset(stmt);
  (void)sqlite3_clear_bindings(stmt);
  return stmt;
}

/* Steps a statement that gives no row. */
static enum wk_err run(struct wk_store *store, enum query q,
                       struct wk_why *why) {
  const int code = sqlite3_step(store->query[q]);
  enum wk_err err = WK_OK;
  if (code != SQLITE_DONE)
    err = wk_store_failed(store, why, code);
  (void)sqlite3_reset(store->query[q]);
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
  (void)ready(store, BEGIN);
  return run(store, BEGIN, why);
}

enum wk_err wk_store_commit(struct wk_store *store, struct wk_why *why) {
  (void)ready(store, COMMIT);
  const enum wk_err err = run(store, COMMIT, why);
  if (err != WK_OK)
    wk_store_rollback(store);
  return err;
}

void wk_store_rollback(struct wk_store *store) {
  /* Some failures have rolled back by themselves: then there is none. */
  if (sqlite3_get_autocommit(store->db) != 0)
    return;
  (void)ready(store, ROLLBACK);
  (void)run(store, ROLLBACK, NULL);
}

static enum wk_err read_chains(struct wk_store *store,
                               struct wk_record *record, struct wk_why *why) {
  sqlite3_stmt *stmt = ready(store, GET_CHAIN);
  (void)sqlite3_bind_text(stmt, 1, record->id.did, -1, SQLITE_STATIC);
  int code = SQLITE_ROW;
  bool right = true;
  while (right && (code = sqlite3_step(stmt)) == SQLITE_ROW)
    right = wk_columns_chain(stmt, record);
  (void)sqlite3_reset(stmt);
  if (!right)
    return wk_fail(why, WK_ERR_CORRUPT, "%s: the record of \"%s\" is damaged",
                   store->path, record->id.did);
  return code == SQLITE_DONE ? WK_OK : wk_store_failed(store, why, code);
}

static enum wk_err read_device(struct wk_store *store, enum query q,
                               const char *did, struct wk_record *record,
                               struct wk_why *why) {
  memset(record, 0, sizeof *record);
  sqlite3_stmt *stmt = ready(store, q);
  (void)sqlite3_bind_text(stmt, 1, did, -1, SQLITE_STATIC);
  const int code = sqlite3_step(stmt);
  enum wk_err err = WK_OK;
  if (code == SQLITE_DONE)
    err = wk_fail(why, WK_ERR_MISSING, "no device \"%s\" is enrolled", did);
  else if (code != SQLITE_ROW)
    err = wk_store_failed(store, why, code);
  else if (!wk_columns_device(stmt, record))
    err = wk_fail(why, WK_ERR_CORRUPT, "%s: the record of \"%s\" is damaged",
                  store->path, did);
  (void)sqlite3_reset(stmt);
  if (err == WK_OK)
    err = read_chains(store, record, why);
  if (err != WK_OK)
    memset(record, 0, sizeof *record);
  return err;
}

enum wk_err wk_store_get(struct wk_store *store, const char *did,
                         struct wk_record *record, struct wk_why *why) {
  return read_device(store, GET_DEVICE, did, record, why);
}

enum wk_err wk_store_next(struct wk_store *store, const char *after,
                          struct wk_record *record, struct wk_why *why) {
  return read_device(store, NEXT_DEVICE, after, record, why);
}

static enum wk_err put_chain(struct wk_store *store,
                             const struct wk_record *record, enum wk_role role,
                             struct wk_why *why) {
  const bool present =
      role == WK_ROLE_C ? record->c.present : record->d.present;
  const enum query q = present ? PUT_CHAIN : DELETE_CHAIN;
  sqlite3_stmt *stmt = ready(store, q);
  if (present) {
    wk_bind_chain(stmt, record, role);
  } else {
    (void)sqlite3_bind_text(stmt, 1, record->id.did, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int(stmt, 2, (int)role);
  }
  return run(store, q, why);
}

enum wk_err wk_store_note_change(struct wk_store *store, const char *did,
                                 struct wk_why *why) {
  (void)sqlite3_bind_text(ready(store, PUT_CHANGE), 1, did, -1, SQLITE_STATIC);
  return run(store, PUT_CHANGE, why);
}

enum wk_err wk_store_put(struct wk_store *store,
                         const struct wk_record *record, struct wk_why *why) {
  sqlite3_stmt *put = ready(store, PUT_DEVICE);
  wk_bind_device(put, record);
  wk_bind_role(put, record);
  enum wk_err err = run(store, PUT_DEVICE, why);
  if (err == WK_OK)
    err = put_chain(store, record, WK_ROLE_C, why);
  if (err == WK_OK)
    err = put_chain(store, record, WK_ROLE_D, why);
  return err == WK_OK ? wk_store_note_change(store, record->id.did, why) : err;
}

/* A write that found no row kept nothing. */
static enum wk_err update_chain(struct wk_store *store,
                                const struct wk_record *record,
                                enum wk_role role, struct wk_why *why) {
  wk_bind_chain(ready(store, UPDATE_CHAIN), record, role);
  const enum wk_err err = run(store, UPDATE_CHAIN, why);
  if (err == WK_OK && sqlite3_changes(store->db) == 0)
    return wk_fail(why, WK_ERR_CORRUPT, "%s: the record of \"%s\" is gone",
                   store->path, record->id.did);
  return err;
}

enum wk_err wk_store_update(struct wk_store *store,
                            const struct wk_record *record,
                            struct wk_why *why) {
  wk_bind_device(ready(store, UPDATE_DEVICE), record);
  enum wk_err err = run(store, UPDATE_DEVICE, why);
  if (err == WK_OK && record->c.present)
    err = update_chain(store, record, WK_ROLE_C, why);
  if (err == WK_OK && record->d.present)
    err = update_chain(store, record, WK_ROLE_D, why);
  return err;
}

enum wk_err wk_store_anchor(struct wk_store *store, const char *did,
                            const uint8_t anchor[WK_VALUE_LEN],
                            struct wk_why *why) {
  sqlite3_stmt *stmt = ready(store, PUT_ANCHOR);
  (void)sqlite3_bind_text(stmt, 1, did, -1, SQLITE_STATIC);
  (void)sqlite3_bind_blob(stmt, 2, anchor, WK_VALUE_LEN, SQLITE_STATIC);
  const enum wk_err err = run(store, PUT_ANCHOR, why);
  if (err != WK_OK && sqlite3_errcode(store->db) == SQLITE_CONSTRAINT)
    return wk_fail(why, WK_ERR_EXISTS,
                   "device \"%s\" had this anchor before: a new enrolment "
                   "needs a new seed",
                   did);
  return err;
}

/* ---- runs and changes --------------------------------------------------- */

enum wk_err wk_store_head(struct wk_store *store, struct wk_store_head *head,
                          struct wk_why *why) {
  sqlite3_stmt *stmt = ready(store, HEAD);
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

enum wk_err wk_store_forget_changes(struct wk_store *store, int64_t seq,
                                    struct wk_why *why) {
  (void)sqlite3_bind_int64(ready(store, FORGET_CHANGES), 1, seq);
  return run(store, FORGET_CHANGES, why);
}

/*
 * Moves the WAL into the database and begins it anew, without truncating it.
 * After a failed sync the kernel may call pages of the WAL clean that never
 * reached the disk; the process that met the failure writes them again, but
 * one that starts later would find them whole in the kernel's memory and build
 * upon them.
 */
static enum wk_err renew_wal(struct wk_store *store, struct wk_why *why) {
  const int code = sqlite3_wal_checkpoint_v2(
      store->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
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
  (void)ready(store, BEGIN_RUN);
  err = run(store, BEGIN_RUN, why);
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
  (void)ready(store, END_RUN);
  return run(store, END_RUN, why);
}

/* Setting a row to what it is would not reach the disk. */
enum wk_err wk_store_probe(struct wk_store *store, struct wk_why *why) {
  const enum wk_err err = wk_store_note_change(store, "", why);
  return err == WK_OK ? wk_store_forget_changes(store, INT64_MAX, why) : err;
}

enum wk_err wk_store_not_before(struct wk_store *store, int64_t not_before,
                                struct wk_why *why) {
  (void)sqlite3_bind_int64(ready(store, NOT_BEFORE), 1, not_before);
  return run(store, NOT_BEFORE, why);
}

enum wk_err wk_store_next_change(struct wk_store *store, int64_t *seq,
                                 char did[WK_DID_MAX + 1],
                                 struct wk_why *why) {
  sqlite3_stmt *stmt = ready(store, NEXT_CHANGE);
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

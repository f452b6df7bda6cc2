/* SPDX-License-Identifier: Apache-2.0 */
/* A new registry: its tables, made beside it and put in place whole. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store_sqlite.h"

static const char schema[] =
    "CREATE TABLE head ("
    " realm BLOB NOT NULL, master_check BLOB NOT NULL,"
    " run INTEGER NOT NULL, clean INTEGER NOT NULL,"
    " unclean_run INTEGER NOT NULL, not_before INTEGER NOT NULL);"
    "CREATE TABLE device ("
    " d_id TEXT PRIMARY KEY, generation INTEGER NOT NULL,"
    " state INTEGER NOT NULL, released INTEGER NOT NULL,"
    " bio_wrapped BLOB NOT NULL, long_walk_at INTEGER NOT NULL,"
    " enrolled_at INTEGER NOT NULL, login_at INTEGER NOT NULL,"
    " role INTEGER NOT NULL DEFAULT 1"
    ") WITHOUT ROWID;"
    "CREATE TABLE chain ("
    " d_id TEXT NOT NULL REFERENCES device, role INTEGER NOT NULL,"
    " generation INTEGER NOT NULL, epoch INTEGER NOT NULL,"
    " n INTEGER NOT NULL, last INTEGER NOT NULL, value BLOB NOT NULL,"
    " hash BLOB NOT NULL, t_max INTEGER NOT NULL, promise INTEGER NOT NULL,"
    " promise_run INTEGER NOT NULL, pending_state INTEGER NOT NULL,"
    " pending_index INTEGER, pending_n INTEGER, pending_anchor BLOB,"
    " pending_vouch BLOB, previous_last INTEGER, previous_value BLOB,"
    " previous_hash BLOB, PRIMARY KEY (d_id, role)"
    ") WITHOUT ROWID;"
    "CREATE TABLE anchor ("
    " d_id TEXT NOT NULL, anchor BLOB NOT NULL, PRIMARY KEY (d_id, anchor)"
    ") WITHOUT ROWID;"
    "CREATE TABLE change ("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT, d_id TEXT NOT NULL);";

static int create_tables(sqlite3 *db, const struct wk_store_head *head) {
  char setup[96];
  (void)snprintf(setup, sizeof setup,
                 "PRAGMA application_id = %d; PRAGMA user_version = %d;",
                 APPLICATION_ID, SCHEMA_VERSION);
  int code = sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
  if (code == SQLITE_OK)
    code = sqlite3_exec(db, setup, NULL, NULL, NULL);
  if (code == SQLITE_OK)
    code = sqlite3_exec(db, schema, NULL, NULL, NULL);
  if (code == SQLITE_OK)
    code = wk_store_create_roles(db);
  sqlite3_stmt *insert = NULL;
  if (code == SQLITE_OK)
    code = sqlite3_prepare_v2(
        db, "INSERT INTO head VALUES (?1, ?2, 0, 1, 0, 0)", -1, &insert, NULL);
  if (code == SQLITE_OK) {
    (void)sqlite3_bind_blob(insert, 1, head->realm, WK_REALM_LEN,
                            SQLITE_STATIC);
    (void)sqlite3_bind_blob(insert, 2, head->check, WK_CHECK_LEN,
                            SQLITE_STATIC);
    code =
        sqlite3_step(insert) == SQLITE_DONE ? SQLITE_OK : sqlite3_errcode(db);
  }
  (void)sqlite3_finalize(insert);
  return code == SQLITE_OK ? sqlite3_exec(db, "COMMIT", NULL, NULL, NULL)
                           : code;
}

/*
 * While nobody else knows the file: SQLite lets nobody wait who wants to
 * change the mode of a file that another process has open. Not before there is
 * something in it: what the WAL holds is lost if closing fails.
 */
static int write_ahead(sqlite3 *db) {
  return sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
}

static enum wk_err create_at(const char *temp, const char *path,
                             const struct wk_store_head *head,
                             struct wk_why *why) {
  sqlite3 *db = NULL;
  int code = sqlite3_open_v2(temp, &db, SQLITE_OPEN_READWRITE, NULL);
  if (code == SQLITE_OK)
    code = create_tables(db, head);
  if (code == SQLITE_OK)
    code = write_ahead(db);
  enum wk_err err = WK_OK;
  if (code != SQLITE_OK)
    err = wk_store_error(why, path, db, code);
  (void)sqlite3_close(db);
  if (err == WK_OK && link(temp, path) != 0)
    err = wk_fail(why, errno == EEXIST ? WK_ERR_EXISTS : WK_ERR_IO, "%s: %s",
                  path, strerror(errno));
  return err;
}

enum wk_err wk_store_create(const char *path, const struct wk_store_head *head,
                            struct wk_why *why) {
  char temp[PATH_MAX];
  if (access(path, F_OK) == 0)
    return wk_fail(why, WK_ERR_EXISTS, "%s: stands there already", path);
  const int need = snprintf(temp, sizeof temp, "%s.XXXXXX", path);
  if (need < 0 || (size_t)need >= sizeof temp)
    return wk_fail(why, WK_ERR_IO, "%s: path too long", path);
  const int fd = mkstemp(temp); /* mode 0600; WAL files inherit it */
  if (fd < 0)
    return wk_fail(why, WK_ERR_IO, "%s: cannot be made here: %s", path,
                   strerror(errno));
  (void)close(fd);
  const enum wk_err err = create_at(temp, path, head, why);
  (void)unlink(temp);
  return err;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* store_sqlite.h - what the files of the embedded store share. */
#ifndef WHITEKEY_REGISTRY_STORE_SQLITE_H
#define WHITEKEY_REGISTRY_STORE_SQLITE_H

#include <sqlite3.h>

#include "store.h"

/* In the order of columns.h. */
#define DEVICE_COLUMNS                                                        \
  "d_id, generation, state, released, bio_wrapped, long_walk_at,"             \
  " enrolled_at, login_at, role"
#define CHAIN_COLUMNS                                                         \
  "d_id, role, generation, epoch, n, last, value, hash, t_max, promise,"      \
  " promise_run, pending_state, pending_index, pending_n, pending_anchor,"    \
  " pending_vouch, previous_last, previous_value, previous_hash"

#define APPLICATION_ID 0x574b5231 /* "WKR1" */
#define SCHEMA_VERSION 2

/* What every store has prepared, as store_sqlite.c words it. */
enum wk_sql {
  WK_SQL_BEGIN,
  WK_SQL_COMMIT,
  WK_SQL_ROLLBACK,
  WK_SQL_GET_DEVICE,
  WK_SQL_NEXT_DEVICE,
  WK_SQL_GET_CHAIN,
  WK_SQL_PUT_DEVICE,
  WK_SQL_PUT_CHAIN,
  WK_SQL_DELETE_CHAIN,
  WK_SQL_PUT_ANCHOR,
  WK_SQL_PUT_CHANGE,
  WK_SQL_NEXT_CHANGE,
  WK_SQL_UPDATE_DEVICE,
  WK_SQL_UPDATE_CHAIN,
  WK_SQL_HEAD,
  WK_SQL_BEGIN_RUN,
  WK_SQL_END_RUN,
  WK_SQL_NOT_BEFORE,
  WK_SQL_FORGET_CHANGES,
  WK_SQL_COUNT
};

sqlite3 *wk_store_db(struct wk_store *store);

/* A statement ready for binding. */
sqlite3_stmt *wk_store_ready(struct wk_store *store, enum wk_sql sql);

/* Steps a statement that gives no row. */
WK_MUST_CHECK enum wk_err wk_store_run(struct wk_store *store, enum wk_sql sql,
                                       struct wk_why *why);

/* SQLite's complaint as our error; db may be NULL. */
WK_MUST_CHECK enum wk_err wk_store_error(struct wk_why *why, const char *path,
                                         sqlite3 *db, int code);
/* The same about this store. */
WK_MUST_CHECK enum wk_err wk_store_failed(struct wk_store *store,
                                          struct wk_why *why, int code);

/* Notes a change for the server that runs: of a device, or "" of a role. */
WK_MUST_CHECK enum wk_err wk_store_note_change(struct wk_store *store,
                                               const char *did,
                                               struct wk_why *why);

/* Adds the table of roles and those every registry has: an SQLite code. */
int wk_store_create_roles(sqlite3 *db);

/* Brings a file of version 1, which knew no roles, to version 2. */
WK_MUST_CHECK enum wk_err wk_store_upgrade(struct wk_store *store,
                                           struct wk_why *why);

#endif

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

sqlite3 *wk_store_db(struct wk_store *store);

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

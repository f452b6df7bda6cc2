/* SPDX-License-Identifier: Apache-2.0 */
/* Devices on disk: a row for each, one for each of its chains. */
#include <string.h>

#include "columns.h"
#include "store_sqlite.h"

static enum wk_err read_chains(struct wk_store *store,
                               struct wk_record *record, struct wk_why *why) {
  sqlite3_stmt *stmt = wk_store_ready(store, WK_SQL_GET_CHAIN);
  (void)sqlite3_bind_text(stmt, 1, record->id.did, -1, SQLITE_STATIC);
  int code = SQLITE_ROW;
  bool right = true;
  while (right && (code = sqlite3_step(stmt)) == SQLITE_ROW)
    right = wk_columns_chain(stmt, record);
  (void)sqlite3_reset(stmt);
  if (!right)
    return wk_fail(why, WK_ERR_CORRUPT, "%s: the record of \"%s\" is damaged",
                   wk_store_path(store), record->id.did);
  return code == SQLITE_DONE ? WK_OK : wk_store_failed(store, why, code);
}

static enum wk_err read_device(struct wk_store *store, enum wk_sql sql,
                               const char *did, struct wk_record *record,
                               struct wk_why *why) {
  memset(record, 0, sizeof *record);
  sqlite3_stmt *stmt = wk_store_ready(store, sql);
  (void)sqlite3_bind_text(stmt, 1, did, -1, SQLITE_STATIC);
  const int code = sqlite3_step(stmt);
  enum wk_err err = WK_OK;
  if (code == SQLITE_DONE)
    err = wk_fail(why, WK_ERR_MISSING, "no device \"%s\" is enrolled", did);
  else if (code != SQLITE_ROW)
    err = wk_store_failed(store, why, code);
  else if (!wk_columns_device(stmt, record))
    err = wk_fail(why, WK_ERR_CORRUPT, "%s: the record of \"%s\" is damaged",
                  wk_store_path(store), did);
  (void)sqlite3_reset(stmt);
  if (err == WK_OK)
    err = read_chains(store, record, why);
  if (err != WK_OK)
    memset(record, 0, sizeof *record);
  return err;
}

enum wk_err wk_store_get(struct wk_store *store, const char *did,
                         struct wk_record *record, struct wk_why *why) {
  return read_device(store, WK_SQL_GET_DEVICE, did, record, why);
}

enum wk_err wk_store_next(struct wk_store *store, const char *after,
                          struct wk_record *record, struct wk_why *why) {
  return read_device(store, WK_SQL_NEXT_DEVICE, after, record, why);
}

static enum wk_err put_chain(struct wk_store *store,
                             const struct wk_record *record, enum wk_role role,
                             struct wk_why *why) {
  const bool present =
      role == WK_ROLE_C ? record->c.present : record->d.present;
  const enum wk_sql sql = present ? WK_SQL_PUT_CHAIN : WK_SQL_DELETE_CHAIN;
  sqlite3_stmt *stmt = wk_store_ready(store, sql);
  if (present) {
    wk_bind_chain(stmt, record, role);
  } else {
    (void)sqlite3_bind_text(stmt, 1, record->id.did, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int(stmt, 2, (int)role);
  }
  return wk_store_run(store, sql, why);
}

enum wk_err wk_store_put(struct wk_store *store,
                         const struct wk_record *record, struct wk_why *why) {
  sqlite3_stmt *put = wk_store_ready(store, WK_SQL_PUT_DEVICE);
  wk_bind_device(put, record);
  wk_bind_role(put, record);
  enum wk_err err = wk_store_run(store, WK_SQL_PUT_DEVICE, why);
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
  wk_bind_chain(wk_store_ready(store, WK_SQL_UPDATE_CHAIN), record, role);
  const enum wk_err err = wk_store_run(store, WK_SQL_UPDATE_CHAIN, why);
  if (err == WK_OK && sqlite3_changes(wk_store_db(store)) == 0)
    return wk_fail(why, WK_ERR_CORRUPT, "%s: the record of \"%s\" is gone",
                   wk_store_path(store), record->id.did);
  return err;
}

enum wk_err wk_store_update(struct wk_store *store,
                            const struct wk_record *record,
                            struct wk_why *why) {
  wk_bind_device(wk_store_ready(store, WK_SQL_UPDATE_DEVICE), record);
  enum wk_err err = wk_store_run(store, WK_SQL_UPDATE_DEVICE, why);
  if (err == WK_OK && record->c.present)
    err = update_chain(store, record, WK_ROLE_C, why);
  if (err == WK_OK && record->d.present)
    err = update_chain(store, record, WK_ROLE_D, why);
  return err;
}

enum wk_err wk_store_anchor(struct wk_store *store, const char *did,
                            const uint8_t anchor[WK_VALUE_LEN],
                            struct wk_why *why) {
  sqlite3_stmt *stmt = wk_store_ready(store, WK_SQL_PUT_ANCHOR);
  (void)sqlite3_bind_text(stmt, 1, did, -1, SQLITE_STATIC);
  (void)sqlite3_bind_blob(stmt, 2, anchor, WK_VALUE_LEN, SQLITE_STATIC);
  const enum wk_err err = wk_store_run(store, WK_SQL_PUT_ANCHOR, why);
  if (err != WK_OK && sqlite3_errcode(wk_store_db(store)) == SQLITE_CONSTRAINT)
    return wk_fail(why, WK_ERR_EXISTS,
                   "device \"%s\" had this anchor before: a new enrolment "
                   "needs a new seed",
                   did);
  return err;
}

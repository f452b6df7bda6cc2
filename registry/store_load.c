/* SPDX-License-Identifier: Apache-2.0 */
/* Every device at once, for a server's start. */
#include <string.h>

#include "columns.h"
#include "store_sqlite.h"

/* The chain rows of one device stand together: a merge by name. */
static enum wk_err merge(struct wk_store *store, struct wk_record *record,
                         sqlite3_stmt *chains, int *code, struct wk_why *why) {
  while (*code == SQLITE_ROW) {
    const char *did = (const char *)sqlite3_column_text(chains, 0);
    const int order = did ? strcmp(did, record->id.did) : -1;
    if (order > 0)
      return WK_OK;
    if (order < 0 || !wk_columns_chain(chains, record))
      return wk_fail(why, WK_ERR_CORRUPT,
                     "%s: the record of \"%s\" is damaged",
                     wk_store_path(store), did ? did : "?");
    *code = sqlite3_step(chains);
  }
  return *code == SQLITE_DONE ? WK_OK : wk_store_failed(store, why, *code);
}

static enum wk_err
load_from(struct wk_store *store, sqlite3_stmt *devices, sqlite3_stmt *chains,
          bool (*each)(void *context, const struct wk_record *record),
          void *context, struct wk_why *why) {
  int chain = sqlite3_step(chains);
  int device = SQLITE_ROW;
  enum wk_err err = WK_OK;
  while (err == WK_OK && (device = sqlite3_step(devices)) == SQLITE_ROW) {
    struct wk_record record;
    memset(&record, 0, sizeof record);
    if (!wk_columns_device(devices, &record))
      err =
          wk_fail(why, WK_ERR_CORRUPT, "%s: the record of a device is damaged",
                  wk_store_path(store));
    if (err == WK_OK)
      err = merge(store, &record, chains, &chain, why);
    if (err == WK_OK && !each(context, &record))
      err = wk_fail(why, WK_ERR_MEMORY, "%s: out of memory",
                    wk_store_path(store));
  }
  if (err == WK_OK && device != SQLITE_DONE)
    err = wk_store_failed(store, why, device);
  return err;
}

enum wk_err wk_store_load(struct wk_store *store,
                          bool (*each)(void *context,
                                       const struct wk_record *record),
                          void *context, struct wk_why *why) {
  sqlite3 *db = wk_store_db(store);
  sqlite3_stmt *devices = NULL;
  sqlite3_stmt *chains = NULL;
  int code = sqlite3_prepare_v2(
      db, "SELECT " DEVICE_COLUMNS " FROM device ORDER BY d_id", -1, &devices,
      NULL);
  if (code == SQLITE_OK)
    code = sqlite3_prepare_v2(
        db, "SELECT " CHAIN_COLUMNS " FROM chain ORDER BY d_id, role", -1,
        &chains, NULL);
  const enum wk_err err =
      code == SQLITE_OK ? load_from(store, devices, chains, each, context, why)
                        : wk_store_failed(store, why, code);
  (void)sqlite3_finalize(devices);
  (void)sqlite3_finalize(chains);
  return err;
}

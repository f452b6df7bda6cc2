/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include <stdlib.h>

#include <sqlite3.h>

struct wk_watch {
  sqlite3 *db;
  sqlite3_stmt *version;
  sqlite3_stmt *newest;
  int64_t seen_version;
  int64_t seen_seq;
};

static int64_t number(sqlite3_stmt *stmt) {
  int64_t value = -1;
  if (sqlite3_step(stmt) == SQLITE_ROW)
    value = sqlite3_column_int64(stmt, 0);
  (void)sqlite3_reset(stmt);
  return value;
}

static int open_db(struct wk_watch *watch, const char *path) {
  int code = sqlite3_open_v2(path, &watch->db, SQLITE_OPEN_READONLY, NULL);
  if (code == SQLITE_OK)
    code = sqlite3_prepare_v2(watch->db, "PRAGMA data_version", -1,
                              &watch->version, NULL);
  if (code == SQLITE_OK)
    code =
        sqlite3_prepare_v2(watch->db, "SELECT ifnull(max(seq), 0) FROM change",
                           -1, &watch->newest, NULL);
  return code;
}

enum wk_err wk_watch_open(struct wk_watch **watch, const char *path,
                          struct wk_why *why) {
  *watch = NULL;
  struct wk_watch *made = calloc(1, sizeof *made);
  if (!made)
    return wk_fail(why, WK_ERR_MEMORY, "%s: out of memory", path);
  made->seen_version = -1;
  const int code = open_db(made, path);
  if (code != SQLITE_OK) {
    const enum wk_err err =
        wk_fail(why, WK_ERR_IO, "%s: %s", path, sqlite3_errstr(code));
    wk_watch_close(made);
    return err;
  }
  *watch = made;
  return WK_OK;
}

void wk_watch_close(struct wk_watch *watch) {
  if (!watch)
    return;
  (void)sqlite3_finalize(watch->version);
  (void)sqlite3_finalize(watch->newest);
  (void)sqlite3_close(watch->db);
  free(watch);
}

bool wk_watch_changed(struct wk_watch *watch, int64_t seq) {
  const int64_t version = number(watch->version);
  if (version != watch->seen_version) {
    const int64_t newest = number(watch->newest);
    if (newest >= 0) { /* else it is asked again */
      watch->seen_version = version;
      watch->seen_seq = newest;
    }
  }
  return watch->seen_seq > seq;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#define INDEX_PAGE 32768 /* bytes of the WAL index that are mapped at once */
#define HEAD_WORDS 12u   /* of its head, a counter of commits among them */

struct wk_watch {
  sqlite3 *db;
  sqlite3_stmt *version;
  sqlite3_stmt *newest;
  sqlite3_stmt *of;
  int64_t seen_version;
  int64_t seen_seq;
  const volatile uint32_t *index; /* shared with whoever writes; or NULL */
  uint32_t seen_head[HEAD_WORDS];
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
  if (code == SQLITE_OK)
    code = sqlite3_prepare_v2(
        watch->db, "SELECT count(*) FROM change WHERE seq > ? AND d_id = ?",
        -1, &watch->of, NULL);
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
  (void)sqlite3_finalize(watch->of);
  (void)sqlite3_close(watch->db);
  free(watch);
}

/*
 * Asking for the version takes locks on files, microseconds, too long for each
 * of a flood of bad logins. Every commit changes the head of the WAL index,
 * which is in memory: https://sqlite.org/walformat.html, section 2.1.
 */
static void find_index(struct wk_watch *watch) {
  sqlite3_file *file = NULL;
  void volatile *page = NULL;
  if (sqlite3_file_control(watch->db, "main", SQLITE_FCNTL_FILE_POINTER,
                           &file) == SQLITE_OK &&
      file->pMethods && file->pMethods->iVersion >= 2 &&
      file->pMethods->xShmMap(file, 0, INDEX_PAGE, 0, &page) == SQLITE_OK)
    watch->index = page;
}

bool wk_watch_changed(struct wk_watch *watch, int64_t seq) {
  uint32_t head[HEAD_WORDS] = {0};
  for (size_t i = 0; watch->index && i < HEAD_WORDS; i++)
    head[i] = watch->index[i];
  if (watch->index && wk_equal(head, watch->seen_head, sizeof head))
    return watch->seen_seq > seq;
  const int64_t version = number(watch->version);
  if (version != watch->seen_version) {
    const int64_t newest = number(watch->newest);
    if (newest < 0)
      return watch->seen_seq > seq; /* it is asked again */
    watch->seen_version = version;
    watch->seen_seq = newest;
  }
  memcpy(watch->seen_head, head, sizeof head);
  if (!watch->index)
    find_index(watch);
  return watch->seen_seq > seq;
}

bool wk_watch_changed_device(struct wk_watch *watch, int64_t seq,
                             const char *did) {
  if (!wk_watch_changed(watch, seq))
    return false;
  if (sqlite3_bind_int64(watch->of, 1, seq) != SQLITE_OK ||
      sqlite3_bind_text(watch->of, 2, did, -1, SQLITE_STATIC) != SQLITE_OK)
    return true;
  return number(watch->of) != 0;
}

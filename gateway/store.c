/* SPDX-License-Identifier: Apache-2.0 */
#include "store_sql.h"

#include <stdlib.h>
#include <string.h>

static void lock(struct wk_store *store) {
  (void)pthread_mutex_lock(&store->mutex);
}

static void unlock(struct wk_store *store) {
  (void)pthread_mutex_unlock(&store->mutex);
}

/* Runs a statement that gives no rows and makes it ready for the next time. */
static bool done(sqlite3_stmt *st) {
  const bool good = sqlite3_step(st) == SQLITE_DONE;
  (void)sqlite3_reset(st);
  (void)sqlite3_clear_bindings(st);
  return good;
}

/* Some errors have rolled back by themselves. */
static void roll_back(struct wk_store *store) {
  if (!sqlite3_get_autocommit(store->db))
    (void)done(store->sql[WK_SQL_ROLLBACK]);
}

enum wk_err wk_store_begin(struct wk_store *store, uint64_t *seq,
                           struct wk_why *why) {
  lock(store);
  enum wk_err err = WK_ERR_IO;
  if (done(store->sql[WK_SQL_BEGIN])) {
    sqlite3_stmt *st = store->sql[WK_SQL_SEQ];
    if (sqlite3_step(st) == SQLITE_ROW) {
      *seq = (uint64_t)sqlite3_column_int64(st, 0);
      err = WK_OK;
    }
    (void)sqlite3_reset(st);
  }
  if (err != WK_OK) {
    err = wk_store_fail(store, why);
    roll_back(store);
    unlock(store);
  }
  return err;
}

enum wk_err wk_store_add(struct wk_store *store,
                         const struct wk_record *record, const uint8_t *sealed,
                         size_t len, struct wk_why *why) {
  sqlite3_stmt *st = store->sql[WK_SQL_ADD];
  const bool bound =
      sqlite3_bind_int64(st, 1, (sqlite3_int64)record->seq) == SQLITE_OK &&
      sqlite3_bind_int64(st, 2, record->at) == SQLITE_OK &&
      sqlite3_bind_text(st, 3, record->device, -1, SQLITE_STATIC) ==
          SQLITE_OK &&
      sqlite3_bind_text(st, 4, record->topic, -1, SQLITE_STATIC) ==
          SQLITE_OK &&
      sqlite3_bind_int(st, 5, (int)record->class) == SQLITE_OK &&
      sqlite3_bind_blob64(st, 6, sealed, len, SQLITE_STATIC) == SQLITE_OK;
  return done(st) && bound ? WK_OK : wk_store_fail(store, why);
}

enum wk_err wk_store_post(struct wk_store *store, const char *topic,
                          const char *payload, struct wk_why *why) {
  sqlite3_stmt *st = store->sql[WK_SQL_POST];
  const bool bound =
      sqlite3_bind_text(st, 1, topic, -1, SQLITE_STATIC) == SQLITE_OK &&
      sqlite3_bind_blob64(st, 2, payload, strlen(payload), SQLITE_STATIC) ==
          SQLITE_OK;
  return done(st) && bound ? WK_OK : wk_store_fail(store, why);
}

enum wk_err wk_store_commit(struct wk_store *store, struct wk_why *why) {
  enum wk_err err = WK_OK;
  if (!done(store->sql[WK_SQL_COMMIT])) {
    err = wk_store_fail(store, why);
    roll_back(store);
  }
  unlock(store);
  return err;
}

void wk_store_abort(struct wk_store *store) {
  roll_back(store);
  unlock(store);
}

static enum wk_err copy_post(struct wk_post *post, sqlite3_stmt *st) {
  const void *payload = sqlite3_column_blob(st, 2);
  post->len = (size_t)sqlite3_column_bytes(st, 2);
  post->topic = strdup((const char *)sqlite3_column_text(st, 1));
  post->payload = malloc(post->len + 1);
  if (!post->topic || !post->payload)
    return WK_ERR_MEMORY;
  if (post->len > 0)
    memcpy(post->payload, payload, post->len);
  post->id = sqlite3_column_int64(st, 0);
  return WK_OK;
}

enum wk_err wk_store_next_post(struct wk_store *store, int64_t after,
                               struct wk_post *post, struct wk_why *why) {
  sqlite3_stmt *st = store->sql[WK_SQL_NEXT];
  enum wk_err err = WK_ERR_MISSING;
  memset(post, 0, sizeof *post);
  lock(store);
  (void)sqlite3_bind_int64(st, 1, after);
  const int rc = sqlite3_step(st);
  if (rc == SQLITE_ROW)
    err = copy_post(post, st);
  else if (rc != SQLITE_DONE)
    err = wk_store_fail(store, why);
  (void)sqlite3_reset(st);
  unlock(store);
  if (err != WK_OK)
    wk_post_free(post);
  return err;
}

void wk_post_free(struct wk_post *post) {
  free(post->topic);
  free(post->payload);
  memset(post, 0, sizeof *post);
}

enum wk_err wk_store_posted(struct wk_store *store, const int64_t *ids,
                            size_t count, struct wk_why *why) {
  enum wk_err err = WK_OK;
  sqlite3_stmt *st = store->sql[WK_SQL_POSTED];
  lock(store);
  bool good = done(store->sql[WK_SQL_BEGIN]);
  for (size_t i = 0; good && i < count; i++) {
    (void)sqlite3_bind_int64(st, 1, ids[i]);
    good = done(st);
  }
  if (!good || !done(store->sql[WK_SQL_COMMIT])) {
    err = wk_store_fail(store, why);
    roll_back(store);
  }
  unlock(store);
  return err;
}

static bool give_row(sqlite3_stmt *st, wk_store_each_row *each,
                     void *context) {
  const struct wk_record record = {
      .seq = (uint64_t)sqlite3_column_int64(st, 0),
      .at = sqlite3_column_int64(st, 1),
      .device = (const char *)sqlite3_column_text(st, 2),
      .topic = (const char *)sqlite3_column_text(st, 3),
      .class = (enum wk_class)sqlite3_column_int(st, 4)};
  return each(context, &record, sqlite3_column_blob(st, 5),
              (size_t)sqlite3_column_bytes(st, 5));
}

enum wk_err wk_store_each(struct wk_store *store, uint64_t since,
                          wk_store_each_row *each, void *context,
                          struct wk_why *why) {
  sqlite3_stmt *st = store->sql[WK_SQL_EACH];
  enum wk_err err = WK_OK;
  lock(store);
  (void)sqlite3_bind_int64(st, 1, (sqlite3_int64)since);
  int rc = sqlite3_step(st);
  while (rc == SQLITE_ROW && give_row(st, each, context))
    rc = sqlite3_step(st);
  if (rc != SQLITE_ROW && rc != SQLITE_DONE)
    err = wk_store_fail(store, why);
  (void)sqlite3_reset(st);
  unlock(store);
  return err;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store_sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <whitekey/bytes.h>
#include <whitekey/file.h>

#define APPLICATION 0x574b4757 /* "WKGW" */
#define BUSY_MS 2000

/* secure_delete: what was published must not be left in free pages. */
static const char set_up[] = "PRAGMA trusted_schema = OFF;"
                             "PRAGMA secure_delete = ON;"
                             "PRAGMA synchronous = FULL;"
                             "PRAGMA journal_mode = WAL;";

static const char look_only[] = "PRAGMA trusted_schema = OFF;"
                                "PRAGMA query_only = ON;";

static const char schema[] = "BEGIN IMMEDIATE;"
                             "PRAGMA application_id = 0x574b4757;"
                             "PRAGMA user_version = 1;"
                             "CREATE TABLE key ("
                             "  kid TEXT PRIMARY KEY,"
                             "  proof BLOB NOT NULL) STRICT;"
                             "CREATE TABLE reading ("
                             "  seq INTEGER PRIMARY KEY AUTOINCREMENT,"
                             "  at INTEGER NOT NULL,"
                             "  device TEXT NOT NULL,"
                             "  topic TEXT NOT NULL,"
                             "  class INTEGER NOT NULL,"
                             "  sealed BLOB NOT NULL) STRICT;"
                             "CREATE TABLE outbox ("
                             "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
                             "  topic TEXT NOT NULL,"
                             "  payload BLOB NOT NULL) STRICT;"
                             "COMMIT;";

static const char *const statements[WK_SQL_COUNT] = {
    [WK_SQL_BEGIN] = "BEGIN IMMEDIATE",
    [WK_SQL_COMMIT] = "COMMIT",
    [WK_SQL_ROLLBACK] = "ROLLBACK",
    [WK_SQL_SEQ] = "SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence"
                   " WHERE name = 'reading'",
    [WK_SQL_ADD] = "INSERT INTO reading VALUES (?, ?, ?, ?, ?, ?)",
    [WK_SQL_POST] = "INSERT INTO outbox (topic, payload) VALUES (?, ?)",
    [WK_SQL_NEXT] = "SELECT id, topic, payload FROM outbox WHERE id > ?"
                    " ORDER BY id LIMIT 1",
    [WK_SQL_POSTED] = "DELETE FROM outbox WHERE id = ?",
    [WK_SQL_EACH] = "SELECT seq, at, device, topic, class, sealed FROM reading"
                    " WHERE seq > ? ORDER BY seq",
};

enum wk_err wk_store_fail(const struct wk_store *store, struct wk_why *why) {
  const int rc = sqlite3_errcode(store->db);
  if (rc == SQLITE_NOTADB || rc == SQLITE_CORRUPT)
    return wk_fail(why, WK_ERR_CORRUPT, "%s: not a gateway's store: %s",
                   store->path, sqlite3_errmsg(store->db));
  return wk_fail(why, WK_ERR_IO, "%s: %s", store->path,
                 sqlite3_errmsg(store->db));
}

static enum wk_err run(struct wk_store *store, const char *sql,
                       struct wk_why *why) {
  if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
    return wk_store_fail(store, why);
  return WK_OK;
}

static enum wk_err number(struct wk_store *store, int *out, const char *sql,
                          struct wk_why *why) {
  sqlite3_stmt *st = NULL;
  enum wk_err err = WK_OK;
  if (sqlite3_prepare_v2(store->db, sql, -1, &st, NULL) == SQLITE_OK &&
      sqlite3_step(st) == SQLITE_ROW)
    *out = sqlite3_column_int(st, 0);
  else
    err = wk_store_fail(store, why);
  (void)sqlite3_finalize(st);
  return err;
}

/* An empty file becomes a store; anything else must be one already. */
static enum wk_err check_schema(struct wk_store *store, bool make,
                                struct wk_why *why) {
  int tables = 0;
  int application = 0;
  int version = 0;
  enum wk_err err =
      number(store, &tables, "SELECT count(*) FROM sqlite_schema", why);
  if (err == WK_OK && tables == 0 && make)
    err = run(store, schema, why);
  if (err == WK_OK)
    err = number(store, &application, "PRAGMA application_id", why);
  if (err == WK_OK)
    err = number(store, &version, "PRAGMA user_version", why);
  if (err != WK_OK)
    return err;
  if (application != APPLICATION || version != 1)
    return wk_fail(why, WK_ERR_CORRUPT,
                   "%s: not a gateway's store of this version", store->path);
  return WK_OK;
}

static enum wk_err put_proof(struct wk_store *store,
                             const struct wk_data_key *key,
                             const uint8_t proof[WK_HASH_LEN],
                             struct wk_why *why) {
  sqlite3_stmt *st = NULL;
  enum wk_err err = WK_OK;
  if (sqlite3_prepare_v2(store->db, "INSERT INTO key VALUES (?, ?)", -1, &st,
                         NULL) != SQLITE_OK ||
      sqlite3_bind_text(st, 1, key->kid, -1, SQLITE_STATIC) != SQLITE_OK ||
      sqlite3_bind_blob(st, 2, proof, WK_HASH_LEN, SQLITE_STATIC) !=
          SQLITE_OK ||
      sqlite3_step(st) != SQLITE_DONE)
    err = wk_store_fail(store, why);
  (void)sqlite3_finalize(st);
  return err;
}

/* A reading sealed under a key that its owner does not have is lost, so a
 * store takes one key, the first, and refuses every other. */
static enum wk_err check_key(struct wk_store *store,
                             const struct wk_data_key *key,
                             struct wk_why *why) {
  uint8_t proof[WK_HASH_LEN];
  sqlite3_stmt *st = NULL;
  wk_data_key_proof(proof, key);
  if (sqlite3_prepare_v2(store->db, "SELECT kid, proof FROM key", -1, &st,
                         NULL) != SQLITE_OK)
    return wk_store_fail(store, why);
  const int rc = sqlite3_step(st);
  enum wk_err err = WK_OK;
  if (rc == SQLITE_DONE && store->lock < 0)
    err = wk_fail(why, WK_ERR_MISSING, "%s: empty", store->path);
  else if (rc == SQLITE_DONE)
    err = put_proof(store, key, proof, why);
  else if (rc != SQLITE_ROW)
    err = wk_store_fail(store, why);
  else if (sqlite3_column_bytes(st, 1) != WK_HASH_LEN ||
           !wk_equal(sqlite3_column_blob(st, 1), proof, WK_HASH_LEN))
    err = wk_fail(why, WK_ERR_KEY,
                  "%s: sealed under the key \"%s\", not under this key file's"
                  " \"%s\"",
                  store->path, (const char *)sqlite3_column_text(st, 0),
                  key->kid);
  (void)sqlite3_finalize(st);
  return err;
}

static enum wk_err prepare(struct wk_store *store, struct wk_why *why) {
  for (size_t i = 0; i < WK_SQL_COUNT; i++) {
    if (sqlite3_prepare_v3(store->db, statements[i], -1,
                           SQLITE_PREPARE_PERSISTENT, &store->sql[i],
                           NULL) != SQLITE_OK)
      return wk_store_fail(store, why);
  }
  return WK_OK;
}

/* Made here, not by SQLite, so that it never has another mode. */
static enum wk_err make_file(const char *path, struct wk_why *why) {
  const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return wk_fail(why, WK_ERR_IO, "%s: %s", path, strerror(errno));
  (void)close(fd);
  return WK_OK;
}

static enum wk_err open_db(struct wk_store *store, bool make,
                           const struct wk_data_key *key, struct wk_why *why) {
  if (sqlite3_open_v2(store->path, &store->db, SQLITE_OPEN_READWRITE, NULL) !=
      SQLITE_OK)
    return wk_store_fail(store, why);
  (void)sqlite3_busy_timeout(store->db, BUSY_MS);
  enum wk_err err = run(store, make ? set_up : look_only, why);
  if (err == WK_OK)
    err = check_schema(store, make, why);
  if (err == WK_OK)
    err = check_key(store, key, why);
  return err == WK_OK ? prepare(store, why) : err;
}

static struct wk_store *new_store(const char *path) {
  struct wk_store *store = calloc(1, sizeof *store);
  if (!store)
    return NULL;
  store->lock = -1;
  store->path = strdup(path);
  if (!store->path || pthread_mutex_init(&store->mutex, NULL) != 0) {
    free(store->path);
    free(store);
    return NULL;
  }
  return store;
}

enum wk_err wk_store_open(struct wk_store **out, const char *path,
                          const struct wk_data_key *key, struct wk_why *why) {
  *out = NULL;
  struct wk_store *store = new_store(path);
  if (!store)
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  enum wk_err err = wk_file_try_lock(&store->lock, path, why);
  if (err == WK_OK)
    err = make_file(path, why);
  if (err == WK_OK)
    err = open_db(store, true, key, why);
  if (err != WK_OK) {
    wk_store_close(store);
    return err;
  }
  *out = store;
  return WK_OK;
}

enum wk_err wk_store_look(struct wk_store **out, const char *path,
                          const struct wk_data_key *key, struct wk_why *why) {
  *out = NULL;
  if (access(path, F_OK) != 0)
    return wk_fail(why, WK_ERR_MISSING, "%s: %s", path, strerror(errno));
  struct wk_store *store = new_store(path);
  if (!store)
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  const enum wk_err err = open_db(store, false, key, why);
  if (err != WK_OK) {
    wk_store_close(store);
    return err;
  }
  *out = store;
  return WK_OK;
}

void wk_store_close(struct wk_store *store) {
  if (!store)
    return;
  for (size_t i = 0; i < WK_SQL_COUNT; i++)
    (void)sqlite3_finalize(store->sql[i]);
  (void)sqlite3_close(store->db);
  wk_file_unlock(store->lock);
  (void)pthread_mutex_destroy(&store->mutex);
  free(store->path);
  free(store);
}

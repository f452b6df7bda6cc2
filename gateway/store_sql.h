/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_sql.h - between store_open.c, which makes a store ready, and store.c,
 * which uses it.
 */
#ifndef WHITEKEY_GATEWAY_STORE_SQL_H
#define WHITEKEY_GATEWAY_STORE_SQL_H

#include <pthread.h>

#include <sqlite3.h>

#include "store.h"

enum wk_sql {
  WK_SQL_BEGIN,
  WK_SQL_COMMIT,
  WK_SQL_ROLLBACK,
  WK_SQL_SEQ,
  WK_SQL_ADD,
  WK_SQL_POST,
  WK_SQL_NEXT,
  WK_SQL_POSTED,
  WK_SQL_EACH,
  WK_SQL_COUNT
};

struct wk_store {
  char *path;
  sqlite3 *db;
  sqlite3_stmt *sql[WK_SQL_COUNT];
  pthread_mutex_t mutex;
  int lock; /* file descriptor, -1 for a reader */
};

/* The sentence for what SQLite just refused. */
enum wk_err wk_store_fail(const struct wk_store *store, struct wk_why *why);

#endif

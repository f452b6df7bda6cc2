/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns.h - records as SQLite rows, in the column order of store_sqlite.h.
 * Reading is strict: a row of another shape gives false, and the store calls
 * the record damaged.
 */
#ifndef WHITEKEY_REGISTRY_COLUMNS_H
#define WHITEKEY_REGISTRY_COLUMNS_H

#include <sqlite3.h>

#include "record.h"

/* Exactly len bytes of a BLOB. */
bool wk_column_bytes(sqlite3_stmt *row, int column, uint8_t *out, size_t len);

/* Fills all but the chains, and id.realm, which no row holds. */
bool wk_columns_device(sqlite3_stmt *row, struct wk_record *record);
void wk_bind_device(sqlite3_stmt *stmt, const struct wk_record *record);
/* The same row's role, which administration alone writes. */
void wk_bind_role(sqlite3_stmt *stmt, const struct wk_record *record);

/* Fills c or d, as the row's role says. */
bool wk_columns_chain(sqlite3_stmt *row, struct wk_record *record);
void wk_bind_chain(sqlite3_stmt *stmt, const struct wk_record *record,
                   enum wk_role role);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Roles on disk. A device's row holds its role's number. */
#include "store_sqlite.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS "id, name, publish, subscribe"

/* char(10) is the newline behind each filter. */
static const char roles[] =
    "CREATE TABLE role ("
    " id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " publish TEXT NOT NULL, subscribe TEXT NOT NULL);"
    "INSERT INTO role VALUES (1, 'device',"
    " replace('sensors/%u/#|whitekey/v1/%u/x3|', '|', char(10)),"
    " replace('commands/%u/#|whitekey/v1/%u/x4|', '|', char(10)));"
    "INSERT INTO role VALUES (2, 'admin',"
    " replace('$CONTROL/whitekey/#|whitekey/v1/%u/x3|', '|', char(10)),"
    " replace('$CONTROL/whitekey/#|$SYS/broker/whitekey/#|'"
    " || 'whitekey/v1/events/#|whitekey/v1/%u/x4|', '|', char(10)));"
    "INSERT INTO role VALUES (3, 'gateway',"
    " replace('public/#|sealed/#|whitekey-gateway/%u/#|whitekey/v1/%u/x3|',"
    " '|', char(10)),"
    " replace('sensors/#|whitekey/v1/%u/x4|', '|', char(10)));";

int wk_store_create_roles(sqlite3 *db) {
  return sqlite3_exec(db, roles, NULL, NULL, NULL);
}

/* In one transaction, and only where no other process was faster. */
enum wk_err wk_store_upgrade(struct wk_store *store, struct wk_why *why) {
  sqlite3 *db = wk_store_db(store);
  sqlite3_stmt *version = NULL;
  int code = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
  if (code != SQLITE_OK)
    return wk_store_failed(store, why, code);
  code = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &version, NULL);
  const bool old = sqlite3_step(version) == SQLITE_ROW &&
                   sqlite3_column_int(version, 0) == 1;
  (void)sqlite3_finalize(version);
  if (code == SQLITE_OK && old)
    code = sqlite3_exec(db,
                        "ALTER TABLE device ADD COLUMN"
                        " role INTEGER NOT NULL DEFAULT 1;"
                        "PRAGMA user_version = 2",
                        NULL, NULL, NULL);
  if (code == SQLITE_OK && old)
    code = wk_store_create_roles(db);
  if (code == SQLITE_OK)
    code = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
  if (code == SQLITE_OK)
    return WK_OK;
  const enum wk_err err = wk_store_failed(store, why, code);
  (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
  return err;
}

/* ---- reading -------------------------------------------------------------
 */

static bool column_text(sqlite3_stmt *row, int column, char *out, size_t len) {
  const char *text = (const char *)sqlite3_column_text(row, column);
  const int bytes = sqlite3_column_bytes(row, column);
  if (!text || bytes < 0 || (size_t)bytes >= len)
    return false;
  memcpy(out, text, (size_t)bytes + 1);
  return true;
}

static enum wk_err read_row(struct wk_store *store, sqlite3_stmt *row,
                            struct wk_role_record *role, struct wk_why *why) {
  const int id = sqlite3_column_int(row, 0);
  role->number = (uint8_t)id;
  if (id >= 1 && id <= UINT8_MAX &&
      column_text(row, 1, role->role.name, sizeof role->role.name) &&
      column_text(row, 2, role->role.publish, sizeof role->role.publish) &&
      column_text(row, 3, role->role.subscribe, sizeof role->role.subscribe))
    return WK_OK;
  memset(role, 0, sizeof *role);
  return wk_fail(why, WK_ERR_CORRUPT, "%s: the record of a role is damaged",
                 wk_store_path(store));
}

static enum wk_err read_role(struct wk_store *store, const char *sql,
                             const char *name, struct wk_role_record *role,
                             struct wk_why *why) {
  sqlite3_stmt *stmt = NULL;
  memset(role, 0, sizeof *role);
  int code = sqlite3_prepare_v2(wk_store_db(store), sql, -1, &stmt, NULL);
  if (code != SQLITE_OK)
    return wk_store_failed(store, why, code);
  (void)sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
  code = sqlite3_step(stmt);
  enum wk_err err = WK_OK;
  if (code == SQLITE_ROW)
    err = read_row(store, stmt, role, why);
  else if (code == SQLITE_DONE)
    err = wk_fail(why, WK_ERR_MISSING, "there is no role \"%.32s\"", name);
  else
    err = wk_store_failed(store, why, code);
  (void)sqlite3_finalize(stmt);
  return err;
}

enum wk_err wk_store_role_get(struct wk_store *store, const char *name,
                              struct wk_role_record *role,
                              struct wk_why *why) {
  return read_role(store, "SELECT " COLUMNS " FROM role WHERE name = ?1", name,
                   role, why);
}

enum wk_err wk_store_role_next(struct wk_store *store, const char *after,
                               struct wk_role_record *role,
                               struct wk_why *why) {
  return read_role(store,
                   "SELECT " COLUMNS " FROM role WHERE name > ?1"
                   " ORDER BY name LIMIT 1",
                   after, role, why);
}

/* ---- writing -------------------------------------------------------------
 */

/* Runs a statement with the role's name and lists as ?1, ?2 and ?3. */
static enum wk_err write_role(struct wk_store *store, const char *sql,
                              const struct wk_topic_role *role,
                              struct wk_why *why) {
  sqlite3_stmt *stmt = NULL;
  int code = sqlite3_prepare_v2(wk_store_db(store), sql, -1, &stmt, NULL);
  if (code != SQLITE_OK)
    return wk_store_failed(store, why, code);
  (void)sqlite3_bind_text(stmt, 1, role->name, -1, SQLITE_STATIC);
  if (sqlite3_bind_parameter_count(stmt) > 1) {
    (void)sqlite3_bind_text(stmt, 2, role->publish, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(stmt, 3, role->subscribe, -1, SQLITE_STATIC);
  }
  code = sqlite3_step(stmt);
  enum wk_err err = WK_OK;
  if (code != SQLITE_DONE)
    err = wk_store_failed(store, why, code);
  (void)sqlite3_finalize(stmt);
  return err;
}

/* A new role takes the lowest number that is free. */
enum wk_err wk_store_role_put(struct wk_store *store,
                              const struct wk_topic_role *role,
                              struct wk_why *why) {
  enum wk_err err = write_role(
      store,
      "INSERT INTO role SELECT min(id) + 1, ?1, ?2, ?3 FROM role AS taken"
      " WHERE NOT EXISTS (SELECT 1 FROM role WHERE id = taken.id + 1)"
      " ON CONFLICT (name) DO UPDATE SET publish = ?2, subscribe = ?3",
      role, why);
  struct wk_role_record now;
  if (err == WK_OK)
    err = wk_store_role_get(store, role->name, &now, why);
  if (err == WK_ERR_CORRUPT) /* its number is above the last */
    err = wk_fail(why, WK_ERR_SPACE, "role \"%s\": there are %u already",
                  role->name, WK_ROLE_COUNT_MAX);
  return err == WK_OK ? wk_store_note_change(store, "", why) : err;
}

enum wk_err wk_store_role_remove(struct wk_store *store, const char *name,
                                 struct wk_why *why) {
  struct wk_topic_role role = {.name = ""};
  (void)snprintf(role.name, sizeof role.name, "%s", name);
  /* A revoked device's old role does not keep it; a new enrolment begins
   * with the default. */
  enum wk_err err =
      write_role(store,
                 "UPDATE device SET role = 1 WHERE state = 3"
                 " AND role = (SELECT id FROM role WHERE name = ?1)",
                 &role, why);
  if (err == WK_OK)
    err = write_role(store, "DELETE FROM role WHERE name = ?1", &role, why);
  return err == WK_OK ? wk_store_note_change(store, "", why) : err;
}

enum wk_err wk_store_role_user(struct wk_store *store, uint8_t number,
                               char did[WK_DID_MAX + 1], struct wk_why *why) {
  sqlite3_stmt *stmt = NULL;
  int code = sqlite3_prepare_v2(wk_store_db(store),
                                "SELECT d_id FROM device WHERE role = ?1"
                                " AND state <> 3 LIMIT 1",
                                -1, &stmt, NULL);
  if (code != SQLITE_OK)
    return wk_store_failed(store, why, code);
  (void)sqlite3_bind_int(stmt, 1, number);
  code = sqlite3_step(stmt);
  enum wk_err err = WK_OK;
  if (code == SQLITE_DONE)
    err = wk_fail(why, WK_ERR_MISSING, "no device has this role");
  else if (code != SQLITE_ROW || !column_text(stmt, 0, did, WK_DID_MAX + 1))
    err = wk_store_failed(store, why, code);
  (void)sqlite3_finalize(stmt);
  return err;
}

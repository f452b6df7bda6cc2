/* SPDX-License-Identifier: Apache-2.0 */
/* A registry is opened while somebody else has it open. */
#include <criterion/criterion.h>
#include <sqlite3.h>

#include <whitekey/server.h>

#include "file_kit.h"

/* Has read, and not done with it. */
static sqlite3 *reader_of(const char *path) {
  sqlite3 *db = NULL;
  cr_assert_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL),
               SQLITE_OK);
  cr_assert_eq(sqlite3_exec(db, "BEGIN; SELECT * FROM head", NULL, NULL, NULL),
               SQLITE_OK);
  return db;
}

/* The first time after it was made, too. */
Test(open, server__starts_beside_a_reader) {
  struct wk_server *server = NULL;
  reg_make();
  sqlite3 *reader = reader_of(reg.db);
  cr_expect_eq(wk_server_open(&server, reg.db, reg.key, &reg.why), WK_OK, "%s",
               reg.why.text);
  wk_server_close(server);
  cr_assert_eq(sqlite3_close(reader), SQLITE_OK);
  reg_end();
}

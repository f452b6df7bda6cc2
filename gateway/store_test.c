/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include <whitekey/file.h>

#include "store.h"

static char folder[] = "/tmp/whitekey-store-XXXXXX";
static char path[64];
static const struct wk_data_key key = {.kid = "k1", .k = {7}};
static const uint8_t sealed[] = {1, 2, 3, 0, 4};

static void setup(void) {
  cr_assert_not_null(mkdtemp(folder));
  (void)snprintf(path, sizeof path, "%s/store.db", folder);
}

static void teardown(void) {
  static const char *const tails[] = {"", "-wal", "-shm", ".lock"};
  for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
    char name[80];
    (void)snprintf(name, sizeof name, "%s%s", path, tails[i]);
    (void)unlink(name);
  }
  cr_expect_eq(rmdir(folder), 0);
}

TestSuite(store, .init = setup, .fini = teardown);

static struct wk_store *open_store(void) {
  struct wk_store *store = NULL;
  struct wk_why why = {""};
  cr_assert_eq(wk_store_open(&store, path, &key, &why), WK_OK, "%s", why.text);
  return store;
}

/* Begins, adds a reading and a post; the caller ends it. */
static uint64_t add(struct wk_store *store, const char *topic) {
  uint64_t seq = 0;
  struct wk_why why = {""};
  cr_assert_eq(wk_store_begin(store, &seq, &why), WK_OK, "%s", why.text);
  const struct wk_record record = {.seq = seq,
                                   .at = 1790000000,
                                   .device = "d",
                                   .topic = topic,
                                   .class = WK_CLASS_SPLIT};
  cr_assert_eq(wk_store_add(store, &record, sealed, sizeof sealed, &why),
               WK_OK);
  cr_assert_eq(wk_store_post(store, topic, "payload", &why), WK_OK);
  return seq;
}

static bool count_row(void *context, const struct wk_record *record,
                      const uint8_t *row, size_t len) {
  size_t *rows = context;
  cr_assert_eq(len, sizeof sealed);
  cr_assert_eq(row[4], 4);
  cr_assert_str_eq(record->device, "d");
  cr_assert_eq(record->class, WK_CLASS_SPLIT);
  (*rows)++;
  return true;
}

static size_t rows_since(struct wk_store *store, uint64_t since) {
  size_t rows = 0;
  cr_assert_eq(wk_store_each(store, since, count_row, &rows, NULL), WK_OK);
  return rows;
}

static size_t posts(struct wk_store *store) {
  size_t count = 0;
  struct wk_post post = {0};
  int64_t id = 0;
  while (wk_store_next_post(store, id, &post, NULL) == WK_OK) {
    cr_assert_gt(post.id, id);
    cr_assert_eq(post.len, 7);
    id = post.id;
    count++;
    wk_post_free(&post);
  }
  return count;
}

Test(store, open__new_file_is_private) {
  struct stat st;
  struct wk_store *store = open_store();
  cr_assert_eq(stat(path, &st), 0);
  cr_assert_eq(st.st_mode & 07777, 0600);
  wk_store_close(store);
}

Test(store, open__second_gateway_kept_out_reader_let_in) {
  struct wk_store *store = open_store();
  struct wk_store *other = NULL;
  struct wk_why why;
  cr_assert_eq(wk_store_open(&other, path, &key, &why), WK_ERR_BUSY);
  cr_assert_not_null(strstr(why.text, path));
  cr_assert_null(other);
  (void)add(store, "a");
  cr_assert_eq(wk_store_commit(store, &why), WK_OK);
  cr_assert_eq(wk_store_look(&other, path, &key, &why), WK_OK, "%s", why.text);
  cr_assert_eq(rows_since(other, 0), 1);
  uint64_t seq = 0;
  cr_assert_eq(wk_store_begin(other, &seq, &why), WK_ERR_IO);
  wk_store_close(other);
  wk_store_close(store);
}

Test(store, open__another_key_refused) {
  wk_store_close(open_store());
  struct wk_data_key other = key;
  struct wk_store *store = NULL;
  struct wk_why why;
  other.k[0] ^= 1;
  cr_assert_eq(wk_store_open(&store, path, &other, &why), WK_ERR_KEY);
  cr_assert_not_null(strstr(why.text, path));
  cr_assert_eq(wk_store_look(&store, path, &other, &why), WK_ERR_KEY);
  other = key;
  other.kid[1] = '2';
  cr_assert_eq(wk_store_open(&store, path, &other, &why), WK_ERR_KEY);
  cr_assert_null(store);
}

Test(store, open__other_files_refused) {
  struct wk_store *store = NULL;
  struct wk_why why;
  char junk[4096];
  memset(junk, 'x', sizeof junk);
  cr_assert_eq(wk_store_look(&store, path, &key, &why), WK_ERR_MISSING);
  cr_assert_eq(wk_file_create(path, junk, sizeof junk, 0600, &why), WK_OK);
  cr_assert_eq(wk_store_open(&store, path, &key, &why), WK_ERR_CORRUPT);
  cr_assert_not_null(strstr(why.text, path));
  cr_assert_eq(unlink(path), 0);
  sqlite3 *db = NULL;
  cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
  cr_assert_eq(sqlite3_exec(db, "CREATE TABLE t (a)", NULL, NULL, NULL),
               SQLITE_OK);
  (void)sqlite3_close(db);
  cr_assert_eq(wk_store_open(&store, path, &key, &why), WK_ERR_CORRUPT);
  cr_assert_null(store);
}

Test(store, commit__reading_and_post_survive_together) {
  struct wk_store *store = open_store();
  cr_assert_eq(add(store, "a"), 1);
  cr_assert_eq(wk_store_commit(store, NULL), WK_OK);
  cr_assert_eq(add(store, "b"), 2);
  wk_store_abort(store);
  wk_store_close(store);
  store = open_store();
  cr_assert_eq(rows_since(store, 0), 1);
  cr_assert_eq(rows_since(store, 1), 0);
  cr_assert_eq(posts(store), 1);
  wk_store_close(store);
}

Test(store, begin__numbers_grow_though_rows_are_gone) {
  struct wk_store *store = open_store();
  cr_assert_eq(add(store, "a"), 1);
  cr_assert_eq(wk_store_commit(store, NULL), WK_OK);
  cr_assert_eq(add(store, "a"), 2);
  cr_assert_eq(wk_store_commit(store, NULL), WK_OK);
  wk_store_close(store);
  sqlite3 *db = NULL;
  cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
  cr_assert_eq(sqlite3_exec(db, "DELETE FROM reading", NULL, NULL, NULL),
               SQLITE_OK);
  (void)sqlite3_close(db);
  store = open_store();
  cr_assert_eq(add(store, "a"), 3);
  wk_store_abort(store);
  wk_store_close(store);
}

Test(store, posted__removes_only_those) {
  struct wk_store *store = open_store();
  struct wk_post post;
  for (int i = 0; i < 3; i++) {
    (void)add(store, "a");
    cr_assert_eq(wk_store_commit(store, NULL), WK_OK);
  }
  cr_assert_eq(wk_store_next_post(store, 1, &post, NULL), WK_OK);
  cr_assert_eq(post.id, 2);
  wk_post_free(&post);
  const int64_t ids[] = {1, 2};
  cr_assert_eq(wk_store_posted(store, ids, 2, NULL), WK_OK);
  cr_assert_eq(posts(store), 1);
  cr_assert_eq(rows_since(store, 0), 3);
  wk_store_close(store);
}

/* A child adds reading after reading and says so after each commit; killed at
 * any point, whatever it said is there, whole, and nothing is half there. */
Test(store, commit__kill_loses_nothing_said) {
  for (unsigned round = 0; round < 8; round++) {
    int said[2];
    cr_assert_eq(pipe(said), 0);
    const pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
      struct wk_store *store = open_store();
      for (;;) {
        const uint64_t seq = add(store, "a");
        if (wk_store_commit(store, NULL) == WK_OK)
          (void)!write(said[1], &seq, sizeof seq);
      }
    }
    (void)close(said[1]);
    uint64_t last = 0;
    for (unsigned i = 0; i < 20 + round; i++)
      cr_assert_eq(read(said[0], &last, sizeof last), sizeof last);
    cr_assert_eq(kill(child, SIGKILL), 0);
    cr_assert_eq(waitpid(child, NULL, 0), child);
    while (read(said[0], &last, sizeof last) == sizeof last)
      continue;
    (void)close(said[0]);
    struct wk_store *store = open_store();
    const size_t rows = rows_since(store, 0);
    cr_expect(rows == last || rows == last + 1, "%zu of %u", rows,
              (unsigned)last);
    cr_expect_eq(posts(store), rows);
    wk_store_close(store);
  }
}

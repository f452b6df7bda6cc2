/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <whitekey/file.h>

/* Each case works in a folder of its own, with the names below in it. */
static char folder[] = "/tmp/whitekey-file-test.XXXXXX";

static void make_folder(void) {
  cr_assert(mkdtemp(folder));
  cr_assert_eq(chdir(folder), 0);
}

static bool is_entry(const char *name) {
  return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static int entries(void) {
  int count = 0;
  DIR *dir = opendir(".");
  for (struct dirent *entry; (entry = readdir(dir));)
    count += is_entry(entry->d_name);
  (void)closedir(dir);
  return count;
}

static void remove_folder(void) {
  DIR *dir = opendir(".");
  for (struct dirent *entry; (entry = readdir(dir));) {
    if (is_entry(entry->d_name))
      cr_expect_eq(remove(entry->d_name), 0);
  }
  (void)closedir(dir);
  cr_expect_eq(rmdir(folder), 0);
}

TestSuite(file, .init = make_folder, .fini = remove_folder);

/* A skipped case is not cleaned up after: it must not have begun. */
static void make_folder_as_root(void) {
  if (geteuid() != 0)
    cr_skip("only root can make a file somebody else's");
  make_folder();
}

TestSuite(file_owner, .init = make_folder_as_root, .fini = remove_folder);

static void put(const char *path, const char *text) {
  struct wk_why why;
  cr_assert_eq(wk_file_replace(path, text, strlen(text), 0644, &why), WK_OK,
               "%s", why.text);
}

static void expect_text(const char *path, const char *want) {
  char *text = NULL;
  size_t len = 0;
  struct wk_why why;
  cr_assert_eq(wk_file_read(&text, &len, path, 100, &why), WK_OK, "%s",
               why.text);
  cr_expect_eq(len, strlen(want));
  cr_expect_str_eq(text, want);
  wk_file_wipe(text, len);
}

static mode_t mode_of(const char *path) {
  struct stat st;
  cr_assert_eq(stat(path, &st), 0);
  return st.st_mode & 07777;
}

Test(file, read__gives_the_whole_text_and_a_nul) {
  put("a", "one\n");
  expect_text("a", "one\n");
  put("empty", "");
  expect_text("empty", "");
}

static void expect_unread(const char *path, size_t max, enum wk_err want,
                          const char *sentence) {
  char *text = folder;
  size_t len = 9;
  struct wk_why why;
  cr_expect_eq(wk_file_read(&text, &len, path, max, &why), want);
  cr_expect_null(text);
  cr_expect_eq(len, 0);
  cr_expect_str_eq(why.text, sentence);
}

Test(file, read__missing_large_or_no_file_is_refused) {
  put("a", "four");
  cr_assert_eq(mkfifo("pipe", 0600), 0);
  expect_unread("none", 9, WK_ERR_MISSING, "none: No such file or directory");
  expect_unread("a", 3, WK_ERR_SPACE, "a: larger than 3 bytes");
  expect_unread("a/b", 9, WK_ERR_IO, "a/b: Not a directory");
  expect_unread(".", 9, WK_ERR_IO, ".: not a regular file");
  /* A writer that never comes must not hold the reader up. */
  expect_unread("pipe", 9, WK_ERR_IO, "pipe: not a regular file");
}

Test(file, replace__sets_text_and_mode_whatever_the_umask) {
  struct wk_why why;
  (void)umask(0777);
  cr_expect_eq(wk_file_replace("a", "one", 3, 0600, &why), WK_OK);
  cr_expect_eq(mode_of("a"), 0600);
  cr_expect_eq(wk_file_replace("a", "2", 1, 0644, &why), WK_OK);
  cr_expect_eq(mode_of("a"), 0644);
  expect_text("a", "2");
  cr_expect_eq(entries(), 1);
}

Test(file, replace__failure_keeps_the_old_file_and_no_temporary_one) {
  struct wk_why why;
  put("a", "old");
  cr_assert_eq(mkdir("taken", 0700), 0);
  cr_expect_eq(wk_file_replace("taken", "new", 3, 0600, &why), WK_ERR_IO);
  cr_expect_str_eq(why.text, "taken: Is a directory");
  cr_expect_eq(wk_file_replace("a/b", "new", 3, 0600, &why), WK_ERR_IO);
  cr_expect_str_eq(why.text, "a/b: Not a directory");
  cr_expect_eq(wk_file_replace("none/b", "new", 3, 0600, &why),
               WK_ERR_MISSING);
  expect_text("a", "old");
  cr_expect_eq(entries(), 2);
}

/* The size limit stands in for a full disk: some bytes fit, then none. */
Test(file, replace__half_written_keeps_the_old_file) {
  struct wk_why why;
  struct rlimit limit;
  put("a", "old");
  cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlim_t before = limit.rlim_cur;
  (void)signal(SIGXFSZ, SIG_IGN);
  limit.rlim_cur = 4;
  cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  cr_expect_eq(wk_file_replace("a", "longer", 6, 0600, &why), WK_ERR_IO);
  limit.rlim_cur = before;
  cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  cr_expect_str_eq(why.text, "a: File too large");
  expect_text("a", "old");
  cr_expect_eq(entries(), 1);
}

Test(file, create__only_where_nothing_stands) {
  struct wk_why why;
  cr_expect_eq(wk_file_create("a", "one", 3, 0600, &why), WK_OK);
  cr_expect_eq(mode_of("a"), 0600);
  cr_expect_eq(wk_file_create("a", "two", 3, 0600, &why), WK_ERR_EXISTS);
  cr_expect_str_eq(why.text, "a: File exists");
  expect_text("a", "one");
  cr_assert_eq(symlink("nowhere", "link"), 0);
  cr_expect_eq(wk_file_create("link", "two", 3, 0600, &why), WK_ERR_EXISTS);
  cr_expect_eq(entries(), 2);
}

Test(file, private__others_may_not_read_or_write) {
  struct wk_why why;
  put("a", "secret");
  for (mode_t bit = 01; bit <= 040; bit <<= 1) {
    cr_assert_eq(chmod("a", 0600 | bit), 0);
    cr_expect_eq(wk_file_private("a", "key", &why), WK_ERR_KEY);
  }
  cr_expect_str_eq(why.text,
                   "a: others may read this key (mode 0640): chmod 600 it");
  cr_assert_eq(chmod("a", 0600), 0);
  cr_expect_eq(wk_file_private("a", "key", &why), WK_OK);
  cr_assert_eq(chmod("a", 0400), 0);
  cr_expect_eq(wk_file_private("a", "key", &why), WK_OK);
  cr_expect_eq(wk_file_private("none", "key", &why), WK_ERR_MISSING);
  cr_expect_eq(wk_file_private(".", "key", &why), WK_ERR_KEY);
}

static bool is_locked(const char *name) {
  const int fd = open(name, O_RDWR | O_CLOEXEC);
  cr_assert_geq(fd, 0);
  const bool taken = flock(fd, LOCK_EX | LOCK_NB) == 0;
  (void)close(fd);
  return !taken;
}

Test(file, lock__holds_until_unlocked) {
  struct wk_why why;
  int fd = -1;
  cr_assert_eq(wk_file_lock(&fd, "a", &why), WK_OK);
  cr_expect_eq(mode_of("a.lock"), 0600);
  cr_expect(is_locked("a.lock"));
  wk_file_unlock(fd);
  cr_expect_not(is_locked("a.lock"));
  wk_file_unlock(-1);
}

Test(file, lock__impossible_place_is_refused) {
  struct wk_why why;
  int fd = 9;
  cr_expect_eq(wk_file_lock(&fd, "none/a", &why), WK_ERR_MISSING);
  cr_expect_eq(fd, -1);
  cr_expect_str_eq(why.text, "none/a.lock: No such file or directory");
}

/* Adds one to the number in "count", reading and writing it in two steps. */
static void add_one(void) {
  char *text = NULL;
  size_t len = 0;
  int fd = -1;
  char next[16];
  if (wk_file_lock(&fd, "count", NULL) != WK_OK ||
      wk_file_read(&text, &len, "count", 16, NULL) != WK_OK)
    _exit(1);
  const int used =
      snprintf(next, sizeof next, "%lu", strtoul(text, NULL, 10) + 1);
  wk_file_wipe(text, len);
  if (wk_file_replace("count", next, (size_t)used, 0600, NULL) != WK_OK)
    _exit(1);
  wk_file_unlock(fd);
}

Test(file, lock__two_processes_take_turns) {
  put("count", "0");
  for (int child = 0; child < 2; child++) {
    if (fork() == 0) {
      for (int i = 0; i < 50; i++)
        add_one();
      _exit(0);
    }
  }
  for (int status; wait(&status) > 0;)
    cr_expect_eq(status, 0);
  expect_text("count", "100");
}

Test(file, lock__process_that_dies_releases_it) {
  struct wk_why why;
  int fd = -1;
  if (fork() == 0)
    _exit(wk_file_lock(&fd, "a", NULL) != WK_OK);
  int status = -1;
  (void)wait(&status);
  cr_assert_eq(status, 0);
  cr_assert_eq(wk_file_lock(&fd, "a", &why), WK_OK);
  wk_file_unlock(fd);
}

/* Root runs the CLI on files of the broker's or the gateway's user. */
/* Root may write to any: the case becomes somebody else. */
Test(file, replaceable__only_where_its_folder_may_be_written) {
  struct wk_why why = {""};
  put("here", "text");
  cr_assert_eq(wk_file_replaceable("here", &why), WK_OK);
  cr_assert_eq(wk_file_replaceable("not-yet", &why), WK_OK);
  cr_assert_eq(wk_file_replaceable("nowhere/file", &why), WK_ERR_IO);
  cr_assert_eq(chmod(".", 0555), 0);
  cr_assert(geteuid() != 0 || seteuid(65534) == 0);
  cr_expect_eq(wk_file_replaceable("here", &why), WK_ERR_IO);
  cr_expect_str_eq(why.text,
                   "here: cannot be replaced: ./: Permission denied");
  cr_assert(geteuid() == getuid() || seteuid(0) == 0);
  cr_assert_eq(chmod(".", 0755), 0);
}

Test(file_owner, replace_and_lock__leave_it_to_whom_it_belongs) {
  const uid_t nobody = 65534;
  struct stat st;
  int fd = -1;
  put("a", "1");
  cr_assert_eq(chown("a", nobody, nobody), 0);
  put("a", "2");
  cr_assert_eq(stat("a", &st), 0);
  cr_expect_eq(st.st_uid, nobody);
  cr_expect_eq(st.st_gid, nobody);
  cr_assert_eq(wk_file_lock(&fd, "a", NULL), WK_OK);
  cr_assert_eq(stat("a.lock", &st), 0);
  cr_expect_eq(st.st_uid, nobody);
  wk_file_unlock(fd);
  cr_assert_eq(wk_file_append(&fd, "log", "a", NULL), WK_OK);
  wk_file_unlock(fd);
  cr_assert_eq(stat("log", &st), 0);
  cr_expect_eq(st.st_uid, nobody);
}

/* Who owns the folder must not get a file of root's for it. */
Test(file_owner, lock__gives_away_nothing_that_root_did_not_make) {
  struct stat st;
  int fd = -1;
  put("a", "1");
  put("roots", "2");
  cr_assert_eq(chown("a", 65534, 65534), 0);
  cr_assert_eq(link("roots", "a.lock"), 0);
  cr_assert_eq(wk_file_lock(&fd, "a", NULL), WK_OK);
  wk_file_unlock(fd);
  cr_assert_eq(stat("roots", &st), 0);
  cr_expect_eq(st.st_uid, 0);
}

Test(file, append__adds_to_the_end_and_makes_what_is_missing) {
  struct stat st;
  for (int i = 0; i < 2; i++) {
    int fd = -1;
    cr_assert_eq(wk_file_append(&fd, "log", "log", NULL), WK_OK);
    cr_assert_eq(write(fd, "x", 1), 1);
    wk_file_unlock(fd);
  }
  expect_text("log", "xx");
  cr_assert_eq(stat("log", &st), 0);
  cr_expect_eq(st.st_mode & 07777, 0600);
}

Test(file, append_and_lock__follow_no_link) {
  struct wk_why why;
  int fd = -1;
  put("a", "1");
  put("b", "");
  cr_assert_eq(symlink("b", "log"), 0);
  cr_assert_eq(symlink("b", "a.lock"), 0);
  cr_expect_eq(wk_file_append(&fd, "log", "a", &why), WK_ERR_IO);
  cr_expect_eq(fd, -1);
  cr_expect_eq(wk_file_lock(&fd, "a", &why), WK_ERR_IO);
  cr_expect_eq(fd, -1);
  cr_expect_str_eq(why.text, "a.lock: Too many levels of symbolic links");
  expect_text("b", "");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Root administers what belongs to the broker's user, who needs all of it. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <whitekey/audit.h>
#include <whitekey/server.h>

#define NOBODY 65534

static char folder[64];
static char db[96];
static char key[96];
static struct wk_why why;

static void begin(void) {
  if (geteuid() != 0)
    cr_skip("only root can make a file somebody else's");
  (void)snprintf(folder, sizeof folder, "/tmp/wk-owner-XXXXXX");
  cr_assert_not_null(mkdtemp(folder));
  (void)snprintf(db, sizeof db, "%s/registry.db", folder);
  (void)snprintf(key, sizeof key, "%s/master.key", folder);
  cr_assert_eq(wk_registry_create(db, key, &why), WK_OK, "%s", why.text);
}

static void end(void) {
  static const char *const names[] = {"", "-wal", "-shm", ".lock",
                                      ".audit.jsonl"};
  char path[128];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    (void)snprintf(path, sizeof path, "%s%s", db, names[i]);
    (void)unlink(path);
  }
  (void)unlink(key);
  cr_expect_eq(rmdir(folder), 0);
}

TestSuite(owner, .init = begin, .fini = end);

/* Runs as the broker's user; true where it went well. */
static bool as_broker(bool (*run)(const char *sentence),
                      const char *sentence) {
  int status = -1;
  const pid_t child = fork();
  cr_assert(child >= 0);
  if (child == 0)
    _exit(setuid(NOBODY) != 0 || !run(sentence));
  cr_assert_eq(waitpid(child, &status, 0), child);
  return status == 0;
}

static bool serves(const char *sentence) {
  struct wk_server *server = NULL;
  struct wk_audit *audit = NULL;
  (void)sentence;
  const bool done = wk_server_open(&server, db, key, &why) == WK_OK &&
                    wk_audit_open(&audit, db, &why) == WK_OK;
  wk_audit_close(audit);
  wk_server_close(server);
  return done;
}

static bool is_told(const char *sentence) {
  struct wk_registry *registry = NULL;
  return wk_registry_open(&registry, db, key, &why) == WK_ERR_IO &&
         strstr(why.text, sentence);
}

Test(owner, root__leaves_the_registry_to_the_broker) {
  struct wk_registry *registry = NULL;
  struct wk_server *server = NULL;
  struct wk_audit *audit = NULL;
  cr_assert_eq(chown(db, NOBODY, NOBODY), 0);
  cr_assert_eq(chown(key, NOBODY, NOBODY), 0);
  cr_assert_eq(chown(folder, NOBODY, NOBODY), 0);
  /* Makes WAL, lock and audit as root, and crashes over them. */
  const pid_t child = fork();
  cr_assert(child >= 0);
  if (child == 0)
    _exit(wk_server_open(&server, db, key, &why) != WK_OK ||
          wk_audit_open(&audit, db, &why) != WK_OK);
  int status = -1;
  cr_assert_eq(waitpid(child, &status, 0), child);
  cr_assert_eq(status, 0);
  cr_expect(as_broker(serves, NULL));
  /* And once more while root looks at it. */
  cr_assert_eq(wk_registry_open(&registry, db, key, &why), WK_OK);
  cr_expect(as_broker(serves, NULL));
  wk_registry_close(registry);
}

/* The broker after `sudo whitekey init`: what is wrong must be plain. */
Test(owner, broker__is_told_what_is_closed_to_it) {
  cr_assert_eq(chmod(folder, 0711), 0);
  cr_expect(as_broker(is_told, "registry.db: Permission denied"));
  cr_assert_eq(chown(db, NOBODY, NOBODY), 0);
  cr_expect(as_broker(is_told, "or its folder cannot be written"));
  cr_assert_eq(chmod(folder, 0777), 0);
  cr_expect(as_broker(is_told, "master.key: Permission denied"));
}

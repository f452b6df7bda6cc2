/* SPDX-License-Identifier: Apache-2.0 */
/* A backup comes back: everything that was ever accepted stays spent. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "device.h"

#define NOW INT64_C(1790000000)
#define LOGINS 5u

static char folder[64];
static char db[96];
static char key[96];
static char backup[96];
static struct device device;
static struct wk_server *server;
static struct wk_policy policy;
static struct wk_verdict verdict;
static struct wk_why why;

static void copy(const char *from, const char *to) {
  char command[256];
  (void)snprintf(command, sizeof command, "cp '%s' '%s'", from, to);
  cr_assert_eq(system(command), 0);
}

static void begin(void) {
  struct wk_registry *registry = NULL;
  struct wk_enrolment enrolment;
  (void)snprintf(folder, sizeof folder, "/tmp/wk-backup-XXXXXX");
  cr_assert_not_null(mkdtemp(folder));
  (void)snprintf(db, sizeof db, "%s/registry.db", folder);
  (void)snprintf(key, sizeof key, "%s/master.key", folder);
  (void)snprintf(backup, sizeof backup, "%s/backup.db", folder);
  cr_assert(device_cache());
  wk_policy_init(&policy);
  cr_assert_eq(wk_registry_create(db, key, &why), WK_OK, "%s", why.text);
  cr_assert_eq(wk_registry_open(&registry, db, key, &why), WK_OK);
  device_init(&device, wk_registry_realm(registry), "d", 256, false);
  device_enrolment(&device, &enrolment);
  cr_assert_eq(wk_registry_enrol(registry, &enrolment, &device.generation,
                                 device.ks, &why),
               WK_OK);
  wk_registry_close(registry);
}

static void end(void) {
  char command[96];
  wk_server_close(server);
  (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
  cr_assert_eq(system(command), 0);
}

TestSuite(backup, .init = begin, .fini = end);

static enum wk_reason deliver(struct sent *sent, int64_t now) {
  sent->attempt.now = now;
  return wk_server_login(server, &policy, &sent->attempt, &verdict);
}

static void serve(void) {
  cr_assert_eq(wk_server_open(&server, db, key, &why), WK_OK, "%s", why.text);
}

/* The device's clock runs ahead as far as the broker allows. */
static void log_in_all(struct sent sent[LOGINS]) {
  serve();
  for (uint32_t i = 0; i < LOGINS; i++) {
    cr_assert(device_send(&device, NOW + i + policy.max_skew, &sent[i]));
    cr_assert_eq(deliver(&sent[i], NOW + i), WK_REASON_OK);
  }
  wk_server_close(server);
  server = NULL;
}

static int64_t restore(void) {
  struct wk_registry *registry = NULL;
  int64_t from = 0;
  copy(backup, db);
  cr_assert_eq(wk_registry_open(&registry, db, key, &why), WK_OK);
  cr_assert_eq(wk_registry_restore(registry, NOW + LOGINS - 1, policy.max_skew,
                                   &from, &why),
               WK_OK, "%s", why.text);
  wk_registry_close(registry);
  return from;
}

Test(backup, restored__captured_messages_stay_spent) {
  struct sent sent[LOGINS];
  struct sent fresh;
  copy(db, backup);
  log_in_all(sent);
  const int64_t from = restore();
  serve();
  for (uint32_t i = 0; i < LOGINS; i++)
    cr_assert_eq(deliver(&sent[i], NOW + LOGINS), WK_REASON_CLOCK);
  cr_assert(device_send(&device, from - 1, &fresh));
  cr_assert_eq(deliver(&fresh, from), WK_REASON_CLOCK);
  cr_assert(device_send(&device, from, &fresh));
  cr_assert_eq(deliver(&fresh, from), WK_REASON_OK);
  for (uint32_t i = 0; i < LOGINS; i++)
    cr_assert_neq(deliver(&sent[i], NOW + LOGINS), WK_REASON_OK);
}

/* The twin: without the operator's word a server cannot know. */
Test(backup, restored_in_silence__would_accept_again) {
  struct sent sent[LOGINS];
  copy(db, backup);
  log_in_all(sent);
  copy(backup, db);
  serve();
  cr_assert_eq(deliver(&sent[0], NOW), WK_REASON_OK);
}

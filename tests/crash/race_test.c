/* SPDX-License-Identifier: Apache-2.0 */
/*
 * race_test - the server's threads against each other: logins, key updates and
 * operators' changes on one, the writer and a second one that flushes all the
 * time on two more. Checks that nothing is accepted twice, and under the tsan
 * preset that nobody touches what another holds. No Criterion: its programs do
 * not start under ThreadSanitizer.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"

#define DEVICES 40u
#define ROUNDS 40u
#define NOW INT64_C(1790000000)

static char folder[64];
static char db[96];
static char key[96];
static struct wk_server *server;
static struct wk_registry *registry;
static struct wk_policy policy;
static struct device device[DEVICES];
static struct sent sent[DEVICES * ROUNDS];
static struct wk_why why;
static atomic_bool over;

static void must(bool right, const char *what) {
  if (right)
    return;
  (void)fprintf(stderr, "race_test: %s: %s\n", what, why.text);
  exit(EXIT_FAILURE);
}

static void enrol(uint32_t i) {
  struct wk_enrolment enrolment;
  char did[16];
  (void)snprintf(did, sizeof did, "device-%u", (unsigned)i);
  device_init(&device[i], wk_registry_realm(registry), did, 512, i % 8 == 0);
  device_enrolment(&device[i], &enrolment);
  must(wk_registry_enrol(registry, &enrolment, &device[i].generation,
                         device[i].ks, &why) == WK_OK,
       "enrol");
}

static void begin(void) {
  (void)snprintf(folder, sizeof folder, "/tmp/wk-race-XXXXXX");
  must(mkdtemp(folder) && device_cache(), "a folder and memory");
  (void)snprintf(db, sizeof db, "%s/registry.db", folder);
  (void)snprintf(key, sizeof key, "%s/master.key", folder);
  wk_policy_init(&policy);
  must(wk_registry_create(db, key, &why) == WK_OK &&
           wk_registry_open(&registry, db, key, &why) == WK_OK,
       "a registry");
  for (uint32_t i = 0; i < DEVICES; i++)
    enrol(i);
}

static void serve(void) {
  must(wk_server_open(&server, db, key, &why) == WK_OK, "open");
  must(wk_server_start_writer(server, &why) == WK_OK, "writer");
}

static void *flush_on(void *context) {
  (void)context;
  while (!atomic_load(&over)) {
    const enum wk_err err = wk_server_flush(server, NULL);
    if (err != WK_OK)
      (void)usleep(100);
  }
  return NULL;
}

static void update(struct device *of, uint32_t round) {
  uint8_t x3[WK_X3_LEN];
  uint8_t x4[WK_X4_LEN];
  enum wk_status status;
  if (round % 10 == 3 && device_update(of, WK_ROLE_C, x3))
    must(wk_server_update(server, &of->session, x3, sizeof x3, NOW, x4,
                          &status) == WK_OK,
         "update");
}

static void administer(uint32_t round) {
  const char *did = device[round % DEVICES].id.did;
  must(wk_registry_change(registry, did, WK_CHANGE_DISABLE, &why) == WK_OK &&
           wk_registry_change(registry, did, WK_CHANGE_ENABLE, &why) == WK_OK,
       "an operator's change");
  (void)wk_server_catch_up(server);
}

static void one_round(uint32_t round) {
  struct wk_server_gauges gauges;
  struct wk_verdict verdict;
  for (uint32_t i = 0; i < DEVICES; i++) {
    struct sent *msg = &sent[round * DEVICES + i];
    const int64_t now = NOW + round * DEVICES + i;
    must(device_send(&device[i], now, msg), "a chain is long enough");
    (void)wk_server_login(server, &policy, &msg->attempt, &verdict);
    (void)snprintf(why.text, sizeof why.text, "%s",
                   wk_reason_name(verdict.reason, verdict.user));
    must(verdict.reason == WK_REASON_OK, "an honest login");
    device_hear(&device[i], DEVICE_ACCEPTED, &verdict.accepted, false);
    update(&device[i], round);
  }
  administer(round);
  wk_server_gauges(server, &gauges);
  must(gauges.devices[WK_DEVICE_ENABLED] == DEVICES, "all are enabled");
}

static void replay_all(void) {
  struct wk_verdict verdict;
  for (uint32_t i = 0; i < DEVICES * ROUNDS; i++) {
    (void)wk_server_login(server, &policy, &sent[i].attempt, &verdict);
    must(verdict.reason != WK_REASON_OK, "accepted twice");
  }
}

static void end(void) {
  char lock[112];
  wk_registry_close(registry);
  (void)snprintf(lock, sizeof lock, "%s.lock", db);
  must(unlink(db) == 0 && unlink(lock) == 0 && unlink(key) == 0 &&
           rmdir(folder) == 0,
       "nothing else was left");
}

int main(void) {
  pthread_t other;
  begin();
  serve();
  must(pthread_create(&other, NULL, flush_on, NULL) == 0, "a thread");
  for (uint32_t round = 0; round < ROUNDS; round++)
    one_round(round);
  replay_all();
  atomic_store(&over, true);
  must(pthread_join(other, NULL) == 0, "join");
  wk_server_close(server);
  serve();
  replay_all();
  wk_server_close(server);
  end();
  return EXIT_SUCCESS;
}

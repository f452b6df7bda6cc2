/* SPDX-License-Identifier: Apache-2.0 */
#include "server_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

struct server_kit srv = {.bio_id = {6}};

void srv_value(uint8_t x[WK_VALUE_LEN], uint32_t epoch, uint32_t i) {
  uint8_t salt[WK_SALT_LEN];
  uint8_t seed[WK_SEED_LEN];
  memset(seed, (int)epoch + 1, sizeof seed);
  wk_chain_salt(salt, &srv.id, WK_ROLE_C, epoch);
  wk_chain_top(x, salt, N, seed);
  wk_chain_walk(x, salt, N, i);
}

void srv_serve(void) {
  cr_assert_eq(wk_server_open(&srv.server, srv.db, srv.key, &srv.why), WK_OK,
               "%s", srv.why.text);
}

void srv_begin(void) {
  struct wk_registry *registry = NULL;
  struct wk_enrolment device = {.did = "d", .c = {.present = true, .n = N}};
  uint32_t generation = 0;
  (void)snprintf(srv.folder, sizeof srv.folder, "/tmp/wk-server-XXXXXX");
  cr_assert_not_null(mkdtemp(srv.folder));
  (void)snprintf(srv.db, sizeof srv.db, "%s/registry.db", srv.folder);
  (void)snprintf(srv.key, sizeof srv.key, "%s/master.key", srv.folder);
  wk_policy_init(&srv.policy);
  cr_assert_eq(wk_registry_create(srv.db, srv.key, &srv.why), WK_OK, "%s",
               srv.why.text);
  cr_assert_eq(wk_registry_open(&registry, srv.db, srv.key, &srv.why), WK_OK);
  cr_assert_eq(wk_id_init(&srv.id, wk_registry_realm(registry), "d", 1),
               WK_OK);
  memcpy(device.bio_id, srv.bio_id, sizeof device.bio_id);
  srv_value(device.c.anchor, 0, 0);
  cr_assert_eq(
      wk_registry_enrol(registry, &device, &generation, srv.ks, &srv.why),
      WK_OK);
  wk_registry_close(registry);
  srv_serve();
}

void srv_end(void) {
  char command[128];
  wk_server_close(srv.server);
  (void)snprintf(command, sizeof command, "rm -r '%s'", srv.folder);
  cr_assert_eq(system(command), 0);
}

enum wk_reason srv_login_at(uint32_t epoch, uint32_t index, int64_t now) {
  struct wk_attempt attempt = {.did = "d", .x1_len = WK_X1_LEN, .now = now};
  uint8_t kx[WK_KX_LEN];
  static uint8_t counter;
  struct wk_header header = {WK_X1, epoch, index, {counter++}};
  struct wk_login body = {.time = (uint32_t)now};
  srv_value(body.x, epoch, index);
  wk_key_message(kx, srv.ks, &srv.id, epoch, srv.bio_id);
  const struct wk_seal seal = {&srv.id, kx, NULL};
  cr_assert_eq(wk_login_seal(attempt.x1, &header, &body, &seal), WK_OK);
  return wk_server_login(srv.server, &srv.policy, &attempt, &srv.verdict);
}

enum wk_reason srv_login(uint32_t index) {
  return srv_login_at(0, index, NOW + index);
}

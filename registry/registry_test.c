/* SPDX-License-Identifier: Apache-2.0 */
/* The registry on real files: creation, enrolment, logins, damage. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include <whitekey/server.h>

#include "file_kit.h"

#define NOW INT64_C(1790000000)

static struct wk_server *server;
static struct wk_policy policy;

static const uint8_t seed[WK_SEED_LEN] = {5};
static const uint8_t bio_id[WK_BIO_LEN] = {6};

static void begin(void) {
  wk_policy_init(&policy);
  reg_begin();
}

static void end(void) {
  wk_server_close(server);
  reg_end();
}

TestSuite(registry, .init = begin, .fini = end);

static void serve(void) {
  cr_assert_eq(wk_server_open(&server, reg.db, reg.key, &reg.why), WK_OK, "%s",
               reg.why.text);
}

static void reopen(void) {
  wk_server_close(server);
  server = NULL;
  wk_registry_close(reg.registry);
  cr_assert_eq(wk_registry_open(&reg.registry, reg.db, reg.key, &reg.why),
               WK_OK, "%s", reg.why.text);
}

static void value(uint8_t x[WK_VALUE_LEN], const char *did, uint8_t first,
                  uint32_t i) {
  struct wk_id id;
  uint8_t salt[WK_SALT_LEN];
  uint8_t s[WK_SEED_LEN];
  memcpy(s, seed, sizeof s);
  s[0] = first;
  cr_assert_eq(
      wk_id_init(&id, wk_registry_realm(reg.registry), did, strlen(did)),
      WK_OK);
  wk_chain_salt(salt, &id, WK_ROLE_C, 0);
  wk_chain_top(x, salt, 256, s);
  wk_chain_walk(x, salt, 256, i);
}

static enum wk_err enrol(const char *did, uint8_t first, uint32_t *generation,
                         uint8_t ks[WK_KS_LEN]) {
  struct wk_enrolment device = {.c = {.present = true, .n = 256}};
  (void)snprintf(device.did, sizeof device.did, "%s", did);
  memcpy(device.bio_id, bio_id, sizeof device.bio_id);
  value(device.c.anchor, did, first, 0);
  return wk_registry_enrol(reg.registry, &device, generation, ks, &reg.why);
}

static void seal_x1(struct wk_attempt *attempt, const char *did,
                    const uint8_t ks[WK_KS_LEN], uint32_t index) {
  struct wk_id id;
  uint8_t kx[WK_KX_LEN];
  struct wk_header header = {WK_X1, 0, index, {1}};
  struct wk_login body = {.time = (uint32_t)NOW};
  cr_assert_eq(
      wk_id_init(&id, wk_registry_realm(reg.registry), did, strlen(did)),
      WK_OK);
  memset(attempt, 0, sizeof *attempt);
  memcpy(attempt->did, id.did, sizeof attempt->did);
  wk_key_message(kx, ks, &id, 0, bio_id);
  value(body.x, did, 1, index);
  const struct wk_seal with = {&id, kx, NULL};
  cr_assert_eq(wk_login_seal(attempt->x1, &header, &body, &with), WK_OK);
  attempt->x1_len = WK_X1_LEN;
  attempt->now = NOW;
}

static enum wk_reason login(const char *did, const uint8_t ks[WK_KS_LEN],
                            uint32_t index, struct wk_verdict *verdict) {
  struct wk_attempt attempt;
  seal_x1(&attempt, did, ks, index);
  if (!server)
    serve();
  return wk_server_login(server, &policy, &attempt, verdict);
}

Test(registry, create__refuses_to_overwrite_either_file) {
  cr_assert_eq(wk_registry_create(reg.db, reg.key, &reg.why), WK_ERR_EXISTS);
  char other[128];
  (void)snprintf(other, sizeof other, "%s/other.db", reg.folder);
  cr_assert_eq(wk_registry_create(other, reg.key, &reg.why), WK_ERR_EXISTS);
  cr_assert_neq(access(other, F_OK), 0, "half a registry was left");
}

Test(registry, create__both_files_are_private) {
  struct stat st;
  cr_assert_eq(stat(reg.db, &st), 0);
  cr_assert_eq(st.st_mode & 0777, 0600);
  cr_assert_eq(stat(reg.key, &st), 0);
  cr_assert_eq(st.st_mode & 0777, 0600);
  cr_assert_eq(st.st_size, 32);
}

Test(registry, open__wrong_or_readable_master_key) {
  struct wk_registry *other = NULL;
  char db2[128];
  char key2[128];
  (void)snprintf(db2, sizeof db2, "%s/2.db", reg.folder);
  (void)snprintf(key2, sizeof key2, "%s/2.key", reg.folder);
  cr_assert_eq(wk_registry_create(db2, key2, &reg.why), WK_OK);
  cr_assert_eq(wk_registry_open(&other, reg.db, key2, &reg.why), WK_ERR_KEY);
  cr_assert_null(other);
  cr_assert(strstr(reg.why.text, "2.key") &&
                strstr(reg.why.text, "registry.db"),
            "%s", reg.why.text);
  cr_assert_eq(chmod(reg.key, 0640), 0);
  cr_assert_eq(wk_registry_open(&other, reg.db, reg.key, &reg.why),
               WK_ERR_KEY);
  cr_assert(strstr(reg.why.text, "chmod 600"), "%s", reg.why.text);
}

static enum wk_err open_bytes(const char *bytes, size_t len) {
  struct wk_registry *other = NULL;
  char path[128];
  (void)snprintf(path, sizeof path, "%s/broken.db", reg.folder);
  FILE *file = fopen(path, "wb");
  cr_assert_not_null(file);
  cr_assert_eq(fwrite(bytes, 1, len, file), len);
  (void)fclose(file);
  const enum wk_err err = wk_registry_open(&other, path, reg.key, &reg.why);
  cr_assert_null(other);
  cr_assert(strstr(reg.why.text, "broken.db"), "%s", reg.why.text);
  return err;
}

Test(registry, open__broken_files_are_named) {
  struct wk_registry *other = NULL;
  cr_assert_eq(
      wk_registry_open(&other, "/nonexistent/r.db", reg.key, &reg.why),
      WK_ERR_MISSING);
  cr_assert_eq(open_bytes("", 0), WK_ERR_CORRUPT);
  char noise[8192];
  memset(noise, 0x5a, sizeof noise);
  cr_assert_eq(open_bytes(noise, sizeof noise), WK_ERR_CORRUPT);
}

Test(registry, open__another_sqlite_file_is_no_registry) {
  struct wk_registry *other = NULL;
  sqlite3 *foreign = NULL;
  char path[128];
  (void)snprintf(path, sizeof path, "%s/foreign.db", reg.folder);
  cr_assert_eq(sqlite3_open(path, &foreign), SQLITE_OK);
  cr_assert_eq(sqlite3_exec(foreign, "CREATE TABLE t (a)", 0, 0, 0),
               SQLITE_OK);
  (void)sqlite3_close(foreign);
  cr_assert_eq(wk_registry_open(&other, path, reg.key, &reg.why),
               WK_ERR_CORRUPT);
  cr_assert(strstr(reg.why.text, "no WhiteKey registry"), "%s", reg.why.text);
}

Test(registry, enrol__names_lengths_and_anchors) {
  uint32_t generation = 9;
  uint8_t ks[WK_KS_LEN];
  cr_assert_eq(enrol("thermo-1", 1, &generation, ks), WK_OK, "%s",
               reg.why.text);
  cr_assert_eq(generation, 0u);
  cr_assert_eq(enrol("thermo-1", 1, &generation, ks), WK_ERR_EXISTS,
               "the same anchor again");
  cr_assert_eq(enrol("thermo-1", 2, &generation, ks), WK_OK);
  cr_assert_eq(generation, 1u);
  struct wk_enrolment device = {.did = "a b",
                                .c = {.present = true, .n = 256}};
  cr_assert_eq(
      wk_registry_enrol(reg.registry, &device, &generation, ks, &reg.why),
      WK_ERR_MALFORMED);
  struct wk_enrolment small = {.did = "s", .c = {.present = true, .n = 255}};
  cr_assert_eq(
      wk_registry_enrol(reg.registry, &small, &generation, ks, &reg.why),
      WK_ERR_ARGUMENT);
}

/* Else one device's X4 and another's alarms would share a topic. */
Test(registry, enrol__name_of_the_alarms_is_reserved) {
  uint32_t generation = 0;
  uint8_t ks[WK_KS_LEN];
  cr_assert_eq(enrol("events", 1, &generation, ks), WK_ERR_ARGUMENT);
  cr_assert_str_eq(reg.why.text,
                   "no device may be named \"events\": alarms have "
                   "this topic");
  cr_assert_eq(enrol("x4", 1, &generation, ks), WK_OK);
}

Test(registry, enrol__generation_and_anchors_survive_revocation) {
  uint32_t generation = 9;
  uint8_t ks[WK_KS_LEN];
  cr_assert_eq(enrol("d", 1, &generation, ks), WK_OK);
  cr_assert_eq(
      wk_registry_change(reg.registry, "d", WK_CHANGE_REVOKE, &reg.why),
      WK_OK);
  reopen();
  cr_assert_eq(enrol("d", 1, &generation, ks), WK_ERR_EXISTS);
  cr_assert_eq(enrol("d", 3, &generation, ks), WK_OK);
  cr_assert_eq(generation, 1u);
}

Test(registry, login__accepted_once_and_answered) {
  uint32_t generation = 0;
  uint8_t ks[WK_KS_LEN];
  struct wk_verdict verdict;
  cr_assert_eq(enrol("thermo-1", 1, &generation, ks), WK_OK);
  cr_assert_eq(login("thermo-1", ks, 1, &verdict), WK_REASON_OK);

  struct wk_id id;
  uint8_t kx[WK_KX_LEN];
  struct wk_header header;
  struct wk_reply reply;
  uint8_t x4[WK_X4_LEN];
  cr_assert_eq(wk_server_reply(server, &verdict.accepted, NOW, WK_ROLE_C, x4),
               WK_OK);
  cr_assert_eq(wk_id_init(&id, wk_registry_realm(reg.registry), "thermo-1", 8),
               WK_OK);
  wk_key_message(kx, ks, &id, 0, bio_id);
  const struct wk_seal with = {&id, kx, NULL};
  cr_assert_eq(wk_header_parse(&header, WK_X4, x4, WK_X4_LEN), WK_OK);
  cr_assert_eq(wk_reply_open(&reply, &header, x4, &with), WK_OK);
  cr_assert_eq(reply.status, WK_STATUS_ACCEPTED);
  cr_assert_eq(reply.index, 1u);
  cr_assert_eq(reply.time, (uint32_t)NOW);

  reopen();
  cr_assert_eq(login("thermo-1", ks, 1, &verdict), WK_REASON_REPLAY);
  cr_assert_eq(login("thermo-1", ks, 2, &verdict), WK_REASON_OK);
}

Test(registry, login__unknown_revoked_disabled) {
  uint32_t generation = 0;
  uint8_t ks[WK_KS_LEN];
  struct wk_verdict verdict;
  cr_assert_eq(enrol("d", 1, &generation, ks), WK_OK);
  cr_assert_eq(login("e", ks, 1, &verdict), WK_REASON_UNKNOWN);
  cr_assert_eq(
      wk_registry_change(reg.registry, "d", WK_CHANGE_DISABLE, &reg.why),
      WK_OK);
  cr_assert_neq(wk_server_catch_up(server), 0u);
  cr_assert_eq(login("d", ks, 1, &verdict), WK_REASON_DISABLED);
  cr_assert_eq(
      wk_registry_change(reg.registry, "d", WK_CHANGE_ENABLE, &reg.why),
      WK_OK);
  cr_assert_neq(wk_server_catch_up(server), 0u);
  cr_assert_eq(login("d", ks, 1, &verdict), WK_REASON_OK);
  cr_assert(wk_server_admits(server, "d", 0));
  cr_assert(!wk_server_admits(server, "d", 1));
  cr_assert_eq(
      wk_registry_change(reg.registry, "d", WK_CHANGE_REVOKE, &reg.why),
      WK_OK);
  const uint64_t version = wk_server_catch_up(server);
  cr_assert_eq(wk_server_catch_up(server), version, "taken in once");
  cr_assert_eq(login("d", ks, 2, &verdict), WK_REASON_UNKNOWN);
  cr_assert(!wk_server_admits(server, "d", 0));
}

Test(registry, login__client_id_of_another_device) {
  uint32_t generation = 0;
  uint8_t ks[WK_KS_LEN];
  uint8_t other[WK_KS_LEN];
  struct wk_verdict verdict;
  struct wk_attempt attempt;
  cr_assert_eq(enrol("d", 1, &generation, ks), WK_OK);
  cr_assert_eq(enrol("e", 1, &generation, other), WK_OK);
  seal_x1(&attempt, "d", ks, 1);
  attempt.client_id = "e";
  serve();
  cr_assert_eq(wk_server_login(server, &policy, &attempt, &verdict),
               WK_REASON_CLIENT_ID);
  attempt.client_id = "d";
  cr_assert_eq(wk_server_login(server, &policy, &attempt, &verdict),
               WK_REASON_OK, "the index was not spent");
}

Test(registry, change__only_along_the_state_table) {
  uint32_t generation = 0;
  uint8_t ks[WK_KS_LEN];
  cr_assert_eq(enrol("d", 1, &generation, ks), WK_OK);
  cr_assert_eq(
      wk_registry_change(reg.registry, "x", WK_CHANGE_ENABLE, &reg.why),
      WK_ERR_MISSING);
  cr_assert_eq(
      wk_registry_change(reg.registry, "d", WK_CHANGE_REVOKE, &reg.why),
      WK_OK);
  cr_assert_eq(
      wk_registry_change(reg.registry, "d", WK_CHANGE_ENABLE, &reg.why),
      WK_ERR_ARGUMENT);
  cr_assert_str_eq(reg.why.text,
                   "device \"d\" is revoked and cannot be enabled");
}

Test(registry, damaged_row__names_the_device_and_stops_the_server) {
  uint32_t generation = 0;
  uint8_t ks[WK_KS_LEN];
  struct wk_device_info info;
  sqlite3 *raw = NULL;
  cr_assert_eq(enrol("d", 1, &generation, ks), WK_OK);
  cr_assert_eq(sqlite3_open(reg.db, &raw), SQLITE_OK);
  cr_assert_eq(sqlite3_exec(raw, "UPDATE chain SET value = x'00'", 0, 0, 0),
               SQLITE_OK);
  (void)sqlite3_close(raw);
  cr_assert_eq(wk_server_open(&server, reg.db, reg.key, &reg.why),
               WK_ERR_CORRUPT);
  cr_assert(strstr(reg.why.text, "\"d\" is damaged"), "%s", reg.why.text);
  cr_assert_null(server);
  cr_assert_eq(wk_registry_get(reg.registry, "d", &info, &reg.why),
               WK_ERR_CORRUPT);
  cr_assert(strstr(reg.why.text, "\"d\" is damaged"), "%s", reg.why.text);
}

Test(registry, swapped_bio_id__of_another_device_does_not_unwrap) {
  uint32_t generation = 0;
  uint8_t ks[WK_KS_LEN];
  struct wk_verdict verdict;
  sqlite3 *raw = NULL;
  cr_assert_eq(enrol("d", 1, &generation, ks), WK_OK);
  cr_assert_eq(enrol("e", 1, &generation, ks), WK_OK);
  cr_assert_eq(sqlite3_open(reg.db, &raw), SQLITE_OK);
  cr_assert_eq(
      sqlite3_exec(raw,
                   "UPDATE device SET bio_wrapped = (SELECT bio_wrapped FROM"
                   " device WHERE d_id = 'd') WHERE d_id = 'e'",
                   0, 0, 0),
      SQLITE_OK);
  (void)sqlite3_close(raw);
  cr_assert_eq(login("e", ks, 1, &verdict), WK_REASON_STORE);
}

static void strcat_did(char *names, const char *did) {
  const size_t used = strlen(names);
  (void)snprintf(names + used, 200 - used, "%s", did);
}

static bool count_names(void *context, const struct wk_device_info *info) {
  char *names = context;
  strcat_did(names, info->did);
  return info->did[0] != 'c';
}

Test(registry, list__by_name_until_told_to_stop) {
  uint32_t generation = 0;
  uint8_t ks[WK_KS_LEN];
  char names[200] = "";
  const char *const all[] = {"b", "a", "d", "c"};
  for (size_t i = 0; i < 4; i++)
    cr_assert_eq(enrol(all[i], 1, &generation, ks), WK_OK);
  cr_assert_eq(wk_registry_list(reg.registry, count_names, names, &reg.why),
               WK_OK);
  cr_assert_str_eq(names, "abc");
}

Test(attempt, binary__name_messages_and_nothing_else) {
  struct wk_attempt attempt;
  uint8_t data[1 + 2 + WK_X1_LEN + WK_X2_LEN + 1] = {2, 'a', 'b'};
  wk_attempt_binary(&attempt, NULL, data, 3 + WK_X1_LEN);
  cr_assert_str_eq(attempt.did, "ab");
  cr_assert_eq(attempt.x1_len, WK_X1_LEN);
  cr_assert(!attempt.has_x2);
  wk_attempt_binary(&attempt, "ab", data, 3 + WK_X1_LEN + WK_X2_LEN);
  cr_assert_eq(attempt.x2_len, WK_X2_LEN);
  wk_attempt_binary(&attempt, "abc", data, 3 + WK_X1_LEN);
  cr_assert_eq(attempt.x1_len, 0u, "another username");
  for (size_t len = 0; len <= sizeof data; len++) {
    wk_attempt_binary(&attempt, NULL, data, len);
    const bool whole =
        len == 3 + WK_X1_LEN || len == 3 + WK_X1_LEN + WK_X2_LEN;
    cr_assert_eq(attempt.x1_len != 0, whole, "%zu bytes", len);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decision on tests/vectors/protocol-1.json: every login is accepted from
 * the state before it, every negative is refused for its reason.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "decide.h"

static cJSON *vectors;

static void load(void) {
  static char text[200000];
  FILE *file = fopen(WK_TEST_VECTORS, "rb");
  cr_assert_not_null(file, "%s", WK_TEST_VECTORS);
  const size_t len = fread(text, 1, sizeof text - 1, file);
  (void)fclose(file);
  text[len] = '\0';
  vectors = cJSON_Parse(text);
  cr_assert_not_null(vectors);
}

static void unload(void) {
  cJSON_Delete(vectors);
}

TestSuite(decide_vectors, .init = load, .fini = unload);

static const cJSON *get(const cJSON *object, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  cr_assert_not_null(item, "%s", key);
  return item;
}

static size_t hex(uint8_t *out, const cJSON *object, const char *key) {
  const char *text = get(object, key)->valuestring;
  for (size_t i = 0; i < strlen(text) / 2; i++) {
    unsigned byte = 0;
    cr_assert_eq(sscanf(text + 2 * i, "%2x", &byte), 1);
    out[i] = (uint8_t)byte;
  }
  return strlen(text) / 2;
}

/* The server's state just before the vector's login. */
static void state_before(struct wk_chain_record *chain, const struct wk_id *id,
                         enum wk_role role, const cJSON *json) {
  uint8_t seed[WK_SEED_LEN];
  uint8_t salt[WK_SALT_LEN];
  hex(seed, json, "seed");
  chain->present = true;
  chain->epoch = (uint32_t)get(json, "epoch")->valuedouble;
  chain->n = (uint32_t)get(json, "n")->valuedouble;
  chain->last = (uint32_t)get(json, "index")->valuedouble - 1;
  wk_chain_salt(salt, id, role, chain->epoch);
  wk_chain_top(chain->value, salt, chain->n, seed);
  wk_chain_walk(chain->value, salt, chain->n, chain->last);
}

struct tale {
  struct wk_record record;
  struct wk_policy policy;
  struct wk_attempt attempt;
  struct wk_challenge challenge;
  struct wk_keyring ring;
  struct wk_decide_input in;
};

static void load_tale(struct tale *tale, const cJSON *json) {
  uint8_t realm[WK_REALM_LEN];
  const char *did = get(json, "d_id")->valuestring;
  memset(tale, 0, sizeof *tale);
  hex(realm, json, "realm");
  cr_assert_eq(wk_id_init(&tale->record.id, realm, did, strlen(did)), WK_OK);
  state_before(&tale->record.c, &tale->record.id, WK_ROLE_C,
               get(get(json, "chains"), "C"));
  state_before(&tale->record.d, &tale->record.id, WK_ROLE_D,
               get(get(json, "chains"), "D"));
  wk_policy_init(&tale->policy);
  tale->in.policy = &tale->policy;
  tale->in.attempt = &tale->attempt;
  tale->in.known = true;
  tale->ring.id = tale->record.id;
  hex(tale->ring.ks, json, "ks");
  hex(tale->ring.bio_id, json, "bio_id");
}

static const char *decide(const struct tale *tale, const cJSON *json,
                          const char *password, bool user) {
  struct tale now = *tale;
  bool changed = false;
  struct wk_verdict verdict;
  now.in.policy = &now.policy;
  now.in.attempt = &now.attempt;
  now.in.keys = &now.ring;
  now.record.d.present = user;
  wk_attempt_password(&now.attempt, now.record.id.did, password);
  now.attempt.now = 1790000005;
  if (hex(now.challenge.bytes, get(json, "login"), "challenge") > 0)
    now.attempt.challenge = &now.challenge;
  (void)wk_decide(&now.record, &now.in, &changed, &verdict);
  return wk_reason_name(verdict.reason, verdict.user);
}

/* The vectors' page: malformed or forged; a foreign X2 falls at row 12. */
static void check_negative(const struct tale *tale, const cJSON *json,
                           const cJSON *bad) {
  const char *told = get(bad, "why")->valuestring;
  const bool user = strcmp(told, "X2 names another X1") == 0;
  const char *got =
      decide(tale, json, get(bad, "password")->valuestring, user);
  if (user)
    cr_assert_str_eq(got, "user-forged");
  else
    cr_assert(strcmp(got, "malformed") == 0 || strcmp(got, "forged") == 0,
              "%s: %s", told, got);
}

Test(decide_vectors, logins_and_negatives__all_cases) {
  const cJSON *json = NULL;
  cJSON_ArrayForEach(json, get(vectors, "cases")) {
    struct tale tale;
    load_tale(&tale, json);
    const cJSON *login = get(json, "login");
    cr_assert_str_eq(
        decide(&tale, json, get(login, "password_b64")->valuestring, false),
        "ok");
    cr_assert_str_eq(decide(&tale, json,
                            get(login, "password_with_user_b64")->valuestring,
                            true),
                     "ok");
    const cJSON *bad = NULL;
    cJSON_ArrayForEach(bad, get(json, "negative"))
        check_negative(&tale, json, bad);
  }
}

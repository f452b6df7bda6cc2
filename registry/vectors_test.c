/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decision on tests/vectors/protocol-1.json: every login is accepted from
 * the state before it, every negative is refused for its reason.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "decide.h"
#include "vectors.h"

TestSuite(decide_vectors, .init = vectors_load, .fini = vectors_unload);

/* The server's state just before the vector's login. */
static void state_before(struct wk_chain_record *chain, const struct wk_id *id,
                         enum wk_role role, const cJSON *json) {
  uint8_t seed[WK_SEED_LEN];
  uint8_t salt[WK_SALT_LEN];
  vectors_hex(seed, sizeof seed, json, "seed");
  chain->present = true;
  chain->epoch = vectors_num(json, "epoch");
  chain->n = vectors_num(json, "n");
  chain->last = vectors_num(json, "index") - 1;
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
  const char *did = vectors_get(json, "d_id")->valuestring;
  memset(tale, 0, sizeof *tale);
  vectors_hex(realm, sizeof realm, json, "realm");
  cr_assert_eq(wk_id_init(&tale->record.id, realm, did, strlen(did)), WK_OK);
  state_before(&tale->record.c, &tale->record.id, WK_ROLE_C,
               vectors_get(vectors_get(json, "chains"), "C"));
  state_before(&tale->record.d, &tale->record.id, WK_ROLE_D,
               vectors_get(vectors_get(json, "chains"), "D"));
  wk_policy_init(&tale->policy);
  tale->in.policy = &tale->policy;
  tale->in.attempt = &tale->attempt;
  tale->in.known = true;
  tale->ring.id = tale->record.id;
  vectors_hex(tale->ring.ks, sizeof tale->ring.ks, json, "ks");
  vectors_hex(tale->ring.bio_id, sizeof tale->ring.bio_id, json, "bio_id");
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
  if (vectors_hex(now.challenge.bytes, sizeof now.challenge.bytes,
                  vectors_get(json, "login"), "challenge") > 0)
    now.attempt.challenge = &now.challenge;
  (void)wk_decide(&now.record, &now.in, &changed, &verdict);
  return wk_reason_name(verdict.reason, verdict.user);
}

/* The vectors' page: malformed or forged; a foreign X2 falls at row 12. */
static void check_negative(const struct tale *tale, const cJSON *json,
                           const cJSON *bad) {
  const char *told = vectors_get(bad, "why")->valuestring;
  const bool user = strcmp(told, "X2 names another X1") == 0;
  const char *got =
      decide(tale, json, vectors_get(bad, "password")->valuestring, user);
  if (user)
    cr_assert_str_eq(got, "user-forged");
  else
    cr_assert(strcmp(got, "malformed") == 0 || strcmp(got, "forged") == 0,
              "%s: %s", told, got);
}

Test(decide_vectors, logins_and_negatives__all_cases) {
  const cJSON *json = NULL;
  cJSON_ArrayForEach(json, vectors_cases()) {
    struct tale tale;
    load_tale(&tale, json);
    const cJSON *login = vectors_get(json, "login");
    cr_assert_str_eq(decide(&tale, json,
                            vectors_get(login, "password_b64")->valuestring,
                            false),
                     "ok");
    cr_assert_str_eq(
        decide(&tale, json,
               vectors_get(login, "password_with_user_b64")->valuestring,
               true),
        "ok");
    const cJSON *bad = NULL;
    cJSON_ArrayForEach(bad, vectors_get(json, "negative"))
        check_negative(&tale, json, bad);
  }
}

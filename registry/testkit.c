/* SPDX-License-Identifier: Apache-2.0 */
#include "testkit.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

/* One chain is kept whole at a time: tests walk near its beginning. */
static struct {
  enum wk_role role;
  uint32_t epoch, n;
  uint8_t x[KIT_N + 1][WK_VALUE_LEN];
} cache;

static void fill_cache(const struct kit *kit, enum wk_role role,
                       uint32_t epoch, uint32_t n) {
  uint8_t salt[WK_SALT_LEN];
  uint8_t seed[WK_SEED_LEN];
  memset(seed, (int)role ^ (int)epoch, sizeof seed);
  wk_chain_salt(salt, &kit->record.id, role, epoch);
  wk_chain_top(cache.x[n], salt, n, seed);
  for (uint32_t j = n; j-- > 0;) {
    memcpy(cache.x[j], cache.x[j + 1], WK_VALUE_LEN);
    wk_chain_step(cache.x[j], salt, j);
  }
  cache.role = role;
  cache.epoch = epoch;
  cache.n = n;
}

void kit_value(uint8_t x[WK_VALUE_LEN], const struct kit *kit,
               enum wk_role role, uint32_t epoch, uint32_t n, uint32_t i) {
  if (cache.role != role || cache.epoch != epoch || cache.n != n)
    fill_cache(kit, role, epoch, n);
  memcpy(x, cache.x[i <= n ? i : n], WK_VALUE_LEN);
}

static uint32_t length_of(const struct wk_chain_record *chain,
                          uint32_t epoch) {
  return epoch == 0 && chain->epoch == 0 ? chain->n
         : epoch == 0                    ? KIT_N
                                         : KIT_NEXT_N;
}

void kit_init(struct kit *kit, bool user) {
  static const uint8_t realm[WK_REALM_LEN] = {1};
  memset(kit, 0, sizeof *kit);
  memset(&cache, 0, sizeof cache);
  cr_assert_eq(wk_id_init(&kit->record.id, realm, "thermo-1", 8), WK_OK);
  wk_policy_init(&kit->policy);
  kit->in = (struct wk_decide_input){.policy = &kit->policy,
                                     .attempt = &kit->attempt,
                                     .keys = &kit->ring,
                                     .known = true};
  kit->ring.id = kit->record.id;
  kit->ring.ks[0] = 2;
  kit->ring.bio_id[0] = 3;
  memcpy(kit->attempt.did, "thermo-1", 9);
  kit->attempt.now = KIT_NOW;
  kit->record.c.present = true;
  kit->record.c.n = KIT_N;
  kit_value(kit->record.c.value, kit, WK_ROLE_C, 0, KIT_N, 0);
  if (user) {
    kit->record.d.present = true;
    kit->record.d.n = KIT_N;
    kit_value(kit->record.d.value, kit, WK_ROLE_D, 0, KIT_N, 0);
  }
}

static void seal(struct kit *kit, enum wk_role role, uint32_t epoch,
                 uint32_t index, uint32_t time, uint8_t *msg) {
  const bool c = role == WK_ROLE_C;
  const struct wk_chain_record *chain = c ? &kit->record.c : &kit->record.d;
  uint8_t kx[WK_KX_LEN];
  struct wk_header header = {c ? WK_X1 : WK_X2, epoch, index, {0}};
  struct wk_login body = {.time = time};
  const struct wk_challenge *challenge = kit->attempt.challenge;
  static uint8_t counter; /* as random nonces do, it tells messages apart */
  header.nonce[0] = counter++;
  wk_keyring_kx(&kit->ring, epoch, kx);
  kit_value(body.x, kit, role, epoch, length_of(chain, epoch), index);
  if (!c)
    wk_msg_digest(body.digest, kit->attempt.x1, WK_X1_LEN);
  const struct wk_seal with = {&kit->record.id, kx,
                               challenge ? challenge->bytes : NULL};
  cr_assert_eq(wk_login_seal(msg, &header, &body, &with), WK_OK);
}

void kit_x1(struct kit *kit, uint32_t epoch, uint32_t index, uint32_t time) {
  seal(kit, WK_ROLE_C, epoch, index, time, kit->attempt.x1);
  kit->attempt.x1_len = WK_X1_LEN;
  kit->attempt.has_x2 = false;
}

void kit_x2(struct kit *kit, uint32_t epoch, uint32_t index, uint32_t time) {
  seal(kit, WK_ROLE_D, epoch, index, time, kit->attempt.x2);
  kit->attempt.x2_len = WK_X2_LEN;
  kit->attempt.has_x2 = true;
}

enum wk_reason kit_decide(struct kit *kit) {
  return wk_decide(&kit->record, &kit->in, &kit->changed, &kit->verdict);
}

enum wk_reason kit_login(struct kit *kit, uint32_t index) {
  kit_x1(kit, kit->record.c.epoch, index, (uint32_t)kit->attempt.now);
  return kit_decide(kit);
}

void kit_use_up_to(struct kit *kit, uint32_t index) {
  cr_assert_eq(kit_login(kit, index), WK_REASON_OK);
  kit->attempt.now += 10;
}

void kit_expect_refusal(struct kit *kit, enum wk_reason want,
                        unsigned alarms) {
  const struct wk_record before = kit->record;
  const enum wk_reason got = kit_decide(kit);
  cr_assert_eq(got, want, "%s, not %s", wk_reason_name(got, kit->verdict.user),
               wk_reason_name(want, false));
  cr_assert_eq(kit->verdict.alarms, alarms);
  cr_assert(!kit->changed);
  cr_assert_eq(memcmp(&before, &kit->record, sizeof before), 0,
               "a refusal changed the record");
}

void kit_challenge(struct kit *kit) {
  struct wk_challenge *ch = &kit->challenge;
  ch->bytes[0]++;
  ch->c_epoch = kit->record.c.epoch;
  ch->c_last = kit->record.c.last;
  ch->d_epoch = kit->record.d.epoch;
  ch->d_last = kit->record.d.last;
  kit->attempt.challenge = ch;
}

void kit_pend(struct kit *kit, enum wk_role role, uint32_t at) {
  struct wk_chain_record *chain =
      role == WK_ROLE_C ? &kit->record.c : &kit->record.d;
  const uint32_t n = length_of(chain, chain->epoch);
  struct wk_update update = {
      .role = role, .epoch = chain->epoch + 1, .n = KIT_NEXT_N};
  uint8_t next[WK_VALUE_LEN];
  kit_value(next, kit, role, chain->epoch, n, at + 1);
  kit_value(update.anchor, kit, role, update.epoch, KIT_NEXT_N, 0);
  wk_update_vouch(update.vouch, next, &kit->record.id, &update);
  chain->pending.state = WK_PENDING_WAITING;
  chain->pending.index = at;
  chain->pending.n = KIT_NEXT_N;
  memcpy(chain->pending.anchor, update.anchor, WK_VALUE_LEN);
  memcpy(chain->pending.vouch, update.vouch, WK_HASH_LEN);
}

void kit_switch(struct kit *kit) {
  const uint32_t last = kit->record.c.last;
  const uint32_t epoch = kit->record.c.epoch;
  kit->attempt.now += 2;
  cr_assert_eq(kit_login(kit, last + 1), WK_REASON_OK);
  kit_pend(kit, WK_ROLE_C, last + 1);
  kit->attempt.now++;
  cr_assert_eq(kit_login(kit, last + 2), WK_REASON_OK);
  kit->attempt.now++;
  kit_x1(kit, epoch + 1, 1, (uint32_t)kit->attempt.now);
  cr_assert_eq(kit_decide(kit), WK_REASON_OK);
  cr_assert_eq(kit->record.c.epoch, epoch + 1);
}

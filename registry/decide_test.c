/* SPDX-License-Identifier: Apache-2.0 */
/* Protocol section 4, row by row, with an injected clock. */
#include <criterion/criterion.h>

#include <string.h>

#include "testkit.h"

static struct kit kit;

static void enrolled(void) {
  kit_init(&kit, false);
}

TestSuite(decide, .init = enrolled);

/* The record may not change but for what `allowed` zeroes. */
static void unchanged_since(const struct wk_record *before) {
  cr_assert_eq(memcmp(before, &kit.record, sizeof *before), 0,
               "a refusal changed the record");
}

static void expect_refusal(enum wk_reason want, unsigned alarms) {
  const struct wk_record before = kit.record;
  const enum wk_reason got = kit_decide(&kit);
  cr_assert_eq(got, want, "%s, not %s", wk_reason_name(got, kit.verdict.user),
               wk_reason_name(want, false));
  cr_assert_eq(kit.verdict.alarms, alarms);
  cr_assert(!kit.changed);
  unchanged_since(&before);
}

static void use_up_to(uint32_t index) {
  cr_assert_eq(kit_login(&kit, index), WK_REASON_OK);
  kit.attempt.now += 10;
}

static uint32_t now(void) {
  return (uint32_t)kit.attempt.now;
}

/* ---- accepted ----------------------------------------------------------- */

Test(decide, ok__first_and_next_login_move_the_state) {
  uint8_t x[WK_VALUE_LEN];
  use_up_to(1);
  cr_assert_eq(kit_login(&kit, 2), WK_REASON_OK);
  kit_value(x, &kit, WK_ROLE_C, 0, KIT_N, 2);
  cr_assert_eq(kit.record.c.last, 2u);
  cr_assert_arr_eq(kit.record.c.value, x, sizeof x);
  cr_assert_eq(kit.record.c.t_max, kit.attempt.now);
  cr_assert_eq(kit.verdict.accepted.c_status, WK_STATUS_ACCEPTED);
  cr_assert(kit.changed);
}

Test(decide, ok__time_zero_counts_as_now_plus_skew) {
  kit_x1(&kit, 0, 1, 0);
  cr_assert_eq(kit_decide(&kit), WK_REASON_OK);
  cr_assert_eq(kit.record.c.t_max, KIT_NOW + 120);
}

Test(decide, ok__t_max_never_falls) {
  use_up_to(1);
  kit_x1(&kit, 0, 2, (uint32_t)KIT_NOW - 50);
  cr_assert_eq(kit_decide(&kit), WK_REASON_OK);
  cr_assert_eq(kit.record.c.t_max, KIT_NOW);
}

/* ---- 1 malformed -------------------------------------------------------- */

Test(decide, malformed__no_message_version_type_index) {
  kit_x1(&kit, 0, 1, now());
  kit.attempt.x1_len = 0;
  expect_refusal(WK_REASON_MALFORMED, 0);
  const struct {
    size_t at;
    uint8_t value;
  } broken[] = {{0, 2}, {1, 2}, {9, 0}};
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
    kit_x1(&kit, 0, 1, now());
    kit.attempt.x1[broken[i].at] = broken[i].value;
    expect_refusal(WK_REASON_MALFORMED, 0);
  }
}

/* ---- 2 unknown, 3 disabled and quarantined ------------------------------ */

Test(decide, unknown__even_when_it_opens) {
  kit_x1(&kit, 0, 1, now());
  kit.in.known = false;
  expect_refusal(WK_REASON_UNKNOWN, 0);
}

Test(decide, disabled__before_forged) {
  kit.record.state = WK_DEVICE_DISABLED;
  kit_x1(&kit, 0, 1, now());
  expect_refusal(WK_REASON_DISABLED, 0);
  kit.attempt.x1[40] ^= 1;
  expect_refusal(WK_REASON_DISABLED, 0);
}

Test(decide, quarantined__before_forged) {
  kit.record.state = WK_DEVICE_QUARANTINED;
  kit_x1(&kit, 0, 1, now());
  kit.attempt.x1[40] ^= 1;
  expect_refusal(WK_REASON_QUARANTINED, 0);
}

/* ---- 4 forged ----------------------------------------------------------- */

Test(decide, forged__every_bit_of_a_message) {
  kit_x1(&kit, 0, 1, now());
  for (size_t bit = 16; bit < 8 * WK_X1_LEN; bit++) {
    kit.attempt.x1[bit / 8] =
        (uint8_t)(kit.attempt.x1[bit / 8] ^ 1u << bit % 8);
    const enum wk_reason got = kit_decide(&kit);
    cr_assert(got == WK_REASON_FORGED || got == WK_REASON_MALFORMED,
              "bit %zu: %s", bit, wk_reason_name(got, false));
    kit.attempt.x1[bit / 8] =
        (uint8_t)(kit.attempt.x1[bit / 8] ^ 1u << bit % 8);
  }
  cr_assert_eq(kit_decide(&kit), WK_REASON_OK);
}

Test(decide, forged__challenge_missing_other_or_unasked) {
  kit_challenge(&kit);
  kit_x1(&kit, 0, 1, now());
  kit.attempt.challenge = NULL;
  expect_refusal(WK_REASON_FORGED, 0);
  kit_challenge(&kit); /* another one */
  expect_refusal(WK_REASON_FORGED, 0);
  kit.attempt.challenge = NULL;
  kit_x1(&kit, 0, 1, now());
  kit_challenge(&kit);
  expect_refusal(WK_REASON_FORGED, 0);
}

/* ---- 5 clock ------------------------------------------------------------ */

Test(decide, clock__limits_are_inclusive) {
  const int offs[] = {-121, 121};
  for (size_t i = 0; i < 2; i++) {
    kit_x1(&kit, 0, 1, (uint32_t)(KIT_NOW + offs[i]));
    expect_refusal(WK_REASON_CLOCK, 0);
  }
  kit_x1(&kit, 0, 1, (uint32_t)(KIT_NOW - 120));
  cr_assert_eq(kit_decide(&kit), WK_REASON_OK);
  kit_x1(&kit, 0, 2, (uint32_t)(KIT_NOW + 120));
  cr_assert_eq(kit_decide(&kit), WK_REASON_OK);
}

Test(decide, clock__time_zero_where_policy_requires_time) {
  kit.policy.require_time = true;
  kit_x1(&kit, 0, 1, 0);
  expect_refusal(WK_REASON_CLOCK, 0);
  kit_challenge(&kit);
  kit_x1(&kit, 0, 1, 0);
  cr_assert_eq(kit_decide(&kit), WK_REASON_OK, "a challenge needs no clock");
}

/* ---- 6 epoch ------------------------------------------------------------ */

Test(decide, epoch__next_without_verified_vouch_and_higher) {
  kit_x1(&kit, 1, 1, now());
  expect_refusal(WK_REASON_EPOCH, 0);
  use_up_to(1);
  kit_pend(&kit, WK_ROLE_C, 1);
  kit_x1(&kit, 1, 1, now());
  expect_refusal(WK_REASON_EPOCH, 0);
  kit_x1(&kit, 2, 1, now());
  expect_refusal(WK_REASON_EPOCH, 0);
}

Test(decide, epoch__vouch_is_checked_at_the_next_old_login) {
  use_up_to(1);
  kit_pend(&kit, WK_ROLE_C, 1);
  cr_assert_eq(kit_login(&kit, 5), WK_REASON_OK);
  cr_assert_eq(kit.record.c.pending.state, WK_PENDING_VERIFIED);
  cr_assert_eq(kit.record.c.epoch, 0u, "the old chain stays current");
  cr_assert_eq(kit.verdict.accepted.c_status, WK_STATUS_PENDING);
}

Test(decide, epoch__wrong_vouch_drops_the_update_and_the_login_stands) {
  use_up_to(1);
  kit_pend(&kit, WK_ROLE_C, 1);
  kit.record.c.pending.vouch[0] ^= 1;
  cr_assert_eq(kit_login(&kit, 2), WK_REASON_OK);
  cr_assert_eq(kit.record.c.pending.state, WK_PENDING_NONE);
  cr_assert_eq(kit.verdict.alarms, (unsigned)WK_ALARM_VOUCH);
  cr_assert_eq(kit.verdict.accepted.c_status, WK_STATUS_ACCEPTED);
}

Test(decide, epoch__first_login_of_a_verified_chain_switches) {
  uint8_t old[WK_VALUE_LEN];
  kit_switch(&kit);
  kit_value(old, &kit, WK_ROLE_C, 0, KIT_N, 2);
  cr_assert_eq(kit.verdict.accepted.c_status, WK_STATUS_SWITCHED);
  cr_assert_eq(kit.record.c.n, KIT_NEXT_N);
  cr_assert_eq(kit.record.c.last, 1u);
  cr_assert(kit.record.c.previous.present);
  cr_assert_eq(kit.record.c.previous.last, 2u);
  cr_assert_arr_eq(kit.record.c.previous.value, old, sizeof old);
  cr_assert_eq(kit.record.c.pending.state, WK_PENDING_NONE);
  kit.attempt.now++;
  cr_assert_eq(kit_login(&kit, 2), WK_REASON_OK);
}

Test(decide, epoch__switching_login_must_walk_to_the_verified_anchor) {
  use_up_to(1);
  kit_pend(&kit, WK_ROLE_C, 1);
  cr_assert_eq(kit_login(&kit, 2), WK_REASON_OK);
  kit.record.c.pending.anchor[0] ^= 1;
  kit_x1(&kit, 1, 1, now());
  expect_refusal(WK_REASON_CHAIN, WK_ALARM_CHAIN);
  kit_x1(&kit, 1, KIT_NEXT_N + 1, now());
  expect_refusal(WK_REASON_EXHAUSTED, 0);
}

Test(decide, epoch__previous_above_its_last_is_an_alarm) {
  kit_switch(&kit);
  kit.attempt.now += 10;
  kit_x1(&kit, 0, 3, now());
  expect_refusal(WK_REASON_EPOCH, WK_ALARM_EPOCH);
}

Test(decide, epoch__previous_spent_index_is_judged_as_row_7) {
  kit_switch(&kit);
  kit_x1(&kit, 0, 2, now() - 100);
  expect_refusal(WK_REASON_STALE, WK_ALARM_SUSPECT);
  kit.attempt.now += 10;
  kit_x1(&kit, 0, 1, now());
  cr_assert_eq(kit_decide(&kit), WK_REASON_CLONE);
  cr_assert_eq(kit.record.state, WK_DEVICE_QUARANTINED);
}

Test(decide, epoch__previous_last_message_is_a_replay) {
  struct wk_attempt last;
  use_up_to(1);
  kit_pend(&kit, WK_ROLE_C, 1);
  cr_assert_eq(kit_login(&kit, 2), WK_REASON_OK);
  last = kit.attempt;
  kit.attempt.now++;
  kit_x1(&kit, 1, 1, now());
  cr_assert_eq(kit_decide(&kit), WK_REASON_OK);
  kit.attempt = last;
  expect_refusal(WK_REASON_REPLAY, 0);
}

Test(decide, epoch__two_behind_and_fresh_is_a_clone) {
  kit_switch(&kit);
  kit_switch(&kit);
  kit_x1(&kit, 0, 3, now() - 100);
  expect_refusal(WK_REASON_EPOCH, WK_ALARM_SUSPECT);
  kit.attempt.now += 10;
  kit_x1(&kit, 0, 3, now());
  cr_assert_eq(kit_decide(&kit), WK_REASON_CLONE);
  cr_assert_eq(kit.verdict.evidence, WK_EVIDENCE_TIME);
}

Test(decide, epoch__two_behind_by_a_challenge_issued_before_or_after) {
  kit_switch(&kit);
  kit_challenge(&kit);
  const struct wk_challenge early = kit.challenge;
  kit.attempt.challenge = NULL;
  kit_switch(&kit);
  kit.challenge = early;
  kit.attempt.challenge = &kit.challenge;
  kit_x1(&kit, 0, 3, 0);
  expect_refusal(WK_REASON_EPOCH, WK_ALARM_SUSPECT);
  kit_challenge(&kit);
  kit_x1(&kit, 0, 3, 0);
  cr_assert_eq(kit_decide(&kit), WK_REASON_CLONE);
  cr_assert_eq(kit.verdict.evidence, WK_EVIDENCE_CHALLENGE);
}

/* ---- 7 spent indices ---------------------------------------------------- */

Test(decide, replay__bit_identical_never_quarantines) {
  use_up_to(3);
  expect_refusal(WK_REASON_REPLAY, 0);
}

Test(decide, stale__withheld_old_message_is_a_suspect_only) {
  kit_x1(&kit, 0, 1, now());
  const struct wk_attempt withheld = kit.attempt;
  kit.attempt.now++;
  use_up_to(2);
  kit.attempt = withheld;
  expect_refusal(WK_REASON_STALE, WK_ALARM_SUSPECT);
}

Test(decide, stale__without_a_clock) {
  use_up_to(3);
  kit_x1(&kit, 0, 3, 0);
  expect_refusal(WK_REASON_STALE, WK_ALARM_SUSPECT);
}

Test(decide, clone__fresh_time_on_a_spent_index) {
  use_up_to(3);
  kit_x1(&kit, 0, 2, now());
  cr_assert_eq(kit_decide(&kit), WK_REASON_CLONE);
  cr_assert_eq(kit.verdict.alarms, (unsigned)WK_ALARM_CLONE);
  cr_assert_eq(kit.verdict.evidence, WK_EVIDENCE_TIME);
  cr_assert(kit.verdict.quarantined);
  cr_assert(kit.changed);
  cr_assert_eq(kit.record.state, WK_DEVICE_QUARANTINED);
  cr_assert_eq(kit.record.c.last, 3u, "the chain does not move");
}

Test(decide, clone__alarm_only_per_kind_of_evidence) {
  kit.policy.on_clone_time = WK_ON_CLONE_ALARM;
  use_up_to(3);
  kit_x1(&kit, 0, 2, now());
  expect_refusal(WK_REASON_CLONE, WK_ALARM_CLONE);
  kit_challenge(&kit);
  kit_x1(&kit, 0, 2, 0);
  cr_assert_eq(kit_decide(&kit), WK_REASON_CLONE);
  cr_assert_eq(kit.verdict.evidence, WK_EVIDENCE_CHALLENGE);
  cr_assert_eq(kit.record.state, WK_DEVICE_QUARANTINED);
}

Test(decide, stale__challenge_issued_before_the_index_was_spent) {
  kit_challenge(&kit);
  const struct wk_challenge early = kit.challenge;
  kit.attempt.challenge = NULL;
  use_up_to(1);
  kit.challenge = early;
  kit.attempt.challenge = &kit.challenge;
  kit_x1(&kit, 0, 1, 0);
  expect_refusal(WK_REASON_STALE, WK_ALARM_SUSPECT);
}

Test(decide, chain__fresh_spent_index_with_a_wrong_value) {
  use_up_to(3);
  kit_x1(&kit, 0, 2, now());
  kit.record.c.value[0] ^= 1;
  expect_refusal(WK_REASON_CHAIN, WK_ALARM_CHAIN);
}

Test(decide, stale__after_a_release_until_the_next_login) {
  use_up_to(3);
  kit.record.released = true;
  kit_x1(&kit, 0, 2, now());
  expect_refusal(WK_REASON_STALE, WK_ALARM_SUSPECT);
  use_up_to(4);
  cr_assert(!kit.record.released);
  kit_x1(&kit, 0, 2, now());
  cr_assert_eq(kit_decide(&kit), WK_REASON_CLONE);
}

/* ---- 8 reserved, 9 exhausted, 10 gap, 11 chain -------------------------- */

Test(decide, reserved__until_an_index_exceeds_the_barrier) {
  use_up_to(1);
  kit.record.c.barrier = 65;
  kit_x1(&kit, 0, 65, now());
  expect_refusal(WK_REASON_RESERVED, 0);
  cr_assert_eq(kit_login(&kit, 66), WK_REASON_OK);
  cr_assert_eq(kit.record.c.barrier, 0u);
}

Test(decide, exhausted__the_last_index_is_the_end) {
  use_up_to(4000);
  use_up_to(8000);
  use_up_to(KIT_N);
  kit_x1(&kit, 0, KIT_N + 1, now());
  expect_refusal(WK_REASON_EXHAUSTED, 0);
}

Test(decide, gap__window_is_inclusive) {
  kit_x1(&kit, 0, 4097, 0);
  expect_refusal(WK_REASON_GAP, 0);
  cr_assert_eq(kit_login(&kit, 4096), WK_REASON_OK);
  cr_assert_eq(kit.record.long_walk_at, 0);
}

Test(decide, gap__one_long_walk_a_minute_when_fresh) {
  kit.policy.window = 10;
  kit.record.long_walk_at = KIT_NOW - 59;
  kit_x1(&kit, 0, 100, now());
  expect_refusal(WK_REASON_GAP, 0);
  kit.record.long_walk_at = KIT_NOW - 60;
  cr_assert_eq(kit_decide(&kit), WK_REASON_OK);
  cr_assert_eq(kit.record.long_walk_at, KIT_NOW);
}

Test(decide, gap__a_long_walk_to_a_wrong_value_counts_too) {
  kit.policy.window = 10;
  kit_x1(&kit, 0, 100, now());
  kit.record.c.value[0] ^= 1;
  cr_assert_eq(kit_decide(&kit), WK_REASON_CHAIN);
  cr_assert(kit.changed);
  cr_assert_eq(kit.record.long_walk_at, KIT_NOW);
  cr_assert_eq(kit.record.c.last, 0u);
}

Test(decide, chain__opens_but_does_not_walk) {
  kit_x1(&kit, 0, 7, now());
  kit.record.c.value[31] ^= 0x80;
  expect_refusal(WK_REASON_CHAIN, WK_ALARM_CHAIN);
}

/* ---- client id ---------------------------------------------------------- */

Test(decide, client_id__of_another_device_spends_nothing) {
  kit_x1(&kit, 0, 1, now());
  kit.in.client_id_foreign = true;
  expect_refusal(WK_REASON_CLIENT_ID, 0);
  kit.in.client_id_foreign = false;
  cr_assert_eq(kit_decide(&kit), WK_REASON_OK);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Protocol section 4, rows 6 and 7: other epochs and spent indices. */
#include <criterion/criterion.h>

#include <string.h>

#include "testkit.h"

static struct kit kit;

static void enrolled(void) {
  kit_init(&kit, false);
}

TestSuite(decide_spent, .init = enrolled);

static void expect_refusal(enum wk_reason want, unsigned alarms) {
  kit_expect_refusal(&kit, want, alarms);
}

static void use_up_to(uint32_t index) {
  kit_use_up_to(&kit, index);
}

static uint32_t now(void) {
  return (uint32_t)kit.attempt.now;
}

/* ---- 6 epoch ------------------------------------------------------------ */

Test(decide_spent, epoch__next_without_verified_vouch_and_higher) {
  kit_x1(&kit, 1, 1, now());
  expect_refusal(WK_REASON_EPOCH, 0);
  use_up_to(1);
  kit_pend(&kit, WK_ROLE_C, 1);
  kit_x1(&kit, 1, 1, now());
  expect_refusal(WK_REASON_EPOCH, 0);
  kit_x1(&kit, 2, 1, now());
  expect_refusal(WK_REASON_EPOCH, 0);
}

Test(decide_spent, epoch__vouch_is_checked_at_the_next_old_login) {
  use_up_to(1);
  kit_pend(&kit, WK_ROLE_C, 1);
  cr_assert_eq(kit_login(&kit, 5), WK_REASON_OK);
  cr_assert_eq(kit.record.c.pending.state, WK_PENDING_VERIFIED);
  cr_assert_eq(kit.record.c.epoch, 0u, "the old chain stays current");
  cr_assert_eq(kit.verdict.accepted.c_status, WK_STATUS_PENDING);
}

Test(decide_spent, epoch__wrong_vouch_drops_the_update_and_the_login_stands) {
  use_up_to(1);
  kit_pend(&kit, WK_ROLE_C, 1);
  kit.record.c.pending.vouch[0] ^= 1;
  cr_assert_eq(kit_login(&kit, 2), WK_REASON_OK);
  cr_assert_eq(kit.record.c.pending.state, WK_PENDING_NONE);
  cr_assert_eq(kit.verdict.alarms, (unsigned)WK_ALARM_VOUCH);
  cr_assert_eq(kit.verdict.accepted.c_status, WK_STATUS_ACCEPTED);
}

Test(decide_spent, epoch__first_login_of_a_verified_chain_switches) {
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

Test(decide_spent, epoch__switching_login_must_walk_to_the_verified_anchor) {
  use_up_to(1);
  kit_pend(&kit, WK_ROLE_C, 1);
  cr_assert_eq(kit_login(&kit, 2), WK_REASON_OK);
  kit.record.c.pending.anchor[0] ^= 1;
  kit_x1(&kit, 1, 1, now());
  expect_refusal(WK_REASON_CHAIN, WK_ALARM_CHAIN);
  kit_x1(&kit, 1, KIT_NEXT_N + 1, now());
  expect_refusal(WK_REASON_EXHAUSTED, 0);
}

Test(decide_spent, epoch__previous_above_its_last_is_an_alarm) {
  kit_switch(&kit);
  kit.attempt.now += 10;
  kit_x1(&kit, 0, 3, now());
  expect_refusal(WK_REASON_EPOCH, WK_ALARM_EPOCH);
}

Test(decide_spent, epoch__previous_spent_index_is_judged_as_row_7) {
  kit_switch(&kit);
  kit_x1(&kit, 0, 2, now() - 100);
  expect_refusal(WK_REASON_STALE, WK_ALARM_SUSPECT);
  kit.attempt.now += 10;
  kit_x1(&kit, 0, 1, now());
  cr_assert_eq(kit_decide(&kit), WK_REASON_CLONE);
  cr_assert_eq(kit.record.state, WK_DEVICE_QUARANTINED);
}

Test(decide_spent, epoch__previous_last_message_is_a_replay) {
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

Test(decide_spent, epoch__two_behind_and_fresh_is_a_clone) {
  kit_switch(&kit);
  kit_switch(&kit);
  kit_x1(&kit, 0, 3, now() - 100);
  expect_refusal(WK_REASON_EPOCH, WK_ALARM_SUSPECT);
  kit.attempt.now += 10;
  kit_x1(&kit, 0, 3, now());
  cr_assert_eq(kit_decide(&kit), WK_REASON_CLONE);
  cr_assert_eq(kit.verdict.evidence, WK_EVIDENCE_TIME);
}

Test(decide_spent, epoch__two_behind_by_a_challenge_issued_before_or_after) {
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

Test(decide_spent, replay__bit_identical_never_quarantines) {
  use_up_to(3);
  expect_refusal(WK_REASON_REPLAY, 0);
}

Test(decide_spent, stale__withheld_old_message_is_a_suspect_only) {
  kit_x1(&kit, 0, 1, now());
  const struct wk_attempt withheld = kit.attempt;
  kit.attempt.now++;
  use_up_to(2);
  kit.attempt = withheld;
  expect_refusal(WK_REASON_STALE, WK_ALARM_SUSPECT);
}

Test(decide_spent, stale__without_a_clock) {
  use_up_to(3);
  kit_x1(&kit, 0, 3, 0);
  expect_refusal(WK_REASON_STALE, WK_ALARM_SUSPECT);
}

Test(decide_spent, clone__fresh_time_on_a_spent_index) {
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

Test(decide_spent, clone__alarm_only_per_kind_of_evidence) {
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

Test(decide_spent, stale__challenge_issued_before_the_index_was_spent) {
  kit_challenge(&kit);
  const struct wk_challenge early = kit.challenge;
  kit.attempt.challenge = NULL;
  use_up_to(1);
  kit.challenge = early;
  kit.attempt.challenge = &kit.challenge;
  kit_x1(&kit, 0, 1, 0);
  expect_refusal(WK_REASON_STALE, WK_ALARM_SUSPECT);
}

/* Its clock ran ahead, was corrected, and what it sent before arrives. */
Test(decide_spent, stale__a_time_that_row_5_would_refuse_proves_nothing) {
  kit_challenge(&kit);
  const struct wk_challenge early = kit.challenge;
  kit_x1(&kit, 0, 1, now() + 1000);
  const struct wk_attempt withheld = kit.attempt;
  kit.attempt.challenge = NULL;
  kit_x1(&kit, 0, 2, 0);
  cr_assert_eq(kit_decide(&kit), WK_REASON_OK);
  kit.attempt = withheld;
  kit.challenge = early;
  kit.attempt.now += 10;
  expect_refusal(WK_REASON_STALE, WK_ALARM_SUSPECT);
}

Test(decide_spent, chain__fresh_spent_index_with_a_wrong_value) {
  use_up_to(3);
  kit_x1(&kit, 0, 2, now());
  kit.record.c.value[0] ^= 1;
  expect_refusal(WK_REASON_CHAIN, WK_ALARM_CHAIN);
}

Test(decide_spent, stale__after_a_release_until_the_next_login) {
  use_up_to(3);
  kit.record.released = true;
  kit_x1(&kit, 0, 2, now());
  expect_refusal(WK_REASON_STALE, WK_ALARM_SUSPECT);
  use_up_to(4);
  cr_assert(!kit.record.released);
  kit_x1(&kit, 0, 2, now());
  cr_assert_eq(kit_decide(&kit), WK_REASON_CLONE);
}

/* ---- what a walk back may cost ------------------------------------------ */

static void far_behind(void) {
  use_up_to(100);
  kit.policy.window = 10;
}

Test(decide_spent, clone__a_long_walk_back_once_a_minute) {
  far_behind();
  kit.record.long_walk_at = kit.attempt.now - 59;
  kit_x1(&kit, 0, 89, now());
  expect_refusal(WK_REASON_STALE, WK_ALARM_SUSPECT);
  kit.record.long_walk_at = kit.attempt.now - 60;
  cr_assert_eq(kit_decide(&kit), WK_REASON_CLONE);
  cr_assert_eq(kit.record.long_walk_at, kit.attempt.now);
}

Test(decide_spent, clone__a_walk_within_the_window_is_always_made) {
  far_behind();
  kit.record.long_walk_at = kit.attempt.now;
  kit_x1(&kit, 0, 90, now());
  cr_assert_eq(kit_decide(&kit), WK_REASON_CLONE);
}

Test(decide_spent, chain__a_long_walk_back_to_a_wrong_value_counts_too) {
  far_behind();
  kit.record.c.value[0] ^= 1;
  kit_x1(&kit, 0, 1, now());
  cr_assert_eq(kit_decide(&kit), WK_REASON_CHAIN);
  cr_assert(kit.changed);
  cr_assert_eq(kit.record.long_walk_at, kit.attempt.now);
  kit.attempt.now++;
  kit_x1(&kit, 0, 1, now());
  expect_refusal(WK_REASON_STALE, WK_ALARM_SUSPECT);
  kit_x1(&kit, 0, 99, now());
  expect_refusal(WK_REASON_CHAIN, WK_ALARM_CHAIN);
}

Test(decide_spent, clone__a_challenge_proves_no_cheap_walk_either) {
  far_behind();
  kit_challenge(&kit);
  kit.record.long_walk_at = kit.attempt.now;
  kit_x1(&kit, 0, 1, 0);
  expect_refusal(WK_REASON_STALE, WK_ALARM_SUSPECT);
  kit.attempt.now += 60;
  cr_assert_eq(kit_decide(&kit), WK_REASON_CLONE);
}

Test(decide_spent, epoch__the_previous_record_is_walked_at_the_same_price) {
  far_behind();
  kit.policy.window = 4096;
  kit_switch(&kit);
  kit.policy.window = 10;
  kit.attempt.now++;
  kit.record.long_walk_at = kit.attempt.now;
  kit_x1(&kit, 0, 1, now());
  expect_refusal(WK_REASON_STALE, WK_ALARM_SUSPECT);
  kit.attempt.now += 60;
  kit_x1(&kit, 0, 1, now());
  cr_assert_eq(kit_decide(&kit), WK_REASON_CLONE);
}

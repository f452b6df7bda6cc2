/* SPDX-License-Identifier: Apache-2.0 */
/* Protocol section 4, row 12: the user's X2. */
#include <criterion/criterion.h>

#include <string.h>

#include "testkit.h"

static struct kit kit;

static void enrolled(void) {
  kit_init(&kit, true);
}

TestSuite(decide_user, .init = enrolled);

static uint32_t now(void) {
  return (uint32_t)kit.attempt.now;
}

static void login_both(uint32_t c, uint32_t d) {
  kit_x1(&kit, kit.record.c.epoch, c, now());
  kit_x2(&kit, kit.record.d.epoch, d, now());
}

/* Neither chain may move on a refusal at row 12. */
static void expect_refusal(const char *want) {
  const struct wk_chain_record c = kit.record.c;
  const struct wk_chain_record d = kit.record.d;
  (void)kit_decide(&kit);
  cr_assert_str_eq(wk_reason_name(kit.verdict.reason, kit.verdict.user), want);
  cr_assert_eq(memcmp(&c, &kit.record.c, sizeof c), 0);
  cr_assert_eq(memcmp(&d, &kit.record.d, sizeof d), 0);
}

Test(decide_user, ok__both_chains_move_in_one_step) {
  login_both(1, 1);
  cr_assert_eq(kit_decide(&kit), WK_REASON_OK);
  cr_assert_eq(kit.record.c.last, 1u);
  cr_assert_eq(kit.record.d.last, 1u);
}

Test(decide_user, required__x1_alone_is_refused) {
  kit_x1(&kit, 0, 1, now());
  expect_refusal("user-required");
}

Test(decide_user, unknown__x2_of_a_device_without_chain_d) {
  login_both(1, 1);
  kit.record.d.present = false;
  expect_refusal("user-unknown");
}

Test(decide_user, malformed_and_forged__x2_alone_is_broken) {
  login_both(1, 1);
  kit.attempt.x2_len = 0;
  expect_refusal("user-malformed");
  login_both(1, 1);
  kit.attempt.x2[50] ^= 1;
  expect_refusal("user-forged");
}

Test(decide_user, forged__x2_names_another_x1) {
  login_both(1, 1);
  uint8_t other[WK_X2_LEN];
  memcpy(other, kit.attempt.x2, sizeof other);
  login_both(1, 1);
  memcpy(kit.attempt.x2, other, sizeof other);
  expect_refusal("user-forged");
}

Test(decide_user, rows_5_to_11__judged_on_chain_d) {
  kit_x1(&kit, 0, 1, now());
  kit_x2(&kit, 0, 1, now() - 121);
  expect_refusal("user-clock");
  kit_x1(&kit, 0, 1, now());
  kit_x2(&kit, 3, 1, now());
  expect_refusal("user-epoch");
  kit_x1(&kit, 0, 1, now());
  kit_x2(&kit, 0, KIT_N + 1, now());
  expect_refusal("user-exhausted");
  kit_x1(&kit, 0, 1, now());
  kit_x2(&kit, 0, 5000, 0);
  expect_refusal("user-gap");
  kit.record.d.barrier = 64;
  login_both(1, 64);
  expect_refusal("user-reserved");
  kit.record.d.barrier = 0;
  kit.record.d.value[0] ^= 1;
  login_both(1, 1);
  expect_refusal("user-chain");
  cr_assert_eq(kit.verdict.alarms, (unsigned)WK_ALARM_CHAIN);
}

Test(decide_user, replay__old_x2_with_a_new_x1) {
  login_both(1, 1);
  cr_assert_eq(kit_decide(&kit), WK_REASON_OK);
  uint8_t old[WK_X2_LEN];
  memcpy(old, kit.attempt.x2, sizeof old);
  kit.attempt.now += 10;
  login_both(2, 2);
  memcpy(kit.attempt.x2, old, sizeof old);
  expect_refusal("user-replay");
}

Test(decide_user, clone__copied_phone_quarantines_the_device) {
  login_both(1, 3);
  cr_assert_eq(kit_decide(&kit), WK_REASON_OK);
  kit.attempt.now += 10;
  login_both(2, 2);
  expect_refusal("user-clone");
  cr_assert_eq(kit.record.state, WK_DEVICE_QUARANTINED);
  cr_assert(kit.verdict.quarantined);
}

Test(decide_user, gap__both_chains_share_the_long_walk_of_one_login) {
  kit.policy.window = 10;
  login_both(100, 200);
  cr_assert_eq(kit_decide(&kit), WK_REASON_OK);
  kit.attempt.now += 10;
  login_both(300, 201);
  (void)kit_decide(&kit);
  cr_assert_str_eq(wk_reason_name(kit.verdict.reason, kit.verdict.user),
                   "gap");
}

Test(decide_user, switch__chain_d_switches_at_an_accepted_x2) {
  login_both(1, 1);
  cr_assert_eq(kit_decide(&kit), WK_REASON_OK);
  kit_pend(&kit, WK_ROLE_D, 1);
  kit.attempt.now++;
  login_both(2, 2);
  cr_assert_eq(kit_decide(&kit), WK_REASON_OK);
  cr_assert_eq(kit.record.d.pending.state, WK_PENDING_VERIFIED);
  cr_assert_eq(kit.verdict.accepted.d_status, WK_STATUS_PENDING);
  kit.attempt.now++;
  kit_x1(&kit, 0, 3, now());
  kit_x2(&kit, 1, 1, now());
  cr_assert_eq(kit_decide(&kit), WK_REASON_OK);
  cr_assert_eq(kit.verdict.accepted.d_status, WK_STATUS_SWITCHED);
  cr_assert_eq(kit.verdict.accepted.c_status, WK_STATUS_ACCEPTED);
  cr_assert_eq(kit.record.d.epoch, 1u);
}

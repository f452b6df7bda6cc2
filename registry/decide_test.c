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

static void expect_refusal(enum wk_reason want, unsigned alarms) {
  kit_expect_refusal(&kit, want, alarms);
}

static void use_up_to(uint32_t index) {
  kit_use_up_to(&kit, index);
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "throttle.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define NOW 5000
#define SECOND 1000

static struct wk_throttle *throttle;
static char who[WK_THROTTLE_TEXT];

static void setup(void) {
  throttle = wk_throttle_new();
  cr_assert(throttle);
}

static void teardown(void) {
  wk_throttle_free(throttle);
}

TestSuite(throttle, .init = setup, .fini = teardown);

/* How many of so many refusals at one moment are told. */
static unsigned told(const char *address, unsigned count, int64_t now) {
  unsigned passed = 0;
  for (unsigned i = 0; i < count; i++)
    passed += wk_throttle_refusal(throttle, address, now) == WK_THROTTLE_PASS;
  return passed;
}

Test(throttle, refusal__a_burst_is_told_then_so_many_a_second) {
  cr_assert_eq(told("192.0.2.1", 1000, NOW), WK_THROTTLE_BURST);
  cr_assert_eq(told("192.0.2.1", 1000, NOW + SECOND), WK_THROTTLE_RATE);
  cr_assert_eq(told("192.0.2.1", 1000, NOW + 3600 * SECOND),
               WK_THROTTLE_BURST);
}

Test(throttle, refusal__begins_once) {
  (void)told("192.0.2.1", WK_THROTTLE_BURST, NOW);
  cr_assert_eq(wk_throttle_refusal(throttle, "192.0.2.1", NOW),
               WK_THROTTLE_BEGIN);
  cr_assert_eq(wk_throttle_refusal(throttle, "192.0.2.1", NOW),
               WK_THROTTLE_HOLD);
}

Test(throttle, refusal__other_addresses_have_their_own) {
  (void)told("192.0.2.1", 1000, NOW);
  static const char *const others[] = {"192.0.2.2", "2001:db8::1",
                                       "2001:db8:0:1::1", NULL};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    cr_assert_eq(told(others[i], 1000, NOW), WK_THROTTLE_BURST);
}

Test(throttle, refusal__a_host_of_the_same_64_shares) {
  cr_assert_eq(told("2001:db8::1", 60, NOW), 60u);
  cr_assert_eq(told("2001:db8::2:3:4:5", 60, NOW), WK_THROTTLE_BURST - 60);
}

Test(throttle, refusal__mapped_ipv4_is_ipv4) {
  cr_assert_eq(told("192.0.2.1", 60, NOW), 60u);
  cr_assert_eq(told("::ffff:192.0.2.1", 60, NOW), WK_THROTTLE_BURST - 60);
}

Test(throttle, due__counts_whom_it_names_a_minute_later) {
  (void)told("192.0.2.1", WK_THROTTLE_BURST + 7, NOW);
  (void)told("2001:db8::1", WK_THROTTLE_BURST + 9, NOW);
  cr_assert_eq(wk_throttle_due(throttle, NOW + WK_THROTTLE_TELL_MS - 1, who),
               0u);
  unsigned count = 0;
  for (unsigned i = 0; i < 2; i++)
    count += wk_throttle_due(throttle, NOW + WK_THROTTLE_TELL_MS, who);
  cr_assert_eq(count, 16u);
  cr_assert_eq(wk_throttle_due(throttle, NOW + WK_THROTTLE_TELL_MS, who), 0u);
}

Test(throttle, due__writes_the_network) {
  (void)told("2001:db8::1", WK_THROTTLE_BURST + 9, NOW);
  cr_assert_eq(wk_throttle_due(throttle, NOW + WK_THROTTLE_TELL_MS, who), 9u);
  cr_assert_str_eq(who, "2001:db8::/64");
}

Test(throttle, flood__guilty_ones_are_kept_and_no_count_is_lost) {
  char address[32];
  (void)told("198.51.100.1", WK_THROTTLE_BURST + 5, NOW);
  for (unsigned i = 0; i < 20000; i++) {
    (void)snprintf(address, sizeof address, "10.%u.%u.%u", i >> 16,
                   i >> 8 & 255, i & 255);
    (void)told(address, 1, NOW);
  }
  cr_assert_eq(told("198.51.100.1", 1, NOW), 0u);
  for (unsigned i = 0; i < 20000; i++) {
    (void)snprintf(address, sizeof address, "10.%u.%u.%u", i >> 16,
                   i >> 8 & 255, i & 255);
    (void)told(address, WK_THROTTLE_BURST + 1, NOW);
  }
  unsigned sum = 0;
  unsigned count;
  while ((count = wk_throttle_due(throttle, NOW + WK_THROTTLE_TELL_MS, who)))
    sum += count;
  cr_assert_geq(sum, 20000u);
}

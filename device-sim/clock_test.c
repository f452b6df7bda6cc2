/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "clock.h"

#define NOW INT64_C(1800000000000)

Test(clock, ms__without_habits_is_the_machines) {
  static const struct habits right = {.rate = 1};
  struct clock clock;
  clock_init(&clock, &right, 1, 1, NOW);
  cr_assert_eq(clock_ms(&clock, NOW), (uint64_t)NOW);
  cr_assert_eq(clock_ms(&clock, NOW + 86400000), (uint64_t)NOW + 86400000);
}

Test(clock, skew__is_whole_seconds_within_both_ends) {
  static const struct habits wrong = {.skew = 3};
  bool seen[7] = {false};
  for (uint32_t device = 0; device < 200; device++) {
    struct clock clock;
    clock_init(&clock, &wrong, 5, device, NOW);
    const int64_t off = (int64_t)clock_ms(&clock, NOW) - NOW;
    cr_assert(off >= -3000 && off <= 3000 && off % 1000 == 0);
    seen[off / 1000 + 3] = true;
  }
  for (size_t i = 0; i < 7; i++)
    cr_assert(seen[i], "%zu", i);
}

Test(clock, drift__grows_with_the_time_either_way) {
  static const struct habits drifts = {.drift = 100};
  int64_t least = 0;
  int64_t most = 0;
  for (uint32_t device = 0; device < 200; device++) {
    struct clock clock;
    clock_init(&clock, &drifts, 5, device, NOW);
    cr_assert_eq(clock_ms(&clock, NOW), (uint64_t)NOW);
    /* 10000 seconds make a second of 100 millionths. */
    const int64_t later = NOW + 10000000;
    const int64_t off = (int64_t)clock_ms(&clock, later) - later;
    cr_assert(off >= -1000 && off <= 1000);
    least = off < least ? off : least;
    most = off > most ? off : most;
  }
  cr_assert(least < -900 && most > 900);
}

Test(clock, ms__never_before_the_epoch) {
  const struct clock clock = {.began_ms = 0, .skew_ms = -5000};
  cr_assert_eq(clock_ms(&clock, 4000), 0u);
}

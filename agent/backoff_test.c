/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "backoff.h"

Test(backoff, failed__doubles_up_to_a_minute) {
  static const int64_t most[] = {1000,  2000,  4000,  8000,
                                 16000, 32000, 60000, 60000};
  struct backoff backoff = {0, 0};
  for (size_t i = 0; i < sizeof most / sizeof *most; i++) {
    struct backoff other = backoff;
    cr_assert_eq(backoff_failed(&other, 0, 0), most[i] / 2);
    const uint32_t longest = (uint32_t)(most[i] / 2);
    cr_assert_eq(backoff_failed(&backoff, 0, longest), most[i]);
  }
}

Test(backoff, over__when_the_pause_has_passed) {
  struct backoff backoff = {0, 0};
  cr_assert(backoff_over(&backoff, 0));
  const int64_t pause = backoff_failed(&backoff, 100, 77);
  cr_assert(!backoff_over(&backoff, 100 + pause - 1));
  cr_assert(backoff_over(&backoff, 100 + pause));
  backoff_reset(&backoff);
  cr_assert(backoff_over(&backoff, 100));
  cr_assert_leq(backoff_failed(&backoff, 100, UINT32_MAX), BACKOFF_FIRST_MS);
}

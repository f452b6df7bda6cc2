/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "hist.h"

Test(hist, quantile__empty_is_zero) {
  static const struct hist hist;
  cr_assert_eq(hist_quantile(&hist, 500), 0u);
}

Test(hist, quantile__within_three_percent_and_never_below) {
  static struct hist hist;
  for (uint64_t ns = 1; ns <= 100000; ns++)
    hist_add(&hist, ns * 1000);
  const unsigned points[] = {1, 500, 990, 1000};
  for (size_t i = 0; i < 4; i++) {
    const uint64_t want = UINT64_C(100000) * points[i];
    const uint64_t got = hist_quantile(&hist, points[i]);
    cr_assert(got >= want && got <= want + want / 32, "%u", points[i]);
  }
  cr_assert_eq(hist.max, 100000000u);
}

Test(hist, quantile__one_value_is_exact) {
  const uint64_t values[] = {0, 1, 31, 32, 33, 1000, 123456789, UINT64_MAX};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    static struct hist hist;
    hist = (struct hist){0};
    hist_add(&hist, values[i]);
    cr_assert_eq(hist_quantile(&hist, 990), values[i]);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <string.h>

#include "rng.h"

/* The first outputs of the published reference for the state 1, 2, 3, 4. */
Test(rng, next__published_values) {
  struct rng rng = {{1, 2, 3, 4}};
  const uint64_t want[] = {11520u,
                           0u,
                           1509978240u,
                           1215971899390074240u,
                           1216172134540287360u,
                           607988272756665600u};
  for (size_t i = 0; i < sizeof want / sizeof *want; i++)
    cr_assert_eq(rng_next(&rng), want[i], "number %zu", i);
}

Test(rng, init__same_seed_same_numbers) {
  struct rng a;
  struct rng b;
  rng_init(&a, 7, 3, RNG_SENSOR);
  rng_init(&b, 7, 3, RNG_SENSOR);
  for (int i = 0; i < 100; i++)
    cr_assert_eq(rng_next(&a), rng_next(&b));
}

Test(rng, init__seed_device_and_stream_each_matter) {
  struct rng base;
  struct rng other[3];
  rng_init(&base, 7, 3, RNG_SENSOR);
  rng_init(&other[0], 8, 3, RNG_SENSOR);
  rng_init(&other[1], 7, 4, RNG_SENSOR);
  rng_init(&other[2], 7, 3, RNG_PAUSE);
  for (size_t i = 0; i < 3; i++)
    cr_assert_neq(base.s[0], other[i].s[0], "variant %zu", i);
}

Test(rng, range__reaches_both_ends_and_never_more) {
  struct rng rng;
  unsigned seen[7] = {0};
  rng_init(&rng, 1, 1, RNG_SENSOR);
  for (int i = 0; i < 7000; i++) {
    const int32_t value = rng_range(&rng, -3, 3);
    cr_assert(value >= -3 && value <= 3);
    seen[value + 3]++;
  }
  for (size_t i = 0; i < 7; i++)
    cr_assert(seen[i] > 850 && seen[i] < 1150, "%u of value %zu", seen[i], i);
  cr_assert_eq(rng_range(&rng, 5, 5), 5);
}

Test(rng, secret__every_part_matters) {
  uint8_t base[32];
  uint8_t other[32];
  rng_secret(base, 1, "chain", "sim-0001", 0);
  rng_secret(other, 1, "chain", "sim-0001", 0);
  cr_assert_arr_eq(base, other, 32);
  rng_secret(other, 2, "chain", "sim-0001", 0);
  cr_assert(memcmp(base, other, 32) != 0);
  rng_secret(other, 1, "bio", "sim-0001", 0);
  cr_assert(memcmp(base, other, 32) != 0);
  rng_secret(other, 1, "chain", "sim-0002", 0);
  cr_assert(memcmp(base, other, 32) != 0);
  rng_secret(other, 1, "chain", "sim-0001", 1);
  cr_assert(memcmp(base, other, 32) != 0);
}

Test(rng, below__is_even_and_stays_below) {
  struct rng rng;
  unsigned seen[4] = {0};
  rng_init(&rng, 1, 1, RNG_CHANCE);
  for (int i = 0; i < 4000; i++) {
    const double value = rng_below(&rng, 4);
    cr_assert(value >= 0 && value < 4);
    seen[(int)value]++;
  }
  for (size_t i = 0; i < 4; i++)
    cr_assert(seen[i] > 850 && seen[i] < 1150, "%u of %zu", seen[i], i);
  cr_assert_eq(rng_below(&rng, 0), 0);
}

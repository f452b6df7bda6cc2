/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "hash.h"

#define NAMES 4096u
/* As many buckets as names, hashed by chance: more than 9 in one of them
 * happens about once in a thousand tables. These are always the same. */
#define LONGEST 9u

static uint8_t chain[NAMES];

static unsigned longest(uint64_t seed, const char *before, const char *after) {
  unsigned most = 0;
  memset(chain, 0, sizeof chain);
  for (unsigned i = 0; i < NAMES; i++) {
    char name[32];
    const int len = snprintf(name, sizeof name, "%s%04u%s", before, i, after);
    uint8_t *at = &chain[wk_hash(seed, name, (size_t)len) % NAMES];
    if (++*at > most)
      most = *at;
  }
  return most;
}

/* Names of a fleet differ in a few digits, anywhere in a word of eight. */
Test(hash, names__spread) {
  static const uint64_t seeds[] = {0, 1, UINT64_C(0x0123456789abcdef),
                                   UINT64_MAX};
  for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
    cr_expect_leq(longest(seeds[i], "", ""), LONGEST);
    cr_expect_leq(longest(seeds[i], "sim-", ""), LONGEST);
    cr_expect_leq(longest(seeds[i], "", "-sim"), LONGEST);
    cr_expect_leq(longest(seeds[i], "sensor-", ""), LONGEST);
    cr_expect_leq(longest(seeds[i], "thermometer-", ""), LONGEST);
    cr_expect_leq(longest(seeds[i], "", "-thermometer"), LONGEST);
    cr_expect_leq(longest(seeds[i], "a-thermometer", ""), LONGEST);
  }
}

/* Clients of a broker: addresses some hundred bytes apart. */
Test(hash, addresses__spread) {
  for (uint64_t step = 16; step <= 4096; step *= 2) {
    unsigned most = 0;
    memset(chain, 0, sizeof chain);
    for (uint64_t i = 0; i < NAMES; i++) {
      const uint64_t address = UINT64_C(0x7f0012345000) + i * step;
      uint8_t *at = &chain[wk_hash(7, &address, sizeof address) % NAMES];
      if (++*at > most)
        most = *at;
    }
    cr_expect_leq(most, LONGEST, "%lu apart", (unsigned long)step);
  }
}

Test(hash, seed_and_length__count) {
  cr_assert_neq(wk_hash(1, "a", 1), wk_hash(2, "a", 1));
  cr_assert_neq(wk_hash(1, "a\0", 2), wk_hash(1, "a", 1));
  cr_assert_neq(wk_hash(1, "", 0), wk_hash(2, "", 0));
}

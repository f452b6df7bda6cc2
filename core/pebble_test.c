/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <string.h>

#include <whitekey/pebble.h>

static const uint8_t salt[WK_SALT_LEN] = {7};
static const uint8_t seed[WK_SEED_LEN] = {9};

static uint32_t ceil_half_log2(uint32_t n) {
  uint32_t k = 0;
  while ((UINT32_C(1) << k) < n)
    k++;
  return (k + 1) / 2;
}

static void walk_all(uint32_t n, uint32_t first) {
  static uint8_t x[5001][WK_VALUE_LEN];
  cr_assert(n <= 5000);
  wk_chain_top(x[n], salt, n, seed);
  for (uint32_t j = n; j-- > 0;) {
    memcpy(x[j], x[j + 1], WK_VALUE_LEN);
    wk_chain_step(x[j], salt, j);
  }
  struct wk_pebble p;
  uint8_t got[WK_VALUE_LEN];
  uint32_t index = 0;
  cr_assert_eq(wk_pebble_init(&p, salt, n, first, seed), WK_OK);
  for (uint32_t i = first; i <= n; i++) {
    cr_assert_eq(wk_pebble_next(&p, got, &index), WK_OK);
    cr_assert_eq(index, i, "n %u first %u", (unsigned)n, (unsigned)first);
    cr_assert_arr_eq(got, x[i], WK_VALUE_LEN, "n %u first %u index %u",
                     (unsigned)n, (unsigned)first, (unsigned)i);
  }
  cr_assert_eq(wk_pebble_next(&p, got, &index), WK_ERR_EXHAUSTED);
  cr_assert_eq(index, 0u);
}

Test(pebble, next__every_length_up_to_130) {
  for (uint32_t n = 2; n <= 130; n++)
    walk_all(n, 1);
}

Test(pebble, next__every_start_of_some_lengths) {
  const uint32_t lengths[] = {2, 3, 31, 32, 33, 100};
  for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
    for (uint32_t first = 1; first <= lengths[l]; first++)
      walk_all(lengths[l], first);
  }
}

Test(pebble, next__long_chains) {
  walk_all(4096, 1);
  walk_all(5000, 1);
  walk_all(5000, 4999);
}

/* Linked with --wrap: counts every SHA-256 that core asks for. */
static unsigned hashes;
void __real_wk_port_sha256(uint8_t out[WK_HASH_LEN],
                           const struct wk_span *parts, size_t count);
void __wrap_wk_port_sha256(uint8_t out[WK_HASH_LEN],
                           const struct wk_span *parts, size_t count);
void __wrap_wk_port_sha256(uint8_t out[WK_HASH_LEN],
                           const struct wk_span *parts, size_t count) {
  hashes++;
  __real_wk_port_sha256(out, parts, count);
}

Test(pebble, next__at_most_half_log2_steps) {
  const uint32_t lengths[] = {2, 3, 4, 5, 64, 100, 1000, 4096, 65536};
  for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
    const uint32_t n = lengths[l];
    struct wk_pebble p;
    uint8_t x[WK_VALUE_LEN];
    uint32_t index = 0;
    cr_assert_eq(wk_pebble_init(&p, salt, n, 1, seed), WK_OK);
    for (uint32_t i = 1; i <= n; i++) {
      hashes = 0;
      cr_assert_eq(wk_pebble_next(&p, x, &index), WK_OK);
      cr_assert(hashes <= ceil_half_log2(n), "n %u output %u: %u steps",
                (unsigned)n, (unsigned)i, hashes);
    }
  }
}

Test(pebble, init__bad_lengths_are_refused) {
  struct wk_pebble p;
  cr_assert_eq(wk_pebble_init(&p, salt, 1, 1, seed), WK_ERR_ARGUMENT);
  cr_assert_eq(wk_pebble_init(&p, salt, WK_CHAIN_LEN_MAX + 1, 1, seed),
               WK_ERR_ARGUMENT);
  cr_assert_eq(wk_pebble_init(&p, salt, 16, 0, seed), WK_ERR_ARGUMENT);
  cr_assert_eq(wk_pebble_init(&p, salt, 16, 17, seed), WK_ERR_ARGUMENT);
}

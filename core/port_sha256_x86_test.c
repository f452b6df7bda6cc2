/* SPDX-License-Identifier: Apache-2.0 */
#include "port_sha256_x86.h"

#include <criterion/criterion.h>
#include <string.h>

#include <mbedtls/version.h>

#include <mbedtls/sha256.h>

#if MBEDTLS_VERSION_MAJOR < 3
#define mbedtls_sha256 mbedtls_sha256_ret
#endif

#define LONGEST 300u

static void need(void) {
  if (!wk_sha256_x86_present())
    cr_skip_test("this processor has no instructions for SHA-256");
}

static void fill(uint8_t data[LONGEST]) {
  for (size_t i = 0; i < LONGEST; i++)
    data[i] = (uint8_t)(i * 37 + 11);
}

Test(sha256_x86, hash__fips_180_example) {
  static const uint8_t want[] = {
      0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
      0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
      0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
  const struct wk_span abc = {(const uint8_t *)"abc", 3};
  uint8_t hash[WK_HASH_LEN];
  need();
  wk_sha256_x86(hash, &abc, 1);
  cr_expect_arr_eq(hash, want, sizeof want);
}

Test(sha256_x86, hash__agrees_with_mbedtls_at_every_length) {
  uint8_t data[LONGEST];
  need();
  fill(data);
  for (size_t len = 0; len <= LONGEST; len++) {
    const struct wk_span whole = {data, len};
    uint8_t hash[WK_HASH_LEN];
    uint8_t want[WK_HASH_LEN];
    cr_assert_eq(mbedtls_sha256(data, len, want, 0), 0);
    wk_sha256_x86(hash, &whole, 1);
    cr_expect_arr_eq(hash, want, sizeof want, "length %zu", len);
  }
}

/* Parts, an empty one among them, are one message; out may be one of them. */
Test(sha256_x86, hash__parts_are_one_message) {
  uint8_t data[LONGEST];
  need();
  for (size_t cut = WK_HASH_LEN; cut <= LONGEST; cut++) {
    uint8_t want[WK_HASH_LEN];
    fill(data);
    cr_assert_eq(mbedtls_sha256(data, LONGEST, want, 0), 0);
    const struct wk_span parts[] = {
        {data, cut}, {NULL, 0}, {data + cut, LONGEST - cut}};
    wk_sha256_x86(data, parts, 3);
    cr_expect_arr_eq(data, want, sizeof want, "cut at %zu", cut);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/chain.h>

#include <string.h>

#include "bug.h"

#include <whitekey/bytes.h>

enum domain { STEP = 0x01, TOP = 0x02, SEED = 0x03 };

void wk_chain_salt(uint8_t salt[WK_SALT_LEN], const struct wk_id *id,
                   enum wk_role role, uint32_t epoch) {
  static const char label[] = "whitekey/1/salt";
  const uint8_t be_role = (uint8_t)role;
  uint8_t be_epoch[4];
  uint8_t hash[WK_HASH_LEN];
  wk_put_be32(be_epoch, epoch);
  const struct wk_span parts[] = {
      {(const uint8_t *)label, sizeof label - 1},
      {id->realm, WK_REALM_LEN},
      {&be_role, 1},
      {be_epoch, sizeof be_epoch},
      {&id->did_len, 1},
      {(const uint8_t *)id->did, id->did_len},
  };
  wk_port_sha256(hash, parts, sizeof parts / sizeof *parts);
  memcpy(salt, hash, WK_SALT_LEN);
}

/* domain || salt || be32(j) || x: 53 bytes, one SHA-256 block. */
enum { AT_SALT = 1, AT_J = AT_SALT + WK_SALT_LEN, AT_X = AT_J + 4 };
#define INPUT_LEN (AT_X + WK_VALUE_LEN)
_Static_assert(INPUT_LEN == 53, "one SHA-256 block");

static void input_write(uint8_t input[INPUT_LEN], enum domain domain,
                        const uint8_t salt[WK_SALT_LEN],
                        const uint8_t x[WK_VALUE_LEN]) {
  input[0] = (uint8_t)domain;
  memcpy(input + AT_SALT, salt, WK_SALT_LEN);
  memcpy(input + AT_X, x, WK_VALUE_LEN);
}

/* The hash takes the place of x in its input, ready for the next step. */
static void hash_at(uint8_t input[INPUT_LEN], uint32_t j) {
  wk_put_be32(input + AT_J, j);
  const struct wk_span whole = {input, INPUT_LEN};
  wk_port_sha256(input + AT_X, &whole, 1);
}

void wk_chain_top(uint8_t x[WK_VALUE_LEN], const uint8_t salt[WK_SALT_LEN],
                  uint32_t n, const uint8_t seed[WK_SEED_LEN]) {
  uint8_t input[INPUT_LEN];
  input_write(input, TOP, salt, seed);
  hash_at(input, n);
  memcpy(x, input + AT_X, WK_VALUE_LEN);
  wk_wipe(input, sizeof input);
}

void wk_chain_step(uint8_t x[WK_VALUE_LEN], const uint8_t salt[WK_SALT_LEN],
                   uint32_t j) {
  wk_chain_walk(x, salt, j + 1, j);
}

void wk_chain_walk(uint8_t x[WK_VALUE_LEN], const uint8_t salt[WK_SALT_LEN],
                   uint32_t from, uint32_t to) {
  WK_BUG_IF(to > from);
  uint8_t input[INPUT_LEN];
  input_write(input, STEP, salt, x);
  while (from > to)
    hash_at(input, --from);
  memcpy(x, input + AT_X, WK_VALUE_LEN);
  wk_wipe(input, sizeof input);
}

bool wk_chain_verify(const uint8_t x[WK_VALUE_LEN], uint32_t i,
                     const uint8_t known[WK_VALUE_LEN], uint32_t last,
                     const uint8_t salt[WK_SALT_LEN]) {
  uint8_t walked[WK_VALUE_LEN];
  memcpy(walked, x, sizeof walked);
  wk_chain_walk(walked, salt, i, last);
  const bool same = wk_equal(walked, known, sizeof walked);
  wk_wipe(walked, sizeof walked);
  return same;
}

void wk_chain_next_seed(uint8_t next[WK_SEED_LEN],
                        const uint8_t salt[WK_SALT_LEN],
                        const uint8_t seed[WK_SEED_LEN],
                        const uint8_t fresh[32]) {
  const uint8_t domain = SEED;
  const struct wk_span parts[] = {
      {&domain, 1},
      {salt, WK_SALT_LEN},
      {seed, WK_SEED_LEN},
      {fresh, 32},
  };
  wk_port_sha256(next, parts, sizeof parts / sizeof *parts);
}

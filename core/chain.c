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

/* x = H(domain || salt || be32(j) || x): 53 bytes, one SHA-256 block. */
static void hash_at(uint8_t x[WK_VALUE_LEN], enum domain domain,
                    const uint8_t salt[WK_SALT_LEN], uint32_t j) {
  uint8_t block[1 + WK_SALT_LEN + 4 + WK_VALUE_LEN];
  _Static_assert(sizeof block == 53, "one SHA-256 block");
  block[0] = (uint8_t)domain;
  memcpy(block + 1, salt, WK_SALT_LEN);
  wk_put_be32(block + 1 + WK_SALT_LEN, j);
  memcpy(block + 1 + WK_SALT_LEN + 4, x, WK_VALUE_LEN);
  const struct wk_span whole = {block, sizeof block};
  wk_port_sha256(x, &whole, 1);
  wk_wipe(block, sizeof block);
}

void wk_chain_top(uint8_t x[WK_VALUE_LEN], const uint8_t salt[WK_SALT_LEN],
                  uint32_t n, const uint8_t seed[WK_SEED_LEN]) {
  memmove(x, seed, WK_VALUE_LEN);
  hash_at(x, TOP, salt, n);
}

void wk_chain_step(uint8_t x[WK_VALUE_LEN], const uint8_t salt[WK_SALT_LEN],
                   uint32_t j) {
  hash_at(x, STEP, salt, j);
}

void wk_chain_walk(uint8_t x[WK_VALUE_LEN], const uint8_t salt[WK_SALT_LEN],
                   uint32_t from, uint32_t to) {
  WK_BUG_IF(to > from);
  while (from > to)
    wk_chain_step(x, salt, --from);
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

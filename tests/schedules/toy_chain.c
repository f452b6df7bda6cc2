/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains of a schedule: as core's, with a step that can be undone, and whose
 * walks therefore need no steps. Salt and position count in it as they do in
 * the real one; nobody here turns a chain around.
 */
#include <string.h>

#include <whitekey/bytes.h>
#include <whitekey/chain.h>

#include "toy.h"
#include "values.h"

uint64_t toy_steps;

#define WORDS (WK_VALUE_LEN / 8u)

static void hash(uint8_t out[WK_HASH_LEN], const uint8_t *a, size_t a_len,
                 const uint8_t *b, size_t b_len, uint32_t number) {
  uint8_t be[4];
  wk_put_be32(be, number);
  const struct wk_span parts[] = {{be, sizeof be}, {a, a_len}, {b, b_len}};
  wk_port_sha256(out, parts, 3);
}

void wk_chain_salt(uint8_t salt[WK_SALT_LEN], const struct wk_id *id,
                   enum wk_role role, uint32_t epoch) {
  uint8_t out[WK_HASH_LEN];
  const uint8_t letter = (uint8_t)role;
  hash(out, (const uint8_t *)id->did, id->did_len, &letter, 1, epoch);
  memcpy(salt, out, WK_SALT_LEN);
}

void wk_chain_top(uint8_t x[WK_VALUE_LEN], const uint8_t salt[WK_SALT_LEN],
                  uint32_t n, const uint8_t seed[WK_SEED_LEN]) {
  hash(x, seed, WK_SEED_LEN, salt, WK_SALT_LEN, n);
}

void wk_chain_step(uint8_t x[WK_VALUE_LEN], const uint8_t salt[WK_SALT_LEN],
                   uint32_t j) {
  wk_chain_walk(x, salt, j + 1, j);
}

/* The steps to j = to .. from - 1, each of which adds salt and j times salt.
 */
void wk_chain_walk(uint8_t x[WK_VALUE_LEN], const uint8_t salt[WK_SALT_LEN],
                   uint32_t from, uint32_t to) {
  const uint64_t steps = from - to;
  const uint64_t positions = steps * ((uint64_t)to + from - 1) / 2;
  uint64_t word[WORDS];
  uint64_t by[2];
  toy_steps += steps;
  memcpy(word, x, sizeof word);
  memcpy(by, salt, sizeof by);
  for (unsigned i = 0; i < WORDS; i++)
    word[i] += steps * by[i & 1] + positions * (by[~i & 1] + i);
  memcpy(x, word, sizeof word);
}

bool wk_chain_verify(const uint8_t x[WK_VALUE_LEN], uint32_t i,
                     const uint8_t known[WK_VALUE_LEN], uint32_t last,
                     const uint8_t salt[WK_SALT_LEN]) {
  uint8_t walked[WK_VALUE_LEN];
  memcpy(walked, x, sizeof walked);
  wk_chain_walk(walked, salt, i, last);
  return memcmp(walked, known, sizeof walked) == 0;
}

void wk_chain_next_seed(uint8_t next[WK_SEED_LEN],
                        const uint8_t salt[WK_SALT_LEN],
                        const uint8_t seed[WK_SEED_LEN],
                        const uint8_t fresh[32]) {
  uint8_t both[WK_SEED_LEN + WK_SALT_LEN];
  memcpy(both, seed, WK_SEED_LEN);
  memcpy(both + WK_SEED_LEN, salt, WK_SALT_LEN);
  hash(next, both, sizeof both, fresh, 32, 0);
}

/* Where walks cost nothing a client needs no pebbles. */
void values_at(struct values *values, uint8_t x[WK_VALUE_LEN],
               const struct wk_id *id, enum wk_role role,
               const struct wk_credential_chain *chain, uint32_t index) {
  uint8_t salt[WK_SALT_LEN];
  (void)values;
  wk_chain_salt(salt, id, role, chain->epoch);
  wk_chain_top(x, salt, chain->n, chain->seed);
  wk_chain_walk(x, salt, chain->n, index);
}

void values_forget(struct values *values, const struct wk_credential_chain *a,
                   const struct wk_credential_chain *b) {
  (void)values;
  (void)a;
  (void)b;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain.h - salted hash chains (protocol section 2).
 *
 * A chain of length n runs from its top x[n], made from a secret seed, down
 * to its public anchor x[0]. Login number i (1..n) reveals x[i]; whoever
 * knows x[j] computes every x[i] below it and none above. Each step is salted
 * with device, epoch and position: it is one SHA-256 block.
 */
#ifndef WHITEKEY_CHAIN_H
#define WHITEKEY_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include <whitekey/id.h>

#define WK_CHAIN_LEN_MIN 2u
#define WK_CHAIN_LEN_MAX (UINT32_C(1) << 20)
#define WK_CHAIN_LEN_DEFAULT UINT32_C(65536)
#define WK_CHAIN_ENROL_MIN 256u /* at least this at enrolment */
#define WK_SKIP_MAX 64u         /* the protocol's R */
#define WK_TIME_DOUBT 240u      /* seconds, section 2: twice max_skew */
#define WK_SALT_LEN 16u
#define WK_VALUE_LEN WK_HASH_LEN
#define WK_SEED_LEN 32u

enum wk_role { WK_ROLE_C = 0x43, WK_ROLE_D = 0x44 };

void wk_chain_salt(uint8_t salt[WK_SALT_LEN], const struct wk_id *id,
                   enum wk_role role, uint32_t epoch);

/* x[n] from the seed. x may be the seed's buffer. */
void wk_chain_top(uint8_t x[WK_VALUE_LEN], const uint8_t salt[WK_SALT_LEN],
                  uint32_t n, const uint8_t seed[WK_SEED_LEN]);

/* In place: x holds x[j + 1] before and x[j] after. */
void wk_chain_step(uint8_t x[WK_VALUE_LEN], const uint8_t salt[WK_SALT_LEN],
                   uint32_t j);

/* In place: x holds x[from] before and x[to] after; needs to <= from. */
void wk_chain_walk(uint8_t x[WK_VALUE_LEN], const uint8_t salt[WK_SALT_LEN],
                   uint32_t from, uint32_t to);

/* True when x[i] walks to known = x[last]; needs last <= i. */
bool wk_chain_verify(const uint8_t x[WK_VALUE_LEN], uint32_t i,
                     const uint8_t known[WK_VALUE_LEN], uint32_t last,
                     const uint8_t salt[WK_SALT_LEN]);

/*
 * The next epoch's seed, from this epoch's salt and seed and 32 fresh random
 * bytes. next may be the seed's buffer.
 */
void wk_chain_next_seed(uint8_t next[WK_SEED_LEN],
                        const uint8_t salt[WK_SALT_LEN],
                        const uint8_t seed[WK_SEED_LEN],
                        const uint8_t fresh[32]);

#endif

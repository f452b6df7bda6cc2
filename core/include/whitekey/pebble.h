/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pebble.h - walks a chain upwards, x[first], x[first + 1] .. x[n], with few
 * stored values: optimal binary pebbling (B. Schoenmakers, "Explicit Optimal
 * Binary Pebbling for One-Way Hash Chain Reversal", FC 2016).
 *
 * For a chain of length n let k = ceil(log2 n): at most k values are stored
 * and at most ceil(k / 2) steps done per output. A chain whose length is no
 * power of two is the upper end of one that is; the positions below x[1] are
 * never computed. The struct is the caller's, holds secrets (values not yet
 * spent) and needs wk_pebble_wipe().
 */
#ifndef WHITEKEY_PEBBLE_H
#define WHITEKEY_PEBBLE_H

#include <whitekey/chain.h>

#define WK_PEBBLE_MAX 20u /* log2 of WK_CHAIN_LEN_MAX */

struct wk_pebble {
  uint8_t salt[WK_SALT_LEN];
  uint32_t round; /* outputs still to come, the pending one included */
  uint32_t n;
  uint8_t k;
  uint8_t jobs; /* used entries of job[] */
  struct {
    uint8_t slot;
    uint32_t left; /* steps left in the segment being hashed */
  } job[WK_PEBBLE_MAX / 2];
  uint32_t at[WK_PEBBLE_MAX]; /* absolute positions; wraps below x[1] */
  uint8_t value[WK_PEBBLE_MAX][WK_VALUE_LEN];
};

/*
 * Ready to give x[first]. Costs n - 1 steps once, whatever first is.
 * WK_ERR_ARGUMENT: n or first out of range; p is zeroed.
 */
WK_MUST_CHECK enum wk_err wk_pebble_init(struct wk_pebble *p,
                                         const uint8_t salt[WK_SALT_LEN],
                                         uint32_t n, uint32_t first,
                                         const uint8_t seed[WK_SEED_LEN]);

/*
 * The next value and its index.
 * WK_ERR_EXHAUSTED: x[n] was given already; outputs are zeroed.
 */
WK_MUST_CHECK enum wk_err
wk_pebble_next(struct wk_pebble *p, uint8_t x[WK_VALUE_LEN], uint32_t *index);

void wk_pebble_wipe(struct wk_pebble *p);

#endif

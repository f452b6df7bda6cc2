/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pebble.h - walks a chain upwards, x[first], x[first + 1] .. x[n], with few
 * stored values and few steps per output: see plan.h.
 *
 * The struct is the caller's, holds secrets (values not yet spent) and is
 * wiped with wk_wipe().
 */
#ifndef WHITEKEY_PEBBLE_H
#define WHITEKEY_PEBBLE_H

#include <whitekey/chain.h>
#include <whitekey/plan.h>

struct wk_pebble {
  uint8_t salt[WK_SALT_LEN];
  struct wk_plan plan;
  uint8_t value[WK_PLAN_MAX][WK_VALUE_LEN];
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

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/pebble.h>

#include <string.h>

#include "bug.h"

#include <whitekey/bytes.h>

_Static_assert(UINT32_C(1) << WK_PLAN_MAX == WK_CHAIN_LEN_MAX, "places");

/* The part of the power of two below x[1] wraps: no value lies there. */
static bool real(const struct wk_pebble *p, uint32_t position) {
  return position >= 1 && position <= p->plan.n;
}

/* Values move along with the plan, which has moved already. */
static void move_value(void *user, uint8_t to, uint8_t from, uint8_t down) {
  struct wk_pebble *p = user;
  const uint32_t position = p->plan.at[to];
  if (!real(p, position))
    return;
  WK_BUG_IF(!real(p, position + down));
  if (to != from)
    memcpy(p->value[to], p->value[from], WK_VALUE_LEN);
  if (down == 1)
    wk_chain_step(p->value[to], p->salt, position);
}

/* Walks the chain once from the top, keeping what the plan asks for. */
static void fill(struct wk_pebble *p, const uint8_t seed[WK_SEED_LEN]) {
  uint8_t x[WK_VALUE_LEN];
  wk_chain_top(x, p->salt, p->plan.n, seed);
  for (uint32_t j = p->plan.n; j >= 1; j--) {
    for (uint8_t s = 0; s < p->plan.k; s++) {
      if (p->plan.at[s] == j)
        memcpy(p->value[s], x, WK_VALUE_LEN);
    }
    if (j > 1)
      wk_chain_step(x, p->salt, j - 1);
  }
  wk_wipe(x, sizeof x);
}

static uint32_t pending(const struct wk_pebble *p) {
  return p->plan.n - p->plan.round + 1;
}

enum wk_err wk_pebble_init(struct wk_pebble *p,
                           const uint8_t salt[WK_SALT_LEN], uint32_t n,
                           uint32_t first, const uint8_t seed[WK_SEED_LEN]) {
  memset(p, 0, sizeof *p);
  if (n < WK_CHAIN_LEN_MIN || n > WK_CHAIN_LEN_MAX || first < 1 || first > n)
    return WK_ERR_ARGUMENT;
  memcpy(p->salt, salt, WK_SALT_LEN);
  wk_plan_init(&p->plan, n);
  /* Positions depend on no value: go to `first`, then hash the chain once. */
  while (pending(p) != first)
    wk_plan_advance(&p->plan, NULL, NULL);
  fill(p, seed);
  return WK_OK;
}

enum wk_err wk_pebble_next(struct wk_pebble *p, uint8_t x[WK_VALUE_LEN],
                           uint32_t *index) {
  if (p->plan.round == 0) {
    memset(x, 0, WK_VALUE_LEN);
    *index = 0;
    return WK_ERR_EXHAUSTED;
  }
  *index = pending(p);
  memcpy(x, p->value[0], WK_VALUE_LEN);
  if (p->plan.at[0] != *index) {
    WK_BUG_IF(p->plan.at[0] != *index + 1); /* the first: one below place 0 */
    wk_chain_step(x, p->salt, *index);
  }
  wk_plan_advance(&p->plan, move_value, p);
  return WK_OK;
}

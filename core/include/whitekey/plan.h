/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - which values to keep while a chain is walked upwards, and which
 * steps to do when: optimal binary pebbling (B. Schoenmakers, "Explicit
 * Optimal Binary Pebbling for One-Way Hash Chain Reversal", FC 2016).
 *
 * A plan knows positions, no values: pebble.h keeps values with it in RAM,
 * the dongle keeps one in 32 in its EEPROM. Let k = ceil(log2 n): at most k
 * places are used and at most ceil(k / 2) steps done per position. The steps
 * depend on n alone. A chain whose length is no power of two is the upper end
 * of one that is; the positions below 1 wrap around 2^32.
 */
#ifndef WHITEKEY_PLAN_H
#define WHITEKEY_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#define WK_PLAN_MAX 20u /* places: log2 of WK_CHAIN_LEN_MAX */

struct wk_plan {
  uint32_t round; /* positions still to come, the pending one included */
  uint32_t n;
  uint8_t k;
  uint8_t jobs; /* used entries of job[] */
  struct {
    uint8_t place;
    uint32_t left; /* steps left in the segment being walked */
  } job[WK_PLAN_MAX / 2];
  uint32_t at[WK_PLAN_MAX]; /* the position kept at each place */
};

/* The value at `to` becomes that at `from`, walked `down` steps: 0 or 1. */
typedef void wk_plan_move(void *user, uint8_t to, uint8_t from, uint8_t down);

/*
 * Before the first position, needs 2 <= n <= 2^20. Position 1 is nowhere: it
 * is one step below place 0.
 */
void wk_plan_init(struct wk_plan *plan, uint32_t n);

/*
 * The pending position, which is at place 0 except for the first, is used:
 * does its round's moves. told, called for each of them, may be NULL.
 */
void wk_plan_advance(struct wk_plan *plan, wk_plan_move *told, void *user);

#endif

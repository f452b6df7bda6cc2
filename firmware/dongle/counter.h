/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counter.h - how many passwords a chain gave: it never goes back.
 *
 * Passwords are counted in blocks of 32. Each has a byte of its own, 0xff
 * until it is given: whatever a power failure leaves in the byte being
 * written, no other password's byte is touched. A chain has two areas that
 * take turns; the one of the higher block counts. A cell is written and
 * erased once every 64 passwords.
 */
#ifndef WHITEKEY_DONGLE_COUNTER_H
#define WHITEKEY_DONGLE_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

#define WK_BLOCK 32u /* passwords */

struct wk_counter {
  uint16_t at; /* of its two areas */
  uint16_t block;
  uint8_t area;     /* the one that counts, 0 or 1 */
  uint8_t used;     /* passwords of this block, 0..WK_BLOCK */
  uint8_t prepared; /* bytes of the other area that are ready */
};

/* From zero; side: whose, see epoch.h. On the EEPROM too, when
 * wk_counter_use(c, 0, 0) gives false. */
void wk_counter_start(struct wk_counter *c, uint8_t side);

/* As the EEPROM has it; false: it holds no counter. */
bool wk_counter_load(struct wk_counter *c, uint8_t side);

/* Nothing is left of it. */
void wk_counter_erase(uint8_t side);

/*
 * Uses the passwords up to and including number `upto` (1..32) of a block,
 * this one or a later one, as far as it goes without waiting: to be called,
 * with the same values, until it gives false. Then all of it was written.
 */
bool wk_counter_use(struct wk_counter *c, uint16_t block, uint8_t upto);

/* False: the cell did not take that, nothing may be sent. */
bool wk_counter_took(const struct wk_counter *c);

/* One write towards a quick wk_counter_turn(); false: there is none left. */
bool wk_counter_prepare(struct wk_counter *c);
bool wk_counter_is_prepared(const struct wk_counter *c);

/* On to a later block; what is left of this one is lost. */
void wk_counter_turn(struct wk_counter *c, uint16_t block);

#endif

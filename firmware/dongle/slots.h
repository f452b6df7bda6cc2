/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slots.h - sealed values of the chain on the EEPROM, in no order: each slot
 * says whose block's value it holds, that is x[32 * (block + 1)], the value
 * that the block's 32 passwords are computed from.
 */
#ifndef WHITEKEY_DONGLE_SLOTS_H
#define WHITEKEY_DONGLE_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include <whitekey/chain.h>

#include "layout.h"

#define WK_NO_BLOCK 0xffffu

struct wk_slots {
  uint32_t epoch;
  uint16_t block[WK_SLOTS]; /* WK_NO_BLOCK: the slot is free */
  uint8_t last;             /* the slot written last */
  struct {
    uint8_t left; /* bytes still to be written; 0: no write is going on */
    uint16_t block;
    uint8_t sealed[WK_VALUE_LEN + 4];
  } put;
};

/* As the EEPROM has it; no value is looked at. */
void wk_slots_load(struct wk_slots *s, uint32_t epoch);

/* All are free, on the EEPROM too. */
void wk_slots_clear(struct wk_slots *s, uint32_t epoch);

bool wk_slots_has(const struct wk_slots *s, uint16_t block);

/*
 * The value of a block that is there. False: damaged, or sealed under another
 * key; x is zeroed and the slot counts as free from now on.
 */
bool wk_slots_get(struct wk_slots *s, uint8_t x[WK_VALUE_LEN], uint16_t block);

/*
 * Begins to write a value to a slot, while no other is being written. What the
 * slot held is lost; x is wiped.
 */
void wk_slots_put(struct wk_slots *s, uint8_t slot, uint16_t block,
                  uint8_t x[WK_VALUE_LEN]);

/* One byte of that, 3.4 ms at most; false: no write is going on. */
bool wk_slots_work(struct wk_slots *s);

#endif

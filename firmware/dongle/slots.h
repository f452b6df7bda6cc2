/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slots.h - sealed values of chains on the EEPROM, in no order: each slot says
 * whose block's value it holds, that is x[32 * (block + 1)], the value that
 * the block's 32 passwords are computed from, and whether of an even or of an
 * odd epoch. Whoever begins an epoch clears its side first.
 */
#ifndef WHITEKEY_DONGLE_SLOTS_H
#define WHITEKEY_DONGLE_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "epoch.h"
#include "layout.h"
#include "nv.h"

#define WK_NO_BLOCK 0xffffu

struct wk_slots {
  uint16_t key[WK_SLOTS]; /* see wk_slots_key(); WK_NO_BLOCK: it is free */
  uint8_t last;           /* the slot written last */
  struct wk_nv_put put;   /* to that slot; or an epoch's record */
};

/* What a slot says that it holds: side and block. */
uint16_t wk_slots_key(const struct wk_epoch *e, uint16_t block);

/* The block that a slot holds of an epoch's side, WK_NO_BLOCK: none. */
uint16_t wk_slots_block(const struct wk_slots *s, uint8_t slot,
                        const struct wk_epoch *e);

/* As the EEPROM has it; no value is looked at. */
void wk_slots_load(struct wk_slots *s);

/* One of those that hold a block of an epoch's side is free from now on, on
 * the EEPROM too. False: there is none left. */
bool wk_slots_clear(struct wk_slots *s, const struct wk_epoch *e);

bool wk_slots_has(const struct wk_slots *s, const struct wk_epoch *e,
                  uint16_t block);

/*
 * The value of a block that is there. False: damaged, or sealed under another
 * key; x is zeroed and the slot counts as free from now on.
 */
bool wk_slots_get(struct wk_slots *s, uint8_t x[WK_VALUE_LEN],
                  const struct wk_epoch *e, uint16_t block);

/*
 * Begins to write a value to a slot, while no other is being written. What the
 * slot held is lost; x stays.
 */
void wk_slots_put(struct wk_slots *s, uint8_t slot, const struct wk_epoch *e,
                  uint16_t block, const uint8_t x[WK_VALUE_LEN]);

/* One byte of what is being put, 3.4 ms at most; false: there is none left. */
bool wk_slots_work(struct wk_slots *s);

#endif

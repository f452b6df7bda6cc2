/* SPDX-License-Identifier: Apache-2.0 */
/*
 * epoch.h - the chain of an epoch as the EEPROM keeps it: its sealed seed.
 *
 * Even and odd epochs have a place each. While a key update goes on both
 * hold one, the lower is the chain in use; a switch to the next chain, or
 * its end, is the one byte that makes the other's record invalid.
 */
#ifndef WHITEKEY_DONGLE_EPOCH_H
#define WHITEKEY_DONGLE_EPOCH_H

#include <stdbool.h>
#include <stdint.h>

#include <whitekey/chain.h>

#include "nv.h"
#include "vault.h"

/* What of an epoch is sealed under which name. */
struct wk_seal_name wk_epoch_name(const struct wk_epoch *e, char kind,
                                  uint16_t number);

/* As the EEPROM has it on a side, 0 or 1; false: there is none. */
bool wk_epoch_load(struct wk_epoch *e, uint8_t side);

/* Which of the two places an epoch has. */
uint8_t wk_epoch_side(const struct wk_epoch *e);

/* The epoch's chain is there, once that is put. Seals the seed, which is
 * wiped. */
void wk_epoch_put(struct wk_nv_put *put, const struct wk_epoch *e,
                  uint8_t seed[WK_SEED_LEN]);

/* False, with seed wiped: the vault is closed, or the record damaged. */
bool wk_epoch_seed(const struct wk_epoch *e, uint8_t seed[WK_SEED_LEN]);

/* It is not, from the first write on; then its seed is written over. One write
 * of that; false: none is left. */
bool wk_epoch_erase(uint8_t side);

#endif

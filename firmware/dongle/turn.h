/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turn.h - whether a key update is open, and whose turn it is then: the old
 * chain's or the new one's (protocol section 6.5).
 *
 * The turn changes with each password. A byte for it would wear out first of
 * all cells if a server never answered: it is the parity of twelve, of which
 * each password changes one. Power that fails there leaves either turn, which
 * is as good as a login that got no answer.
 */
#ifndef WHITEKEY_DONGLE_TURN_H
#define WHITEKEY_DONGLE_TURN_H

#include <stdbool.h>
#include <stdint.h>

bool wk_turn_is_open(void);

/* The old chain is next. False: the EEPROM did not take it. */
bool wk_turn_open(void);
void wk_turn_close(void);

bool wk_turn_is_new(void);

/* The other one's turn; index: of the password that was taken. */
void wk_turn_change(uint32_t index);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - the chain in 1 KB of EEPROM.
 *
 * The chain's upper ends of blocks of 32 passwords are walked by a plan
 * (whitekey/plan.h) in which a step is 32 of the chain's. What the plan wants
 * kept is in sealed slots; a password is at most 31 steps below its block's
 * value.
 *
 * There is no list of what is where, and so none that a power failure could
 * tear: the counter says which block is current, the plan follows from it,
 * and a wanted value that no slot holds is walked to from the next higher one
 * that some slot does hold, or from the seed. A slot is written over only
 * when its value is neither wanted nor the source of a wanted one.
 */
#ifndef WHITEKEY_DONGLE_STORE_H
#define WHITEKEY_DONGLE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include <whitekey/err.h>
#include <whitekey/plan.h>

#include "counter.h"
#include "slots.h"

#define WK_STORE_N_MIN UINT32_C(256)
#define WK_STORE_N_MAX UINT32_C(65536)

struct wk_store {
  uint32_t n; /* a power of two */
  uint8_t salt[WK_SALT_LEN];
  struct wk_counter counter;
  struct wk_plan plan; /* of blocks; the current one's round is done */
  struct wk_slots slots;
  struct {
    bool going;
    uint16_t block; /* whose value is wanted */
    uint32_t at;    /* x is x[at] */
    uint8_t x[WK_VALUE_LEN];
  } walk; /* to one missing value */
};

/* A new chain that no password was taken of, on the EEPROM too. */
void wk_store_create(struct wk_store *s, const struct wk_id *id,
                     uint32_t epoch, uint32_t n);

/* As the EEPROM has it. WK_ERR_CORRUPT: there is no counter. */
WK_MUST_CHECK enum wk_err wk_store_load(struct wk_store *s,
                                        const struct wk_id *id, uint32_t epoch,
                                        uint32_t n);

/* The current block's value is there: passwords come at once. */
bool wk_store_is_ready(const struct wk_store *s);

/*
 * Some milliseconds of what is to be done; false: there is nothing, or the
 * vault is closed.
 */
bool wk_store_work(struct wk_store *s);

/* The index of the next password; n + 1: there is none left. */
uint32_t wk_store_next(const struct wk_store *s);

/*
 * Spends the next index, or one `skip` later, and gives x[index] once that is
 * durable. WK_ERR_EXHAUSTED: no index is left. WK_ERR_KEY: the vault is
 * closed. WK_ERR_IO: the EEPROM did not take it; the index is skipped. x and
 * *index are zeroed then.
 */
WK_MUST_CHECK enum wk_err wk_store_take(struct wk_store *s, uint8_t skip,
                                        uint8_t x[WK_VALUE_LEN],
                                        uint32_t *index);

/* x[0], before the first password only: WK_ERR_ARGUMENT otherwise. */
WK_MUST_CHECK enum wk_err wk_store_anchor(struct wk_store *s,
                                          uint8_t anchor[WK_VALUE_LEN]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - the chain in 1 KB of EEPROM, and the next one beside it while a
 * key update goes on.
 *
 * The chain's upper ends of blocks of 32 passwords are walked by a plan
 * (whitekey/plan.h) in which a step is 32 of the chain's. What the plan wants
 * kept is in sealed slots, and so are the current block's value and those of
 * the next ones, for whoever skips; a password is at most 31 steps below its
 * block's value. While there are two chains each keeps what is near.
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
#include "epoch.h"
#include "slots.h"

#define WK_STORE_N_MIN UINT32_C(256)
#define WK_STORE_N_MAX UINT32_C(65536)

enum wk_which { WK_OLD = 0, WK_NEW = 1 };

/* A chain of an epoch. */
struct wk_line {
  bool present;
  struct wk_epoch epoch;
  uint8_t salt[WK_SALT_LEN];
  struct wk_counter counter;
};

/* To one missing value. */
struct wk_walk {
  bool going;
  uint16_t block; /* whose value is wanted */
  uint32_t at;    /* x is x[at] */
  uint8_t x[WK_VALUE_LEN];
};

struct wk_store {
  const struct wk_id *id;
  uint32_t n; /* a power of two, of both chains */
  struct wk_line line[2];
  struct wk_plan plan; /* of the old chain's blocks; the current one's round
                          is done */
  bool wants_next; /* there is none yet, and wk_store_work() is to begin it */
  struct wk_slots slots;
  /* A short one does not wait for a long one, which takes minutes: of two
   * chains each has its own. */
  struct wk_walk near;
  struct wk_walk far;
};

/* The first chain, of epoch 0, that no password was taken of, on the EEPROM
 * too. seed is wiped; id stays the caller's. */
void wk_store_create(struct wk_store *s, const struct wk_id *id, uint32_t n,
                     uint8_t seed[WK_SEED_LEN]);

/* As the EEPROM has it. WK_ERR_CORRUPT: there is no chain. */
WK_MUST_CHECK enum wk_err wk_store_load(struct wk_store *s,
                                        const struct wk_id *id, uint32_t n);

/* Nothing is left of it, here and on the EEPROM. */
void wk_store_erase(struct wk_store *s);

/* The current block's value is there: passwords come at once. */
bool wk_store_is_ready(const struct wk_store *s, enum wk_which which);

/*
 * Some milliseconds of what is to be done soon; false: there is nothing, or it
 * needs the vault, which is closed.
 */
bool wk_store_work(struct wk_store *s);

/* The same of what takes minutes, where there is nothing to be done soon. Of
 * all keys it needs the one that is left when the vault was narrowed. */
void wk_store_narrow(struct wk_store *s);
bool wk_store_walk(struct wk_store *s);

/*
 * How often wk_store_work() is due before this chain's next password is given:
 * a host that asks without a pause finds the next block's value there, too.
 */
uint8_t wk_store_owes(const struct wk_store *s, enum wk_which which);

/* Both, a second of them at most, as far as it makes the next password quick,
 * whatever is skipped. */
void wk_store_catch_up(struct wk_store *s, enum wk_which which);

/* The index of the next password; n + 1: there is none left. */
uint32_t wk_store_next(const struct wk_store *s, enum wk_which which);

/* Where the walk is that goes on; 0: none does. */
uint32_t wk_store_progress(const struct wk_store *s);

/*
 * Spends the next index, or one `skip` later, and gives x[index] once that is
 * durable. WK_ERR_EXHAUSTED: no index is left. WK_ERR_KEY: the vault is
 * closed. WK_ERR_BUSY: its block's value is still far: nothing is spent.
 * WK_ERR_IO: the EEPROM did not take it; the index is skipped. x and *index
 * are zeroed then.
 */
WK_MUST_CHECK enum wk_err wk_store_take(struct wk_store *s,
                                        enum wk_which which, uint8_t skip,
                                        uint8_t x[WK_VALUE_LEN],
                                        uint32_t *index);

/*
 * x[index] without spending it: 0, the anchor, before the first password, or
 * the next one. WK_ERR_ARGUMENT: another one; otherwise as wk_store_take().
 */
WK_MUST_CHECK enum wk_err wk_store_peek(struct wk_store *s,
                                        enum wk_which which, uint32_t index,
                                        uint8_t x[WK_VALUE_LEN]);

/* ---- key update: protocol section 6 --------------------------------------
 */

/*
 * Clears the place of the next chain of what an earlier one left, as far as it
 * goes without waiting. False: all of it, or there is a next chain.
 */
bool wk_store_clear(struct wk_store *s);

/*
 * Where it is wanted, and its place is clear, makes the next epoch's seed of
 * the old one's and fresh chance, and begins to put it. False: not wanted, or
 * as wk_epoch_seed(), and not wanted any more.
 */
bool wk_store_begin(struct wk_store *s);

/* The next chain is the chain. */
void wk_store_switch(struct wk_store *s);

/* The next chain is dropped. */
void wk_store_drop(struct wk_store *s);

#endif

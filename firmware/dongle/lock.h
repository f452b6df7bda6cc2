/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock.h - what keeps the vault's key while the vault is closed.
 *
 * An image has one of two. finger.c wraps the key under the hash of a
 * template, which the sensor gives out after a finger matched: each command
 * that needs the key asks for the finger, and the vault is closed as soon as
 * there is nothing more to do. unattended.c stores the key as it is and leaves
 * the vault open.
 */
#ifndef WHITEKEY_DONGLE_LOCK_H
#define WHITEKEY_DONGLE_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <whitekey/err.h>
#include <whitekey/id.h>
#include <whitekey/port.h>

/* What came of asking for a finger. */
enum wk_touch {
  WK_TOUCH_OK = 0,
  WK_TOUCH_NO_FINGER,
  WK_TOUCH_STRANGER,   /* another finger */
  WK_TOUCH_UNREADABLE, /* too poor an image, or two of different fingers */
  WK_TOUCH_CHANGED,    /* the template is not the one that was set up */
  WK_TOUCH_SILENT,     /* the sensor says nothing */
  WK_TOUCH_NOISE,      /* it says what no sensor says */
  WK_TOUCH_REFUSED     /* it has another password, or an error of its own */
};

/*
 * Opens the vault. WK_ERR_KEY: it stays as it was, wk_lock_said() tells why.
 */
WK_MUST_CHECK enum wk_err wk_lock_open(void);
enum wk_touch wk_lock_said(void);

/*
 * Keeps a new key of 16 random bytes and opens the vault with it. What was
 * sealed before is lost. With a finger bio_id becomes its template's.
 * WK_ERR_KEY: as above, and nothing is kept.
 */
WK_MUST_CHECK enum wk_err wk_lock_make(uint8_t bio_id[WK_BIO_LEN],
                                       const uint8_t key[WK_AES_KEY_LEN]);

/* The key is destroyed, in the vault and on the EEPROM. */
void wk_lock_destroy(void);

/* The rest is for images with a finger alone. */

/*
 * Teaches the sensor a finger: step 1 takes a look, step 2 another and stores
 * the template; wk_lock_make() then makes it the lock's. Step 3 replaces the
 * finger that opens the lock by the one of step 2: the old one is asked for.
 * WK_ERR_ARGUMENT: no such step; WK_ERR_MISSING: step 3 without 2, or where
 * there is no lock; WK_ERR_KEY: as above, and the old finger goes on to open.
 */
WK_MUST_CHECK enum wk_err wk_lock_teach(uint8_t step);

/* The finger says so, or a jumper that needs no host (firmware/README.md). */
WK_MUST_CHECK enum wk_err wk_lock_may_erase(void);

/* The templates on the sensor are deleted, if it listens. */
void wk_lock_forget(void);

#endif

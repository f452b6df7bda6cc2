/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update.h - the dongle's side of a key update: protocol section 6, read as
 * docs/adr/0007 does.
 *
 *   none -> preparing -> prepared -> open -> none, with the one chain or the
 *   other; before X3 leaves, the next chain is on nobody's mind but ours
 */
#ifndef WHITEKEY_DONGLE_UPDATE_H
#define WHITEKEY_DONGLE_UPDATE_H

#include "asked.h"
#include "store.h"

enum wk_update_state {
  WK_UPDATE_NONE = 0,
  WK_UPDATE_PREPARING = 1, /* the next chain is being computed */
  WK_UPDATE_PREPARED = 2,
  WK_UPDATE_OPEN = 3 /* X3 left: the server's answers tell which is valid */
};

enum wk_update_when {
  WK_UPDATE_DUE = 0, /* where less than a quarter is left, or less than 3R */
  WK_UPDATE_NOW = 1
};

enum wk_update_state wk_update_state(const struct wk_store *s);

/* An update may begin: enough passwords are left, and not too many. */
bool wk_update_is_due(const struct wk_store *s, enum wk_update_when when);

/* The chain that the next password is of. */
enum wk_which wk_update_which(const struct wk_store *s);

/*
 * The body of X3 in the session of the last login, whose index is one below
 * the next. WK_ERR_BUSY, WK_ERR_KEY: as wk_store_peek(); WK_ERR_IO: the EEPROM
 * did not take it that X3 leaves. body is to be wiped.
 */
WK_MUST_CHECK enum wk_err wk_update_body(struct wk_update *body,
                                         struct wk_store *s);

/*
 * Does what follows for both chains from an X4 that wk_asked_open() found to
 * answer something; that is durable. WK_ERR_CHAIN: nothing, for the server
 * knows a chain that we did not make.
 */
WK_MUST_CHECK enum wk_err wk_update_answered(struct wk_store *s,
                                             const struct wk_asked *a,
                                             enum wk_answer answer,
                                             const struct wk_reply *reply);

#endif

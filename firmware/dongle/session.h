/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - the dongle between power-on and power-off: enrolling, giving
 * passwords, checking answers. Knows no wire; command.h does.
 */
#ifndef WHITEKEY_DONGLE_SESSION_H
#define WHITEKEY_DONGLE_SESSION_H

#include <whitekey/msg.h>

#include "device.h"
#include "store.h"
#include "update.h"

enum wk_state {
  WK_BLANK = 0,    /* not enrolled */
  WK_BUILDING = 1, /* computing its chain */
  WK_READY = 2,
  WK_SPENT = 3,   /* no password is left */
  WK_DAMAGED = 4, /* the EEPROM contradicts itself: reset and enrol anew */
  WK_KEYLESS = 5  /* its chain is there, the server's Ks is not */
};

struct wk_wish { /* what the host says of a password */
  uint8_t skip;  /* indices to leave out, protocol section 2 */
  uint32_t time; /* Unix seconds, 0: unknown */
  uint8_t nonce[WK_NONCE_LEN];
  const uint8_t *challenge; /* WK_CHALLENGE_LEN bytes, or NULL */
};

struct wk_enrolment {
  struct wk_id id;
  uint32_t n;
  const uint8_t *random; /* WK_RANDOM_LEN bytes of the host's, or zeros */
};

/* Where nobody is enrolled, nothing of an earlier enrolment is left. */
void wk_session_start(void);

/* A piece of work that waits for nobody; false: there is none. */
bool wk_session_work(void);

/* That work is to be done before the host is listened to again. */
bool wk_session_owes(void);

enum wk_state wk_session_state(void);
const struct wk_device *wk_session_device(void);
const struct wk_store *wk_session_store(void);

/*
 * Below, WK_ERR_KEY: no finger of ours, see wk_lock_said(). The unattended
 * image asks for none.
 */

/* Starts making a chain. WK_ERR_EXISTS: enrolled; WK_ERR_ARGUMENT: n; without
 * chance of the host's WK_ERR_BUSY: our own is being tested; WK_ERR_MISSING:
 * it failed. */
WK_MUST_CHECK enum wk_err wk_session_enrol(const struct wk_enrolment *e);

/* What the server is told at an enrolment, until the first password. */
WK_MUST_CHECK enum wk_err wk_session_public(uint8_t bio_id[WK_BIO_LEN],
                                            uint8_t anchor[WK_VALUE_LEN]);

/* The server's Ks ends the enrolment. WK_ERR_EXISTS: not keyless. ks is wiped.
 */
WK_MUST_CHECK enum wk_err wk_session_key(uint8_t ks[WK_KS_LEN]);

/*
 * The next X1. WK_ERR_MISSING: not enrolled, or keyless; WK_ERR_BUSY: building
 * its chain; WK_ERR_CORRUPT: damaged; otherwise as wk_store_take(). x1 is
 * zeroed then.
 */
WK_MUST_CHECK enum wk_err wk_session_login(uint8_t x1[WK_X1_LEN],
                                           const struct wk_wish *wish);

/*
 * The server's X4 for the last X1, or for the X3 of its session, which decides
 * an open key update. WK_ERR_FORGED: it is neither. WK_ERR_CHAIN: it is, and
 * tells of a chain that this dongle did not make: its secrets were stolen.
 * reply is zeroed then.
 */
WK_MUST_CHECK enum wk_err wk_session_answer(struct wk_reply *reply,
                                            const uint8_t x4[WK_X4_LEN]);

/*
 * HMAC(the vault's key, "whitekey/1/site" || lv(label)): the same for a label
 * until the dongle is reset. WK_ERR_MISSING: not enrolled.
 */
WK_MUST_CHECK enum wk_err wk_session_site(uint8_t secret[WK_HASH_LEN],
                                          const uint8_t *label, uint8_t len);

/*
 * Begins a key update (protocol section 6), or goes on with one: the X3 that
 * is to be published once, in the session of the last login, whose X4 has
 * been checked. random: WK_RANDOM_LEN bytes of the host's, or zeros; x3 may
 * be in their place.
 *
 * WK_ERR_BUSY: the next chain is being computed, ask again, in any session.
 * WK_ERR_MISSING: no update is due, one is open, or no X4 was checked.
 * WK_ERR_KEY, WK_ERR_IO; otherwise as wk_session_login(). x3 is zeroed then.
 */
WK_MUST_CHECK enum wk_err wk_session_update(uint8_t x3[WK_X3_LEN],
                                            enum wk_update_when when,
                                            const uint8_t *random);

/* Back to blank; every secret is written over. */
void wk_session_reset(void);

#endif

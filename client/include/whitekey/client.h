/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h - the device's side: the next one-time password, the check of the
 * server's X4, and key updates.
 *
 * A client is backed by a credential file (index durable before a byte of the
 * message is given out, safe against a second process on the same file), by a
 * dongle on a serial port, which has all of that inside, or by memory alone
 * (simulated devices). One client is for one thread at a time.
 * What has to outlive the process is in the file: indices, both chains of an
 * open update and whose turn it is, and how far the skip-ahead of section 2
 * has been used since the last success.
 *
 * The life of a login:
 *
 *   wk_client_next()      -> CONNECT
 *   CONNACK               -> wk_client_refused(), if it is a refusal
 *   every X4              -> wk_client_check()
 *   after each good X4    -> wk_client_update(), until WK_ERR_MISSING, each
 *                            message published on whitekey/v1/<d_id>/x3
 */
#ifndef WHITEKEY_CLIENT_H
#define WHITEKEY_CLIENT_H

#include <whitekey/credential.h>
#include <whitekey/dongle.h>
#include <whitekey/msg.h>

struct wk_client;

/* Unix seconds, or 0: no clock (section 3). Read under the index's lock. */
typedef uint32_t wk_clock(void *context);

/* The system's clock; context is ignored. */
uint32_t wk_clock_system(void *context);

/*
 * Opens a credential file that only its owner may read.
 * WK_ERR_MISSING, WK_ERR_MALFORMED, WK_ERR_KEY (others may read it),
 * WK_ERR_ARGUMENT (only a user's chain D, which makes no login by itself),
 * WK_ERR_IO. clock NULL: the device has none. A symbolic link is followed
 * once, here. *client is the caller's to free, NULL on failure.
 */
WK_MUST_CHECK enum wk_err wk_client_open(struct wk_client **client,
                                         const char *path, wk_clock *clock,
                                         void *clock_context,
                                         struct wk_why *why);

/*
 * The same for a user's credential, which needs a chain D: wk_client_user()
 * instead of wk_client_next(). WK_ERR_ARGUMENT: it holds none.
 */
WK_MUST_CHECK enum wk_err
wk_client_open_user(struct wk_client **client, const char *path,
                    wk_clock *clock, void *clock_context, struct wk_why *why);

/*
 * A client whose logins a dongle makes (docs/dongle.md); it keeps the port
 * until wk_client_free(). Errors here and later as dongle.h has them, and
 * WK_ERR_ARGUMENT: the dongle is not enrolled. Each login waits for the chip,
 * a tenth of a second, and some seconds where it does not answer.
 */
WK_MUST_CHECK enum wk_err wk_client_open_dongle(struct wk_client **client,
                                                const char *port,
                                                wk_clock *clock,
                                                void *clock_context,
                                                struct wk_why *why);

/*
 * For a program that has other things to do meanwhile: from now on
 * wk_client_next(), wk_client_check() and wk_client_update() give WK_ERR_AGAIN
 * where they would wait for the dongle; wk_client_next() also instead of
 * WK_ERR_KEY, until a finger lies on its sensor. The same call is due again,
 * with the same values, when wk_client_wait() says so (fd -1: it waits for the
 * finger); or wk_client_give_up(), and the login counts as one without an
 * answer. Without a dongle nothing changes.
 */
void wk_client_no_wait(struct wk_client *client);
struct wk_wait wk_client_wait(const struct wk_client *client);
void wk_client_give_up(struct wk_client *client);

/*
 * A client in memory only, for simulated devices; copies the credential.
 * WK_ERR_ARGUMENT: no chain C, or a length or index out of range.
 */
WK_MUST_CHECK enum wk_err wk_client_new(struct wk_client **client,
                                        const struct wk_credential *credential,
                                        wk_clock *clock, void *clock_context);

/*
 * Keeps the credential file locked until wk_client_free(), and makes only
 * every count-th index (1..WK_RESERVE_MAX) durable, that many at once: for
 * flash that wears out. What was put aside and not spent is given back by
 * wk_client_free(); a crash skips it, and logins then send no time for four
 * minutes (section 2). While an update is open each login is written.
 *
 * WK_ERR_ARGUMENT: count, or no file; WK_ERR_BUSY: another program keeps the
 * file; else as wk_client_open().
 */
WK_MUST_CHECK enum wk_err wk_client_reserve(struct wk_client *client,
                                            uint32_t count,
                                            struct wk_why *why);

void wk_client_free(struct wk_client *client);

const struct wk_id *wk_client_id(const struct wk_client *client);

/* Its logins need a user's part, and it holds that too. */
bool wk_client_has_user(const struct wk_client *client);

/* A login's messages, to be sent once. */
struct wk_otp {
  uint8_t x1[WK_X1_LEN];
  uint8_t x2[WK_X2_LEN];
  bool has_x2; /* the credential has a user's chain */
};

/*
 * The next login. challenge: WK_CHALLENGE_LEN bytes or NULL (section 5).
 * WK_ERR_EXHAUSTED: a chain is spent, enrol again. WK_ERR_CORRUPT: the file
 * is of another device now. WK_ERR_BUSY: another program keeps it. WK_ERR_IO
 * and what wk_client_open() gives: the index could not be made durable. otp is
 * zeroed on failure and an index may have been skipped.
 */
WK_MUST_CHECK enum wk_err wk_client_next(struct wk_client *client,
                                         const uint8_t *challenge,
                                         struct wk_otp *otp,
                                         struct wk_why *why);

/*
 * Adds the user's X2 to a login that wk_client_next() of the device made, with
 * the same challenge. WK_ERR_FORGED: its X1 is not of this device;
 * WK_ERR_ARGUMENT: it has an X2, or the client was not opened for a user; else
 * as wk_client_next(). otp is unchanged on failure.
 */
WK_MUST_CHECK enum wk_err wk_client_user(struct wk_client *client,
                                         const uint8_t *challenge,
                                         struct wk_otp *otp,
                                         struct wk_why *why);

/* As MQTT password text and as enhanced authentication data (sections 4, 5).
 */
void wk_otp_password(const struct wk_otp *otp, char text[WK_PASSWORD_MAX + 1]);
#define WK_OTP_BINARY_MAX (1u + WK_DID_MAX + WK_X1_LEN + WK_X2_LEN)
size_t wk_otp_binary(const struct wk_otp *otp, const struct wk_id *id,
                     uint8_t out[WK_OTP_BINARY_MAX]);

/*
 * Checks an X4 against the last login: it opens, is an X4 and names the X1 or
 * an X3 of this session. reply->role tells whose chain it speaks of. One that
 * answers the login is wk_client_accepted() too, and decides an open update:
 * the chain that lost is erased, durably where there is a file.
 *
 * WK_ERR_MALFORMED (also a status that does not answer such a message),
 * WK_ERR_FORGED: not an answer. WK_ERR_CHAIN: it is one, the login stands, and
 * it tells of a chain that nobody with this credential made: the key was
 * stolen. WK_ERR_IO and what wk_client_open() gives: what it decided is not
 * durable, and nothing is lost: the next login goes on from there. reply is
 * zeroed on failure.
 */
WK_MUST_CHECK enum wk_err wk_client_check(struct wk_client *client,
                                          const uint8_t *x4, size_t len,
                                          struct wk_reply *reply,
                                          struct wk_why *why);

/*
 * How the last login ended, for the skip-ahead of section 2: the next index
 * advances by 1, 2, 4 .. R after explicit refusals, once since the last
 * success, then by 1 each. In MQTT 3.1.1, and where a CONNACK has no X4,
 * anyone can let a client in: there wk_client_check() tells the success, and
 * nobody calls this. After no answer (no CONNACK or AUTH in time, closed
 * connection, CONNACK 3, 0x88, 0x89) call neither: it advances by 1 and the
 * refusals counted so far stay counted. A jump past the chain's end goes to
 * its last index. Chain D advances with C.
 */
void wk_client_accepted(struct wk_client *client);
void wk_client_refused(struct wk_client *client);

/* ---- key update (section 6) -------------------------------------------- */

/* How often a client begins an update by itself. */
enum wk_update_when {
  WK_UPDATE_QUARTER, /* less than a quarter of the chain is left, or less than
                        3R indices of a short one */
  WK_UPDATE_SESSION, /* whenever none is open */
  WK_UPDATE_NEVER
};

/* "quarter", "session", "never". WK_ERR_ARGUMENT: none of them. */
WK_MUST_CHECK enum wk_err wk_update_when_parse(enum wk_update_when *when,
                                               const char *name);

/*
 * Begins an update of one chain where it is due and the last login was
 * accepted: the new chain is durable, and x3 is to be published once, within
 * that login's session. At least 2R + 2 indices must be left. Call it until it
 * gives WK_ERR_MISSING: none is due. Other errors as wk_client_next(). x3 is
 * zeroed on failure.
 *
 * From then on both chains are kept and logins go on by section 6.5, whoever
 * makes them: see client/spend.h for the order.
 */
WK_MUST_CHECK enum wk_err wk_client_update(struct wk_client *client,
                                           enum wk_update_when when,
                                           uint8_t x3[WK_X3_LEN],
                                           struct wk_why *why);

#endif

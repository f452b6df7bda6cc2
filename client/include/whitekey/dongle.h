/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dongle.h - the host's side of a dongle's serial line (docs/dongle.md).
 *
 * Each call asks one question and waits for the answer, some seconds at most;
 * a line that lost a frame is asked again. After an error of the line the next
 * call opens the port anew: a dongle may be pulled out and put back. For one
 * thread at a time.
 *
 * Beside what its function says, every call may give WK_ERR_MISSING (no such
 * port), WK_ERR_BUSY (another program uses it, or it computes its chain),
 * WK_ERR_KEY (it wants a finger, and none lies on its sensor: ask again),
 * WK_ERR_IO (no answer, the line failed, or the sensor or the finger is not
 * the right one), WK_ERR_MALFORMED (an answer that this program does not
 * understand) or WK_ERR_CORRUPT (the dongle's EEPROM is damaged); why names
 * the port.
 */
#ifndef WHITEKEY_DONGLE_H
#define WHITEKEY_DONGLE_H

#include <whitekey/msg.h>
#include <whitekey/why.h>

enum wk_dongle_state {
  WK_DONGLE_BLANK = 0,
  WK_DONGLE_COMPUTING = 1,
  WK_DONGLE_READY = 2,
  WK_DONGLE_SPENT = 3,
  WK_DONGLE_DAMAGED = 4,
  WK_DONGLE_KEYLESS = 5
};

struct wk_dongle_info {
  enum wk_dongle_state state;
  uint32_t epoch;
  uint32_t n;
  uint32_t next;            /* index of the next password; n + 1: spent */
  uint32_t at;              /* COMPUTING: falls from n */
  char did[WK_DID_MAX + 1]; /* empty: BLANK */
};

/* Of a password that is asked for. */
struct wk_dongle_wish {
  uint8_t skip;             /* indices to leave out, 0..WK_SKIP_MAX */
  uint32_t time;            /* Unix seconds, 0: no clock */
  const uint8_t *challenge; /* WK_CHALLENGE_LEN bytes, or NULL */
};

struct wk_dongle;

/* What a call that gave WK_ERR_AGAIN waits for. */
struct wk_wait {
  int fd;        /* of the serial port, -1: for the time alone */
  bool out;      /* until it takes more; else until it has more */
  int64_t until; /* of wk_steady_ms(): no longer than that */
};

/*
 * Opens the port and hears from the dongle. WK_ERR_ARGUMENT: it is no serial
 * port. *dongle is the caller's, NULL on failure.
 */
WK_MUST_CHECK enum wk_err wk_dongle_open(struct wk_dongle **dongle,
                                         const char *port, struct wk_why *why);
void wk_dongle_close(struct wk_dongle *dongle); /* NULL is allowed */

/*
 * For a program that has other things to do meanwhile: from now on info,
 * password, answer and update give WK_ERR_AGAIN where they would wait. The
 * same call is due again when wk_dongle_wait() says so, and goes on with the
 * values of its first time; or the question is given up. It may have been
 * heard all the same.
 */
void wk_dongle_no_wait(struct wk_dongle *dongle);
struct wk_wait wk_dongle_wait(const struct wk_dongle *dongle);
void wk_dongle_give_up(struct wk_dongle *dongle);

/* info is zeroed on failure. */
WK_MUST_CHECK enum wk_err wk_dongle_info(struct wk_dongle *dongle,
                                         struct wk_dongle_info *info,
                                         struct wk_why *why);

/*
 * Sets a finger up: step 1 looks at it, step 2 does again and keeps it, before
 * the enrolment; step 3 opens with the old finger and changes to the new one.
 * WK_ERR_MISSING: this dongle has no sensor. WK_ERR_EXISTS: not in its state.
 * WK_ERR_KEY: also where step 3 finds another than the old finger.
 */
WK_MUST_CHECK enum wk_err wk_dongle_finger(struct wk_dongle *dongle,
                                           uint8_t step, struct wk_why *why);

/*
 * The dongle's secret for a label of 1..WK_DONGLE_LABEL_MAX bytes, otherwise
 * WK_ERR_ARGUMENT. secret is zeroed on failure.
 */
#define WK_DONGLE_LABEL_MAX 130u
WK_MUST_CHECK enum wk_err wk_dongle_site(struct wk_dongle *dongle,
                                         const char *label,
                                         uint8_t secret[WK_HASH_LEN],
                                         struct wk_why *why);

/*
 * Begins an enrolment; the dongle then computes its chain, see info. n: a
 * power of two, WK_DONGLE_N_MIN..WK_DONGLE_N_MAX (WK_ERR_ARGUMENT).
 * WK_ERR_EXISTS: it is enrolled.
 */
#define WK_DONGLE_N_MIN UINT32_C(256)
#define WK_DONGLE_N_MAX UINT32_C(65536)
WK_MUST_CHECK enum wk_err wk_dongle_enrol(struct wk_dongle *dongle,
                                          const struct wk_id *id, uint32_t n,
                                          struct wk_why *why);

/* What the server is told; WK_ERR_EXISTS: not computed, or in use already.
 * Both are zeroed on failure. */
WK_MUST_CHECK enum wk_err wk_dongle_public(struct wk_dongle *dongle,
                                           uint8_t bio_id[WK_BIO_LEN],
                                           uint8_t anchor[WK_VALUE_LEN],
                                           struct wk_why *why);

/* The server's Ks ends the enrolment. WK_ERR_EXISTS: it was not waiting. */
WK_MUST_CHECK enum wk_err wk_dongle_key(struct wk_dongle *dongle,
                                        const uint8_t ks[WK_KS_LEN],
                                        struct wk_why *why);

/*
 * The next X1. WK_ERR_EXHAUSTED: none is left; WK_ERR_EXISTS: not enrolled, or
 * not yet. x1 is zeroed on failure, and an index may have been skipped.
 */
WK_MUST_CHECK enum wk_err wk_dongle_password(struct wk_dongle *dongle,
                                             const struct wk_dongle_wish *wish,
                                             uint8_t x1[WK_X1_LEN],
                                             struct wk_why *why);

/*
 * Has the dongle check the server's X4 for its last X1, or for the X3 of that
 * session. WK_ERR_FORGED: it is not that. WK_ERR_CHAIN: it is, and tells of a
 * chain that the dongle did not make: its key was stolen. reply has no digest,
 * and is zeroed on failure.
 */
WK_MUST_CHECK enum wk_err wk_dongle_answer(struct wk_dongle *dongle,
                                           const uint8_t x4[WK_X4_LEN],
                                           struct wk_reply *reply,
                                           struct wk_why *why);

/*
 * Begins a key update or goes on with one, after an X4 for the last X1 was
 * taken: the X3 to be published in that session. now: also before it is due.
 * WK_ERR_BUSY: the dongle computes the next chain, ask in a later session.
 * WK_ERR_EXISTS: there is nothing to do. x3 is zeroed on failure.
 */
WK_MUST_CHECK enum wk_err wk_dongle_update(struct wk_dongle *dongle, bool now,
                                           uint8_t x3[WK_X3_LEN],
                                           struct wk_why *why);

/* Erases every secret. */
WK_MUST_CHECK enum wk_err wk_dongle_reset(struct wk_dongle *dongle,
                                          struct wk_why *why);

#endif

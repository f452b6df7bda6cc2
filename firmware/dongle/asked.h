/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asked.h - what the server was asked since power-on, and whether an X4 is
 * its answer (protocol section 3).
 */
#ifndef WHITEKEY_DONGLE_ASKED_H
#define WHITEKEY_DONGLE_ASKED_H

#include <stdbool.h>

#include <whitekey/msg.h>

/* The last login, and the X3 of its session. */
struct wk_asked {
  uint32_t epoch;
  uint32_t index; /* 0: there was no login */
  bool answered;
  bool updating; /* a key update was open when the login was made */
  bool challenged;
  uint8_t challenge[WK_CHALLENGE_LEN];
  bool x3_sent; /* and not answered */
  union {
    uint8_t x1[WK_X1_LEN];            /* until it is answered: to make its
                                         digest before it leaves takes 2 ms */
    uint8_t x3_digest[WK_DIGEST_LEN]; /* afterwards */
  };
};

/* Whether an answer is still to come. */
bool wk_asked_waits(const struct wk_asked *a);

enum wk_answer {
  WK_ANSWER_NONE, /* the X4 answers nothing that was asked */
  WK_ANSWER_LOGIN,
  WK_ANSWER_X3
};

/* Which question an X4 answers; kx: of the login's epoch. reply is zeroed with
 * WK_ANSWER_NONE. */
enum wk_answer wk_asked_open(struct wk_reply *reply, const struct wk_asked *a,
                             const struct wk_id *id,
                             const uint8_t kx[WK_KX_LEN],
                             const uint8_t x4[WK_X4_LEN]);

#endif

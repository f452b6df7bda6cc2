/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.h - one question to a dongle, and its answer, over a line that loses
 * frames and a port that may be pulled out and put back.
 *
 * A question is a small machine, so that a program with other things to do
 * need not wait: where no_wait is set ask() gives WK_ERR_AGAIN, and the same
 * call is due again once the line is ready or the time is up.
 */
#ifndef WK_CLIENT_ASK_H
#define WK_CLIENT_ASK_H

#include <whitekey/dongle_line.h>

#include "serial.h"

struct question {
  enum wk_line_op op;
  const uint8_t *payload;
  size_t len;          /* below FRAME_CONTENT_MAX */
  const char *not_now; /* what WK_LINE_NOT_NOW means */
};

struct asking {
  struct serial serial;
  bool no_wait;
  bool in_step;  /* no answer to an earlier question is on its way */
  bool repeated; /* the dongle may have got the last question twice */
  /* of the question that is under way: */
  bool under_way;
  uint8_t content[FRAME_CONTENT_MAX]; /* command byte and payload */
  size_t len;
  int tries;
  bool was_open;   /* the port, when it began, and no error since */
  uint8_t awaited; /* the command that an answer must be to */
  bool on_its_way; /* something was sent, and its answer is awaited */
  int64_t until;   /* of wk_steady_ms(): as long as that */
};

/* port is the caller's, for as long as this lives. */
void asking_init(struct asking *a, const char *port);
void asking_end(struct asking *a);

/*
 * Asks; *content is what follows the answer's command byte, at least one byte,
 * until the next use. WK_ERR_AGAIN: see above; another question than the one
 * that is under way gives that one up. Else what serial_open() gives, and
 * WK_ERR_IO: no answer.
 */
WK_MUST_CHECK enum wk_err asking_ask(struct asking *a,
                                     const struct question *q,
                                     const uint8_t **content, size_t *len,
                                     struct wk_why *why);

/* Nobody waits for the answer any more. */
void asking_give_up(struct asking *a);

#endif

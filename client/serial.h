/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serial.h - a serial port with a dongle behind it: one question, one answer.
 */
#ifndef WK_CLIENT_SERIAL_H
#define WK_CLIENT_SERIAL_H

#include <whitekey/why.h>

#include "frame.h"

struct serial {
  const char *name; /* the caller's, for as long as this lives */
  int fd;           /* -1: closed, also by an error of the line */
  struct frame in;
  uint8_t out[FRAME_WIRE_MAX];
  size_t out_len, sent;
};

/*
 * Opens it for this program alone: raw, 57600 baud, 8 bits, no parity; what
 * came before is dropped. WK_ERR_MISSING: there is no such port; WK_ERR_BUSY:
 * another program has it; WK_ERR_ARGUMENT: it is no serial port; WK_ERR_IO.
 */
WK_MUST_CHECK enum wk_err serial_open(struct serial *s, struct wk_why *why);
void serial_close(struct serial *s); /* wipes what came in */

/* WK_ERR_IO, and the port is closed. */
enum wk_err serial_lost(struct serial *s, const char *cause,
                        struct wk_why *why);

/* Takes a frame for the line; an earlier one that is not all out is cut off,
 * which the other end sees. serial_send() has to carry it. */
void serial_put(struct serial *s, const uint8_t *content, size_t len);

/* Sends what the line takes now. WK_ERR_IO, and the port is closed. */
WK_MUST_CHECK enum wk_err serial_send(struct serial *s, struct wk_why *why);
bool serial_unsent(const struct serial *s);

/*
 * The next whole frame, if it has come; *content is the port's until its next
 * use, and *len is 0 where none is there yet. WK_ERR_IO: the line is lost, and
 * closed.
 */
WK_MUST_CHECK enum wk_err serial_receive(struct serial *s,
                                         const uint8_t **content, size_t *len,
                                         struct wk_why *why);

/* Until it takes or has more, or until that time of wk_steady_ms(). */
void serial_wait(const struct serial *s, int64_t until);

#endif

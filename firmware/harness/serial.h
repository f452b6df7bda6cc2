/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serial.h - the other end of a simulated chip's serial line. Bytes for the
 * chip wait here until its UART takes them.
 */
#ifndef WHITEKEY_HARNESS_SERIAL_H
#define WHITEKEY_HARNESS_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <simavr/sim_avr.h>

#define WK_SERIAL_ROOM 4096u

struct wk_serial {
  avr_t *avr;
  avr_irq_t *input;
  bool ready; /* the UART takes bytes */
  uint8_t to_chip[WK_SERIAL_ROOM];
  size_t queued;
  uint8_t from_chip[WK_SERIAL_ROOM]; /* what does not fit is lost */
  size_t received;
  uint32_t sent;   /* bytes by the chip, since power-on */
  uint64_t end_at; /* the cycle in which it sent its last byte 0xc0 */
};

/* Wired to UART 0, with nothing queued or received. */
void wk_serial_init(struct wk_serial *s, avr_t *avr);

/* Whether its receiver is on. A chip that starts loses what it is sent. */
bool wk_serial_listens(const struct wk_serial *s);

/* Queues bytes for the chip; gives how many there was room for. */
size_t wk_serial_send(struct wk_serial *s, const uint8_t *data, size_t len);

/* Takes what the chip sent, cap bytes at most; gives their number. */
size_t wk_serial_receive(struct wk_serial *s, uint8_t *out, size_t cap);

#endif

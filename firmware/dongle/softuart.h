/* SPDX-License-Identifier: Apache-2.0 */
/*
 * softuart.h - a second serial line, to the fingerprint sensor, in software:
 * 57600 baud, 8 bits, no parity; in on PD2 (INT0), out on PD3.
 *
 * A byte comes in bit by bit, in interrupts of timer 2, while the program does
 * something else; up to 31 bytes wait. A byte goes out with interrupts off,
 * for 174 microseconds. The line to the host is not listened to while this
 * one is open: its interrupt would come between the bits.
 */
#ifndef WHITEKEY_DONGLE_SOFTUART_H
#define WHITEKEY_DONGLE_SOFTUART_H

#include <stdbool.h>
#include <stdint.h>

void wk_softuart_open(void);
void wk_softuart_close(void);

void wk_softuart_send(uint8_t byte);

/* Forgets what came, and allows so many rounds of 4 ms for what comes. */
void wk_softuart_expect(uint16_t rounds);

/*
 * The next byte; waits for it. False: the time is over, or the line is no line
 * (a stop bit that is none, or more bytes than were fetched).
 */
bool wk_softuart_get(uint8_t *byte);

#endif

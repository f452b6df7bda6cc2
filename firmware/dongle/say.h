/* SPDX-License-Identifier: Apache-2.0 */
/*
 * say.h - what the dongle says as an MQTT client: whole packets, built in the
 * stack by core's codec, at moments when nothing is computed there.
 */
#ifndef WHITEKEY_DONGLE_SAY_H
#define WHITEKEY_DONGLE_SAY_H

#include <stdint.h>

#include <whitekey/msg.h>

/* CONNECT: clean start, and a challenge is asked for. */
void wk_say_connect(void);

/* AUTH with the X1 that answers the challenge. */
void wk_say_login(const uint8_t x1[WK_X1_LEN]);

void wk_say_bye(void); /* DISCONNECT */
void wk_say_ping(void);

/* What PC1 measures, and for how long the chip runs; QoS 0. */
void wk_say_reading(void);

/* X3 as text, QoS 1. */
void wk_say_update(const uint8_t x3[WK_X3_LEN]);

/* SUBSCRIBE to the answer to an X3, QoS 1. */
void wk_say_listening(void);

/* PUBACK */
void wk_say_received(uint16_t id);

#endif

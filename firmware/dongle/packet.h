/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet.h - MQTT 5 packets on the serial line: what the dongle sends, byte by
 * byte without a buffer, and what a server sends to it. core's codec does the
 * same for machines with 6 KB of flash to spare for it.
 */
#ifndef WHITEKEY_DONGLE_PACKET_H
#define WHITEKEY_DONGLE_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include <whitekey/bytes.h>

#include "frame.h"

enum wk_packet_type { /* with the flags that go with it */
                      WK_CONNECT = 0x10,
                      WK_CONNACK = 0x20,
                      WK_PUBLISH = 0x30,
                      WK_PUBACK = 0x40,
                      WK_PINGREQ = 0xc0,
                      WK_DISCONNECT = 0xe0,
                      WK_AUTH = 0xf0
};
#define WK_PUBLISH_QOS1 0x02u

#define WK_PACKET_MAX WK_FRAME_ROOM /* header included */

/* ---- from the server ---------------------------------------------------- */

/* Bytes come in here, in the interrupt. */
void wk_packet_receive(uint8_t byte);

/* A new connection: nothing came yet. */
void wk_packet_restart(void);

/*
 * The first packet since the last wk_packet_done() that is more than an
 * acknowledgement: its first byte, and what follows its length. 0: there is
 * none.
 */
uint8_t wk_packet_take(struct wk_reader *body);
void wk_packet_done(void);

/* A whole packet of any kind came since the last time this was asked. */
bool wk_packet_heard(void);

/*
 * Passes the properties of a CONNACK or AUTH, up to its end. The
 * authentication data, len bytes in the packet; NULL: there are none, or not
 * of that length.
 */
const uint8_t *wk_packet_auth_data(struct wk_reader *body, uint8_t len);

/* ---- to the server ------------------------------------------------------ */

/* A packet of `len` bytes behind its length, which have to follow. */
void wk_packet_begin(uint8_t first, uint8_t len);
void wk_packet_u8(uint8_t value);
void wk_packet_be16(uint16_t value);
void wk_packet_bytes(const void *data, uint8_t len);
void wk_packet_flash(const char *text, uint8_t len); /* PROGMEM */

#endif

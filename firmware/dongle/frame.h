/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.h - frames on the serial line (docs/dongle.md): SLIP (RFC 1055), a
 * version byte in front, a CRC behind.
 */
#ifndef WHITEKEY_DONGLE_FRAME_H
#define WHITEKEY_DONGLE_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#define WK_FRAME_MAX 132u  /* a frame's content without version and CRC */
#define WK_FRAME_ROOM 138u /* MQTT's packets want the most: packet.h */

/* Of whoever listens to the line: frames, or MQTT's packets. */
extern uint8_t wk_frame_room[WK_FRAME_ROOM];

/* Bytes come in here, in the interrupt. */
void wk_frame_receive(uint8_t byte);

bool wk_frame_is_whole(void);

/*
 * A whole frame is there, and right: its content, in WK_FRAME_MAX bytes of
 * room, and its length. It is the caller's until wk_frame_send(); what comes
 * meanwhile is dropped.
 */
bool wk_frame_take(uint8_t **content, uint8_t *len);

/* Sends a frame, which is usually in the room of the one taken. Wipes that
 * and listens again. */
void wk_frame_send(const uint8_t *content, uint8_t len);

#endif

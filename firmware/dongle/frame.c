/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#include <util/crc16.h>

#include "uart.h"

#include <whitekey/bytes.h>

enum { END = 0xc0, ESC = 0xdb, ESC_END = 0xdc, ESC_ESC = 0xdd };
#define VERSION 1u
#define OVERHEAD 3u /* version and CRC */

static struct {
  volatile bool whole; /* the room is the main loop's until the answer */
  bool escaped;
  bool spoilt; /* wait for the next END */
  volatile uint8_t len;
  uint16_t crc; /* of all that came: 0 where a CRC that is right ends it */
} in = {.crc = 0xffff};

uint8_t wk_frame_room[WK_FRAME_ROOM];
_Static_assert(WK_FRAME_MAX + OVERHEAD <= WK_FRAME_ROOM, "a frame fits");

static void begin(void) {
  in.len = 0;
  in.crc = 0xffff;
  in.escaped = false;
  in.spoilt = false;
}

static void end(void) {
  if (in.spoilt || in.len <= OVERHEAD || in.crc != 0 ||
      wk_frame_room[0] != VERSION)
    begin(); /* noise does not keep the room from the frame behind it */
  else
    in.whole = true;
}

void wk_frame_receive(uint8_t byte) {
  if (in.whole)
    return;
  if (byte == END) {
    end();
    return;
  }
  if (byte == ESC) {
    in.escaped = true;
    return;
  }
  if (in.escaped)
    byte = byte == ESC_END ? END : ESC;
  in.escaped = false;
  if (in.len == WK_FRAME_MAX + OVERHEAD) {
    in.spoilt = true;
    return;
  }
  wk_frame_room[in.len++] = byte;
  in.crc = _crc_xmodem_update(in.crc, byte);
}

static void listen(void) {
  begin();
  in.whole = false;
}

bool wk_frame_is_whole(void) {
  return in.whole;
}

bool wk_frame_take(uint8_t **content, uint8_t *len) {
  if (!in.whole)
    return false;
  *content = wk_frame_room + 1;
  *len = (uint8_t)(in.len - OVERHEAD);
  return true;
}

static void send_escaped(uint8_t byte) {
  if (byte == END || byte == ESC) {
    wk_uart_send(ESC);
    byte = byte == END ? ESC_END : ESC_ESC;
  }
  wk_uart_send(byte);
}

void wk_frame_send(const uint8_t *content, uint8_t len) {
  uint16_t crc = _crc_xmodem_update(0xffff, VERSION);
  wk_uart_send(END);
  send_escaped(VERSION);
  while (len-- > 0) {
    crc = _crc_xmodem_update(crc, *content);
    send_escaped(*content++);
  }
  send_escaped((uint8_t)(crc >> 8));
  send_escaped((uint8_t)crc);
  wk_wipe(wk_frame_room, sizeof wk_frame_room);
  listen();
  wk_uart_send(END);
}

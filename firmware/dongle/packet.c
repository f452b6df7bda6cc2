/* SPDX-License-Identifier: Apache-2.0 */
#include "packet.h"

#include <avr/interrupt.h>
#include <avr/pgmspace.h>

#include "uart.h"

/* ---- from the server ---------------------------------------------------- */

enum stage { FIRST, LENGTH, BODY };

static struct {
  enum stage stage;
  uint8_t type; /* of the packet that comes in */
  uint8_t shift;
  bool kept; /* it goes into the room */
  uint32_t left;
  volatile uint8_t whole; /* first byte of the one in the room, 0: none */
  volatile bool heard;
  uint8_t len;
} in;

/* What only acknowledges says that the server is there, and no more. */
static bool is_news(uint8_t first) {
  const uint8_t type = first & 0xf0u;
  return type == WK_CONNACK || type == WK_PUBLISH || type == WK_DISCONNECT ||
         type == WK_AUTH;
}

static void end(void) {
  in.stage = FIRST;
  in.heard = true;
  if (in.kept)
    in.whole = in.type;
}

static void begin_body(void) {
  in.stage = BODY;
  in.kept = in.whole == 0 && is_news(in.type) && in.left <= WK_FRAME_ROOM;
  if (in.kept)
    in.len = 0;
  if (in.left == 0)
    end();
}

/* A fifth byte is no MQTT: the line is dead until it is opened anew. */
static void add_length(uint8_t byte) {
  if (in.shift > 21)
    return;
  in.left |= (uint32_t)(byte & 0x7fu) << in.shift;
  in.shift = (uint8_t)(in.shift + 7u);
  if ((byte & 0x80u) == 0)
    begin_body();
}

void wk_packet_receive(uint8_t byte) {
  switch (in.stage) {
  case FIRST:
    in.type = byte;
    in.left = 0;
    in.shift = 0;
    in.stage = LENGTH;
    break;
  case LENGTH:
    add_length(byte);
    break;
  case BODY:
    if (in.kept)
      wk_frame_room[in.len++] = byte;
    if (--in.left == 0)
      end();
    break;
  }
}

void wk_packet_restart(void) {
  cli();
  in.stage = FIRST;
  in.whole = 0;
  in.heard = false;
  sei();
}

uint8_t wk_packet_take(struct wk_reader *body) {
  if (in.whole != 0)
    wk_reader_init(body, wk_frame_room, in.len);
  return in.whole;
}

void wk_packet_done(void) {
  in.whole = 0;
}

bool wk_packet_heard(void) {
  const bool heard = in.heard;
  in.heard = false;
  return heard;
}

/* MQTT 5, table 2-4: bytes of a property's value; 0: they say it themselves.
 */
static uint8_t size_of(uint8_t id) {
  if (id == 0x11 || id == 0x27) /* session expiry, maximum packet size */
    return 4;
  if (id == 0x13 || id == 0x21 || id == 0x22) /* keep alive, two maxima */
    return 2;
  /* Maximum QoS, retain; wildcards, subscription ids, shared ones. */
  return id == 0x24 || id == 0x25 || (id >= 0x28 && id <= 0x2a);
}

#define AUTH_DATA 0x16u
#define USER_PROPERTY 0x26u

const uint8_t *wk_packet_auth_data(struct wk_reader *body, uint8_t len) {
  if (wk_read_u8(body) & 0x80u) /* their length: they end with the packet */
    (void)wk_read_u8(body);
  while (body->ok && body->left > 0) {
    const uint8_t id = wk_read_u8(body);
    const uint8_t fixed = size_of(id);
    const uint16_t size = fixed ? fixed : wk_read_be16(body);
    const uint8_t *value = wk_read_view(body, size);
    if (id == AUTH_DATA)
      return size == len ? value : NULL;
    if (id == USER_PROPERTY)
      (void)wk_read_view(body, wk_read_be16(body));
  }
  return NULL;
}

/* ---- to the server ------------------------------------------------------ */

void wk_packet_begin(uint8_t first, uint8_t len) {
  wk_uart_send(first);
  if (len & 0x80u) {
    wk_uart_send(len);
    len = 1;
  }
  wk_uart_send(len);
}

void wk_packet_u8(uint8_t value) {
  wk_uart_send(value);
}

void wk_packet_be16(uint16_t value) {
  wk_uart_send((uint8_t)(value >> 8));
  wk_uart_send((uint8_t)value);
}

void wk_packet_bytes(const void *data, uint8_t len) {
  const uint8_t *at = data;
  while (len-- > 0)
    wk_uart_send(*at++);
}

void wk_packet_flash(const char *text, uint8_t len) {
  while (len-- > 0)
    wk_uart_send(pgm_read_byte(text++));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "packet.h"

#include <avr/interrupt.h>

#include "uart.h"

_Static_assert(WK_PACKET_BODY <= WK_FRAME_ROOM, "a packet fits");

static struct {
  struct wk_mqtt_header header; /* of the packet that comes in */
  enum wk_mqtt_framed state;    /* of its header */
  bool kept;                    /* it goes into the room */
  volatile bool heard;
  volatile uint8_t whole; /* first byte of the one in the room, 0: none */
  uint8_t len;
} in;

/* What only acknowledges says that the server is there, and no more. */
static bool is_news(uint8_t first) {
  const uint8_t type = first >> 4;
  return type == WK_MQTT_CONNACK || type == WK_MQTT_PUBLISH ||
         type == WK_MQTT_DISCONNECT || type == WK_MQTT_AUTH;
}

static void begin(void) {
  in.header = (struct wk_mqtt_header){0};
  in.state = WK_MQTT_MORE;
}

static void end(void) {
  in.heard = true;
  if (in.kept)
    in.whole = in.header.first;
  begin();
}

static void begin_body(void) {
  in.kept = in.whole == 0 && is_news(in.header.first) &&
            in.header.remaining <= WK_PACKET_BODY;
  if (in.kept)
    in.len = 0;
  if (in.header.remaining == 0)
    end();
}

/* Behind what is no MQTT the line is dead until it is opened anew. */
void wk_packet_receive(uint8_t byte) {
  if (in.state == WK_MQTT_MORE) {
    in.state = wk_mqtt_header_take(&in.header, byte);
    if (in.state == WK_MQTT_WHOLE)
      begin_body();
  } else if (in.state == WK_MQTT_WHOLE) {
    if (in.kept)
      wk_frame_room[in.len++] = byte;
    if (--in.header.remaining == 0)
      end();
  }
}

void wk_packet_restart(void) {
  cli();
  begin();
  in.whole = 0;
  in.heard = false;
  sei();
}

bool wk_packet_take(struct wk_mqtt_frame *frame) {
  *frame = (struct wk_mqtt_frame){
      .type = (enum wk_mqtt_type)(in.whole >> 4),
      .flags = in.whole & 0x0fu,
      .body = wk_frame_room,
      .body_len = in.len,
  };
  return in.whole != 0;
}

void wk_packet_done(void) {
  in.whole = 0;
}

bool wk_packet_heard(void) {
  const bool heard = in.heard;
  in.heard = false;
  return heard;
}

void wk_packet_send(const struct wk_writer *w) {
  for (size_t i = 0; w->ok && i < w->used; i++)
    wk_uart_send(w->start[i]);
}

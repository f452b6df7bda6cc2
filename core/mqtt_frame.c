/* SPDX-License-Identifier: Apache-2.0 */
#include "mqtt_wire.h"

#include <string.h>

#define QOS_BITS 0x06u
#define DUP_BIT 0x08u

static bool first_valid(uint8_t first) {
  const uint8_t flags = first & 0x0fu;
  switch (first >> 4) {
  case 0:
    return false;
  case WK_MQTT_PUBLISH:
    /* QoS 3 does not exist; a QoS 0 message is never sent again. */
    return (flags & QOS_BITS) != QOS_BITS &&
           !((flags & DUP_BIT) && !(flags & QOS_BITS));
  case WK_MQTT_PUBREL:
  case WK_MQTT_SUBSCRIBE:
  case WK_MQTT_UNSUBSCRIBE:
    return flags == 2;
  default:
    return flags == 0;
  }
}

enum wk_mqtt_framed wk_mqtt_header_take(struct wk_mqtt_header *header,
                                        uint8_t byte) {
  const uint8_t taken = header->len++;
  if (taken > 0)
    return wk_mqtt_varint_take(&header->remaining, (uint8_t)(taken - 1u),
                               byte);
  header->first = byte;
  return first_valid(byte) ? WK_MQTT_MORE : WK_MQTT_MALFORMED;
}

enum wk_mqtt_framed wk_mqtt_frame(struct wk_mqtt_frame *frame,
                                  const uint8_t *data, size_t len,
                                  size_t limit) {
  struct wk_mqtt_header header = {0};
  enum wk_mqtt_framed framed = WK_MQTT_MORE;
  memset(frame, 0, sizeof *frame);
  while (framed == WK_MQTT_MORE && header.len < len)
    framed = wk_mqtt_header_take(&header, data[header.len]);
  frame->need = header.len < 1 ? 2 : 1;
  if (framed == WK_MQTT_MALFORMED)
    return framed;
  frame->type = (enum wk_mqtt_type)(header.first >> 4);
  frame->flags = header.first & 0x0fu;
  if (framed == WK_MQTT_MORE)
    return framed;
  frame->len = header.len + header.remaining;
  frame->need = frame->len > len ? frame->len - (uint32_t)len : 0;
  if (frame->len > limit)
    return WK_MQTT_LARGE;
  if (frame->need)
    return WK_MQTT_MORE;
  frame->body = data + header.len;
  frame->body_len = (size_t)header.remaining;
  return WK_MQTT_WHOLE;
}

size_t wk_mqtt_begin(struct wk_writer *w, enum wk_mqtt_type type,
                     uint8_t flags) {
  const size_t start = w->used;
  wk_write_u8(w, (uint8_t)((unsigned)type << 4 | flags));
  wk_write_u8(w, 0); /* the length, mostly one byte: see end */
  return start;
}

void wk_mqtt_end(struct wk_writer *w, size_t start) {
  if (!w->ok)
    return;
  uint8_t *body = w->start + start + 2;
  const size_t len = w->used - start - 2;
  for (size_t rest = len >> 7; rest > 0; rest >>= 7)
    wk_write_u8(w, 0);
  if (!wk_mqtt_len_valid(len))
    w->ok = false;
  if (!w->ok)
    return;
  struct wk_writer length;
  memmove(w->start + w->used - len, body, len);
  wk_writer_init(&length, body - 1, WK_MQTT_HEADER_MAX - 1);
  wk_mqtt_write_varint(&length, (uint32_t)len);
}

enum wk_err wk_mqtt_written(struct wk_mqtt_frame *frame,
                            const struct wk_writer *w,
                            const struct wk_writer *before) {
  const size_t len = w->used - before->used;
  if (!w->ok)
    return WK_ERR_SPACE;
  if (wk_mqtt_frame(frame, w->start + before->used, len, len) != WK_MQTT_WHOLE)
    return WK_ERR_ARGUMENT;
  return WK_OK;
}

enum wk_err wk_mqtt_finish(struct wk_writer *w, const struct wk_writer *before,
                           enum wk_err err) {
  if (!err)
    return WK_OK;
  *w = *before;
  return err == WK_ERR_MALFORMED ? WK_ERR_ARGUMENT : err;
}

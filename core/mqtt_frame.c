/* SPDX-License-Identifier: Apache-2.0 */
#include "mqtt_wire.h"

#include <string.h>

#define QOS_BITS 0x06u
#define DUP_BIT 0x08u

static bool flags_valid(uint8_t type, uint8_t flags) {
  switch (type) {
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

enum wk_mqtt_framed wk_mqtt_frame(struct wk_mqtt_frame *frame,
                                  const uint8_t *data, size_t len,
                                  size_t limit) {
  memset(frame, 0, sizeof *frame);
  frame->need = len < 2 ? (uint32_t)(2 - len) : 1;
  if (len < 1)
    return WK_MQTT_MORE;
  const uint8_t type = (uint8_t)(data[0] >> 4);
  frame->flags = data[0] & 0x0fu;
  if (!flags_valid(type, frame->flags))
    return WK_MQTT_MALFORMED;
  frame->type = (enum wk_mqtt_type)type;
  size_t at = 1;
  while (at < len && at < WK_MQTT_HEADER_MAX && data[at] & 0x80u)
    at++;
  if (at == len && at < WK_MQTT_HEADER_MAX)
    return WK_MQTT_MORE;
  struct wk_reader r;
  wk_reader_init(&r, data + 1, at < WK_MQTT_HEADER_MAX ? at : at - 1);
  const uint32_t body = wk_mqtt_read_varint(&r);
  if (!r.ok)
    return WK_MQTT_MALFORMED;
  const size_t header = at + 1;
  frame->len = (uint32_t)header + body;
  frame->need = frame->len > len ? frame->len - (uint32_t)len : 0;
  if (frame->len > limit)
    return WK_MQTT_LARGE;
  if (frame->need)
    return WK_MQTT_MORE;
  frame->body = data + header;
  frame->body_len = (size_t)body;
  return WK_MQTT_WHOLE;
}

struct wk_mqtt_mark wk_mqtt_begin(struct wk_writer *w, enum wk_mqtt_type type,
                                  uint8_t flags) {
  const struct wk_mqtt_mark mark = {w->used, w->ok};
  wk_write_u8(w, (uint8_t)((unsigned)type << 4 | flags));
  wk_write_u8(w, 0); /* the length, mostly one byte: see end */
  return mark;
}

enum wk_err wk_mqtt_end(struct wk_writer *w, struct wk_mqtt_mark mark,
                        struct wk_mqtt_frame *frame) {
  uint8_t length[WK_MQTT_HEADER_MAX - 1];
  struct wk_writer l;
  if (!w->ok)
    return WK_ERR_SPACE;
  uint8_t *body = w->start + mark.start + 2;
  const size_t body_len = w->used - mark.start - 2;
  if (!wk_mqtt_len_valid(body_len))
    return WK_ERR_SPACE;
  wk_writer_init(&l, length, sizeof length);
  wk_mqtt_write_varint(&l, (uint32_t)body_len);
  if (l.used - 1 > w->cap - w->used)
    return WK_ERR_SPACE;
  memmove(body + l.used - 1, body, body_len);
  memcpy(body - 1, length, l.used);
  w->used += l.used - 1;
  const size_t len = w->used - mark.start;
  if (wk_mqtt_frame(frame, w->start + mark.start, len, len) != WK_MQTT_WHOLE)
    return WK_ERR_ARGUMENT;
  return WK_OK;
}

enum wk_err wk_mqtt_finish(struct wk_writer *w, struct wk_mqtt_mark mark,
                           enum wk_err err) {
  if (!err)
    return WK_OK;
  w->used = mark.start;
  w->ok = mark.ok;
  return err == WK_ERR_MALFORMED ? WK_ERR_ARGUMENT : err;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "mqtt_wire.h"

#include <string.h>

#define FIELD_MAX 0xffffu

#define VARINT_BYTES 4u

void wk_mqtt_open(struct wk_reader *r, void *out, size_t size,
                  const struct wk_mqtt_frame *frame) {
  memset(out, 0, size);
  wk_reader_init(r, frame->body, frame->body_len);
}

enum wk_err wk_mqtt_parsed(void *out, size_t size, bool well) {
  if (well)
    return WK_OK;
  memset(out, 0, size);
  return WK_ERR_MALFORMED;
}

static struct wk_span fail(struct wk_reader *r) {
  r->ok = false;
  return (struct wk_span){NULL, 0};
}

/* Section 1.5.5: at most four bytes, and no more than the value needs. */
enum wk_mqtt_framed wk_mqtt_varint_take(uint32_t *value, uint8_t taken,
                                        uint8_t byte) {
  *value |= (uint32_t)(byte & 0x7fu) << (uint8_t)(7u * taken);
  if (byte == 0 && taken > 0)
    return WK_MQTT_MALFORMED;
  if (!(byte & 0x80u))
    return WK_MQTT_WHOLE;
  return taken + 1u < VARINT_BYTES ? WK_MQTT_MORE : WK_MQTT_MALFORMED;
}

uint32_t wk_mqtt_read_varint(struct wk_reader *r) {
  uint32_t value = 0;
  uint8_t taken = 0;
  enum wk_mqtt_framed state = WK_MQTT_MORE;
  while (state == WK_MQTT_MORE)
    state = wk_mqtt_varint_take(&value, taken++, wk_read_u8(r));
  if (state == WK_MQTT_WHOLE && r->ok)
    return value;
  r->ok = false;
  return 0;
}

void wk_mqtt_write_varint(struct wk_writer *w, uint32_t value) {
  if (value > WK_MQTT_REMAINING_MAX) {
    w->ok = false;
    return;
  }
  while (value > 0x7fu) {
    wk_write_u8(w, (uint8_t)(0x80u | (value & 0x7fu)));
    value >>= 7;
  }
  wk_write_u8(w, (uint8_t)value);
}

static struct wk_span view(struct wk_reader *r, size_t len) {
  const uint8_t *data = wk_read_view(r, len);
  return (struct wk_span){data, data ? len : 0};
}

struct wk_span wk_mqtt_read_data(struct wk_reader *r) {
  const size_t len = wk_read_be16(r);
  return view(r, len);
}

void wk_mqtt_write_data(struct wk_writer *w, const struct wk_span *data) {
  if (data->len > FIELD_MAX) {
    w->ok = false;
    return;
  }
  wk_write_be16(w, (uint16_t)data->len);
  wk_write_bytes(w, data->data, data->len);
}

/*
 * One character of at most left bytes; its length, or 0 for what RFC 3629
 * (overlong, surrogate, beyond U+10FFFF) or MQTT (U+0000) forbids.
 */
static size_t utf8_char(const uint8_t *at, size_t left) {
  const uint8_t first = at[0];
  if (first < 0x80u)
    return first != 0;
  const size_t len = first < 0xe0u ? 2 : first < 0xf0u ? 3 : 4;
  if (first < 0xc2u || first > 0xf4u || len > left)
    return 0;
  for (size_t i = 1; i < len; i++) {
    if ((at[i] & 0xc0u) != 0x80u)
      return 0;
  }
  if ((first == 0xe0u && at[1] < 0xa0u) || (first == 0xedu && at[1] > 0x9fu) ||
      (first == 0xf0u && at[1] < 0x90u) || (first == 0xf4u && at[1] > 0x8fu))
    return 0;
  return len;
}

struct wk_span wk_mqtt_read_text(struct wk_reader *r) {
  const struct wk_span text = wk_mqtt_read_data(r);
  for (size_t i = 0; i < text.len;) {
    const size_t len = utf8_char(text.data + i, text.len - i);
    if (len == 0)
      return fail(r);
    i += len;
  }
  return text;
}

struct wk_span wk_mqtt_read_name(struct wk_reader *r) {
  const struct wk_span name = wk_mqtt_read_text(r);
  for (size_t i = 0; i < name.len; i++) {
    if (name.data[i] == '#' || name.data[i] == '+')
      return fail(r);
  }
  return name;
}

struct wk_span wk_mqtt_read_rest(struct wk_reader *r) {
  return view(r, r->left);
}

uint16_t wk_mqtt_read_id(struct wk_reader *r) {
  const uint16_t id = wk_read_be16(r);
  if (id == 0)
    r->ok = false;
  return id;
}

bool wk_mqtt_read_done(const struct wk_reader *r) {
  return r->ok && r->left == 0;
}

/* A 16-bit size_t is always below; its compiler would warn of that. */
bool wk_mqtt_len_valid(size_t len) {
#if SIZE_MAX > 0xffff
  return len <= WK_MQTT_REMAINING_MAX;
#else
  (void)len;
  return true;
#endif
}

void wk_mqtt_write_props(struct wk_writer *w, const struct wk_span *props) {
  if (!wk_mqtt_len_valid(props->len)) {
    w->ok = false;
    return;
  }
  wk_mqtt_write_varint(w, (uint32_t)props->len);
  wk_write_bytes(w, props->data, props->len);
}

void wk_mqtt_write_reason(struct wk_writer *w, enum wk_mqtt_version v,
                          uint8_t code, const struct wk_span *props) {
  if (v != WK_MQTT_5 || (code == 0 && props->len == 0))
    return;
  wk_write_u8(w, code);
  if (props->len > 0)
    wk_mqtt_write_props(w, props);
}

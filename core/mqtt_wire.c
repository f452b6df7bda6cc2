/* SPDX-License-Identifier: Apache-2.0 */
#include "mqtt_wire.h"

#define FIELD_MAX 0xffffu

static const struct wk_span nothing = {NULL, 0};

static struct wk_span fail(struct wk_reader *r) {
  r->ok = false;
  return nothing;
}

/* Section 1.5.5: at most four bytes, and no more than the value needs. */
uint32_t wk_mqtt_read_varint(struct wk_reader *r) {
  uint32_t value = 0;
  for (uint8_t shift = 0; shift < 28; shift = (uint8_t)(shift + 7)) {
    const uint8_t byte = wk_read_u8(r);
    value |= (uint32_t)(byte & 0x7fu) << shift;
    if (byte == 0 && shift > 0)
      break;
    if (!(byte & 0x80u))
      return value;
  }
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

struct wk_span wk_mqtt_read_data(struct wk_reader *r) {
  const size_t len = wk_read_be16(r);
  const uint8_t *data = wk_read_view(r, len);
  return data ? (struct wk_span){data, len} : nothing;
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
  const size_t len = r->left;
  const uint8_t *data = wk_read_view(r, len);
  return data ? (struct wk_span){data, len} : nothing;
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

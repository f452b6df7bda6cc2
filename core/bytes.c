/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/bytes.h>

#include <string.h>

void wk_wipe(void *data, size_t len) {
  memset(data, 0, len);
  /* Whoever reads memory behind this line sees zeros: memset() must stay. */
  __asm__ __volatile__("" : : "r"(data) : "memory");
}

bool wk_equal(const void *a, const void *b, size_t len) {
  const volatile uint8_t *p = a;
  const volatile uint8_t *q = b;
  uint8_t diff = 0;
  for (size_t i = 0; i < len; i++)
    diff = (uint8_t)(diff | (p[i] ^ q[i]));
  return diff == 0;
}

void wk_put_be32(uint8_t out[4], uint32_t value) {
  out[0] = (uint8_t)(value >> 24);
  out[1] = (uint8_t)(value >> 16);
  out[2] = (uint8_t)(value >> 8);
  out[3] = (uint8_t)value;
}

uint32_t wk_get_be32(const uint8_t in[4]) {
  return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 |
         (uint32_t)in[3];
}

void wk_reader_init(struct wk_reader *r, const uint8_t *data, size_t len) {
  r->at = data;
  r->left = len;
  r->ok = true;
}

const uint8_t *wk_read_view(struct wk_reader *r, size_t len) {
  if (!r->ok || len > r->left) {
    r->ok = false;
    return NULL;
  }
  const uint8_t *view = r->at;
  r->at += len;
  r->left -= len;
  return view;
}

uint8_t wk_read_u8(struct wk_reader *r) {
  const uint8_t *in = wk_read_view(r, 1);
  return in ? in[0] : 0;
}

uint16_t wk_read_be16(struct wk_reader *r) {
  const uint8_t *in = wk_read_view(r, 2);
  if (!in)
    return 0;
  return (uint16_t)((uint16_t)in[0] << 8 | in[1]);
}

uint32_t wk_read_be32(struct wk_reader *r) {
  const uint8_t *in = wk_read_view(r, 4);
  return in ? wk_get_be32(in) : 0;
}

void wk_read_bytes(struct wk_reader *r, uint8_t *out, size_t len) {
  const uint8_t *in = wk_read_view(r, len);
  if (in)
    memcpy(out, in, len);
  else
    memset(out, 0, len);
}

void wk_writer_init(struct wk_writer *w, uint8_t *out, size_t cap) {
  w->start = out;
  w->used = 0;
  w->cap = cap;
  w->ok = true;
}

void wk_write_bytes(struct wk_writer *w, const void *data, size_t len) {
  if (!w->ok || len > w->cap - w->used) {
    w->ok = false;
    return;
  }
  if (len > 0)
    memcpy(w->start + w->used, data, len);
  w->used += len;
}

void wk_write_u8(struct wk_writer *w, uint8_t value) {
  wk_write_bytes(w, &value, 1);
}

void wk_write_be16(struct wk_writer *w, uint16_t value) {
  const uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};
  wk_write_bytes(w, bytes, sizeof bytes);
}

void wk_write_be32(struct wk_writer *w, uint32_t value) {
  uint8_t bytes[4];
  wk_put_be32(bytes, value);
  wk_write_bytes(w, bytes, sizeof bytes);
}

void wk_write_text(struct wk_writer *w, const char *text) {
  wk_write_bytes(w, text, strlen(text));
}

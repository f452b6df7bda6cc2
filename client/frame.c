/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#define END 0xc0u
#define ESC 0xdbu
#define ESC_END 0xdcu
#define ESC_ESC 0xddu
#define VERSION 1u
#define OVERHEAD 3u /* version and CRC */

static uint16_t crc_add(uint16_t crc, uint8_t byte) {
  crc ^= (uint16_t)(byte << 8);
  for (int bit = 0; bit < 8; bit++)
    crc = (uint16_t)(crc & 0x8000u ? crc << 1 ^ 0x1021 : crc << 1);
  return crc;
}

static size_t escape(uint8_t *at, uint8_t byte) {
  if (byte != END && byte != ESC) {
    at[0] = byte;
    return 1;
  }
  at[0] = ESC;
  at[1] = byte == END ? ESC_END : ESC_ESC;
  return 2;
}

size_t frame_write(uint8_t wire[FRAME_WIRE_MAX], const uint8_t *content,
                   size_t len) {
  uint16_t crc = crc_add(0xffff, VERSION);
  size_t at = 0;
  wire[at++] = END; /* ends what noise may have begun */
  at += escape(wire + at, VERSION);
  for (size_t i = 0; i < len; i++) {
    crc = crc_add(crc, content[i]);
    at += escape(wire + at, content[i]);
  }
  at += escape(wire + at, (uint8_t)(crc >> 8));
  at += escape(wire + at, (uint8_t)crc);
  wire[at++] = END;
  return at;
}

static bool is_right(const struct frame *f) {
  uint16_t crc = 0xffff;
  for (size_t i = 0; i < f->len; i++)
    crc = crc_add(crc, f->data[i]);
  return !f->spoilt && !f->escaped && f->len > OVERHEAD &&
         f->data[0] == VERSION && crc == 0; /* over its own CRC */
}

static void add(struct frame *f, uint8_t byte) {
  if (f->escaped) {
    f->spoilt = f->spoilt || (byte != ESC_END && byte != ESC_ESC);
    byte = byte == ESC_END ? END : ESC;
  }
  f->escaped = false;
  if (f->len == sizeof f->data)
    f->spoilt = true;
  else
    f->data[f->len++] = byte;
}

bool frame_take(struct frame *f, uint8_t byte, const uint8_t **content,
                size_t *len) {
  if (byte == ESC && !f->escaped) {
    f->escaped = true;
    return false;
  }
  if (byte != END) {
    add(f, byte);
    return false;
  }
  const bool right = is_right(f);
  *content = f->data + 1;
  *len = right ? f->len - OVERHEAD : 0;
  f->len = 0;
  f->escaped = f->spoilt = false;
  return right;
}

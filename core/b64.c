/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/bytes.h>

#include <string.h>

/*
 * Passwords are one-time secrets while they are in flight, so both directions
 * use arithmetic instead of tables indexed by secret bytes.
 */

/* 0xff when lo <= c <= hi, else 0; all of them below 256. */
static uint8_t in_range(unsigned c, unsigned lo, unsigned hi) {
  return (uint8_t)(((lo - c - 1u) & (c - hi - 1u)) >> 8);
}

static char to_char(uint8_t v) {
  unsigned c = in_range(v, 0, 25) & (v + 65u);
  c |= in_range(v, 26, 51) & (v + 71u);
  c |= in_range(v, 52, 61) & (v - 4u);
  c |= in_range(v, 62, 62) & 45u; /* - */
  c |= in_range(v, 63, 63) & 95u; /* _ */
  return (char)c;
}

/* The digit's value, or 0xff for a character outside the alphabet. */
static uint8_t from_char(char text) {
  const unsigned c = (uint8_t)text;
  const unsigned upper = in_range(c, 65, 90);
  const unsigned lower = in_range(c, 97, 122);
  const unsigned digit = in_range(c, 48, 57);
  const unsigned minus = in_range(c, 45, 45);
  const unsigned under = in_range(c, 95, 95);
  unsigned v = upper & (c - 65u);
  v |= lower & (c - 71u);
  v |= digit & (c + 4u);
  v |= minus & 62u;
  v |= under & 63u;
  v |= ~(upper | lower | digit | minus | under);
  return (uint8_t)v;
}

void wk_b64_write(char *text, const uint8_t *data, size_t len) {
  unsigned acc = 0;
  unsigned bits = 0;
  for (size_t i = 0; i < len; i++) {
    acc = (acc << 8 | data[i]) & 0x3fffu;
    for (bits += 8; bits >= 6; bits -= 6)
      *text++ = to_char((uint8_t)(acc >> (bits - 6) & 63u));
  }
  if (bits > 0)
    *text++ = to_char((uint8_t)(acc << (6 - bits) & 63u));
  *text = '\0';
}

enum wk_err wk_b64_parse(uint8_t *out, size_t len, const char *text,
                         size_t text_len) {
  unsigned acc = 0;
  unsigned bits = 0;
  uint8_t bad = 0;
  size_t used = 0;
  if (text_len == WK_B64_LEN(len)) {
    for (size_t i = 0; i < text_len; i++) {
      const uint8_t v = from_char(text[i]);
      bad = (uint8_t)(bad | (v & 0xc0u));
      acc = (acc << 6 | (v & 63u)) & 0x3fffu;
      bits += 6;
      if (bits >= 8) {
        bits -= 8;
        out[used++] = (uint8_t)(acc >> bits);
      }
    }
  }
  const unsigned unused = acc & ((1u << bits) - 1u);
  if (text_len != WK_B64_LEN(len) || bad != 0 || unused != 0) {
    memset(out, 0, len);
    return WK_ERR_MALFORMED;
  }
  return WK_OK;
}

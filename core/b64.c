/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/bytes.h>

#include <string.h>

/*
 * Passwords are one-time secrets while they are in flight, so both directions
 * use arithmetic instead of tables indexed by secret bytes.
 */

/* 0xff when lo <= c <= hi, else 0. */
static uint8_t in_range(uint8_t c, uint8_t lo, uint8_t hi) {
  const uint8_t above = (uint8_t)(c - lo);
  return (uint8_t)((uint16_t)(above - (hi - lo + 1)) >> 8);
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
  const uint8_t c = (uint8_t)text;
  const uint8_t upper = in_range(c, 65, 90);
  const uint8_t lower = in_range(c, 97, 122);
  const uint8_t digit = in_range(c, 48, 57);
  const uint8_t minus = in_range(c, 45, 45);
  const uint8_t under = in_range(c, 95, 95);
  const uint8_t any = (uint8_t)(upper | lower | digit | minus | under);
  const uint8_t v = (uint8_t)((upper & (c - 65)) | (lower & (c - 71)) |
                              (digit & (c + 4)) | (minus & 62) | (under & 63));
  return (uint8_t)(v | ~any);
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

#if defined(__AVR__)
/* The chip has no vectors, and no flash for groups. 0: all were digits, and
 * what they say beyond len bytes is zero. */
static uint8_t parse_all(uint8_t *out, size_t len, const char *text) {
  uint16_t acc = 0;
  uint8_t bits = 0;
  uint8_t bad = 0;
  for (size_t left = WK_B64_LEN(len); bad == 0 && left > 0; left--) {
    const uint8_t digit = from_char(*text++);
    bad = digit & 0xc0u;
    acc = (uint16_t)(acc << 6 | digit);
    bits = (uint8_t)(bits + 6u);
    if (bits >= 8) {
      bits = (uint8_t)(bits - 8u);
      *out++ = (uint8_t)(acc >> bits);
    }
  }
  return (uint8_t)(bad | (uint8_t)(acc << (8u - bits)));
}
#else
#define GROUP 16u /* characters at once: compilers make vectors of them */
#define GROUP_BYTES 12u

/* GROUP characters to GROUP_BYTES bytes; 0 when all of them were digits. */
static uint8_t parse_group(uint8_t *out, const char *text) {
  uint8_t v[GROUP];
  uint8_t bad = 0;
  for (size_t i = 0; i < GROUP; i++)
    v[i] = from_char(text[i]);
  for (size_t i = 0; i < GROUP; i++)
    bad = (uint8_t)(bad | (v[i] & 0xc0u));
  for (size_t i = 0; i < GROUP / 4; i++) {
    const uint8_t *d = v + 4 * i;
    const uint32_t bits = (uint32_t)d[0] << 18 | (uint32_t)d[1] << 12 |
                          (uint32_t)d[2] << 6 | d[3];
    out[3 * i] = (uint8_t)(bits >> 16);
    out[3 * i + 1] = (uint8_t)(bits >> 8);
    out[3 * i + 2] = (uint8_t)bits;
  }
  return bad;
}

/* 0: all were digits, and what they say beyond len bytes is zero. */
static uint8_t parse_all(uint8_t *out, size_t len, const char *text) {
  char in[GROUP];
  uint8_t bytes[GROUP_BYTES];
  for (; len >= GROUP_BYTES; len -= GROUP_BYTES) {
    if (parse_group(out, text) != 0)
      return 1;
    out += GROUP_BYTES;
    text += GROUP;
  }
  memset(in, 'A', sizeof in); /* the digit of zero */
  memcpy(in, text, WK_B64_LEN(len));
  uint8_t bad = parse_group(bytes, in);
  for (size_t i = len; i < GROUP_BYTES; i++)
    bad = (uint8_t)(bad | bytes[i]);
  memcpy(out, bytes, len);
  return bad;
}
#endif

enum wk_err wk_b64_parse(uint8_t *out, size_t len, const char *text,
                         size_t text_len) {
  if (text_len != WK_B64_LEN(len) || parse_all(out, len, text) != 0) {
    memset(out, 0, len);
    return WK_ERR_MALFORMED;
  }
  return WK_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The port on the ATmega328P: padding in C, blocks in assembly. AES-128 is
 * assembly as a whole (aes128.S).
 */
#include <whitekey/port.h>

#include <string.h>

#include <avr/pgmspace.h>

#include "sha256.h"

#include <whitekey/bytes.h>

#define BLOCK 64u
#define LENGTH_AT (BLOCK - 8u)

static const uint32_t start[8] PROGMEM = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

/* Takes a part in; gives how full the block is now. */
static uint8_t absorb(struct wk_avr_sha256 *s, uint8_t fill,
                      const struct wk_span *part) {
  const uint8_t *at = part->data;
  size_t left = part->len;
  while (left >= BLOCK - fill) {
    memcpy(s->block + fill, at, BLOCK - fill);
    wk_avr_sha256_block(s);
    at += BLOCK - fill;
    left -= BLOCK - fill;
    fill = 0;
  }
  if (left > 0)
    memcpy(s->block + fill, at, left);
  return (uint8_t)(fill + left);
}

/* Pads to whole blocks: a one bit, zeros, the length in bits. */
static void finish(struct wk_avr_sha256 *s, uint8_t fill, size_t bytes) {
  s->block[fill++] = 0x80;
  memset(s->block + fill, 0, BLOCK - fill);
  if (fill > LENGTH_AT) {
    wk_avr_sha256_block(s);
    memset(s->block, 0, BLOCK);
  }
  wk_put_be32(s->block + LENGTH_AT + 4, (uint32_t)bytes << 3);
  wk_avr_sha256_block(s);
}

void wk_port_sha256(uint8_t out[WK_HASH_LEN], const struct wk_span *parts,
                    size_t count) {
  struct wk_avr_sha256 s;
  uint8_t fill = 0;
  size_t bytes = 0;
  memcpy_P(s.state, start, sizeof s.state);
  for (size_t i = 0; i < count; i++) {
    fill = absorb(&s, fill, parts + i);
    bytes += parts[i].len;
  }
  finish(&s, fill, bytes);
  for (uint8_t i = 0; i < 8; i++)
    wk_put_be32(out + 4 * i, s.state[i]);
  wk_wipe(&s, sizeof s);
}

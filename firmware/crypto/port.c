/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The port on the ATmega328P: padding in C, blocks in assembly (sha256.S,
 * aes128.S).
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

void wk_avr_hash_begin(struct wk_avr_hash *h) {
  memcpy_P(h->s.state, start, sizeof h->s.state);
  h->fill = 0;
  h->bytes = 0;
}

/* Inlined where a chain is walked: a call costs as much as ten bytes. */
static inline __attribute__((always_inline)) void
absorb(struct wk_avr_hash *h, const uint8_t *data, size_t len) {
  uint8_t fill = h->fill;
  h->bytes += len;
  while (len >= BLOCK - fill) {
    memcpy(h->s.block + fill, data, BLOCK - fill);
    wk_avr_sha256_block(&h->s);
    data += BLOCK - fill;
    len -= BLOCK - fill;
    fill = 0;
  }
  if (len > 0)
    memcpy(h->s.block + fill, data, len);
  h->fill = (uint8_t)(fill + len);
}

void wk_avr_hash_add(struct wk_avr_hash *h, const uint8_t *data, size_t len) {
  absorb(h, data, len);
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

/* As wk_wipe(), in less than half its time: each step of a chain does it. */
static inline void wipe(struct wk_avr_sha256 *s) {
  enum { AT_ONCE = 8 };
  uint8_t *at = (uint8_t *)s;
  uint8_t left = sizeof *s / AT_ONCE;
  _Static_assert(sizeof *s % AT_ONCE == 0, "all of it");
  __asm__ __volatile__("1: .rept %2\n\t"
                       "st %a0+, __zero_reg__\n\t"
                       ".endr\n\t"
                       "dec %1\n\t"
                       "brne 1b"
                       : "+x"(at), "+r"(left)
                       : "n"(AT_ONCE)
                       : "memory");
}

void wk_avr_hash_end(struct wk_avr_hash *h, uint8_t out[WK_HASH_LEN]) {
  finish(&h->s, h->fill, h->bytes);
  for (uint8_t i = 0; i < 8; i++)
    wk_put_be32(out + 4 * i, h->s.state[i]);
  wipe(&h->s);
}

void wk_port_sha256(uint8_t out[WK_HASH_LEN], const struct wk_span *parts,
                    size_t count) {
  struct wk_avr_hash h;
  wk_avr_hash_begin(&h);
  for (size_t i = 0; i < count; i++)
    absorb(&h, parts[i].data, parts[i].len);
  wk_avr_hash_end(&h, out);
}

void wk_port_aes_init(struct wk_port_aes *aes,
                      const uint8_t key[WK_AES_KEY_LEN]) {
  memcpy(aes->opaque, key, WK_AES_KEY_LEN);
}

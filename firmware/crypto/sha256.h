/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sha256.h - the compression function of SHA-256 in assembly (sha256.S), and
 * hashing of what comes piece by piece.
 */
#ifndef WHITEKEY_AVR_SHA256_H
#define WHITEKEY_AVR_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include <whitekey/port.h>

/* The assembly knows this layout. All of it is secret: wipe it. */
struct wk_avr_sha256 {
  uint8_t work[32];
  uint32_t state[8]; /* the hash's words */
  uint8_t block[64]; /* a block of the message */
};

/* state = compress(state, block); work and block hold rubbish afterwards. */
void wk_avr_sha256_block(struct wk_avr_sha256 *s);

/* A hash that is going on; as secret as what it hashes. */
struct wk_avr_hash {
  struct wk_avr_sha256 s;
  uint8_t fill; /* of s.block, 0..63 */
  size_t bytes; /* in all */
};

void wk_avr_hash_begin(struct wk_avr_hash *h);
void wk_avr_hash_add(struct wk_avr_hash *h, const uint8_t *data, size_t len);
/* Gives the hash and wipes h. */
void wk_avr_hash_end(struct wk_avr_hash *h, uint8_t out[WK_HASH_LEN]);

#endif

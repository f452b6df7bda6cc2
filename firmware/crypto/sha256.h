/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sha256.h - the compression function of SHA-256 in assembly (sha256.S).
 */
#ifndef WHITEKEY_AVR_SHA256_H
#define WHITEKEY_AVR_SHA256_H

#include <stdint.h>

/* The assembly knows this layout. All of it is secret: wipe it. */
struct wk_avr_sha256 {
  uint8_t work[32];
  uint32_t state[8]; /* the hash's words */
  uint8_t block[64]; /* a block of the message */
};

/* state = compress(state, block); work and block hold rubbish afterwards. */
void wk_avr_sha256_block(struct wk_avr_sha256 *s);

#endif

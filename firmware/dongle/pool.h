/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h - what the chip has of chance, mixed: its RAM at power-on, what comes
 * and when, the host's random bytes, and its own noise (chance.h).
 */
#ifndef WHITEKEY_DONGLE_POOL_H
#define WHITEKEY_DONGLE_POOL_H

#include <stddef.h>
#include <stdint.h>

#define WK_RANDOM_LEN 32u

/* At power-on, before the stack has grown. */
void wk_pool_init(void);

/* Mixes len bytes in, and the moment. */
void wk_pool_add(const void *data, size_t len);

/* The next 32 bytes; what comes after them does not tell them. */
void wk_pool_take(uint8_t out[WK_RANDOM_LEN]);

/* In half the time: 32 bytes for everybody's eyes, with data mixed in. */
void wk_pool_show(uint8_t out[WK_RANDOM_LEN], const void *data, size_t len);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h - what the chip has of chance: its RAM at power-on, and when bytes
 * arrive. Too little to make keys of alone: an enrolment mixes in 32 bytes of
 * the host's.
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

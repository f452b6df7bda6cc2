/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash.h - which bucket of a table something stands in. Not for secrets: one
 * who knows the seed can make collisions.
 */
#ifndef WHITEKEY_PLUGIN_HASH_H
#define WHITEKEY_PLUGIN_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Of data[len]. Every bit of it reaches the low bits, by which tables with a
 * power of two of buckets choose. */
uint64_t wk_hash(uint64_t seed, const void *data, size_t len);

#endif

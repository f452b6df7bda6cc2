/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hmac.h - HMAC-SHA-256 (RFC 2104) with the protocol's 32-byte keys.
 */
#ifndef WHITEKEY_HMAC_H
#define WHITEKEY_HMAC_H

#include <whitekey/port.h>

#define WK_HMAC_PARTS_MAX 8u /* an assert: callers pass a fixed few */

/* out = HMAC(key, parts[0] || ...). out must not overlap key or parts. */
void wk_hmac(uint8_t out[WK_HASH_LEN], const uint8_t key[WK_HASH_LEN],
             const struct wk_span *parts, size_t count);

#endif

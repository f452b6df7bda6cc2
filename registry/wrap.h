/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wrap.h - bio_id at rest: AES-256-GCM under a key derived from `master`,
 * bound to device and generation (protocol section 1).
 */
#ifndef WHITEKEY_REGISTRY_WRAP_H
#define WHITEKEY_REGISTRY_WRAP_H

#include "record.h"
#include "store.h"

#define WK_WRAP_KEY_LEN 32u

/* key = HMAC(master, "whitekey/1/wrap" || realm) */
void wk_wrap_key(uint8_t key[WK_WRAP_KEY_LEN],
                 const uint8_t master[WK_MASTER_LEN],
                 const uint8_t realm[WK_REALM_LEN]);

/* check = HMAC(master, "whitekey/1/check" || realm)[0..16) */
void wk_wrap_check(uint8_t check[WK_CHECK_LEN],
                   const uint8_t master[WK_MASTER_LEN],
                   const uint8_t realm[WK_REALM_LEN]);

/* out = nonce || ciphertext || tag, with a fresh random nonce. */
void wk_wrap_seal(uint8_t out[WK_WRAP_LEN], const uint8_t key[WK_WRAP_KEY_LEN],
                  const struct wk_id *id, uint32_t generation,
                  const uint8_t bio_id[WK_BIO_LEN]);

/* WK_ERR_FORGED; bio_id is zeroed. */
WK_MUST_CHECK enum wk_err wk_wrap_open(uint8_t bio_id[WK_BIO_LEN],
                                       const uint8_t wrapped[WK_WRAP_LEN],
                                       const uint8_t key[WK_WRAP_KEY_LEN],
                                       const struct wk_id *id,
                                       uint32_t generation);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gcm.h - AES-256-GCM with a 12-byte nonce and a 16-byte tag (NIST SP
 * 800-38D), from mbedTLS. A nonce must never serve twice under one key.
 */
#ifndef WHITEKEY_GATEWAY_GCM_H
#define WHITEKEY_GATEWAY_GCM_H

#include <stddef.h>
#include <stdint.h>

#include <whitekey/err.h>

#define WK_GCM_KEY_LEN 32u
#define WK_GCM_NONCE_LEN 12u
#define WK_GCM_TAG_LEN 16u

/* out[len] and tag; out may be the same buffer as body. WK_ERR_MEMORY. */
WK_MUST_CHECK enum wk_err wk_gcm_seal(uint8_t *out,
                                      uint8_t tag[WK_GCM_TAG_LEN],
                                      const uint8_t key[WK_GCM_KEY_LEN],
                                      const uint8_t nonce[WK_GCM_NONCE_LEN],
                                      const uint8_t *aad, size_t aad_len,
                                      const uint8_t *body, size_t len);

/* WK_ERR_FORGED: the tag does not match; out is zeroed. WK_ERR_MEMORY. */
WK_MUST_CHECK enum wk_err wk_gcm_open(uint8_t *out,
                                      const uint8_t key[WK_GCM_KEY_LEN],
                                      const uint8_t nonce[WK_GCM_NONCE_LEN],
                                      const uint8_t *aad, size_t aad_len,
                                      const uint8_t *sealed, size_t len,
                                      const uint8_t tag[WK_GCM_TAG_LEN]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ccm.h - AES-128-CCM with a 13-byte nonce and a 16-byte tag
 * (NIST SP 800-38C, RFC 3610 with L = 2, M = 16).
 */
#ifndef WHITEKEY_CCM_H
#define WHITEKEY_CCM_H

#include <stddef.h>
#include <stdint.h>

#include <whitekey/err.h>
#include <whitekey/port.h>

#define WK_CCM_NONCE_LEN 13u
#define WK_CCM_TAG_LEN 16u
#define WK_CCM_AAD_MAX 0xfeffu  /* longer AAD has another encoding */
#define WK_CCM_BODY_MAX 0xffffu /* L = 2 */

/*
 * out = ciphertext[len] || tag[16]. out may be the same buffer as body.
 * WK_ERR_ARGUMENT: aad_len > WK_CCM_AAD_MAX or len > WK_CCM_BODY_MAX;
 * out is untouched.
 */
WK_MUST_CHECK enum wk_err wk_ccm_seal(uint8_t *out,
                                      const uint8_t key[WK_AES_KEY_LEN],
                                      const uint8_t nonce[WK_CCM_NONCE_LEN],
                                      const uint8_t *aad, size_t aad_len,
                                      const uint8_t *body, size_t len);

/*
 * Opens sealed[len + 16] into out[len]; len is the body's length.
 * WK_ERR_FORGED: the tag does not match. On any failure out is zeroed.
 */
WK_MUST_CHECK enum wk_err wk_ccm_open(uint8_t *out,
                                      const uint8_t key[WK_AES_KEY_LEN],
                                      const uint8_t nonce[WK_CCM_NONCE_LEN],
                                      const uint8_t *aad, size_t aad_len,
                                      const uint8_t *sealed, size_t len);

/*
 * Opens len bytes in place, which have no AAD and of whose tag only the first
 * bytes were kept (the dongle's EEPROM): 4 to 16 of them.
 * WK_ERR_FORGED, WK_ERR_ARGUMENT: as above, data is zeroed.
 */
#define WK_CCM_CUT_MIN 4u
WK_MUST_CHECK enum wk_err
wk_ccm_open_cut(uint8_t *data, size_t len, const uint8_t key[WK_AES_KEY_LEN],
                const uint8_t nonce[WK_CCM_NONCE_LEN],
                const struct wk_span *tag);

#endif

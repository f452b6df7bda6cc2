/* SPDX-License-Identifier: Apache-2.0 */
#include "gcm.h"

#include <mbedtls/gcm.h>

#include <whitekey/bytes.h>

enum wk_err wk_gcm_seal(uint8_t *out, uint8_t tag[WK_GCM_TAG_LEN],
                        const uint8_t key[WK_GCM_KEY_LEN],
                        const uint8_t nonce[WK_GCM_NONCE_LEN],
                        const uint8_t *aad, size_t aad_len,
                        const uint8_t *body, size_t len) {
  mbedtls_gcm_context gcm;
  mbedtls_gcm_init(&gcm);
  int rc =
      mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, WK_GCM_KEY_LEN * 8);
  if (rc == 0)
    rc = mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, len, nonce,
                                   WK_GCM_NONCE_LEN, aad, aad_len, body, out,
                                   WK_GCM_TAG_LEN, tag);
  mbedtls_gcm_free(&gcm);
  return rc == 0 ? WK_OK : WK_ERR_MEMORY;
}

enum wk_err wk_gcm_open(uint8_t *out, const uint8_t key[WK_GCM_KEY_LEN],
                        const uint8_t nonce[WK_GCM_NONCE_LEN],
                        const uint8_t *aad, size_t aad_len,
                        const uint8_t *sealed, size_t len,
                        const uint8_t tag[WK_GCM_TAG_LEN]) {
  mbedtls_gcm_context gcm;
  mbedtls_gcm_init(&gcm);
  int rc =
      mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, WK_GCM_KEY_LEN * 8);
  if (rc == 0)
    rc = mbedtls_gcm_auth_decrypt(&gcm, len, nonce, WK_GCM_NONCE_LEN, aad,
                                  aad_len, tag, WK_GCM_TAG_LEN, sealed, out);
  mbedtls_gcm_free(&gcm);
  if (rc == 0)
    return WK_OK;
  wk_wipe(out, len);
  return rc == MBEDTLS_ERR_GCM_AUTH_FAILED ? WK_ERR_FORGED : WK_ERR_MEMORY;
}

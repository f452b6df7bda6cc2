/* SPDX-License-Identifier: Apache-2.0 */
#include "wrap.h"

#include <stdlib.h>
#include <string.h>

#include <mbedtls/gcm.h>

#include <whitekey/hmac.h>
#include <whitekey/random.h>

#define NONCE_LEN 12u
#define TAG_LEN 16u
#define AAD_MAX (1u + WK_DID_MAX + 4u)
_Static_assert(WK_WRAP_LEN == NONCE_LEN + WK_BIO_LEN + TAG_LEN, "wrap");

static void derive(uint8_t out[WK_HASH_LEN],
                   const uint8_t master[WK_MASTER_LEN], const char *label,
                   const uint8_t realm[WK_REALM_LEN]) {
  const struct wk_span parts[] = {
      {(const uint8_t *)label, strlen(label)},
      {realm, WK_REALM_LEN},
  };
  wk_hmac(out, master, parts, 2);
}

void wk_wrap_key(uint8_t key[WK_WRAP_KEY_LEN],
                 const uint8_t master[WK_MASTER_LEN],
                 const uint8_t realm[WK_REALM_LEN]) {
  derive(key, master, "whitekey/1/wrap", realm);
}

void wk_wrap_check(uint8_t check[WK_CHECK_LEN],
                   const uint8_t master[WK_MASTER_LEN],
                   const uint8_t realm[WK_REALM_LEN]) {
  uint8_t mac[WK_HASH_LEN];
  derive(mac, master, "whitekey/1/check", realm);
  memcpy(check, mac, WK_CHECK_LEN);
  wk_wipe(mac, sizeof mac);
}

/* AAD = lv(d_id) || be32(generation) */
static size_t aad_write(uint8_t aad[AAD_MAX], const struct wk_id *id,
                        uint32_t generation) {
  struct wk_writer w;
  wk_writer_init(&w, aad, AAD_MAX);
  wk_write_u8(&w, id->did_len);
  wk_write_bytes(&w, id->did, id->did_len);
  wk_write_be32(&w, generation);
  return w.used;
}

static void gcm_init(mbedtls_gcm_context *gcm,
                     const uint8_t key[WK_WRAP_KEY_LEN]) {
  mbedtls_gcm_init(gcm);
  if (mbedtls_gcm_setkey(gcm, MBEDTLS_CIPHER_ID_AES, key,
                         WK_WRAP_KEY_LEN * 8) != 0)
    abort(); /* only a heap that is exhausted at start */
}

void wk_wrap_seal(uint8_t out[WK_WRAP_LEN], const uint8_t key[WK_WRAP_KEY_LEN],
                  const struct wk_id *id, uint32_t generation,
                  const uint8_t bio_id[WK_BIO_LEN]) {
  uint8_t aad[AAD_MAX];
  const size_t aad_len = aad_write(aad, id, generation);
  mbedtls_gcm_context gcm;
  gcm_init(&gcm, key);
  wk_random(out, NONCE_LEN);
  if (mbedtls_gcm_crypt_and_tag(
          &gcm, MBEDTLS_GCM_ENCRYPT, WK_BIO_LEN, out, NONCE_LEN, aad, aad_len,
          bio_id, out + NONCE_LEN, TAG_LEN, out + NONCE_LEN + WK_BIO_LEN) != 0)
    abort();
  mbedtls_gcm_free(&gcm);
}

enum wk_err wk_wrap_open(uint8_t bio_id[WK_BIO_LEN],
                         const uint8_t wrapped[WK_WRAP_LEN],
                         const uint8_t key[WK_WRAP_KEY_LEN],
                         const struct wk_id *id, uint32_t generation) {
  uint8_t aad[AAD_MAX];
  const size_t aad_len = aad_write(aad, id, generation);
  mbedtls_gcm_context gcm;
  gcm_init(&gcm, key);
  const int result = mbedtls_gcm_auth_decrypt(
      &gcm, WK_BIO_LEN, wrapped, NONCE_LEN, aad, aad_len,
      wrapped + NONCE_LEN + WK_BIO_LEN, TAG_LEN, wrapped + NONCE_LEN, bio_id);
  mbedtls_gcm_free(&gcm);
  if (result == 0)
    return WK_OK;
  wk_wipe(bio_id, WK_BIO_LEN);
  return WK_ERR_FORGED;
}

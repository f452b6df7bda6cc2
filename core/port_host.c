/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The port on hosts: AES by mbedTLS 2.28 (Debian 12) and 3.6 (Debian 13),
 * SHA-256 by Nettle, which knows the processors' own instructions for it.
 */
#include <whitekey/port.h>

#include <stdlib.h>

#include <mbedtls/aes.h>
#include <nettle/sha2.h>

#include <whitekey/bytes.h>

_Static_assert(sizeof(mbedtls_aes_context) <= WK_PORT_AES_LEN, "AES context");

/* Software primitives do not fail; a broken hardware one must not go on. */
static void need(int result) {
  if (result != 0)
    abort();
}

void wk_port_sha256(uint8_t out[WK_HASH_LEN], const struct wk_span *parts,
                    size_t count) {
  struct sha256_ctx sha;
  sha256_init(&sha);
  for (size_t i = 0; i < count; i++)
    sha256_update(&sha, parts[i].len, parts[i].data);
  sha256_digest(&sha, WK_HASH_LEN, out);
  wk_wipe(&sha, sizeof sha);
}

void wk_port_aes_init(struct wk_port_aes *aes,
                      const uint8_t key[WK_AES_KEY_LEN]) {
  mbedtls_aes_context *ctx = (mbedtls_aes_context *)(void *)aes->opaque;
  mbedtls_aes_init(ctx);
  need(mbedtls_aes_setkey_enc(ctx, key, WK_AES_KEY_LEN * 8));
}

void wk_port_aes_encrypt(const struct wk_port_aes *aes,
                         uint8_t out[WK_AES_BLOCK_LEN],
                         const uint8_t in[WK_AES_BLOCK_LEN]) {
  /* ECB reads the context only; mbedTLS 2.28 does not say const. */
  union {
    const struct wk_port_aes *from;
    mbedtls_aes_context *to;
  } ctx = {.from = aes};
  need(mbedtls_aes_crypt_ecb(ctx.to, MBEDTLS_AES_ENCRYPT, in, out));
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The port on hosts: mbedTLS 2.28 (Debian 12) and 3.6 (Debian 13), and the
 * processor's own SHA-256 where it has one, which mbedTLS knows only of ARM's.
 */
#include <whitekey/port.h>

#include <stdlib.h>

#include <mbedtls/aes.h>
#include <mbedtls/sha256.h>
#include <mbedtls/version.h>

#if defined(__x86_64__)
#include "port_sha256_x86.h"
#endif

#if MBEDTLS_VERSION_MAJOR < 3
#define sha256_starts mbedtls_sha256_starts_ret
#define sha256_update mbedtls_sha256_update_ret
#define sha256_finish mbedtls_sha256_finish_ret
#else
#define sha256_starts mbedtls_sha256_starts
#define sha256_update mbedtls_sha256_update
#define sha256_finish mbedtls_sha256_finish
#endif

_Static_assert(sizeof(mbedtls_aes_context) <= WK_PORT_AES_LEN, "AES context");

/* Software primitives do not fail; a broken hardware one must not go on. */
static void need(int result) {
  if (result != 0)
    abort();
}

void wk_port_sha256(uint8_t out[WK_HASH_LEN], const struct wk_span *parts,
                    size_t count) {
#if defined(__x86_64__)
  if (wk_sha256_x86_present()) {
    wk_sha256_x86(out, parts, count);
    return;
  }
#endif
  mbedtls_sha256_context sha;
  mbedtls_sha256_init(&sha);
  need(sha256_starts(&sha, 0));
  for (size_t i = 0; i < count; i++)
    need(sha256_update(&sha, parts[i].data, parts[i].len));
  need(sha256_finish(&sha, out));
  mbedtls_sha256_free(&sha);
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

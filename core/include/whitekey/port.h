/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port.h - the crypto primitives that core takes from outside.
 *
 * core is freestanding; these three functions are all it asks of a platform.
 * On hosts core/port_host.c gives them (Debian's mbedTLS and Nettle), on the
 * ATmega328P the firmware's own assembly. HMAC and CCM are built on them in
 * core, once, for every platform. None of them may fail or allocate; all of
 * them run in time independent of secret bytes.
 */
#ifndef WHITEKEY_PORT_H
#define WHITEKEY_PORT_H

#include <stddef.h>
#include <stdint.h>

#define WK_HASH_LEN 32u      /* SHA-256, FIPS 180-4 */
#define WK_AES_BLOCK_LEN 16u /* FIPS 197 */
#define WK_AES_KEY_LEN 16u

/* A run of bytes owned by the caller; data may be NULL when len is 0. */
struct wk_span {
  const uint8_t *data;
  size_t len;
};

/* out = SHA-256(parts[0] || parts[1] || ...). out may overlap any part. */
void wk_port_sha256(uint8_t out[WK_HASH_LEN], const struct wk_span *parts,
                    size_t count);

/*
 * An expanded AES-128 encryption key, sized for the platform's own context.
 * It is a secret: wipe it with wk_wipe() after use. It must not be copied: it
 * may point into itself.
 */
#if defined(__AVR__)
#define WK_PORT_AES_LEN 16u /* the key: RAM is short there */
#else
#define WK_PORT_AES_LEN 320u
#endif
struct wk_port_aes {
  _Alignas(uint64_t) uint8_t opaque[WK_PORT_AES_LEN];
};

void wk_port_aes_init(struct wk_port_aes *aes,
                      const uint8_t key[WK_AES_KEY_LEN]);

/* out = AES-128(key, in); out and in may be the same block. */
void wk_port_aes_encrypt(const struct wk_port_aes *aes,
                         uint8_t out[WK_AES_BLOCK_LEN],
                         const uint8_t in[WK_AES_BLOCK_LEN]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key.h - the owner's data key: a JWK file of mode 0600 with 32 random bytes
 * and a key id. Rows are sealed under a key derived from it, JWE tokens under
 * the key itself, so that any JOSE tool opens them with this file.
 */
#ifndef WHITEKEY_GATEWAY_KEY_H
#define WHITEKEY_GATEWAY_KEY_H

#include <stdint.h>

#include <whitekey/port.h>
#include <whitekey/why.h>

#define WK_DATA_KEY_LEN 32u
#define WK_KID_MAX 64u
#define WK_KEY_FILE_MAX 4096u

/* A secret: wipe it. */
struct wk_data_key {
  char kid[WK_KID_MAX + 1]; /* A-Z a-z 0-9 _ - */
  uint8_t k[WK_DATA_KEY_LEN];
};

/*
 * Makes a key file with a random key and id. WK_ERR_EXISTS: it never
 * overwrites one, for what it opened would be lost. WK_ERR_IO.
 */
WK_MUST_CHECK enum wk_err wk_data_key_create(const char *path,
                                             struct wk_why *why);

/*
 * WK_ERR_MISSING, WK_ERR_KEY (others may read it), WK_ERR_MALFORMED,
 * WK_ERR_IO; key is zeroed on failure.
 */
WK_MUST_CHECK enum wk_err wk_data_key_read(struct wk_data_key *key,
                                           const char *path,
                                           struct wk_why *why);

/* What a store keeps to tell another key: HMAC(k, label || kid). */
void wk_data_key_proof(uint8_t proof[WK_HASH_LEN],
                       const struct wk_data_key *key);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwe.h - a private reading on its way: JWE compact (RFC 7516), `dir` with
 * A256GCM, under the owner's key itself. Anyone's JOSE tool opens it with the
 * key file.
 *
 * The protected header names what the reading is bound to:
 *
 *   {"alg":"dir","enc":"A256GCM","kid":..,"topic":..,"device":..,"seq":..,
 *    "at":..,"class":"whole"|"split"}
 *
 * A token whose header was changed does not open. One that was published again
 * on another topic opens, and says where it belongs: compare "topic".
 *
 * `dir` leaves no room for a key per token, so the random 96-bit nonce is what
 * keeps tokens apart. Under one key file 2^32 tokens meet with probability
 * 2^-33 (NIST SP 800-38D section 8.3): ten a second for thirteen years. Then a
 * new key file is due. A counter would not do better: a crash before commit,
 * a restored store and every export would repeat it.
 */
#ifndef WHITEKEY_GATEWAY_JWE_H
#define WHITEKEY_GATEWAY_JWE_H

#include "envelope.h"

/* *token is NUL-terminated and the caller's to free(). WK_ERR_MEMORY. */
WK_MUST_CHECK enum wk_err wk_jwe_seal(char **token,
                                      const struct wk_data_key *key,
                                      const struct wk_record *record,
                                      const uint8_t *body, size_t len);

#endif

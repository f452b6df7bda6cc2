/* SPDX-License-Identifier: Apache-2.0 */
/*
 * id.h - who a chain or a message belongs to, and the keys derived from it
 * (protocol section 1).
 *
 * Every derivation binds the realm and the device name, so a value of one
 * device or registry means nothing to another.
 */
#ifndef WHITEKEY_ID_H
#define WHITEKEY_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <whitekey/err.h>
#include <whitekey/port.h>

#define WK_REALM_LEN 16u
#define WK_DID_MAX 32u /* 1..32 of A-Z a-z 0-9 . _ - */
#define WK_BIO_LEN 16u
#define WK_MASTER_LEN 32u
#define WK_KS_LEN 32u
#define WK_KX_LEN 16u
#define WK_FINGERPRINT_LEN 16u
#define WK_CHARFILE_LEN 256u /* a sensor's character file */
#define WK_TEMPLATE_LEN 512u /* a sensor's template */

/* A device within a realm; did is NUL-terminated for display. */
struct wk_id {
  uint8_t realm[WK_REALM_LEN];
  uint8_t did_len;
  char did[WK_DID_MAX + 1];
};

/*
 * Fills id. WK_ERR_MALFORMED: did is empty, longer than WK_DID_MAX or has a
 * character outside the protocol's set; id is then zeroed.
 */
WK_MUST_CHECK enum wk_err wk_id_init(struct wk_id *id,
                                     const uint8_t realm[WK_REALM_LEN],
                                     const char *did, size_t did_len);

/* Ks = HMAC(master, "whitekey/1/srv" || realm || generation || lv(d_id)). */
void wk_key_server(uint8_t ks[WK_KS_LEN], const uint8_t master[WK_MASTER_LEN],
                   const struct wk_id *id, uint32_t generation);

/* Kx of an epoch, from Ks and bio_id (protocol section 1). */
void wk_key_message(uint8_t kx[WK_KX_LEN], const uint8_t ks[WK_KS_LEN],
                    const struct wk_id *id, uint32_t epoch,
                    const uint8_t bio_id[WK_BIO_LEN]);

/*
 * bio_id of a fingerprint template.
 * WK_ERR_ARGUMENT: len is neither 256 nor 512; bio_id is zeroed.
 */
WK_MUST_CHECK enum wk_err wk_bio_id(uint8_t bio_id[WK_BIO_LEN],
                                    const uint8_t *tmpl, size_t len);

#endif

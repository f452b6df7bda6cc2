/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vault.h - the key under which the EEPROM's secrets are sealed, and sealing.
 *
 * The unattended build keeps the key beside what it seals: sealing then finds
 * damage, and keeps nobody out who can read the chip.
 *
 * A tag is CCM's, cut to four bytes: it finds damage and a wrong key. Nobody
 * gets to guess at it: who can write the EEPROM has the chip.
 */
#ifndef WHITEKEY_DONGLE_VAULT_H
#define WHITEKEY_DONGLE_VAULT_H

#include <stdbool.h>
#include <stdint.h>

#include <whitekey/port.h>

#define WK_SEALED_MAX 80u
#define WK_SEAL_TAG_LEN 4u

/* No two things are sealed under one name: kind, epoch and number. */
struct wk_seal_name {
  uint8_t kind;
  uint32_t epoch;
  uint16_t number;
};

/* Closed: no key is known, nothing is sealed or opened. */
bool wk_vault_is_open(void);
void wk_vault_close(void);

/* Makes a new key of 16 random bytes. What was sealed before is lost. */
void wk_vault_make(const uint8_t key[WK_AES_KEY_LEN]);

/* Opens with the stored key; false: there is none. */
bool wk_vault_open(void);

/* The key is destroyed, here and on the EEPROM. */
void wk_vault_destroy(void);

/* Seals len bytes, at most WK_SEALED_MAX, in place; a tag follows them. */
void wk_vault_seal(uint8_t *data, uint8_t len,
                   const struct wk_seal_name *name);

/*
 * Opens len bytes and their tag at an EEPROM address. False, with data wiped:
 * closed, damaged, or sealed under another key.
 */
bool wk_vault_get(uint8_t *data, uint8_t len, uint16_t at,
                  const struct wk_seal_name *name);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vault.h - the key under which the EEPROM's secrets are sealed, and sealing.
 * lock.h says where the key is while the vault is closed.
 *
 * What belongs to a chain is sealed under a key of that chain's own, one block
 * of AES under the vault's. The vault may be narrowed to one chain, for work
 * that takes minutes: then that key is all that is known.
 *
 * A tag is CCM's, cut to four bytes: it finds damage and a wrong key. Nobody
 * gets to guess at it: who can write the EEPROM has the chip.
 */
#ifndef WHITEKEY_DONGLE_VAULT_H
#define WHITEKEY_DONGLE_VAULT_H

#include <stdbool.h>
#include <stdint.h>

#include <whitekey/port.h>

#define WK_SEALED_MAX 32u
#define WK_SEAL_TAG_LEN 4u

/* An epoch's chain. One that was dropped and made anew is another draft. */
struct wk_epoch {
  uint32_t epoch;
  uint32_t draft; /* by chance */
};

/* No two things are sealed under one name. */
struct wk_seal_name {
  uint8_t kind;
  uint16_t number;
  const struct wk_epoch *chain; /* whose it is; NULL: no chain's */
};

/* Closed: no key is known, nothing is sealed or opened. */
bool wk_vault_is_open(void); /* and not narrowed */
void wk_vault_open(const uint8_t key[WK_AES_KEY_LEN]);
void wk_vault_close(void); /* the key is wiped */

/* To this chain; nothing where it is not open. */
void wk_vault_narrow(const struct wk_epoch *chain);

/* It is open, or narrowed to a chain on this one's side (epoch.h). */
bool wk_vault_opens(const struct wk_epoch *chain);

/* Seals len bytes, at most WK_SEALED_MAX, in place; a tag follows them. */
void wk_vault_seal(uint8_t *data, uint8_t len,
                   const struct wk_seal_name *name);

/*
 * Opens len bytes and their tag at an EEPROM address. False, with data wiped:
 * closed, damaged, or sealed under another key.
 */
bool wk_vault_get(uint8_t *data, uint8_t len, uint16_t at,
                  const struct wk_seal_name *name);

/* The vault's key and its tag, sealed under another key. */
void wk_vault_wrap(uint8_t wrapped[WK_AES_KEY_LEN + WK_SEAL_TAG_LEN],
                   const uint8_t under[WK_AES_KEY_LEN],
                   const struct wk_seal_name *name);

/* The other way round, in place. False, with key wiped: another key's. */
bool wk_vault_unwrap(uint8_t key[WK_AES_KEY_LEN + WK_SEAL_TAG_LEN],
                     const uint8_t under[WK_AES_KEY_LEN],
                     const struct wk_seal_name *name);

/* HMAC(the vault's key, "whitekey/1/site" || lv(label)); it is open. */
void wk_vault_derive(uint8_t out[WK_HASH_LEN], const uint8_t *label,
                     uint8_t len);

#endif

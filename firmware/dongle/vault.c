/* SPDX-License-Identifier: Apache-2.0 */
#include "vault.h"

#include <string.h>

#include "nv.h"

#include <whitekey/bytes.h>
#include <whitekey/ccm.h>
#include <whitekey/hmac.h>

enum { CLOSED = 0, OPEN = 1, NARROW = 2 }; /* or NARROW + 1: to odd epochs */

static struct {
  uint8_t state;
  uint8_t key[WK_AES_KEY_LEN];
} vault;

bool wk_vault_is_open(void) {
  return vault.state == OPEN;
}

static uint8_t narrow_to(const struct wk_epoch *chain) {
  return (uint8_t)(NARROW + (chain->epoch & 1u));
}

bool wk_vault_opens(const struct wk_epoch *chain) {
  return vault.state == OPEN || vault.state == narrow_to(chain);
}

void wk_vault_open(const uint8_t key[WK_AES_KEY_LEN]) {
  memcpy(vault.key, key, WK_AES_KEY_LEN);
  vault.state = OPEN;
}

void wk_vault_close(void) {
  wk_wipe(&vault, sizeof vault);
}

/* Of one chain, or of none: no two have the same key. */
static void nonce_write(uint8_t nonce[WK_CCM_NONCE_LEN],
                        const struct wk_seal_name *name) {
  memset(nonce, 0, WK_CCM_NONCE_LEN);
  nonce[0] = name->kind;
  nonce[1] = (uint8_t)(name->number >> 8);
  nonce[2] = (uint8_t)name->number;
}

/* A chain's own key, of a block that CCM has none like: its own begin with 01
 * or 39. key may be the vault's. */
static void derive(uint8_t key[WK_AES_KEY_LEN], const struct wk_epoch *chain) {
  struct wk_port_aes aes;
  wk_port_aes_init(&aes, vault.key);
  memset(key, 0, WK_AES_KEY_LEN);
  key[0] = 'L';
  memcpy(key + 1, chain, sizeof *chain);
  wk_port_aes_encrypt(&aes, key, key);
  wk_wipe(&aes, sizeof aes);
}

void wk_vault_narrow(const struct wk_epoch *chain) {
  if (vault.state != OPEN)
    return;
  derive(vault.key, chain);
  vault.state = narrow_to(chain);
}

/* What a name is sealed under, in room or elsewhere; NULL: not known. */
static const uint8_t *key_of(const struct wk_seal_name *name,
                             uint8_t room[WK_AES_KEY_LEN]) {
  if (vault.state != OPEN)
    return name->chain && wk_vault_opens(name->chain) ? vault.key : NULL;
  if (!name->chain)
    return vault.key;
  derive(room, name->chain);
  return room;
}

/* In place; a cut tag follows. */
static void seal(uint8_t *data, uint8_t len, const uint8_t *key,
                 const struct wk_seal_name *name) {
  uint8_t buffer[WK_SEALED_MAX + WK_CCM_TAG_LEN];
  uint8_t nonce[WK_CCM_NONCE_LEN];
  nonce_write(nonce, name);
  /* Fails on lengths beyond 64 KB only. */
  (void)!wk_ccm_seal(buffer, key, nonce, NULL, 0, data, len);
  memcpy(data, buffer, len + WK_SEAL_TAG_LEN);
}

/* In place; false: data is wiped. */
static bool unseal(uint8_t *data, uint8_t len,
                   const uint8_t tag[WK_SEAL_TAG_LEN], const uint8_t *key,
                   const struct wk_seal_name *name) {
  uint8_t nonce[WK_CCM_NONCE_LEN];
  const struct wk_span cut = {tag, WK_SEAL_TAG_LEN};
  nonce_write(nonce, name);
  return wk_ccm_open_cut(data, len, key, nonce, &cut) == WK_OK;
}

void wk_vault_seal(uint8_t *data, uint8_t len,
                   const struct wk_seal_name *name) {
  uint8_t room[WK_AES_KEY_LEN];
  seal(data, len, key_of(name, room), name);
  wk_wipe(room, sizeof room);
}

bool wk_vault_get(uint8_t *data, uint8_t len, uint16_t at,
                  const struct wk_seal_name *name) {
  uint8_t tag[WK_SEAL_TAG_LEN];
  uint8_t room[WK_AES_KEY_LEN];
  const uint8_t *const key = key_of(name, room);
  wk_nv_read_bytes(data, at, len);
  wk_nv_read_bytes(tag, at + len, sizeof tag);
  const bool opened = key && unseal(data, len, tag, key, name);
  wk_wipe(room, sizeof room);
  if (!key)
    wk_wipe(data, len);
  return opened;
}

void wk_vault_wrap(uint8_t wrapped[WK_AES_KEY_LEN + WK_SEAL_TAG_LEN],
                   const uint8_t under[WK_AES_KEY_LEN],
                   const struct wk_seal_name *name) {
  memcpy(wrapped, vault.key, WK_AES_KEY_LEN);
  seal(wrapped, WK_AES_KEY_LEN, under, name);
}

bool wk_vault_unwrap(uint8_t key[WK_AES_KEY_LEN + WK_SEAL_TAG_LEN],
                     const uint8_t under[WK_AES_KEY_LEN],
                     const struct wk_seal_name *name) {
  return unseal(key, WK_AES_KEY_LEN, key + WK_AES_KEY_LEN, under, name);
}

void wk_vault_derive(uint8_t out[WK_HASH_LEN], const uint8_t *label,
                     uint8_t len) {
  static const char text[] = "whitekey/1/site";
  uint8_t key[WK_HASH_LEN] = {0}; /* HMAC pads a short key with zeros */
  const struct wk_span parts[] = {
      {(const uint8_t *)text, sizeof text - 1}, {&len, 1}, {label, len}};
  memcpy(key, vault.key, WK_AES_KEY_LEN);
  wk_hmac(out, key, parts, sizeof parts / sizeof *parts);
  wk_wipe(key, sizeof key);
}

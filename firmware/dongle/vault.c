/* SPDX-License-Identifier: Apache-2.0 */
#include "vault.h"

#include <string.h>

#include "nv.h"

#include <whitekey/bytes.h>
#include <whitekey/ccm.h>
#include <whitekey/hmac.h>

static struct {
  bool open;
  uint8_t key[WK_AES_KEY_LEN];
} vault;

bool wk_vault_is_open(void) {
  return vault.open;
}

void wk_vault_open(const uint8_t key[WK_AES_KEY_LEN]) {
  memcpy(vault.key, key, WK_AES_KEY_LEN);
  vault.open = true;
}

void wk_vault_close(void) {
  wk_wipe(&vault, sizeof vault);
}

static void nonce_write(uint8_t nonce[WK_CCM_NONCE_LEN],
                        const struct wk_seal_name *name) {
  memset(nonce, 0, WK_CCM_NONCE_LEN);
  nonce[0] = name->kind;
  nonce[1] = (uint8_t)(name->number >> 8);
  nonce[2] = (uint8_t)name->number;
  wk_put_be32(nonce + 3, name->epoch);
  wk_put_be32(nonce + 7, name->draft);
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
  seal(data, len, vault.key, name);
}

bool wk_vault_get(uint8_t *data, uint8_t len, uint16_t at,
                  const struct wk_seal_name *name) {
  uint8_t tag[WK_SEAL_TAG_LEN];
  wk_nv_read_bytes(data, at, len);
  wk_nv_read_bytes(tag, at + len, sizeof tag);
  if (unseal(data, len, tag, vault.key, name) && vault.open)
    return true;
  wk_wipe(data, len);
  return false;
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

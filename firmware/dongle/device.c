/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include <string.h>

#include "layout.h"
#include "nv.h"
#include "vault.h"

#include <whitekey/bytes.h>

enum {
  AT_LOG_N = 1,
  AT_EPOCH = 2,
  AT_REALM = 6,
  AT_DID_LEN = AT_REALM + WK_REALM_LEN,
  AT_DID = AT_DID_LEN + 1,
  AT_SECRETS = AT_DID + WK_DID_MAX
};
#define SECRETS_LEN (uint8_t)sizeof(struct wk_device_secrets)
_Static_assert(SECRETS_LEN <= WK_SEALED_MAX, "sealed in one piece");
_Static_assert(AT_SECRETS + SECRETS_LEN + WK_SEAL_TAG_LEN == WK_DEVICE_SIZE,
               "record");

static void put(uint8_t at, const void *data, uint8_t len) {
  wk_nv_write_bytes(WK_AT_DEVICE + at, data, len);
}

static void get(void *data, uint8_t at, uint8_t len) {
  wk_nv_read_bytes(data, WK_AT_DEVICE + at, len);
}

static struct wk_seal_name name_of(const struct wk_device *d, char kind) {
  return (struct wk_seal_name){(uint8_t)kind, d->epoch, 0};
}

static uint8_t log_n(uint32_t n) {
  uint8_t log = 0;
  while (n >>= 1)
    log++;
  return log;
}

bool wk_device_load(struct wk_device *d) {
  uint8_t log = 0;
  uint8_t epoch[4];
  memset(d, 0, sizeof *d);
  if (!wk_nv_valid(WK_AT_DEVICE))
    return false;
  get(&log, AT_LOG_N, 1);
  get(epoch, AT_EPOCH, sizeof epoch);
  get(d->id.realm, AT_REALM, WK_REALM_LEN);
  get(&d->id.did_len, AT_DID_LEN, 1);
  get(d->id.did, AT_DID, WK_DID_MAX);
  d->n = UINT32_C(1) << log;
  d->epoch = wk_get_be32(epoch);
  return true;
}

void wk_device_write(const struct wk_device *d,
                     struct wk_device_secrets *secrets) {
  const struct wk_seal_name name = name_of(d, 'D');
  const uint8_t log = log_n(d->n);
  uint8_t epoch[4];
  uint8_t sealed[SECRETS_LEN + WK_SEAL_TAG_LEN];
  wk_put_be32(epoch, d->epoch);
  memcpy(sealed, secrets, SECRETS_LEN);
  wk_wipe(secrets, SECRETS_LEN);
  wk_vault_seal(sealed, SECRETS_LEN, &name);
  wk_nv_invalidate(WK_AT_DEVICE);
  put(AT_LOG_N, &log, 1);
  put(AT_EPOCH, epoch, sizeof epoch);
  put(AT_REALM, d->id.realm, WK_REALM_LEN);
  put(AT_DID_LEN, &d->id.did_len, 1);
  put(AT_DID, d->id.did, WK_DID_MAX);
  put(AT_SECRETS, sealed, sizeof sealed);
  wk_nv_validate(WK_AT_DEVICE);
}

bool wk_device_open(const struct wk_device *d,
                    struct wk_device_secrets *secrets) {
  const struct wk_seal_name name = name_of(d, 'D');
  return wk_vault_get((uint8_t *)secrets, SECRETS_LEN,
                      WK_AT_DEVICE + AT_SECRETS, &name);
}

bool wk_device_seed(uint8_t seed[WK_SEED_LEN]) {
  struct wk_device d;
  struct wk_device_secrets secrets;
  memset(seed, 0, WK_SEED_LEN);
  if (!wk_device_load(&d) || !wk_device_open(&d, &secrets))
    return false;
  memcpy(seed, secrets.seed, WK_SEED_LEN);
  wk_wipe(&secrets, sizeof secrets);
  return true;
}

void wk_device_write_ks(const struct wk_device *d, uint8_t ks[WK_KS_LEN]) {
  const struct wk_seal_name name = name_of(d, 'K');
  uint8_t sealed[WK_KS_LEN + WK_SEAL_TAG_LEN];
  _Static_assert(1 + sizeof sealed == WK_KS_SIZE, "record");
  memcpy(sealed, ks, WK_KS_LEN);
  wk_wipe(ks, WK_KS_LEN);
  wk_vault_seal(sealed, WK_KS_LEN, &name);
  wk_nv_invalidate(WK_AT_KS);
  wk_nv_write_bytes(WK_AT_KS + 1, sealed, sizeof sealed);
  wk_nv_validate(WK_AT_KS);
}

bool wk_device_has_ks(void) {
  return wk_nv_valid(WK_AT_KS);
}

bool wk_device_key(const struct wk_device *d, uint8_t kx[WK_KX_LEN]) {
  const struct wk_seal_name name = name_of(d, 'K');
  struct wk_device_secrets secrets;
  uint8_t ks[WK_KS_LEN];
  memset(kx, 0, WK_KX_LEN);
  if (!wk_device_has_ks() || !wk_vault_get(ks, WK_KS_LEN, WK_AT_KS + 1, &name))
    return false;
  const bool opened = wk_device_open(d, &secrets);
  if (opened)
    wk_key_message(kx, ks, &d->id, d->epoch, secrets.bio_id);
  wk_wipe(&secrets, sizeof secrets);
  wk_wipe(ks, sizeof ks);
  return opened;
}

void wk_device_erase(void) {
  wk_nv_invalidate(WK_AT_DEVICE);
  wk_nv_invalidate(WK_AT_KS);
  for (uint8_t i = 1; i < WK_KS_SIZE; i++)
    wk_nv_write(WK_AT_KS + i, 0);
  for (uint8_t i = AT_SECRETS; i < WK_DEVICE_SIZE; i++)
    wk_nv_write(WK_AT_DEVICE + i, 0);
}

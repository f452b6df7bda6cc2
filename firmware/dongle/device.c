/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include <string.h>

#include "layout.h"
#include "nv.h"
#include "vault.h"

#include <whitekey/bytes.h>

enum {
  AT_LOG_N = 1,
  AT_REALM = 2,
  AT_DID_LEN = AT_REALM + WK_REALM_LEN,
  AT_DID = AT_DID_LEN + 1,
  AT_BIO = AT_DID + WK_DID_MAX
};
_Static_assert(AT_BIO + WK_BIO_LEN + WK_SEAL_TAG_LEN == WK_DEVICE_SIZE,
               "record");

/* How the EEPROM is laid out and sealed, in the byte that has log2(n), too. Of
 * another one there is no chain: the dongle is damaged, and may be reset. */
#define FORMAT 0x20u

static const struct wk_seal_name bio_name = {.kind = 'D'};
static const struct wk_seal_name ks_name = {.kind = 'K'};

static void put(uint8_t at, const void *data, uint8_t len) {
  wk_nv_write_bytes(WK_AT_DEVICE + at, data, len);
}

static void get(void *data, uint8_t at, uint8_t len) {
  wk_nv_read_bytes(data, WK_AT_DEVICE + at, len);
}

static uint8_t log_n(uint32_t n) {
  uint8_t log = 0;
  while (n >>= 1)
    log++;
  return log;
}

bool wk_device_load(struct wk_device *d) {
  uint8_t log = 0;
  memset(d, 0, sizeof *d);
  if (!wk_nv_valid(WK_AT_DEVICE))
    return false;
  get(&log, AT_LOG_N, 1);
  get(d->id.realm, AT_REALM, WK_REALM_LEN);
  get(&d->id.did_len, AT_DID_LEN, 1);
  get(d->id.did, AT_DID, WK_DID_MAX);
  log ^= FORMAT;
  d->n = log < FORMAT ? UINT32_C(1) << log : 0;
  return true;
}

void wk_device_write(const struct wk_device *d, uint8_t bio_id[WK_BIO_LEN]) {
  const uint8_t log = log_n(d->n) | FORMAT;
  uint8_t sealed[WK_BIO_LEN + WK_SEAL_TAG_LEN];
  memcpy(sealed, bio_id, WK_BIO_LEN);
  wk_wipe(bio_id, WK_BIO_LEN);
  wk_vault_seal(sealed, WK_BIO_LEN, &bio_name);
  wk_nv_invalidate(WK_AT_DEVICE);
  put(AT_LOG_N, &log, 1);
  put(AT_REALM, d->id.realm, WK_REALM_LEN);
  put(AT_DID_LEN, &d->id.did_len, 1);
  put(AT_DID, d->id.did, WK_DID_MAX);
  put(AT_BIO, sealed, sizeof sealed);
  wk_nv_validate(WK_AT_DEVICE);
}

bool wk_device_bio_id(uint8_t bio_id[WK_BIO_LEN]) {
  return wk_vault_get(bio_id, WK_BIO_LEN, WK_AT_DEVICE + AT_BIO, &bio_name);
}

void wk_device_write_ks(uint8_t ks[WK_KS_LEN]) {
  uint8_t sealed[WK_KS_LEN + WK_SEAL_TAG_LEN];
  _Static_assert(1 + sizeof sealed == WK_KS_SIZE, "record");
  memcpy(sealed, ks, WK_KS_LEN);
  wk_wipe(ks, WK_KS_LEN);
  wk_vault_seal(sealed, WK_KS_LEN, &ks_name);
  wk_nv_invalidate(WK_AT_KS);
  wk_nv_write_bytes(WK_AT_KS + 1, sealed, sizeof sealed);
  wk_nv_validate(WK_AT_KS);
}

bool wk_device_has_ks(void) {
  return wk_nv_valid(WK_AT_KS);
}

bool wk_device_key(const struct wk_device *d, uint32_t epoch,
                   uint8_t kx[WK_KX_LEN]) {
  uint8_t bio_id[WK_BIO_LEN];
  uint8_t ks[WK_KS_LEN];
  memset(kx, 0, WK_KX_LEN);
  if (!wk_device_has_ks() ||
      !wk_vault_get(ks, WK_KS_LEN, WK_AT_KS + 1, &ks_name))
    return false;
  const bool opened = wk_device_bio_id(bio_id);
  if (opened)
    wk_key_message(kx, ks, &d->id, epoch, bio_id);
  wk_wipe(bio_id, sizeof bio_id);
  wk_wipe(ks, sizeof ks);
  return opened;
}

void wk_device_erase(void) {
  wk_nv_invalidate(WK_AT_DEVICE);
  wk_nv_invalidate(WK_AT_KS);
  for (uint8_t i = 1; i < WK_KS_SIZE; i++)
    wk_nv_write(WK_AT_KS + i, 0);
  for (uint8_t i = AT_BIO; i < WK_DEVICE_SIZE; i++)
    wk_nv_write(WK_AT_DEVICE + i, 0);
}

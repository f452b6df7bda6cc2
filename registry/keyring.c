/* SPDX-License-Identifier: Apache-2.0 */
#include "keyring.h"

#include <string.h>

#include <whitekey/random.h>

void wk_keyring_init(struct wk_keyring *ring,
                     const struct wk_registry *registry,
                     const struct wk_record *record,
                     const struct wk_fleet_keys *known) {
  memset(ring, 0, sizeof *ring);
  ring->id = record->id;
  memcpy(ring->id.realm, registry->realm, WK_REALM_LEN);
  ring->registry = registry;
  ring->generation = record->generation;
  ring->bio_wrapped = record->bio_wrapped;
  ring->knows = known != NULL;
  if (known)
    ring->known = *known;
  ring->known_epoch = record->c.epoch;
}

static void derive(struct wk_keyring *ring) {
  if (!ring->registry)
    return;
  wk_key_server(ring->ks, ring->registry->master, &ring->id, ring->generation);
  if (wk_wrap_open(ring->bio_id, ring->bio_wrapped, ring->registry->wrap_key,
                   &ring->id, ring->generation) != WK_OK) {
    ring->broken = true;
    wk_random(ring->bio_id, sizeof ring->bio_id);
  }
  ring->registry = NULL;
}

void wk_keyring_kx(struct wk_keyring *ring, uint32_t epoch,
                   uint8_t kx[WK_KX_LEN]) {
  if (ring->knows && epoch == ring->known_epoch) {
    memcpy(kx, ring->known.kx, WK_KX_LEN);
    return;
  }
  derive(ring);
  wk_key_message(kx, ring->ks, &ring->id, epoch, ring->bio_id);
}

void wk_keyring_salt(const struct wk_keyring *ring, enum wk_role role,
                     uint32_t epoch, uint8_t salt[WK_SALT_LEN]) {
  if (ring->knows && role == WK_ROLE_C && epoch == ring->known_epoch)
    memcpy(salt, ring->known.salt, WK_SALT_LEN);
  else
    wk_chain_salt(salt, &ring->id, role, epoch);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyring.h - the message keys of one device (protocol section 1), derived
 * when first asked for. The key and salt of chain C's current epoch may come
 * from memory instead: that is most logins, and saves most of their work.
 * Holds secrets: wipe it with wk_wipe().
 */
#ifndef WHITEKEY_REGISTRY_KEYRING_H
#define WHITEKEY_REGISTRY_KEYRING_H

#include "fleet.h"
#include "state.h"

struct wk_keyring {
  struct wk_id id;
  /* Where Ks and bio_id come from; registry NULL: they are there already. */
  const struct wk_registry *registry;
  uint32_t generation;
  const uint8_t *bio_wrapped; /* WK_WRAP_LEN bytes that outlive the ring */
  bool broken;                /* bio_id did not unwrap */
  uint8_t ks[WK_KS_LEN];
  uint8_t bio_id[WK_BIO_LEN];
  bool knows; /* the keys of epoch known_epoch */
  struct wk_fleet_keys known;
  uint32_t known_epoch;
};

/* known: chain C's of the record's epoch, copied; NULL: to be derived. */
void wk_keyring_init(struct wk_keyring *ring,
                     const struct wk_registry *registry,
                     const struct wk_record *record,
                     const struct wk_fleet_keys *known);

/* Kx of an epoch; random when the ring is broken. */
void wk_keyring_kx(struct wk_keyring *ring, uint32_t epoch,
                   uint8_t kx[WK_KX_LEN]);

void wk_keyring_salt(const struct wk_keyring *ring, enum wk_role role,
                     uint32_t epoch, uint8_t salt[WK_SALT_LEN]);

#endif

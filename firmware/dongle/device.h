/* SPDX-License-Identifier: Apache-2.0 */
/*
 * device.h - who this dongle is, the secrets it made, and the server's Ks,
 * which comes later: the server wants to see the anchor first.
 */
#ifndef WHITEKEY_DONGLE_DEVICE_H
#define WHITEKEY_DONGLE_DEVICE_H

#include <stdbool.h>

#include <whitekey/chain.h>
#include <whitekey/id.h>

/* What needs no key to be read. */
struct wk_device {
  struct wk_id id;
  uint32_t epoch;
  uint32_t n; /* a power of two */
};

struct wk_device_secrets {
  uint8_t bio_id[WK_BIO_LEN];
  uint8_t seed[WK_SEED_LEN];
};

/* False: not enrolled; d is zeroed. */
bool wk_device_load(struct wk_device *d);

/* Seals the secrets, which are wiped. Enrolled is, whose record is whole. */
void wk_device_write(const struct wk_device *d,
                     struct wk_device_secrets *secrets);

/* False, with secrets wiped: the vault is closed, or the record damaged. */
bool wk_device_open(const struct wk_device *d,
                    struct wk_device_secrets *secrets);

/* The chain's seed; false, with seed zeroed: as wk_device_open(). */
bool wk_device_seed(uint8_t seed[WK_SEED_LEN]);

/* Keeps Ks, which is wiped. */
void wk_device_write_ks(const struct wk_device *d, uint8_t ks[WK_KS_LEN]);
bool wk_device_has_ks(void);

/* The message key of its epoch; false, with kx zeroed: no Ks, or as above. */
bool wk_device_key(const struct wk_device *d, uint8_t kx[WK_KX_LEN]);

/* Not enrolled any more; what was sealed is written over. */
void wk_device_erase(void);

#endif

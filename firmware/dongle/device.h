/* SPDX-License-Identifier: Apache-2.0 */
/*
 * device.h - who this dongle is, its bio_id, and the server's Ks, which comes
 * later: the server wants to see the anchor first.
 */
#ifndef WHITEKEY_DONGLE_DEVICE_H
#define WHITEKEY_DONGLE_DEVICE_H

#include <stdbool.h>

#include <whitekey/chain.h>
#include <whitekey/id.h>

/* What needs no key to be read. */
struct wk_device {
  struct wk_id id;
  uint32_t n; /* of each of its chains: a power of two; 0: not known, what the
                 EEPROM holds is of another firmware */
};

/* False: not enrolled; d is zeroed. */
bool wk_device_load(struct wk_device *d);

/* Seals bio_id, which is wiped. Enrolled is, whose record is whole. */
void wk_device_write(const struct wk_device *d, uint8_t bio_id[WK_BIO_LEN]);

/* False, with bio_id wiped: the vault is closed, or the record damaged. */
bool wk_device_bio_id(uint8_t bio_id[WK_BIO_LEN]);

/* Keeps Ks, which is wiped. */
void wk_device_write_ks(uint8_t ks[WK_KS_LEN]);
bool wk_device_has_ks(void);

/* An epoch's message key; false, with kx zeroed: no Ks, or as above. */
bool wk_device_key(const struct wk_device *d, uint32_t epoch,
                   uint8_t kx[WK_KX_LEN]);

/* Not enrolled any more; what was sealed is written over. */
void wk_device_erase(void);

#endif

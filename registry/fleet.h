/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fleet.h - every device of a registry in memory, found by name. A device
 * costs about 270 bytes; what few devices have (a user's chain, an open
 * update, a previous epoch) is kept apart.
 *
 * Devices are numbered from 0 in the order they came (by name at load), so
 * that a sweep by number walks the store's pages in order. A changed device is
 * marked dirty until its record was written.
 */
#ifndef WHITEKEY_REGISTRY_FLEET_H
#define WHITEKEY_REGISTRY_FLEET_H

#include "record.h"

#define WK_FLEET_NONE UINT32_MAX

struct wk_fleet;

/* NULL when out of memory. */
struct wk_fleet *wk_fleet_new(void);
void wk_fleet_free(struct wk_fleet *fleet);

/* The device's number, or WK_FLEET_NONE. */
uint32_t wk_fleet_find(const struct wk_fleet *fleet, const char *did);

/*
 * Adds a device or replaces the one of that name; WK_FLEET_NONE when out of
 * memory. Does not mark it dirty.
 */
WK_MUST_CHECK uint32_t wk_fleet_put(struct wk_fleet *fleet,
                                    const struct wk_record *record);

/* The same for a number that was given. False: out of memory. */
WK_MUST_CHECK bool wk_fleet_set(struct wk_fleet *fleet, uint32_t number,
                                const struct wk_record *record);

/* The whole record of a number that was given. */
void wk_fleet_get(const struct wk_fleet *fleet, uint32_t number,
                  struct wk_record *record);

/* Message key and salt of chain C's current epoch, remembered; NULL: not. */
struct wk_fleet_keys {
  uint8_t kx[WK_KX_LEN];
  uint8_t salt[WK_SALT_LEN];
};
const struct wk_fleet_keys *wk_fleet_keys(const struct wk_fleet *fleet,
                                          uint32_t number);
/* wk_fleet_put() with another epoch or generation forgets them. */
void wk_fleet_remember(struct wk_fleet *fleet, uint32_t number,
                       const struct wk_fleet_keys *keys);

/* The number of the device's role; 0: it is revoked. */
uint8_t wk_fleet_role(const struct wk_fleet *fleet, uint32_t number);

void wk_fleet_mark(struct wk_fleet *fleet, uint32_t number);
/* Takes the next dirty device after the last one taken and clears its mark;
 * WK_FLEET_NONE when there is none. */
uint32_t wk_fleet_take_dirty(struct wk_fleet *fleet);

uint32_t wk_fleet_count(const struct wk_fleet *fleet);
/* Grows with every mark. */
uint64_t wk_fleet_marks(const struct wk_fleet *fleet);
uint32_t wk_fleet_dirty_count(const struct wk_fleet *fleet);
uint32_t wk_fleet_state_count(const struct wk_fleet *fleet,
                              enum wk_device_state state);

#endif

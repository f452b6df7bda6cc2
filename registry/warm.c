/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys ahead of time. Deriving a device's message key costs several times
 * what the rest of its login does; a fleet that reconnects at once after a
 * restart should not pay for it on the broker's one thread.
 */
#include "keyring.h"
#include "server_state.h"

#define CHUNK 256u /* devices a turn: about a millisecond */

static bool wants_keys(struct wk_server *server, uint32_t number,
                       struct wk_record *record) {
  (void)pthread_mutex_lock(&server->memory);
  const bool wanted = !wk_fleet_keys(server->fleet, number);
  wk_fleet_get(server->fleet, number, record);
  (void)pthread_mutex_unlock(&server->memory);
  return wanted && record->state != WK_DEVICE_REVOKED;
}

/* Only if it still is the device and epoch that the keys were derived for. */
static void keep(struct wk_server *server, uint32_t number,
                 const struct wk_record *record,
                 const struct wk_fleet_keys *keys) {
  struct wk_record now;
  (void)pthread_mutex_lock(&server->memory);
  wk_fleet_get(server->fleet, number, &now);
  if (now.generation == record->generation && now.c.epoch == record->c.epoch)
    wk_fleet_remember(server->fleet, number, keys);
  (void)pthread_mutex_unlock(&server->memory);
}

static void warm_one(struct wk_server *server, uint32_t number) {
  struct wk_record record;
  struct wk_keyring ring;
  struct wk_fleet_keys keys;
  if (!wants_keys(server, number, &record))
    return;
  wk_keyring_init(&ring, server->registry, &record, NULL);
  wk_keyring_kx(&ring, record.c.epoch, keys.kx);
  wk_keyring_salt(&ring, WK_ROLE_C, record.c.epoch, keys.salt);
  if (!ring.broken)
    keep(server, number, &record, &keys);
  wk_wipe(&keys, sizeof keys);
  wk_wipe(&ring, sizeof ring);
}

bool wk_server_warm(struct wk_server *server) {
  (void)pthread_mutex_lock(&server->memory);
  const uint32_t count = wk_fleet_count(server->fleet);
  (void)pthread_mutex_unlock(&server->memory);
  for (uint32_t i = 0; i < CHUNK && server->warm < count; i++)
    warm_one(server, server->warm++);
  return server->warm < count;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* I3: when all faults have ended, the device logs in soon. */
#include "world.h"

#define ATTEMPTS (2 * WK_SKIP_MAX + 2)
#define WELL 4u /* logins: an update begins, and ends */

static uint32_t left(const struct wk_credential_chain *chain) {
  return chain->present ? chain->n + 1 - chain->next : UINT32_MAX;
}

/*
 * Enough to get over a barrier and the one ladder there is. With two updates
 * open three of four pairs of chains are wrong, and each try costs an index
 * of both.
 */
static bool enough(const struct wk_credential *credential) {
  const uint32_t need =
      credential->d.present ? ATTEMPTS + WK_SKIP_MAX : ATTEMPTS;
  return left(&credential->c) >= need && left(&credential->d) >= need &&
         left(&credential->c_update.chain) >= need &&
         left(&credential->d_update.chain) >= need;
}

/* A copy that ran ahead of the device has used up what the device would have
 * had to skip. */
static bool within_reach(const struct wk_chain_record *record,
                         const struct wk_credential_chain *old,
                         const struct wk_credential_chain *new) {
  const struct wk_credential_chain *chain =
      new->present && record->epoch == new->epoch ? new : old;
  const uint32_t last =
      record->barrier > record->last ? record->barrier : record->last;
  return !record->present || last < chain->next ||
         last - chain->next < WK_SKIP_MAX;
}

static bool should_succeed(struct world *world, struct device *device) {
  const struct wk_credential *credential = &device->client->credential;
  struct wk_record record;
  world_record(world, &record);
  if (!enough(credential))
    return false;
  if (!world->judge.copy_made)
    return true;
  return judge_shares(world, device) &&
         within_reach(&record.c, &credential->c,
                      &credential->c_update.chain) &&
         within_reach(&record.d, &credential->d, &credential->d_update.chain);
}

/* True where there was something to release. */
static bool release(struct world *world) {
  struct wk_record record;
  struct wk_why why;
  world_record(world, &record);
  if (record.state != WK_DEVICE_QUARANTINED ||
      wk_registry_change(world->registry, DID, WK_CHANGE_RELEASE, &why) !=
          WK_OK)
    return false;
  (void)wk_server_catch_up(world->server);
  return true;
}

static void end_faults(struct world *world) {
  world_set_outage(world, OUTAGE_NONE);
  world->device[0].off = 0;
  /* The server tries its store again by itself. */
  world_flush(world);
  (void)release(world);
}

/* True: accepted, or broken. */
static bool logs_in(struct world *world, struct device *device) {
  bool released = !world->judge.copy_made;
  for (unsigned i = 0; i < ATTEMPTS; i++) {
    world->now += world->policy.window < CHAIN_MAX ? 61 : 1;
    if (act_login_well(world, device) || world->judge.broken[0] != '\0')
      return true;
    /* Its contact told of the copy, as it should: once. */
    released = released || release(world);
  }
  return false;
}

/* From then on every login is accepted, through its key updates. */
static void stays_well(struct world *world, struct device *device) {
  for (unsigned i = 0; i < WELL; i++) {
    world->now++;
    if (!act_login_well(world, device))
      world_break(world, "I3: refused again, without a fault");
  }
}

void judge_end(struct world *world) {
  struct device *device = &world->device[0];
  end_faults(world);
  if (!should_succeed(world, device))
    return;
  if (!logs_in(world, device))
    world_break(world, "I3: %u attempts without faults are all refused",
                ATTEMPTS);
  if (!world->judge.copy_made && world->judge.broken[0] == '\0' &&
      left(&device->client->credential.c) > WELL)
    stays_well(world, device);
}

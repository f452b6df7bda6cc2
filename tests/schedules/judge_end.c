/* SPDX-License-Identifier: Apache-2.0 */
/* I3: when all faults have ended, the device logs in soon. */
#include <string.h>

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

/* After a restore older times need a challenge, and none is older than any;
 * and a walk beyond the window needs a time. */
static bool has_the_time(const struct world *world,
                         const struct device *device) {
  const struct setup *setup = world->setup;
  const struct wk_credential *credential = &device->client->credential;
  if (device->clock && credential->time <= world->now)
    return true;
  if (!device->clock && world->judge.restored &&
      setup->challenge != CHALLENGE_ALWAYS)
    return false;
  return setup->window >= CHAIN_MAX;
}

static bool should_succeed(struct world *world, struct device *device) {
  const struct wk_credential *credential = &device->client->credential;
  struct wk_record record;
  world_record(world, &record);
  if (!enough(credential) || !has_the_time(world, device))
    return false;
  if (!world->judge.copy_made && !world->judge.restored)
    return true;
  return judge_shares(world, device) &&
         within_reach(&record.c, &credential->c,
                      &credential->c_update.chain) &&
         within_reach(&record.d, &credential->d, &credential->d_update.chain);
}

static void end_faults(struct world *world) {
  world_set_outage(world, OUTAGE_NONE);
  world->device[0].off = 0;
  /* Its clock passes what it ever sent, and the server's what it forgot. */
  if (world->judge.restored &&
      world->now <= world->device[0].client->credential.time)
    world->now = world->device[0].client->credential.time;
  if (world->judge.restored)
    world->now += 2 * world->policy.max_skew;
  /* The server tries its store again by itself. */
  world_flush(world);
  (void)world_release(world);
}

/* True: accepted, or broken. */
static bool logs_in(struct world *world, struct device *device) {
  bool released = !world->judge.copy_made;
  /* Long walks have their minutes, doubts of a clock theirs. */
  const bool patient =
      world->policy.window < CHAIN_MAX || world->judge.restored;
  for (unsigned i = 0; i < ATTEMPTS; i++) {
    world->now += patient ? 61 : 1;
    if (act_login_well(world, device) || world->judge.broken[0] != '\0')
      return true;
    /* Its contact told of the copy, as it should: once. */
    released = released || world_release(world);
  }
  return false;
}

/* From then on every login is accepted, and an open key update ends. */
static void stays_well(struct world *world, struct device *device) {
  const struct wk_credential *credential = &device->client->credential;
  const struct wk_credential_chain before = credential->c_update.chain;
  for (unsigned i = 0; i < WELL; i++) {
    world->now++;
    if (!act_login_well(world, device))
      world_break(world, "I3: refused again, without a fault");
  }
  if (before.present && memcmp(before.seed, credential->c_update.chain.seed,
                               sizeof before.seed) == 0)
    world_break(world, "I3: a key update does not end");
}

void judge_end(struct world *world) {
  struct device *device = &world->device[0];
  end_faults(world);
  if (!should_succeed(world, device))
    return;
  if (!logs_in(world, device))
    world_break(world, "I3: %u attempts without faults are all refused",
                ATTEMPTS);
  /* A small window may refuse a chain that skipped ahead in vain. */
  if (world->policy.window >= CHAIN_MAX && !world->judge.copy_made &&
      !world->judge.restored && world->judge.broken[0] == '\0' &&
      left(&device->client->credential.c) > WELL)
    stays_well(world, device);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <whitekey/random.h>

#include "seeded.h"
#include "server_state.h"

/* The store is no file; a path that exists is asked for all the same. */
#define PATH "/"
#define NEW_PATH "/whitekey-in-memory"

void world_break(struct world *world, const char *format, ...) {
  va_list args;
  if (world->judge.broken[0] != '\0')
    return;
  va_start(args, format);
  (void)vsnprintf(world->judge.broken, sizeof world->judge.broken, format,
                  args);
  va_end(args);
}

void world_say(const struct world *world, const char *format, ...) {
  va_list args;
  if (!world->trace)
    return;
  va_start(args, format);
  (void)vprintf(format, args);
  va_end(args);
}

/* The harness's own troubles are not the protocol's. */
static void need(enum wk_err err, const struct wk_why *why) {
  if (err == WK_OK)
    return;
  (void)fprintf(stderr, "schedules: %s\n", why->text);
  abort();
}

static void open_server(struct world *world) {
  struct wk_why why = {""};
  need(wk_server_open(&world->server, PATH, PATH, &why), &why);
}

/* ---- devices ------------------------------------------------------------ */

static uint32_t clock_of(void *context) {
  const struct world *world = ((void **)context)[0];
  const struct device *device = ((void **)context)[1];
  return device->clock ? (uint32_t)(world->now + device->off) : 0;
}

/* One world at a time: the clocks' contexts. */
static void *contexts[2][2];

static void boot(struct world *world, struct device *device,
                 const struct wk_credential *credential) {
  struct wk_why why = {"a credential that no client takes"};
  contexts[device->who][0] = world;
  contexts[device->who][1] = device;
  need(wk_client_new(&device->client, credential, clock_of,
                     contexts[device->who]),
       &why);
}

void world_crash_device(struct world *world, struct device *device) {
  struct wk_credential credential = device->client->credential;
  wk_client_free(device->client);
  if (world->setup->forgetful) { /* as one that writes ahead */
    credential.time = 0;
    credential.reserved = 1;
  }
  boot(world, device, &credential);
  wk_credential_wipe(&credential);
}

void world_copy_device(struct world *world) {
  struct wk_credential credential = world->device[0].client->credential;
  struct device *copy = &world->device[1];
  wk_client_free(copy->client);
  memset(copy, 0, sizeof *copy);
  copy->who = 1;
  copy->clock = true;
  boot(world, copy, &credential);
  world->judge.copy_made = true;
  wk_credential_wipe(&credential);
}

static void enrol_chain(struct wk_enrolled_chain *public,
                        struct wk_credential_chain *chain,
                        const struct world *world, const struct wk_id *id,
                        enum wk_role role) {
  wk_credential_chain_new(chain, world->setup->n);
  wk_credential_anchor(public->anchor, id, role, chain);
  public->present = true;
  public->n = chain->n;
  chain->next = world->setup->start;
}

static void enrol(struct world *world) {
  struct wk_credential credential;
  struct wk_enrolment device;
  struct wk_why why = {""};
  memset(&credential, 0, sizeof credential);
  memset(&device, 0, sizeof device);
  need(wk_id_init(&credential.id, wk_registry_realm(world->registry), DID,
                  strlen(DID)),
       &why);
  memcpy(device.did, DID, sizeof DID);
  wk_random(device.bio_id, sizeof device.bio_id);
  memcpy(credential.bio_id, device.bio_id, WK_BIO_LEN);
  enrol_chain(&device.c, &credential.c, world, &credential.id, WK_ROLE_C);
  if (world->setup->user)
    enrol_chain(&device.d, &credential.d, world, &credential.id, WK_ROLE_D);
  need(wk_registry_enrol(world->registry, &device, &credential.generation,
                         credential.ks, &why),
       &why);
  world->device[0].clock = !world->setup->clockless;
  boot(world, &world->device[0], &credential);
  wk_credential_wipe(&credential);
}

/* ---- the server --------------------------------------------------------- */

void world_set_outage(struct world *world, enum outage outage) {
  world->outage = outage;
  memory_store_outage(outage);
}

/* A server that cannot write ends as a killed one: nothing more is kept. */
void world_restart_server(struct world *world, bool clean) {
  memory_store_outage(clean ? world->outage : OUTAGE_BEGIN);
  wk_server_close(world->server);
  world_set_outage(world, OUTAGE_NONE); /* or it would not start */
  open_server(world);
  network_cut(world);
}

void world_restore(struct world *world) {
  struct wk_why why = {""};
  int64_t not_before = 0;
  memory_store_outage(OUTAGE_BEGIN);
  wk_server_close(world->server);
  world_set_outage(world, OUTAGE_NONE);
  memory_store_restore();
  need(wk_registry_restore(world->registry, world->now, world->policy.max_skew,
                           &not_before, &why),
       &why);
  open_server(world);
  network_cut(world);
  judge_restored(world);
}

bool world_release(struct world *world) {
  struct wk_record record;
  struct wk_why why;
  world_record(world, &record);
  if (record.state != WK_DEVICE_QUARANTINED)
    return false;
  world->judge.released = true; /* also where the store gives no answer */
  if (wk_registry_change(world->registry, DID, WK_CHANGE_RELEASE, &why) !=
      WK_OK)
    return false;
  (void)wk_server_catch_up(world->server);
  return true;
}

void world_flush(struct world *world) {
  const enum wk_err err = wk_server_flush(world->server, NULL);
  (void)err; /* an outage is the server's to remember */
}

void world_record(const struct world *world, struct wk_record *record) {
  uint32_t number = 0;
  (void)wk_server_record(world->server, DID, record, &number);
}

/* ---- life --------------------------------------------------------------- */

void world_begin(struct world *world, const struct schedule *schedule) {
  struct wk_why why = {""};
  memset(world, 0, sizeof *world);
  seeded_random(schedule->seed);
  world->setup = &schedule->setup;
  world->now = BEGIN_OF_TIME;
  wk_policy_init(&world->policy);
  world->policy.window = schedule->setup.window;
  world->device[1].who = 1;
  memory_store_clear();
  need(wk_registry_create(NEW_PATH, NEW_PATH, &why), &why);
  need(wk_registry_open(&world->registry, PATH, PATH, &why), &why);
  enrol(world);
  world->judge.anchors = memory_store_anchors();
  open_server(world);
}

void world_end(struct world *world) {
  wk_client_free(world->device[0].client);
  wk_client_free(world->device[1].client);
  wk_server_close(world->server);
  wk_registry_close(world->registry);
  memory_store_clear();
}

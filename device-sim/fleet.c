/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet.h"

#include <stdio.h>
#include <string.h>

#include <whitekey/bytes.h>
#include <whitekey/file.h>

#include "rng.h"

void fleet_name(char did[FLEET_NAME_MAX], uint32_t device) {
  (void)snprintf(did, FLEET_NAME_MAX, "sim-%04u", (unsigned)device + 1);
}

/* The registry has looked at the file already. */
static enum wk_err read_master(struct fleet *fleet, struct wk_why *why) {
  char *data = NULL;
  size_t len = 0;
  enum wk_err err = wk_file_read(&data, &len, fleet->options->master,
                                 sizeof fleet->master, why);
  if (err == WK_OK && len == sizeof fleet->master)
    memcpy(fleet->master, data, len);
  else if (err == WK_OK)
    err =
        wk_fail(why, WK_ERR_KEY, "%s: no master key", fleet->options->master);
  wk_file_wipe(data, len);
  return err;
}

enum wk_err fleet_open(struct fleet *fleet, const struct options *options,
                       struct wk_why *why) {
  *fleet = (struct fleet){.options = options};
  enum wk_err err = wk_registry_open(&fleet->registry, options->registry,
                                     options->master, why);
  if (err == WK_OK)
    err = wk_audit_open(&fleet->audit, options->registry, why);
  if (err == WK_OK)
    err = read_master(fleet, why);
  return err;
}

void fleet_close(struct fleet *fleet) {
  if (fleet->audit)
    wk_audit_close(fleet->audit);
  if (fleet->registry)
    wk_registry_close(fleet->registry);
  wk_wipe(fleet, sizeof *fleet);
}

/* Every enrolment needs a new seed: the next generation's. */
static enum wk_err next_generation(struct fleet *fleet, const char *did,
                                   uint32_t *generation, struct wk_why *why) {
  struct wk_device_info info;
  const enum wk_err err = wk_registry_get(fleet->registry, did, &info, why);
  *generation = err == WK_OK ? info.generation + 1 : 0;
  return err == WK_ERR_MISSING ? WK_OK : err;
}

static enum wk_err make(struct fleet *fleet, const char *did,
                        uint32_t generation,
                        struct wk_credential *credential) {
  const struct options *o = fleet->options;
  uint8_t bio[32];
  memset(credential, 0, sizeof *credential);
  const enum wk_err err = wk_id_init(
      &credential->id, wk_registry_realm(fleet->registry), did, strlen(did));
  credential->c.present = true;
  credential->c.n = o->length;
  credential->c.next = 1;
  rng_secret(credential->c.seed, o->seed, "chain", did, generation);
  rng_secret(bio, o->seed, "bio", did, generation);
  memcpy(credential->bio_id, bio, sizeof credential->bio_id);
  wk_wipe(bio, sizeof bio);
  return err;
}

/* Its credential but for Ks, and what the registry gets of it. */
static enum wk_err prepare(struct fleet *fleet, const char *did,
                           struct wk_credential *credential,
                           struct wk_enrolment *device, struct wk_why *why) {
  uint32_t generation = 0;
  enum wk_err err = next_generation(fleet, did, &generation, why);
  if (err == WK_OK)
    err = make(fleet, did, generation, credential);
  if (err != WK_OK)
    return err;
  *device = (struct wk_enrolment){.c = {.present = true}};
  (void)snprintf(device->did, sizeof device->did, "%s", did);
  memcpy(device->bio_id, credential->bio_id, sizeof device->bio_id);
  device->c.n = credential->c.n;
  wk_credential_anchor(device->c.anchor, &credential->id, WK_ROLE_C,
                       &credential->c);
  credential->generation = generation;
  return WK_OK;
}

enum wk_err fleet_enrol(struct fleet *fleet, const char *did,
                        struct wk_credential *credential, struct wk_why *why) {
  struct wk_enrolment device;
  enum wk_err err = prepare(fleet, did, credential, &device, why);
  if (err != WK_OK)
    return err;
  err = wk_registry_enrol(fleet->registry, &device, &credential->generation,
                          credential->ks, why);
  wk_wipe(&device, sizeof device);
  if (err == WK_OK)
    wk_audit_admin(fleet->audit, "enrol", did);
  else
    wk_credential_wipe(credential);
  return err;
}

struct batch {
  struct fleet *fleet;
  uint32_t first, count;
  struct wk_credential *credentials;
  enum wk_err err;
  struct wk_why *why;
};

/* Within the transaction, so that the generation is the one that it gives. */
static bool next_in_batch(void *context, uint32_t number,
                          struct wk_enrolment *device) {
  struct batch *batch = context;
  char did[FLEET_NAME_MAX];
  if (number == batch->count)
    return false;
  struct wk_credential *credential = &batch->credentials[number];
  fleet_name(did, batch->first + number);
  batch->err = prepare(batch->fleet, did, credential, device, batch->why);
  if (batch->err != WK_OK)
    return false;
  wk_key_server(credential->ks, batch->fleet->master, &credential->id,
                credential->generation);
  return true;
}

enum wk_err fleet_enrol_batch(struct fleet *fleet, uint32_t first,
                              uint32_t count,
                              struct wk_credential *credentials,
                              struct wk_why *why) {
  struct batch batch = {fleet, first, count, credentials, WK_OK, why};
  enum wk_err err =
      wk_registry_enrol_all(fleet->registry, next_in_batch, &batch, why);
  if (batch.err != WK_OK)
    err = batch.err;
  for (uint32_t i = 0; i < count && err == WK_OK; i++)
    wk_audit_admin(fleet->audit, "enrol", credentials[i].id.did);
  return err;
}

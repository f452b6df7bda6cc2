/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet.h"

#include <stdio.h>
#include <string.h>

#include <whitekey/bytes.h>

#include "rng.h"

enum wk_err fleet_open(struct fleet *fleet, const struct options *options,
                       struct wk_why *why) {
  *fleet = (struct fleet){.options = options};
  enum wk_err err = wk_registry_open(&fleet->registry, options->registry,
                                     options->master, why);
  if (err == WK_OK)
    err = wk_audit_open(&fleet->audit, options->registry, why);
  return err;
}

void fleet_close(struct fleet *fleet) {
  if (fleet->audit)
    wk_audit_close(fleet->audit);
  if (fleet->registry)
    wk_registry_close(fleet->registry);
  *fleet = (struct fleet){0};
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

enum wk_err fleet_enrol(struct fleet *fleet, const char *did,
                        struct wk_credential *credential, struct wk_why *why) {
  struct wk_enrolment device = {.c = {.present = true}};
  uint32_t generation = 0;
  enum wk_err err = next_generation(fleet, did, &generation, why);
  if (err == WK_OK)
    err = make(fleet, did, generation, credential);
  if (err != WK_OK)
    return err;
  (void)snprintf(device.did, sizeof device.did, "%s", did);
  memcpy(device.bio_id, credential->bio_id, sizeof device.bio_id);
  device.c.n = credential->c.n;
  wk_credential_anchor(device.c.anchor, &credential->id, WK_ROLE_C,
                       &credential->c);
  err = wk_registry_enrol(fleet->registry, &device, &credential->generation,
                          credential->ks, why);
  wk_wipe(&device, sizeof device);
  if (err == WK_OK)
    wk_audit_admin(fleet->audit, "enrol", did);
  else
    wk_credential_wipe(credential);
  return err;
}

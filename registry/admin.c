/* SPDX-License-Identifier: Apache-2.0 */
/* What operators do: enrol, list, change. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "state.h"

/* The alarms of the device x4 go to whitekey/v1/events/x4. */
#define RESERVED_NAME "events"

/* ---- enrolment ---------------------------------------------------------- */

static enum wk_err chain_allowed(const struct wk_enrolled_chain *chain,
                                 const char *did, struct wk_why *why) {
  if (chain->present &&
      (chain->n < WK_CHAIN_ENROL_MIN || chain->n > WK_CHAIN_LEN_MAX))
    return wk_fail(why, WK_ERR_ARGUMENT,
                   "device \"%s\": a chain of %u is not within %u..%u", did,
                   (unsigned)chain->n, WK_CHAIN_ENROL_MIN,
                   (unsigned)WK_CHAIN_LEN_MAX);
  return WK_OK;
}

static enum wk_err enrolment_allowed(const struct wk_enrolment *device,
                                     const uint8_t realm[WK_REALM_LEN],
                                     struct wk_id *id, struct wk_why *why) {
  const size_t len = strnlen(device->did, sizeof device->did);
  if (wk_id_init(id, realm, device->did, len) != WK_OK)
    return wk_fail(why, WK_ERR_MALFORMED,
                   "a device's name is 1 to %u of A-Z a-z 0-9 . _ -",
                   WK_DID_MAX);
  if (strcmp(id->did, RESERVED_NAME) == 0)
    return wk_fail(why, WK_ERR_ARGUMENT,
                   "no device may be named \"%s\": alarms have this topic",
                   id->did);
  if (!device->c.present)
    return wk_fail(why, WK_ERR_ARGUMENT, "device \"%s\": no chain C", id->did);
  const enum wk_err err = chain_allowed(&device->c, id->did, why);
  return err == WK_OK ? chain_allowed(&device->d, id->did, why) : err;
}

/* Promised from the start, so that a fleet's first logins wait for no disk. */
static void chain_enrol(struct wk_chain_record *record,
                        const struct wk_enrolled_chain *chain, uint32_t run) {
  record->present = chain->present;
  if (!chain->present)
    return;
  record->epoch = chain->epoch;
  record->n = chain->n;
  memcpy(record->value, chain->anchor, WK_VALUE_LEN);
  record->promise = WK_SKIP_MAX;
  record->promise_run = run;
}

static enum wk_err store_enrolment(struct wk_store *store,
                                   const struct wk_record *record,
                                   struct wk_why *why) {
  enum wk_err err =
      wk_store_anchor(store, record->id.did, record->c.value, why);
  if (err == WK_OK && record->d.present)
    err = wk_store_anchor(store, record->id.did, record->d.value, why);
  return err == WK_OK ? wk_store_put(store, record, why) : err;
}

/* The role asked for, or the one that the name has. */
static enum wk_err role_of(struct wk_registry *registry,
                           const struct wk_enrolment *device,
                           const struct wk_record *before,
                           struct wk_record *record, struct wk_why *why) {
  struct wk_role_record role;
  if (device->role[0] == '\0' && before &&
      before->state != WK_DEVICE_REVOKED) {
    record->role = before->role;
    return WK_OK;
  }
  const char *name = device->role[0] != '\0' ? device->role : WK_ROLE_DEFAULT;
  const enum wk_err err = wk_store_role_get(registry->store, name, &role, why);
  record->role = role.number;
  return err;
}

/* In a transaction: the name's tombstone or record gives the generation. */
static enum wk_err enrol(struct wk_registry *registry,
                         const struct wk_enrolment *device,
                         struct wk_record *record, struct wk_why *why) {
  struct wk_record before;
  enum wk_err err =
      wk_store_get(registry->store, record->id.did, &before, why);
  if (err != WK_OK && err != WK_ERR_MISSING)
    return err;
  record->generation = err == WK_OK ? before.generation + 1 : 0;
  if (err == WK_OK && before.generation == UINT32_MAX)
    return wk_fail(why, WK_ERR_EXHAUSTED,
                   "device \"%s\": no generation is left", record->id.did);
  err = role_of(registry, device, err == WK_OK ? &before : NULL, record, why);
  if (err != WK_OK)
    return err;
  struct wk_store_head head;
  err = wk_store_head(registry->store, &head, why);
  if (err != WK_OK)
    return err;
  record->enrolled_at = (int64_t)time(NULL);
  chain_enrol(&record->c, &device->c, head.run);
  chain_enrol(&record->d, &device->d, head.run);
  wk_wrap_seal(record->bio_wrapped, registry->wrap_key, &record->id,
               record->generation, device->bio_id);
  return store_enrolment(registry->store, record, why);
}

/* Within a transaction. */
static enum wk_err enrol_one(struct wk_registry *registry,
                             const struct wk_enrolment *device,
                             struct wk_record *record, struct wk_why *why) {
  memset(record, 0, sizeof *record);
  record->state = WK_DEVICE_ENABLED;
  const enum wk_err err =
      enrolment_allowed(device, registry->realm, &record->id, why);
  return err == WK_OK ? enrol(registry, device, record, why) : err;
}

enum wk_err wk_registry_enrol(struct wk_registry *registry,
                              const struct wk_enrolment *device,
                              uint32_t *generation, uint8_t ks[WK_KS_LEN],
                              struct wk_why *why) {
  struct wk_record record;
  enum wk_err err = wk_registry_begin(registry, why);
  if (err != WK_OK)
    return err;
  err = enrol_one(registry, device, &record, why);
  err = wk_registry_finish(registry, err, why);
  if (err != WK_OK)
    return err;
  *generation = record.generation;
  wk_key_server(ks, registry->master, &record.id, record.generation);
  return WK_OK;
}

enum wk_err wk_registry_enrol_all(struct wk_registry *registry,
                                  bool (*next)(void *context, uint32_t number,
                                               struct wk_enrolment *device),
                                  void *context, struct wk_why *why) {
  struct wk_enrolment device;
  struct wk_record record;
  enum wk_err err = wk_registry_begin(registry, why);
  if (err != WK_OK)
    return err;
  for (uint32_t i = 0; err == WK_OK && next(context, i, &device); i++)
    err = enrol_one(registry, &device, &record, why);
  return wk_registry_finish(registry, err, why);
}

/* ---- looking ------------------------------------------------------------ */

/* Roles' names by number, read once for many devices. */
struct role_names {
  char name[WK_ROLE_COUNT_MAX + 1][WK_ROLE_NAME_MAX + 1];
};

static enum wk_err role_names_read(struct role_names *names,
                                   struct wk_store *store,
                                   struct wk_why *why) {
  struct wk_role_record role = {.number = 0};
  enum wk_err err = WK_OK;
  memset(names, 0, sizeof *names);
  while (err == WK_OK) {
    char after[WK_ROLE_NAME_MAX + 1];
    memcpy(after, role.role.name, sizeof after);
    err = wk_store_role_next(store, after, &role, why);
    if (err == WK_OK)
      memcpy(names->name[role.number], role.role.name, sizeof after);
  }
  return err == WK_ERR_MISSING ? WK_OK : err;
}

static void info_init(struct wk_device_info *info,
                      const struct wk_record *record,
                      const struct role_names *names) {
  memset(info, 0, sizeof *info);
  memcpy(info->did, record->id.did, sizeof info->did);
  info->generation = record->generation;
  info->state = record->state;
  memcpy(info->role, names->name[record->role], sizeof info->role);
  info->enrolled_at = record->enrolled_at;
  info->login_at = record->login_at;
  info->c.present = record->c.present;
  info->c.epoch = record->c.epoch;
  info->c.n = record->c.n;
  info->c.last = record->c.last;
  info->c.pending = record->c.pending.state != WK_PENDING_NONE;
  info->d.present = record->d.present;
  info->d.epoch = record->d.epoch;
  info->d.n = record->d.n;
  info->d.last = record->d.last;
  info->d.pending = record->d.pending.state != WK_PENDING_NONE;
}

enum wk_err wk_registry_list_after(struct wk_registry *registry,
                                   const char *first,
                                   bool (*each)(void *context,
                                                const struct wk_device_info *),
                                   void *context, struct wk_why *why) {
  char after[WK_DID_MAX + 1];
  struct role_names names;
  (void)snprintf(after, sizeof after, "%s", first);
  enum wk_err err = role_names_read(&names, registry->store, why);
  if (err != WK_OK)
    return err;
  for (;;) {
    struct wk_record record;
    struct wk_device_info info;
    err = wk_store_next(registry->store, after, &record, why);
    if (err == WK_ERR_MISSING)
      return WK_OK;
    if (err != WK_OK)
      return err;
    memcpy(after, record.id.did, sizeof after);
    info_init(&info, &record, &names);
    if (!each(context, &info))
      return WK_OK;
  }
}

enum wk_err wk_registry_list(struct wk_registry *registry,
                             bool (*each)(void *context,
                                          const struct wk_device_info *),
                             void *context, struct wk_why *why) {
  return wk_registry_list_after(registry, "", each, context, why);
}

enum wk_err wk_registry_get(struct wk_registry *registry, const char *did,
                            struct wk_device_info *info, struct wk_why *why) {
  struct wk_record record;
  struct role_names names;
  enum wk_err err = wk_store_get(registry->store, did, &record, why);
  memset(info, 0, sizeof *info);
  if (err == WK_OK)
    err = role_names_read(&names, registry->store, why);
  if (err == WK_OK)
    info_init(info, &record, &names);
  return err;
}

/* ---- changing ----------------------------------------------------------- */

/* The states a change starts from, as a set, and the one it leads to. */
static const struct transition {
  const char *verb;
  unsigned from;
  enum wk_device_state to;
} transitions[] = {
    [WK_CHANGE_ENABLE] = {"enabled", 1u << WK_DEVICE_DISABLED,
                          WK_DEVICE_ENABLED},
    [WK_CHANGE_DISABLE] = {"disabled", 1u << WK_DEVICE_ENABLED,
                           WK_DEVICE_DISABLED},
    [WK_CHANGE_RELEASE] = {"released", 1u << WK_DEVICE_QUARANTINED,
                           WK_DEVICE_ENABLED},
    [WK_CHANGE_REVOKE] = {"revoked",
                          1u << WK_DEVICE_ENABLED | 1u << WK_DEVICE_DISABLED |
                              1u << WK_DEVICE_QUARANTINED,
                          WK_DEVICE_REVOKED},
};

static enum wk_err apply(struct wk_record *record, enum wk_change change,
                         struct wk_why *why) {
  const struct transition *t = &transitions[change];
  if (record->state == t->to)
    return WK_OK;
  if ((t->from & 1u << record->state) == 0)
    return wk_fail(why, WK_ERR_ARGUMENT,
                   "device \"%s\" is %s and cannot be %s", record->id.did,
                   wk_device_state_name(record->state), t->verb);
  record->state = t->to;
  record->released = change == WK_CHANGE_RELEASE;
  if (change == WK_CHANGE_REVOKE) { /* a tombstone: name, generation */
    memset(record->bio_wrapped, 0, sizeof record->bio_wrapped);
    memset(&record->c, 0, sizeof record->c);
    memset(&record->d, 0, sizeof record->d);
  }
  return WK_OK;
}

enum wk_err wk_registry_change(struct wk_registry *registry, const char *did,
                               enum wk_change change, struct wk_why *why) {
  struct wk_record record;
  enum wk_err err = wk_registry_begin(registry, why);
  if (err != WK_OK)
    return err;
  err = wk_store_get(registry->store, did, &record, why);
  if (err == WK_OK)
    err = apply(&record, change, why);
  if (err == WK_OK)
    err = wk_store_put(registry->store, &record, why);
  return wk_registry_finish(registry, err, why);
}

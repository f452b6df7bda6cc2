/* SPDX-License-Identifier: Apache-2.0 */
/* Administration of roles, on the registry's file. */
#include <whitekey/role.h>

#include <string.h>

#include "state.h"

static enum wk_err name_allowed(const char *name, struct wk_why *why) {
  static const uint8_t no_realm[WK_REALM_LEN];
  struct wk_id id;
  if (wk_id_init(&id, no_realm, name, strnlen(name, WK_ROLE_NAME_MAX + 1)) ==
      WK_OK)
    return WK_OK;
  return wk_fail(why, WK_ERR_MALFORMED,
                 "a role's name is 1 to %u of A-Z a-z 0-9 . _ -",
                 WK_ROLE_NAME_MAX);
}

enum wk_err wk_registry_role_get(struct wk_registry *registry,
                                 const char *name, struct wk_topic_role *role,
                                 struct wk_why *why) {
  struct wk_role_record record;
  const enum wk_err err =
      wk_store_role_get(registry->store, name, &record, why);
  *role = record.role;
  return err;
}

enum wk_err wk_registry_role_list(
    struct wk_registry *registry,
    bool (*each)(void *context, const struct wk_topic_role *role),
    void *context, struct wk_why *why) {
  struct wk_role_record record = {.number = 0};
  for (;;) {
    char after[WK_ROLE_NAME_MAX + 1];
    memcpy(after, record.role.name, sizeof after);
    const enum wk_err err =
        wk_store_role_next(registry->store, after, &record, why);
    if (err == WK_ERR_MISSING)
      return WK_OK;
    if (err != WK_OK)
      return err;
    if (!each(context, &record.role))
      return WK_OK;
  }
}

enum wk_err wk_registry_role_set(struct wk_registry *registry,
                                 const struct wk_topic_role *role,
                                 struct wk_why *why) {
  enum wk_err err = name_allowed(role->name, why);
  if (err == WK_OK)
    err = wk_registry_begin(registry, why);
  if (err != WK_OK)
    return err;
  err = wk_store_role_put(registry->store, role, why);
  return wk_registry_finish(registry, err, why);
}

static enum wk_err removable(struct wk_registry *registry, const char *name,
                             struct wk_why *why) {
  struct wk_role_record record;
  char did[WK_DID_MAX + 1];
  enum wk_err err = wk_store_role_get(registry->store, name, &record, why);
  if (err != WK_OK)
    return err;
  if (strcmp(name, WK_ROLE_DEFAULT) == 0 || strcmp(name, WK_ROLE_ADMIN) == 0)
    return wk_fail(why, WK_ERR_ARGUMENT, "role \"%s\" stays in every registry",
                   name);
  err = wk_store_role_user(registry->store, record.number, did, why);
  if (err == WK_OK)
    return wk_fail(why, WK_ERR_ARGUMENT, "role \"%s\": device \"%s\" has it",
                   name, did);
  return err == WK_ERR_MISSING ? WK_OK : err;
}

enum wk_err wk_registry_role_remove(struct wk_registry *registry,
                                    const char *name, struct wk_why *why) {
  enum wk_err err = wk_registry_begin(registry, why);
  if (err != WK_OK)
    return err;
  err = removable(registry, name, why);
  if (err == WK_OK)
    err = wk_store_role_remove(registry->store, name, why);
  return wk_registry_finish(registry, err, why);
}

static enum wk_err set_role(struct wk_store *store, const char *did,
                            const char *role, struct wk_why *why) {
  struct wk_record record;
  struct wk_role_record wanted;
  enum wk_err err = wk_store_get(store, did, &record, why);
  if (err == WK_OK)
    err = wk_store_role_get(store, role, &wanted, why);
  if (err != WK_OK)
    return err;
  if (record.state == WK_DEVICE_REVOKED)
    return wk_fail(why, WK_ERR_ARGUMENT,
                   "device \"%s\" is revoked and has no role", did);
  record.role = wanted.number;
  return wk_store_put(store, &record, why);
}

enum wk_err wk_registry_set_role(struct wk_registry *registry, const char *did,
                                 const char *role, struct wk_why *why) {
  enum wk_err err = wk_registry_begin(registry, why);
  if (err != WK_OK)
    return err;
  err = set_role(registry->store, did, role, why);
  return wk_registry_finish(registry, err, why);
}

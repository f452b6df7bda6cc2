/* SPDX-License-Identifier: Apache-2.0 */
/* On whose behalf a registry is administered, and whether that one still may:
 * looked up within each change, where nobody else can change it meanwhile. */
#include <string.h>

#include "state.h"

static enum wk_err still_may(struct wk_registry *registry,
                             struct wk_why *why) {
  struct wk_record actor;
  struct wk_role_record admin;
  enum wk_err err =
      wk_store_get(registry->store, registry->actor, &actor, why);
  if (err == WK_OK)
    err = wk_store_role_get(registry->store, WK_ROLE_ADMIN, &admin, why);
  if (err != WK_OK)
    return err;
  return actor.state == WK_DEVICE_ENABLED &&
                 actor.generation == registry->actor_generation &&
                 actor.role == admin.number
             ? WK_OK
             : wk_fail(why, WK_ERR_ARGUMENT,
                       "device \"%s\" may not administer any more",
                       registry->actor);
}

enum wk_err wk_registry_act_for(struct wk_registry *registry, const char *did,
                                uint32_t generation, struct wk_why *why) {
  memset(registry->actor, 0, sizeof registry->actor);
  memcpy(registry->actor, did, strnlen(did, WK_DID_MAX));
  registry->actor_generation = generation;
  registry->denied = false;
  return still_may(registry, why);
}

bool wk_registry_denied(const struct wk_registry *registry) {
  return registry->denied;
}

enum wk_err wk_registry_begin(struct wk_registry *registry,
                              struct wk_why *why) {
  enum wk_err err = wk_store_begin(registry->store, why);
  if (err != WK_OK || registry->actor[0] == '\0')
    return err;
  err = still_may(registry, why);
  if (err == WK_OK)
    return WK_OK;
  registry->denied = true;
  wk_store_rollback(registry->store);
  return err;
}

enum wk_err wk_registry_finish(struct wk_registry *registry, enum wk_err err,
                               struct wk_why *why) {
  if (err == WK_OK)
    return wk_store_commit(registry->store, why);
  wk_store_rollback(registry->store);
  return err;
}

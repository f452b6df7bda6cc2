/* SPDX-License-Identifier: Apache-2.0 */
/* A running server's view of the roles: read from memory, never from disk. */
#include <stdlib.h>
#include <string.h>

#include "server_state.h"

static void free_all(struct wk_topic_role *roles[WK_ROLE_COUNT_MAX + 1]) {
  for (unsigned i = 0; i <= WK_ROLE_COUNT_MAX; i++) {
    free(roles[i]);
    roles[i] = NULL;
  }
}

static enum wk_err load(struct wk_topic_role *roles[WK_ROLE_COUNT_MAX + 1],
                        struct wk_store *store, struct wk_why *why) {
  char after[WK_ROLE_NAME_MAX + 1] = "";
  for (;;) {
    struct wk_role_record record;
    const enum wk_err err = wk_store_role_next(store, after, &record, why);
    if (err != WK_OK)
      return err == WK_ERR_MISSING ? WK_OK : err;
    memcpy(after, record.role.name, sizeof after);
    struct wk_topic_role **role = &roles[record.number];
    if (!*role) /* or a role was replaced while they are read */
      *role = malloc(sizeof **role);
    /* clang 14 forgets what is kept at an index that it cannot know.
     * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    if (!*role)
      return wk_fail(why, WK_ERR_MEMORY, "out of memory");
    **role = record.role;
  }
}

enum wk_err wk_server_load_roles(struct wk_server *server,
                                 struct wk_why *why) {
  struct wk_topic_role *fresh[WK_ROLE_COUNT_MAX + 1] = {NULL};
  const enum wk_err err = load(fresh, server->registry->store, why);
  if (err != WK_OK) {
    free_all(fresh);
    return err;
  }
  (void)pthread_mutex_lock(&server->memory);
  free_all(server->roles);
  memcpy(server->roles, fresh, sizeof server->roles);
  (void)pthread_mutex_unlock(&server->memory);
  return WK_OK;
}

void wk_server_free_roles(struct wk_server *server) {
  free_all(server->roles);
}

/* The device's role, memory being held; NULL: revoked, or its role is not
 * known. */
static const struct wk_topic_role *role_of(const struct wk_server *server,
                                           uint32_t number) {
  return server->roles[wk_fleet_role(server->fleet, number)];
}

enum wk_permit wk_server_permit(struct wk_server *server, const char *did,
                                const char *client_id, enum wk_permission what,
                                const char *topic) {
  enum wk_permit permit = WK_PERMIT_FOREIGN;
  (void)pthread_mutex_lock(&server->memory);
  const uint32_t number = wk_fleet_find(server->fleet, did);
  if (number != WK_FLEET_NONE) {
    const struct wk_topic_role *role = role_of(server, number);
    const bool may =
        role && wk_role_covers(what == WK_MAY_PUBLISH ? role->publish
                                                      : role->subscribe,
                               topic, did, client_id);
    permit = may ? WK_PERMIT_YES : WK_PERMIT_NO;
  }
  (void)pthread_mutex_unlock(&server->memory);
  return permit;
}

bool wk_server_is_admin(struct wk_server *server, const char *did) {
  bool is = false;
  (void)pthread_mutex_lock(&server->memory);
  const uint32_t number = wk_fleet_find(server->fleet, did);
  if (number != WK_FLEET_NONE) {
    const struct wk_topic_role *role = role_of(server, number);
    is = role && strcmp(role->name, WK_ROLE_ADMIN) == 0;
  }
  (void)pthread_mutex_unlock(&server->memory);
  return is;
}

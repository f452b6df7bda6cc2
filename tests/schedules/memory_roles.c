/* SPDX-License-Identifier: Apache-2.0 */
/* The one role there is: nobody here asks for more. */
#include <string.h>

#include "store.h"

enum wk_err wk_store_role_get(struct wk_store *store, const char *name,
                              struct wk_role_record *role,
                              struct wk_why *why) {
  (void)store;
  memset(role, 0, sizeof *role);
  if (strcmp(name, WK_ROLE_DEFAULT) != 0)
    return wk_fail(why, WK_ERR_MISSING, "no role \"%s\"", name);
  role->number = 1;
  memcpy(role->role.name, WK_ROLE_DEFAULT, sizeof WK_ROLE_DEFAULT);
  return WK_OK;
}

enum wk_err wk_store_role_next(struct wk_store *store, const char *after,
                               struct wk_role_record *role,
                               struct wk_why *why) {
  return wk_store_role_get(store, after[0] == '\0' ? WK_ROLE_DEFAULT : "",
                           role, why);
}

enum wk_err wk_store_role_put(struct wk_store *store,
                              const struct wk_topic_role *role,
                              struct wk_why *why) {
  (void)store;
  return wk_fail(why, WK_ERR_SPACE, "no room for role \"%s\"", role->name);
}

enum wk_err wk_store_role_remove(struct wk_store *store, const char *name,
                                 struct wk_why *why) {
  (void)store;
  return wk_fail(why, WK_ERR_ARGUMENT, "role \"%s\" is needed", name);
}

enum wk_err wk_store_role_user(struct wk_store *store, uint8_t number,
                               char did[WK_DID_MAX + 1], struct wk_why *why) {
  (void)store;
  did[0] = '\0';
  return wk_fail(why, WK_ERR_MISSING, "nobody has role %u", number);
}

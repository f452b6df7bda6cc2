/* SPDX-License-Identifier: Apache-2.0 */
/* What can be asked for roles. */
#include <whitekey/report.h>

#include "command.h"

static bool add(void *context, const struct wk_topic_role *role) {
  cJSON *roles = context;
  (void)cJSON_AddItemToArray(roles, wk_role_json(role));
  return true;
}

enum wk_err wk_command_list_roles(struct wk_command *command) {
  return wk_registry_role_list(command->office->registry, add,
                               cJSON_AddArrayToObject(command->data, "roles"),
                               &command->why);
}

static enum wk_err answer(struct wk_command *command, const char *name) {
  struct wk_topic_role role;
  const enum wk_err err = wk_registry_role_get(command->office->registry, name,
                                               &role, &command->why);
  if (err == WK_OK)
    (void)cJSON_AddItemToObject(command->data, "role", wk_role_json(&role));
  return err;
}

enum wk_err wk_command_get_role(struct wk_command *command) {
  const char *name = NULL;
  const enum wk_err err = wk_command_text(command, "role", &name);
  return err == WK_OK ? answer(command, name) : err;
}

enum wk_err wk_command_set_role(struct wk_command *command) {
  struct wk_topic_role role;
  enum wk_err err =
      wk_role_read(&role, command->asked, "command", &command->why);
  if (err == WK_OK)
    err =
        wk_registry_role_set(command->office->registry, &role, &command->why);
  if (err != WK_OK)
    return err;
  wk_command_audit(command, "role-set", NULL, role.name);
  return answer(command, role.name);
}

enum wk_err wk_command_remove_role(struct wk_command *command) {
  const char *name = NULL;
  enum wk_err err = wk_command_text(command, "role", &name);
  if (err == WK_OK)
    err = wk_registry_role_remove(command->office->registry, name,
                                  &command->why);
  if (err != WK_OK)
    return err;
  wk_command_audit(command, "role-remove", NULL, name);
  (void)cJSON_AddStringToObject(command->data, "removed", name);
  return WK_OK;
}

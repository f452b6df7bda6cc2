/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.h - the commands behind commands.h, one function each: devices'
 * (command_device.c) and roles' (command_role.c).
 */
#ifndef WHITEKEY_PLUGIN_COMMAND_H
#define WHITEKEY_PLUGIN_COMMAND_H

#include <cjson/cJSON.h>

#include "commands.h"

/* One command at work: what it asks, and where its data goes. */
struct wk_command {
  const struct wk_commands *office;
  const cJSON *asked; /* an object, of members that the command has */
  cJSON *data;
  struct wk_why why; /* why it failed */
};

/* Adds to data, or fails with why. */
typedef enum wk_err wk_command_run(struct wk_command *command);

wk_command_run wk_command_list_devices, wk_command_get_device,
    wk_command_enable_device, wk_command_disable_device,
    wk_command_revoke_device, wk_command_release_device,
    wk_command_set_device_role, wk_command_enrol_device;
wk_command_run wk_command_list_roles, wk_command_get_role, wk_command_set_role,
    wk_command_remove_role;

/* A member that a command may leave out. */
bool wk_command_has(const struct wk_command *command, const char *key);

/* A text that must be there. */
WK_MUST_CHECK enum wk_err wk_command_text(struct wk_command *command,
                                          const char *key, const char **text);

/* The act is done: into the audit file. did and role may be NULL. */
void wk_command_audit(const struct wk_command *command, const char *event,
                      const char *did, const char *role);

#endif

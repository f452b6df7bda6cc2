/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <stdio.h>

#include <whitekey/role.h>

#include "remote.h"

struct input {
  struct cli_device device;
  const char *role;
};

static error_t parse(int key, char *arg, struct argp_state *state) {
  struct input *input = state->input;
  if (key == ARGP_KEY_ARG && input->device.did && !input->role) {
    input->role = cli_role(state, arg);
    return 0;
  }
  if (key == ARGP_KEY_END && !input->role)
    argp_error(state, "which device, and which role?");
  return cli_device_parse(key, arg, state);
}

static enum wk_err set_file(const struct input *input, struct wk_why *why) {
  struct cli_office office;
  enum wk_err err = cli_office_open(&office, &input->device.place, why);
  if (err != WK_OK)
    return err;
  err = wk_registry_set_role(office.registry, input->device.did, input->role,
                             why);
  if (err == WK_OK)
    wk_audit_act(office.audit, &(struct wk_act){.event = "set-role",
                                                .did = input->device.did,
                                                .role = input->role});
  cli_office_close(&office);
  return err;
}

static enum wk_err set_remote(const struct input *input, struct wk_why *why) {
  struct wk_device_info info;
  cJSON *command = cli_remote_command("setDeviceRole", input->device.did);
  (void)cJSON_AddStringToObject(command, "role", input->role);
  return cli_remote_device(&input->device.place, command, &info, why);
}

int cli_set_role(int argc, char **argv) {
  const struct argp argp = {
      .parser = parse,
      .args_doc = "D_ID ROLE",
      .doc = "Gives a device another role, in open sessions too.",
      .children = cli_where_child};
  struct input input = {.role = NULL};
  struct wk_why why;
  cli_parse(&argp, argc, argv, &input);
  const enum wk_err err = input.device.place.broker ? set_remote(&input, &why)
                                                    : set_file(&input, &why);
  if (err != WK_OK)
    return cli_fail(&why);
  (void)printf("%s: %s\n", input.device.did, input.role);
  return cli_finish();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <stdio.h>

#include <whitekey/role.h>

#include "remote.h"

struct input {
  struct cli_place place;
  const char *did;
  const char *role;
};

static error_t parse(int key, char *arg, struct argp_state *state) {
  struct input *input = state->input;
  switch (key) {
  case ARGP_KEY_INIT:
    cli_place_init(&input->place, state);
    return 0;
  case ARGP_KEY_ARG:
    if (!input->did)
      input->did = cli_did(state, arg);
    else if (!input->role)
      input->role = cli_role(state, arg);
    else
      cli_stray(state, arg);
    return 0;
  case ARGP_KEY_END:
    if (!input->role)
      argp_error(state, "which device, and which role?");
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static enum wk_err set_file(const struct input *input, struct wk_why *why) {
  struct cli_office office;
  enum wk_err err = cli_office_open(&office, &input->place, why);
  if (err != WK_OK)
    return err;
  err = wk_registry_set_role(office.registry, input->did, input->role, why);
  if (err == WK_OK)
    wk_audit_act(office.audit, &(struct wk_act){.event = "set-role",
                                                .did = input->did,
                                                .role = input->role});
  cli_office_close(&office);
  return err;
}

static enum wk_err set_remote(const struct input *input, struct wk_why *why) {
  struct wk_device_info info;
  cJSON *command = cli_remote_command("setDeviceRole", input->did);
  (void)cJSON_AddStringToObject(command, "role", input->role);
  return cli_remote_device(&input->place, command, &info, why);
}

int cli_set_role(int argc, char **argv) {
  const struct argp argp = {
      .parser = parse,
      .args_doc = "D_ID ROLE",
      .doc = "Gives a device another role, in open sessions too.",
      .children = cli_where_child};
  struct input input = {.did = NULL};
  struct wk_why why;
  cli_parse(&argp, argc, argv, &input);
  const enum wk_err err =
      input.place.broker ? set_remote(&input, &why) : set_file(&input, &why);
  if (err != WK_OK)
    return cli_fail(&why);
  (void)printf("%s: %s\n", input.did, input.role);
  return cli_finish();
}

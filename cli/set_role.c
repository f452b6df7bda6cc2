/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <stdio.h>

#include <whitekey/role.h>

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

int cli_set_role(int argc, char **argv) {
  const struct argp argp = {
      .parser = parse,
      .args_doc = "D_ID ROLE",
      .doc = "Gives a device another role, in open sessions too.",
      .children = cli_place_child};
  struct input input = {.did = NULL};
  struct cli_office office;
  struct wk_why why;
  cli_parse(&argp, argc, argv, &input);
  if (cli_office_open(&office, &input.place, &why) != WK_OK)
    return cli_fail(&why);
  const enum wk_err err =
      wk_registry_set_role(office.registry, input.did, input.role, &why);
  if (err == WK_OK)
    wk_audit_act(office.audit, &(struct wk_act){.event = "set-role",
                                                .did = input.did,
                                                .role = input.role});
  cli_office_close(&office);
  if (err != WK_OK)
    return cli_fail(&why);
  (void)printf("%s: %s\n", input.did, input.role);
  return cli_finish();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>

static error_t parse(int key, char *arg, struct argp_state *state) {
  if (key == ARGP_KEY_INIT)
    cli_place_init(state->input, state);
  else if (key == ARGP_KEY_ARG)
    cli_stray(state, arg);
  else
    return ARGP_ERR_UNKNOWN;
  return 0;
}

static const char doc[] =
    "Makes a registry and its master key; neither file may stand there yet.\v"
    "The registry alone is worthless to a thief. The master key is not: keep "
    "it in another place than the registry's backups, and readable to the "
    "broker's user alone.\n\n"
    "  whitekey init --registry dev.db --master-key dev.key";

static int made(const struct cli_place *place) {
  struct cli_office office;
  struct wk_why why;
  if (cli_office_open(&office, place, &why) != WK_OK)
    return cli_fail(&why);
  wk_audit_admin(office.audit, "init", NULL);
  cli_office_close(&office);
  (void)printf("registry: %s\nmaster key: %s\n", place->registry,
               place->master);
  return cli_finish();
}

int cli_init(int argc, char **argv) {
  const struct argp argp = {
      .parser = parse, .doc = doc, .children = cli_place_child};
  struct cli_place place;
  struct wk_why why;
  cli_parse(&argp, argc, argv, &place);
  if (wk_registry_create(place.registry, place.master, &why) != WK_OK)
    return cli_fail(&why);
  return made(&place);
}

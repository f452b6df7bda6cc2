/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: what a running broker counts; no file holds it. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>

#include <whitekey/json.h>

#include "remote.h"

static error_t parse(int key, char *arg, struct argp_state *state) {
  struct cli_place *place = state->input;
  (void)arg;
  if (key == ARGP_KEY_INIT)
    cli_place_init(place, state);
  else if (key == ARGP_KEY_ARG)
    argp_usage(state);
  else if (key == ARGP_KEY_END && !place->broker)
    argp_error(state, "--broker URL is needed");
  else
    return ARGP_ERR_UNKNOWN;
  return 0;
}

int cli_metrics(int argc, char **argv) {
  const struct argp argp = {
      .parser = parse,
      .doc = "Prints a broker's metrics in Prometheus' text format.\v"
             "  whitekey metrics --broker mqtt://localhost "
             "--credential admin.json",
      .children = cli_where_child};
  struct cli_place place;
  struct wk_why why;
  cJSON *data = NULL;
  const char *text = NULL;
  cli_parse(&argp, argc, argv, &place);
  enum wk_err err = cli_remote_once(
      &place, cli_remote_command("getMetrics", NULL), &data, &why);
  if (err == WK_OK)
    err = wk_json_text(&text, data, "prometheus", place.broker, &why);
  if (err == WK_OK)
    (void)fputs(text, stdout);
  cJSON_Delete(data);
  return err == WK_OK ? cli_finish() : cli_fail(&why);
}

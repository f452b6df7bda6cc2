/* SPDX-License-Identifier: Apache-2.0 */
/* whitekey-agent - logs programs in that know nothing of one-time passwords.
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#include <whitekey/log.h>

#include "agent.h"

struct arguments {
  const char *config;
  bool test;
};

enum { OPT_TEST = 256 };

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "The configuration; see the man page", 0},
    {"test-config", OPT_TEST, NULL, 0,
     "Check all that the configuration names, print ok and end", 0},
    {0}};

static const char doc[] =
    "Takes MQTT connections without credentials on this machine, and logs each"
    " in at a broker with one-time passwords of its own.\v"
    "A first start:\n"
    "\n"
    "  whitekey enrol thermo-1 --out thermo-1.json\n"
    "  printf 'broker mqtts://broker.example\\ncredential thermo-1.json\\n'"
    " >agent.conf\n"
    "  whitekey-agent -c agent.conf --test-config\n"
    "  whitekey-agent -c agent.conf\n"
    "  mosquitto_sub -h 127.0.0.1 -t commands/thermo-1/#\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage.";

static error_t parse(int key, char *value, struct argp_state *state) {
  struct arguments *arguments = state->input;
  switch (key) {
  case 'c':
    arguments->config = value;
    return 0;
  case OPT_TEST:
    arguments->test = true;
    return 0;
  case ARGP_KEY_ARG:
    argp_error(state, "\"%s\" is not expected here", value);
    return 0;
  case ARGP_KEY_END:
    if (!arguments->config)
      argp_error(state, "-c FILE is needed");
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static enum wk_err serve(const struct config *config, struct wk_why *why) {
  static struct agent agent;
  enum wk_err err = agent_open(&agent, config, why);
  if (err == WK_OK) {
    wk_log(WK_LOG_NOTICE, "%s: ready for clients",
           wk_client_id(agent.client)->did);
    err = agent_run(&agent, why);
  }
  agent_close(&agent);
  return err;
}

static enum wk_err run(const struct arguments *arguments, struct wk_why *why) {
  struct config config;
  enum wk_err err = config_read(&config, arguments->config, why);
  if (err != WK_OK)
    return err;
  if (!arguments->test)
    err = serve(&config, why);
  else if ((err = agent_check(&config, why)) == WK_OK)
    (void)puts("ok");
  config_free(&config);
  return err;
}

int main(int argc, char **argv) {
  const struct argp argp = {.options = options, .parser = parse, .doc = doc};
  struct arguments arguments = {.config = NULL};
  struct wk_why why = {""};
  argp_err_exit_status = 2;
  wk_log_init("whitekey-agent", WK_LOG_NOTICE, NULL);
  (void)argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  if (run(&arguments, &why) == WK_OK)
    return EXIT_SUCCESS;
  wk_log(WK_LOG_ERROR, "%s", why.text);
  return EXIT_FAILURE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* whitekey-gateway - lets the public part of readings out, seals the rest. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <whitekey/bytes.h>
#include <whitekey/file.h>
#include <whitekey/log.h>

#include "export.h"
#include "gateway.h"
#include "setup.h"
#include "topic.h"

enum command { RUN, TEST_CONFIG, EXPORT, INIT_KEY };

struct arguments {
  enum command command;
  const char *config;
  const char *key_file; /* of init-key */
  struct wk_export export;
};

enum { OPT_TEST = 256, OPT_TOPIC, OPT_SINCE, OPT_JSON };

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "The configuration; see the man page", 0},
    {"test-config", OPT_TEST, NULL, 0,
     "Check all that the configuration names, print ok and end", 0},
    {NULL, 0, NULL, 0, "For export:", 1},
    {"topic", OPT_TOPIC, "FILTER", 0, "Only topics that match this filter", 1},
    {"since", OPT_SINCE, "SEQ", 0, "Only readings after this number", 1},
    {"json", OPT_JSON, NULL, 0, "In clear, one JSON object a line", 1},
    {0}};

static const char usage[] = "-c FILE\n"
                            "-c FILE --test-config\n"
                            "-c FILE export [--topic FILTER] [--since SEQ]"
                            " [--json]\n"
                            "init-key FILE";

static const char doc[] =
    "Reads sensors' messages from a broker, publishes the fields that the"
    " policy releases, and seals everything else for its owner.\v"
    "A first start:\n"
    "\n"
    "  whitekey enrol gateway --out gateway.credential\n"
    "  whitekey-gateway init-key owner.jwk\n"
    "  whitekey-gateway -c gateway.conf --test-config\n"
    "  whitekey-gateway -c gateway.conf\n"
    "\n"
    "export prints one JWE a line. To open them with Debian's jose:\n"
    "\n"
    "  whitekey-gateway -c gateway.conf export |\n"
    "  while read -r t; do\n"
    "    printf %s \"$t\" | jose jwe dec -i - -k owner.jwk && echo\n"
    "  done\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage.";

static void parse_since(struct argp_state *state, const char *text,
                        uint64_t *since) {
  char *end = NULL;
  errno = 0;
  const uintmax_t value = strtoumax(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || *text == '-' ||
      value > INT64_MAX)
    argp_error(state, "--since needs a number, not \"%s\"", text);
  *since = value;
}

static void parse_word(struct argp_state *state, struct arguments *arguments,
                       const char *word) {
  if (arguments->command == INIT_KEY && !arguments->key_file)
    arguments->key_file = word;
  else if (arguments->command == RUN && strcmp(word, "export") == 0)
    arguments->command = EXPORT;
  else if (arguments->command == RUN && strcmp(word, "init-key") == 0)
    arguments->command = INIT_KEY;
  else
    argp_error(state,
               "\"%s\" is not expected here: commands are export and"
               " init-key FILE",
               word);
}

static void check(struct argp_state *state,
                  const struct arguments *arguments) {
  const struct wk_export *export = &arguments->export;
  if (arguments->command == INIT_KEY && !arguments->key_file)
    argp_error(state, "init-key needs a file name");
  if (arguments->command != INIT_KEY && !arguments->config)
    argp_error(state, "-c FILE is needed");
  if (arguments->command != EXPORT &&
      (export->topic || export->since > 0 || export->json))
    argp_error(state, "--topic, --since and --json belong to export");
}

static error_t parse(int key, char *value, struct argp_state *state) {
  struct arguments *arguments = state->input;
  switch (key) {
  case 'c':
    arguments->config = value;
    return 0;
  case OPT_TEST:
    arguments->command = TEST_CONFIG;
    return 0;
  case OPT_TOPIC:
    if (!wk_filter_valid(value))
      argp_error(state, "--topic needs a topic filter, not \"%s\"", value);
    arguments->export.topic = value;
    return 0;
  case OPT_SINCE:
    parse_since(state, value, &arguments->export.since);
    return 0;
  case OPT_JSON:
    arguments->export.json = true;
    return 0;
  case ARGP_KEY_ARG:
    parse_word(state, arguments, value);
    return 0;
  case ARGP_KEY_END:
    check(state, arguments);
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static enum wk_err run_export(const struct wk_export *what,
                              const struct wk_setup *setup,
                              struct wk_why *why) {
  struct wk_store *store = NULL;
  enum wk_err err =
      wk_store_look(&store, setup->config.store, &setup->key, why);
  if (err == WK_OK)
    err = wk_export(stdout, store, &setup->key, what, why);
  wk_store_close(store);
  return err;
}

static enum wk_err run_gateway(const struct wk_setup *setup,
                               struct wk_why *why) {
  struct wk_ingest ingest = {
      .key = &setup->key, .policy = setup->policy, .routes = &setup->routes};
  enum wk_err err =
      wk_store_open(&ingest.store, setup->config.store, &setup->key, why);
  if (err == WK_OK)
    err = wk_gateway_run(&ingest, setup->client, why);
  wk_store_close(ingest.store);
  return err;
}

static enum wk_err run(const struct arguments *arguments, struct wk_why *why) {
  struct wk_setup setup;
  if (arguments->command == INIT_KEY)
    return wk_data_key_create(arguments->key_file, why);
  enum wk_err err = wk_setup_open(&setup, arguments->config, why);
  if (err == WK_OK && arguments->command != EXPORT)
    err = wk_file_replaceable(setup.config.credential, why);
  if (err == WK_OK && arguments->command == EXPORT)
    err = run_export(&arguments->export, &setup, why);
  else if (err == WK_OK && arguments->command == RUN)
    err = run_gateway(&setup, why);
  else if (err == WK_OK)
    (void)puts("ok");
  wk_setup_close(&setup);
  return err;
}

int main(int argc, char **argv) {
  const struct argp argp = {
      .options = options, .parser = parse, .args_doc = usage, .doc = doc};
  struct arguments arguments = {.command = RUN};
  struct wk_why why = {""};
  argp_err_exit_status = 2;
  wk_log_init("whitekey-gateway", WK_LOG_NOTICE, NULL);
  (void)argp_parse(&argp, argc, argv, 0, NULL, &arguments);
  if (run(&arguments, &why) == WK_OK)
    return EXIT_SUCCESS;
  wk_log(WK_LOG_ERROR, "%s", why.text);
  return EXIT_FAILURE;
}

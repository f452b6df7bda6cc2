/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <whitekey/id.h>
#include <whitekey/log.h>

/* ---- where the registry is ---------------------------------------------- */

enum {
  KEY_REGISTRY = 'r',
  KEY_MASTER = 'm',
  KEY_BROKER = 'b',
  KEY_CREDENTIAL = 'c',
  KEY_CAFILE = 'C'
};

static const struct argp_option place_options[] = {
    {"registry", KEY_REGISTRY, "FILE", 0,
     "The registry (default: $WHITEKEY_REGISTRY, then " WK_REGISTRY_DEFAULT
     ")",
     0},
    {"master-key", KEY_MASTER, "FILE", 0,
     "Its master key (default: $WHITEKEY_MASTER_KEY, "
     "then " WK_MASTER_DEFAULT ")",
     0},
    {0},
};

static const struct argp_option registry_options[] = {
    {"registry", KEY_REGISTRY, "FILE", 0,
     "The registry (default: $WHITEKEY_REGISTRY, then " WK_REGISTRY_DEFAULT
     ")",
     0},
    {0},
};

static error_t parse_place(int key, char *arg, struct argp_state *state) {
  struct cli_place *place = state->input;
  if (key == KEY_REGISTRY)
    place->registry = arg;
  else if (key == KEY_MASTER)
    place->master = arg;
  else
    return ARGP_ERR_UNKNOWN;
  return 0;
}

static const struct argp_option where_options[] = {
    {"broker", KEY_BROKER, "URL", 0,
     "Ask the broker there instead of opening the registry: "
     "mqtt[s]://HOST[:PORT]",
     0},
    {"credential", KEY_CREDENTIAL, "FILE", 0,
     "The credential of a device of the role " WK_ROLE_ADMIN
     " (needed with --broker)",
     0},
    {"cafile", KEY_CAFILE, "FILE", 0,
     "Whom to trust with mqtts (default: the system's authorities)", 0},
    {0},
};

/* --broker and the registry's own options exclude each other. */
static error_t parse_where(int key, char *arg, struct argp_state *state) {
  struct cli_place *place = state->input;
  switch (key) {
  case ARGP_KEY_INIT:
    state->child_inputs[0] = place;
    return 0;
  case KEY_BROKER:
    place->broker = arg;
    return 0;
  case KEY_CREDENTIAL:
    place->credential = arg;
    return 0;
  case KEY_CAFILE:
    place->cafile = arg;
    return 0;
  case ARGP_KEY_END:
    if (!place->broker != !place->credential)
      argp_error(state, "--broker and --credential go together");
    if (place->cafile && !place->broker)
      argp_error(state, "--cafile is for --broker");
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp place_argp = {.options = place_options,
                                       .parser = parse_place};
static const struct argp registry_argp = {.options = registry_options,
                                          .parser = parse_place};

const struct argp_child cli_place_child[] = {{&place_argp, 0, NULL, 1}, {0}};
static const struct argp where_argp = {.options = where_options,
                                       .parser = parse_where,
                                       .children = cli_place_child};
const struct argp_child cli_where_child[] = {{&where_argp, 0, NULL, 1}, {0}};
const struct argp_child cli_registry_child[] = {{&registry_argp, 0, NULL, 1},
                                                {0}};

static const char *from_environment(const char *name, const char *otherwise) {
  const char *value = getenv(name);
  return value && value[0] != '\0' ? value : otherwise;
}

void cli_place_init(struct cli_place *place, struct argp_state *state) {
  place->broker = place->credential = place->cafile = NULL;
  place->registry = from_environment("WHITEKEY_REGISTRY", WK_REGISTRY_DEFAULT);
  place->master = from_environment("WHITEKEY_MASTER_KEY", WK_MASTER_DEFAULT);
  state->child_inputs[0] = place;
}

/* ---- arguments ---------------------------------------------------------- */

static void parse_all(const struct argp *argp, int argc, char **argv,
                      unsigned flags, void *input) {
  const error_t err = argp_parse(argp, argc, argv, flags, NULL, input);
  if (err != 0) {
    wk_log(WK_LOG_ERROR, "%s: %s", argv[0], strerror(err));
    exit(EXIT_FAILURE);
  }
}

void cli_parse(const struct argp *argp, int argc, char **argv, void *input) {
  parse_all(argp, argc, argv, 0, input);
}

void cli_parse_in_order(const struct argp *argp, int argc, char **argv,
                        void *input) {
  parse_all(argp, argc, argv, ARGP_IN_ORDER, input);
}

void cli_stray(struct argp_state *state, const char *word) {
  argp_error(state, "\"%s\" is one word too many", word);
}

uint32_t cli_number(struct argp_state *state, const char *option,
                    const char *text, uint32_t min, uint32_t max) {
  char *end = NULL;
  errno = 0;
  const unsigned long value = strtoul(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 ||
      value < min || value > max)
    argp_error(state, "--%s %s: not a whole number from %u to %u", option,
               text, (unsigned)min, (unsigned)max);
  return (uint32_t)value;
}

static const char *name_of(struct argp_state *state, const char *whose,
                           const char *text) {
  static const uint8_t realm[WK_REALM_LEN];
  struct wk_id id;
  if (wk_id_init(&id, realm, text, strlen(text)) != WK_OK)
    argp_error(state, "\"%s\": a %s's name is 1 to %u of A-Z a-z 0-9 . _ -",
               text, whose, WK_DID_MAX);
  return text;
}

const char *cli_did(struct argp_state *state, const char *text) {
  return name_of(state, "device", text);
}

const char *cli_role(struct argp_state *state, const char *text) {
  return name_of(state, "role", text);
}

error_t cli_device_parse(int key, char *arg, struct argp_state *state) {
  struct cli_device *device = state->input;
  switch (key) {
  case ARGP_KEY_INIT:
    cli_place_init(&device->place, state);
    return 0;
  case ARGP_KEY_ARG:
    if (device->did)
      cli_stray(state, arg);
    device->did = cli_did(state, arg);
    return 0;
  case ARGP_KEY_END:
    if (!device->did)
      argp_error(state, "which device?");
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

/* ---- work --------------------------------------------------------------- */

int cli_fail(const struct wk_why *why) {
  wk_log(WK_LOG_ERROR, "%s", why->text);
  return EXIT_FAILURE;
}

int cli_finish(void) {
  if (fflush(stdout) == 0 && !ferror(stdout))
    return EXIT_SUCCESS;
  wk_log(WK_LOG_ERROR, "standard output: %s", strerror(errno));
  return EXIT_FAILURE;
}

enum wk_err cli_office_open(struct cli_office *office,
                            const struct cli_place *place,
                            struct wk_why *why) {
  enum wk_err err =
      wk_registry_open(&office->registry, place->registry, place->master, why);
  office->audit = NULL;
  if (err == WK_OK)
    err = wk_audit_open(&office->audit, place->registry, why);
  if (err != WK_OK)
    cli_office_close(office);
  return err;
}

void cli_office_close(struct cli_office *office) {
  struct wk_why why;
  if (office->audit && !wk_audit_healthy(office->audit, &why))
    wk_log(WK_LOG_WARNING, "done, but it is not in the audit file: %s",
           why.text);
  wk_audit_close(office->audit);
  wk_registry_close(office->registry);
  office->audit = NULL;
  office->registry = NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* role list | show | set | remove: who may publish and subscribe what. */
#include "cli.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include <whitekey/nearest.h>
#include <whitekey/report.h>

#include "remote.h"
#include "style.h"

enum verb { LIST, SHOW, SET, REMOVE, VERBS };
static const char *const verbs[VERBS] = {"list", "show", "set", "remove"};

struct input {
  struct cli_place place;
  enum verb verb; /* VERBS: none was given yet */
  struct wk_topic_role role;
  char *filters; /* the list that words without an option go to */
  bool json;
};

static const struct argp_option options[] = {
    {"publish", 'p', "FILTER...", 0, "What it may publish to (set)", 0},
    {"subscribe", 's', "FILTER...", 0,
     "What it may subscribe to and receive (set)", 0},
    {"json", 'j', NULL, 0, "Print JSON (list, show)", 0},
    {0},
};

/* ---- arguments -----------------------------------------------------------
 */

static void add_filter(struct argp_state *state, char *filters,
                       const char *filter) {
  struct wk_why why;
  if (wk_role_add(filters, filter, &why) != WK_OK)
    argp_error(state, "%s", why.text);
}

static void parse_word(struct input *input, struct argp_state *state,
                       const char *word) {
  struct wk_topic_role *role = &input->role;
  if (input->verb == VERBS) {
    for (int verb = 0; verb < VERBS; verb++) {
      if (strcmp(word, verbs[verb]) == 0)
        input->verb = (enum verb)verb;
    }
    if (input->verb == VERBS)
      argp_error(state, "there is no \"role %s\": did you mean \"%s\"?", word,
                 wk_nearest(word, verbs, VERBS));
  } else if (input->verb != LIST && role->name[0] == '\0') {
    (void)snprintf(role->name, sizeof role->name, "%s", cli_role(state, word));
  } else if (input->filters) {
    add_filter(state, input->filters, word);
  } else {
    cli_stray(state, word);
  }
}

static void check(const struct input *input, struct argp_state *state) {
  const bool lists = input->filters != NULL;
  if (input->verb == VERBS)
    argp_error(state, "list, show, set or remove?");
  if (input->verb != LIST && input->role.name[0] == '\0')
    argp_error(state, "which role?");
  if (lists != (input->verb == SET))
    argp_error(state, lists ? "--publish and --subscribe are for set"
                            : "set needs --publish or --subscribe");
}

static error_t parse(int key, char *arg, struct argp_state *state) {
  struct input *input = state->input;
  switch (key) {
  case ARGP_KEY_INIT:
    cli_place_init(&input->place, state);
    return 0;
  case 'p':
  case 's':
    input->filters = key == 'p' ? input->role.publish : input->role.subscribe;
    add_filter(state, input->filters, arg);
    return 0;
  case 'j':
    input->json = true;
    return 0;
  case ARGP_KEY_ARG:
    parse_word(input, state, arg);
    return 0;
  case ARGP_KEY_END:
    check(input, state);
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

/* ---- printing ------------------------------------------------------------
 */

struct printing {
  bool json, list;
  bool failed;
  unsigned count;
};

static bool print_json(const struct wk_topic_role *role) {
  cJSON *object = wk_role_json(role);
  char *text = cJSON_PrintUnformatted(object);
  if (text)
    (void)fputs(text, stdout);
  cJSON_free(text);
  cJSON_Delete(object);
  return text != NULL;
}

static void print_filters(const char *verb, const char *filters) {
  for (size_t len; *filters != '\0'; filters += len + 1) {
    len = strcspn(filters, "\n");
    (void)printf("  %-10s %.*s\n", verb, (int)len, filters);
  }
}

static bool print(void *context, const struct wk_topic_role *role) {
  struct printing *printing = context;
  if (printing->json) {
    if (printing->list)
      (void)fputs(printing->count == 0 ? "[\n" : ",\n", stdout);
    printing->failed = !print_json(role);
  } else {
    style_print(STYLE_HEAD, role->name, 0);
    (void)putchar('\n');
    print_filters("publish", role->publish);
    print_filters("subscribe", role->subscribe);
  }
  printing->count++;
  return !printing->failed;
}

static const struct {
  const char *event, *done;
} acts[VERBS] = {
    [SET] = {"role-set", "set"}, [REMOVE] = {"role-remove", "removed"}};

/* ---- on the file ----------------------------------------------------------
 */

static enum wk_err show(struct wk_registry *registry, const char *name,
                        struct printing *printing, struct wk_why *why) {
  struct wk_topic_role role;
  const enum wk_err err = wk_registry_role_get(registry, name, &role, why);
  if (err == WK_OK)
    (void)print(printing, &role);
  return err;
}

static enum wk_err work(struct cli_office *office, const struct input *input,
                        struct printing *printing, struct wk_why *why) {
  const char *name = input->role.name;
  enum wk_err err = WK_OK;
  switch (input->verb) {
  case LIST:
    return wk_registry_role_list(office->registry, print, printing, why);
  case SHOW:
    return show(office->registry, name, printing, why);
  case SET:
    err = wk_registry_role_set(office->registry, &input->role, why);
    break;
  case REMOVE:
  case VERBS:
  default:
    err = wk_registry_role_remove(office->registry, name, why);
    break;
  }
  if (err == WK_OK)
    wk_audit_act(
        office->audit,
        &(struct wk_act){.event = acts[input->verb].event, .role = name});
  return err;
}

static enum wk_err on_file(const struct input *input,
                           struct printing *printing, struct wk_why *why) {
  struct cli_office office;
  enum wk_err err = cli_office_open(&office, &input->place, why);
  if (err != WK_OK)
    return err;
  err = work(&office, input, printing, why);
  cli_office_close(&office);
  return err;
}

/* ---- through a broker -----------------------------------------------------
 */

static cJSON *command_of(const struct input *input) {
  static const char *const names[VERBS] = {"listRoles", "getRole", "setRole",
                                           "removeRole"};
  cJSON *command =
      input->verb == SET ? wk_role_json(&input->role) : cJSON_CreateObject();
  (void)cJSON_AddStringToObject(command, "command", names[input->verb]);
  if (input->verb == SHOW || input->verb == REMOVE)
    (void)cJSON_AddStringToObject(command, "role", input->role.name);
  return command;
}

static enum wk_err print_answer(const cJSON *role, const char *url,
                                struct printing *printing,
                                struct wk_why *why) {
  struct wk_topic_role read;
  const enum wk_err err = wk_role_read(&read, role, url, why);
  if (err == WK_OK)
    (void)print(printing, &read);
  return err;
}

static enum wk_err by_broker(const struct input *input,
                             struct printing *printing, struct wk_why *why) {
  const char *url = input->place.broker;
  cJSON *data = NULL;
  enum wk_err err =
      cli_remote_once(&input->place, command_of(input), &data, why);
  if (err == WK_OK && input->verb == SHOW)
    err = print_answer(cJSON_GetObjectItemCaseSensitive(data, "role"), url,
                       printing, why);
  const cJSON *roles = cJSON_GetObjectItemCaseSensitive(data, "roles");
  const cJSON *role = NULL;
  cJSON_ArrayForEach(role, roles) {
    if (err == WK_OK)
      err = print_answer(role, url, printing, why);
  }
  cJSON_Delete(data);
  return err;
}

/* ---- the command ----------------------------------------------------------
 */

static enum wk_err run(const struct input *input, struct wk_why *why) {
  struct printing printing = {.json = input->json,
                              .list = input->verb == LIST};
  const enum wk_err err = input->place.broker
                              ? by_broker(input, &printing, why)
                              : on_file(input, &printing, why);
  if (err != WK_OK)
    return err;
  if (printing.failed)
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  if (input->json)
    (void)puts(printing.list ? "\n]" : "");
  if (acts[input->verb].done)
    (void)printf("%s: %s\n", input->role.name, acts[input->verb].done);
  return WK_OK;
}

static const char doc[] =
    "Lists, shows, sets or removes roles: what devices may publish, subscribe "
    "to and receive.\v"
    "set replaces both lists. In a filter %u stands for the device and %c for "
    "its MQTT client id. Running brokers follow at once.\n\n"
    "  whitekey role set lamp --publish 'lamps/%u/state' \\\n"
    "    --subscribe 'lamps/%u/set' 'lamps/all'\n"
    "  whitekey set-role lamp-1 lamp";

int cli_role_command(int argc, char **argv) {
  const struct argp argp = {.options = options,
                            .parser = parse,
                            .args_doc = "list|show|set|remove [ROLE]",
                            .doc = doc,
                            .children = cli_where_child};
  struct input input = {.verb = VERBS};
  struct wk_why why;
  cli_parse_in_order(&argp, argc, argv, &input);
  return run(&input, &why) == WK_OK ? cli_finish() : cli_fail(&why);
}

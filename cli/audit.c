/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include <whitekey/log.h>

#include "follow.h"
#include "style.h"

struct input {
  struct cli_place place;
  bool json;
  bool follow;
};

static const struct argp_option options[] = {
    {"json", 'j', NULL, 0, "Print the lines as they stand in the file", 0},
    {"follow", 'f', NULL, 0,
     "Go on with what is written later, across log rotation", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state) {
  struct input *input = state->input;
  if (key == ARGP_KEY_INIT)
    cli_place_init(&input->place, state);
  else if (key == 'j')
    input->json = true;
  else if (key == 'f')
    input->follow = true;
  else if (key == ARGP_KEY_ARG)
    cli_stray(state, arg);
  else
    return ARGP_ERR_UNKNOWN;
  return 0;
}

static const char doc[] =
    "Prints every login, accepted or refused, and every operator's act; the "
    "newest comes last.\v"
    "It reads REGISTRY.audit.jsonl and needs no master key. After what "
    "happened to whom come address, method and, where there is one, the "
    "alarm.\n\n"
    "  whitekey audit --json | jq 'select(.reason == \"clone\")'";

/* A string without what a terminal would act on; "" for anything else. */
static const char *plain(const cJSON *item) {
  if (!cJSON_IsString(item))
    return "";
  for (char *c = item->valuestring; *c != '\0'; c++) {
    if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
      *c = '?';
  }
  return item->valuestring;
}

static const char *text_of(const cJSON *event, const char *key) {
  return plain(cJSON_GetObjectItemCaseSensitive(event, key));
}

/* "login" is told by its reason, an act by its own name. */
static void print_what(const cJSON *event) {
  const char *name = text_of(event, "event");
  if (strcmp(name, "login") != 0) {
    style_print(STYLE_HEAD, name, 18);
    return;
  }
  const char *reason = text_of(event, "reason");
  const bool accepted = strcmp(reason, "ok") == 0;
  const bool alarm = cJSON_GetObjectItemCaseSensitive(event, "alarms") != NULL;
  style_print(accepted ? STYLE_GOOD
              : alarm  ? STYLE_BAD
                       : STYLE_WARN,
              accepted ? "login" : reason, 18);
}

static void print_detail(const cJSON *event) {
  static const char *const keys[] = {
      "result", "role", "by", "address", "method", "client_id", "evidence"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const char *text = text_of(event, keys[i]);
    if (text[0] != '\0')
      (void)printf(" %s %s", keys[i], text);
  }
  const cJSON *number = cJSON_GetObjectItemCaseSensitive(event, "lines");
  if (cJSON_IsNumber(number))
    (void)printf(" lines %.0f", number->valuedouble);
  number = cJSON_GetObjectItemCaseSensitive(event, "index");
  if (cJSON_IsNumber(number))
    (void)printf(" index %.0f", number->valuedouble);
  const cJSON *alarm = NULL;
  cJSON_ArrayForEach(alarm,
                     cJSON_GetObjectItemCaseSensitive(event, "alarms")) {
    (void)fputs(" alarm ", stdout);
    style_print(STYLE_BAD, plain(alarm), 0);
  }
  if (cJSON_GetObjectItemCaseSensitive(event, "quarantined"))
    style_print(STYLE_BAD, " quarantined", 0);
  if (cJSON_GetObjectItemCaseSensitive(event, "late"))
    (void)fputs(" answered late", stdout);
}

static void print_event(const cJSON *event) {
  const char *did = text_of(event, "d_id");
  style_print(STYLE_PLAIN, text_of(event, "time"), 26);
  print_what(event);
  style_print(STYLE_PLAIN, did[0] != '\0' ? did : "-", 16);
  print_detail(event);
  (void)putchar('\n');
}

static bool print_line(char *line, const char *path, unsigned long number) {
  line[strcspn(line, "\n")] = '\0';
  cJSON *event = cJSON_Parse(line);
  const bool good = cJSON_IsObject(event);
  if (good)
    print_event(event);
  else
    wk_log(WK_LOG_ERROR, "%s:%lu: not an audit event", path, number);
  cJSON_Delete(event);
  return good;
}

/* One bad line does not hide the ones after it, but the end tells of it. */
static int print_file(FILE *file, const char *path, bool json) {
  char *line = NULL;
  size_t cap = 0;
  int status = EXIT_SUCCESS;
  for (unsigned long number = 1; getline(&line, &cap, file) >= 0; number++) {
    if (json)
      (void)fputs(line, stdout);
    else if (!print_line(line, path, number))
      status = EXIT_FAILURE;
  }
  free(line);
  if (ferror(file)) {
    wk_log(WK_LOG_ERROR, "%s: %s", path, strerror(errno));
    status = EXIT_FAILURE;
  }
  return status;
}

struct followed_file {
  const char *path;
  bool json;
  unsigned long number;
};

static void print_followed(void *context, char *line) {
  struct followed_file *file = context;
  file->number++;
  if (file->json)
    (void)puts(line);
  else
    (void)print_line(line, file->path, file->number);
}

static int print_for_ever(const char *path, bool json) {
  struct followed_file file = {path, json, 0};
  struct wk_why why;
  return follow(path, print_followed, &file, &why) == WK_OK ? cli_finish()
                                                            : cli_fail(&why);
}

int cli_audit(int argc, char **argv) {
  const struct argp argp = {.options = options,
                            .parser = parse,
                            .doc = doc,
                            .children = cli_registry_child};
  struct input input = {.json = false};
  struct wk_why why;
  char path[PATH_MAX];
  cli_parse(&argp, argc, argv, &input);
  if (wk_audit_path(path, sizeof path, input.place.registry, &why) != WK_OK)
    return cli_fail(&why);
  if (input.follow)
    return print_for_ever(path, input.json);
  FILE *file = fopen(path, "re");
  if (!file) {
    (void)wk_fail(&why, WK_ERR_IO, "%s: %s", path, strerror(errno));
    return cli_fail(&why);
  }
  const int status = print_file(file, path, input.json);
  (void)fclose(file);
  const int finished = cli_finish();
  return status == EXIT_SUCCESS ? finished : status;
}

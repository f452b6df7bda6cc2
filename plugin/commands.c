/* SPDX-License-Identifier: Apache-2.0 */
/* Requests in, responses out; the commands themselves are in command_*.c. */
#include <stdlib.h>
#include <string.h>

#include <whitekey/json.h>

#include "command.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- what every command needs ---------------------------------------------
 */

bool wk_command_has(const struct wk_command *command, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(command->asked, key) != NULL;
}

enum wk_err wk_command_text(struct wk_command *command, const char *key,
                            const char **text) {
  return wk_json_text(text, command->asked, key, "command", &command->why);
}

void wk_command_audit(const struct wk_command *command, const char *event,
                      const char *did, const char *role) {
  const struct wk_act act = {
      .event = event, .did = did, .role = role, .by = command->office->by};
  wk_audit_act(command->office->audit, &act);
}

/* ---- requests -------------------------------------------------------------
 */

static enum wk_err get_metrics(struct wk_command *command) {
  if (!command->office->metrics)
    return wk_fail(&command->why, WK_ERR_MEMORY, "out of memory");
  (void)cJSON_AddStringToObject(command->data, "prometheus",
                                command->office->metrics);
  return WK_OK;
}

#define MEMBERS 3

static const struct verb {
  const char *name;
  wk_command_run *run;
  const char *members[MEMBERS]; /* beside command and correlationData */
} verbs[] = {
    {"listDevices", wk_command_list_devices, {"count", "after"}},
    {"getDevice", wk_command_get_device, {"d_id"}},
    {"enrolDevice", wk_command_enrol_device, {"enrolment", "role"}},
    {"enableDevice", wk_command_enable_device, {"d_id"}},
    {"disableDevice", wk_command_disable_device, {"d_id"}},
    {"revokeDevice", wk_command_revoke_device, {"d_id"}},
    {"releaseDevice", wk_command_release_device, {"d_id"}},
    {"setDeviceRole", wk_command_set_device_role, {"d_id", "role"}},
    {"listRoles", wk_command_list_roles, {NULL}},
    {"getRole", wk_command_get_role, {"role"}},
    {"setRole", wk_command_set_role, {"role", "publish", "subscribe"}},
    {"removeRole", wk_command_remove_role, {"role"}},
    {"getMetrics", get_metrics, {NULL}},
};

static enum wk_err run(struct wk_command *command, const char *name) {
  const char *members[MEMBERS + 2] = {"command", "correlationData"};
  for (size_t i = 0; i < COUNT(verbs); i++) {
    size_t count = 2;
    if (strcmp(name, verbs[i].name) != 0)
      continue;
    for (size_t j = 0; j < MEMBERS && verbs[i].members[j]; j++)
      members[count++] = verbs[i].members[j];
    const enum wk_err err =
        wk_json_only(command->asked, members, count, "command", &command->why);
    return err == WK_OK ? verbs[i].run(command) : err;
  }
  return wk_fail(&command->why, WK_ERR_ARGUMENT,
                 "there is no command \"%.64s\"", name);
}

/* ---- responses ------------------------------------------------------------
 */

/* The asker's words come back as they were, where they are text. */
static void add_text(cJSON *response, const char *key, const cJSON *asked) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(asked, key);
  if (cJSON_IsString(item))
    (void)cJSON_AddStringToObject(response, key, item->valuestring);
}

/* A sentence may quote the asker, and cut within a character. */
static void add_error(cJSON *response, struct wk_why *why) {
  for (char *c = why->text; *c != '\0'; c++) {
    if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
      *c = '?';
  }
  (void)cJSON_AddStringToObject(response, "error", why->text);
}

static cJSON *respond(const struct wk_commands *office, const cJSON *asked) {
  struct wk_command command = {.office = office, .asked = asked};
  const char *name = NULL;
  cJSON *response = cJSON_CreateObject();
  enum wk_err err = WK_ERR_MALFORMED;
  command.data = cJSON_CreateObject();
  if (cJSON_IsObject(asked))
    err = wk_command_text(&command, "command", &name);
  else
    wk_why_set(&command.why, "a command is an object");
  if (err == WK_OK)
    err = run(&command, name);
  add_text(response, "command", asked);
  if (err == WK_OK)
    (void)cJSON_AddItemToObject(response, "data", command.data);
  else
    add_error(response, &command.why);
  if (err != WK_OK)
    cJSON_Delete(command.data);
  add_text(response, "correlationData", asked);
  return response;
}

static enum wk_err parse(cJSON **request, const cJSON **commands,
                         const char *text, size_t len, struct wk_why *why) {
  static const char *const members[] = {"commands"};
  *request = NULL;
  if (len > WK_COMMANDS_BYTES_MAX)
    return wk_fail(why, WK_ERR_SPACE, "request: more than %u bytes",
                   WK_COMMANDS_BYTES_MAX);
  const enum wk_err err = wk_json_parse(request, text, len, "request", why);
  if (err != WK_OK)
    return err;
  *commands = cJSON_GetObjectItemCaseSensitive(*request, "commands");
  if (!cJSON_IsArray(*commands) ||
      cJSON_GetArraySize(*commands) > (int)WK_COMMANDS_MAX)
    return wk_fail(why, WK_ERR_MALFORMED,
                   "request: \"commands\": not a list of at most %u",
                   WK_COMMANDS_MAX);
  return wk_json_only(*request, members, COUNT(members), "request", why);
}

char *wk_commands_refuse(struct wk_why *why) {
  cJSON *answer = cJSON_CreateObject();
  cJSON *response = cJSON_CreateObject();
  add_error(response, why);
  (void)cJSON_AddItemToArray(cJSON_AddArrayToObject(answer, "responses"),
                             response);
  char *out = cJSON_PrintUnformatted(answer);
  cJSON_Delete(answer);
  return out;
}

char *wk_commands_answer(const struct wk_commands *office, const char *text,
                         size_t len) {
  struct wk_why why;
  cJSON *request = NULL;
  const cJSON *list = NULL;
  const cJSON *asked = NULL;
  if (parse(&request, &list, text, len, &why) != WK_OK) {
    cJSON_Delete(request);
    return wk_commands_refuse(&why);
  }
  cJSON *answer = cJSON_CreateObject();
  cJSON *responses = cJSON_AddArrayToObject(answer, "responses");
  cJSON_ArrayForEach(asked, list) {
    (void)cJSON_AddItemToArray(responses, respond(office, asked));
  }
  char *out = responses ? cJSON_PrintUnformatted(answer) : NULL;
  cJSON_Delete(request);
  wk_json_wipe(answer); /* it may hold a new device's key */
  return out;
}

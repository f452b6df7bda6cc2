/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <whitekey/bytes.h>
#include <whitekey/json.h>
#include <whitekey/report.h>
#include <whitekey/role.h>

#define PAGE 100u
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* One command at work: what it asks, and where its data goes. */
struct job {
  const struct wk_commands *commands;
  const cJSON *command;
  cJSON *data;
  struct wk_why why;
};

/* ---- arguments ------------------------------------------------------------
 */

static enum wk_err device_of(struct job *job, const char **did) {
  static const uint8_t realm[WK_REALM_LEN];
  struct wk_id id;
  const enum wk_err err =
      wk_json_text(did, job->command, "d_id", "command", &job->why);
  if (err != WK_OK)
    return err;
  if (wk_id_init(&id, realm, *did, strlen(*did)) != WK_OK)
    return wk_fail(&job->why, WK_ERR_MALFORMED,
                   "\"d_id\": a device's name is 1 to %u of A-Z a-z 0-9 . _ -",
                   WK_DID_MAX);
  return WK_OK;
}

static bool has(const cJSON *command, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(command, key) != NULL;
}

static void add_device(struct job *job, const char *key, cJSON *device) {
  (void)cJSON_AddItemToObject(job->data, key, device);
}

/* ---- looking --------------------------------------------------------------
 */

struct page {
  cJSON *devices;
  uint32_t left;
  char last[WK_DID_MAX + 1];
  bool more;
};

static bool add_to_page(void *context, const struct wk_device_info *info) {
  struct page *page = context;
  if (page->left == 0) {
    page->more = true;
    return false;
  }
  page->left--;
  memcpy(page->last, info->did, sizeof page->last);
  (void)cJSON_AddItemToArray(page->devices, wk_device_json(info));
  return true;
}

static enum wk_err list_devices(struct job *job) {
  const cJSON *command = job->command;
  const char *after = "";
  struct page page = {.left = PAGE};
  enum wk_err err = WK_OK;
  if (has(command, "count"))
    err = wk_json_u32(&page.left, command, "count", 1, WK_COMMANDS_PAGE_MAX,
                      "command", &job->why);
  if (err == WK_OK && has(command, "after"))
    err = wk_json_text(&after, command, "after", "command", &job->why);
  if (err != WK_OK)
    return err;
  page.devices = cJSON_AddArrayToObject(job->data, "devices");
  err = wk_registry_list_after(job->commands->registry, after, add_to_page,
                               &page, &job->why);
  if (err == WK_OK && page.more)
    (void)cJSON_AddStringToObject(job->data, "next", page.last);
  return err;
}

static enum wk_err get_device(struct job *job) {
  const char *did = NULL;
  struct wk_device_info info;
  enum wk_err err = device_of(job, &did);
  if (err == WK_OK)
    err = wk_registry_get(job->commands->registry, did, &info, &job->why);
  if (err == WK_OK)
    add_device(job, "device", wk_device_json(&info));
  return err;
}

static enum wk_err get_metrics(struct job *job) {
  char *text = job->commands->metrics(job->commands->context);
  if (!text)
    return wk_fail(&job->why, WK_ERR_MEMORY, "out of memory");
  (void)cJSON_AddStringToObject(job->data, "prometheus", text);
  free(text);
  return WK_OK;
}

/* ---- changing -------------------------------------------------------------
 */

static void audit(const struct job *job, const char *event, const char *did,
                  const char *role) {
  wk_audit_act(
      job->commands->audit,
      &(struct wk_act){
          .event = event, .did = did, .role = role, .by = job->commands->by});
}

static enum wk_err change(struct job *job, enum wk_change to,
                          const char *event) {
  const char *did = NULL;
  enum wk_err err = device_of(job, &did);
  if (err == WK_OK)
    err = wk_registry_change(job->commands->registry, did, to, &job->why);
  if (err != WK_OK)
    return err;
  audit(job, event, did, NULL);
  return get_device(job);
}

static enum wk_err enable_device(struct job *job) {
  return change(job, WK_CHANGE_ENABLE, "enable");
}

static enum wk_err disable_device(struct job *job) {
  return change(job, WK_CHANGE_DISABLE, "disable");
}

static enum wk_err release_device(struct job *job) {
  return change(job, WK_CHANGE_RELEASE, "release");
}

static enum wk_err revoke_device(struct job *job) {
  return change(job, WK_CHANGE_REVOKE, "revoke");
}

static enum wk_err set_device_role(struct job *job) {
  const char *did = NULL;
  const char *role = NULL;
  enum wk_err err = device_of(job, &did);
  if (err == WK_OK)
    err = wk_json_text(&role, job->command, "role", "command", &job->why);
  if (err == WK_OK)
    err = wk_registry_set_role(job->commands->registry, did, role, &job->why);
  if (err != WK_OK)
    return err;
  audit(job, "set-role", did, role);
  return get_device(job);
}

/* What the device needs to finish its credential; Ks is a secret. */
static void add_keys(struct job *job, const struct wk_enrolment *device,
                     uint32_t generation, uint8_t ks[WK_KS_LEN]) {
  char text[WK_B64_LEN(WK_KS_LEN) + 1];
  (void)cJSON_AddStringToObject(job->data, "d_id", device->did);
  (void)cJSON_AddNumberToObject(job->data, "generation", generation);
  wk_b64_write(text, wk_registry_realm(job->commands->registry), WK_REALM_LEN);
  (void)cJSON_AddStringToObject(job->data, "realm", text);
  wk_b64_write(text, ks, WK_KS_LEN);
  (void)cJSON_AddStringToObject(job->data, "ks", text);
  wk_wipe(text, sizeof text);
}

static enum wk_err read_enrolment(struct job *job,
                                  struct wk_enrolment *device) {
  const cJSON *enrolment = NULL;
  const char *role = "";
  enum wk_err err = wk_json_object(&enrolment, job->command, "enrolment",
                                   "command", &job->why);
  if (err == WK_OK && has(job->command, "role"))
    err = wk_json_text(&role, job->command, "role", "command", &job->why);
  if (err == WK_OK)
    err = wk_enrolment_read(device, enrolment, "enrolment", &job->why);
  if (err != WK_OK)
    return err;
  if (strlen(role) > WK_ROLE_NAME_MAX)
    return wk_fail(&job->why, WK_ERR_MALFORMED, "\"role\": too long");
  (void)snprintf(device->role, sizeof device->role, "%s", role);
  return WK_OK;
}

static enum wk_err enrol_device(struct job *job) {
  struct wk_enrolment device = {.did = ""};
  uint32_t generation = 0;
  uint8_t ks[WK_KS_LEN];
  enum wk_err err = read_enrolment(job, &device);
  if (err == WK_OK)
    err = wk_registry_enrol(job->commands->registry, &device, &generation, ks,
                            &job->why);
  if (err == WK_OK) {
    audit(job, "enrol", device.did, device.role);
    add_keys(job, &device, generation, ks);
  }
  wk_wipe(ks, sizeof ks);
  wk_wipe(&device, sizeof device);
  return err;
}

/* ---- requests -------------------------------------------------------------
 */

static const struct verb {
  const char *name;
  enum wk_err (*run)(struct job *job);
  const char *members[2]; /* beside command and correlationData */
} verbs[] = {
    {"listDevices", list_devices, {"count", "after"}},
    {"getDevice", get_device, {"d_id", "d_id"}},
    {"enrolDevice", enrol_device, {"enrolment", "role"}},
    {"enableDevice", enable_device, {"d_id", "d_id"}},
    {"disableDevice", disable_device, {"d_id", "d_id"}},
    {"revokeDevice", revoke_device, {"d_id", "d_id"}},
    {"releaseDevice", release_device, {"d_id", "d_id"}},
    {"setDeviceRole", set_device_role, {"d_id", "role"}},
    {"getMetrics", get_metrics, {"command", "command"}},
};

static enum wk_err run(struct job *job, const char *name) {
  for (size_t i = 0; i < COUNT(verbs); i++) {
    const char *const members[] = {"command", "correlationData",
                                   verbs[i].members[0], verbs[i].members[1]};
    if (strcmp(name, verbs[i].name) != 0)
      continue;
    const enum wk_err err = wk_json_only(job->command, members, COUNT(members),
                                         "command", &job->why);
    return err == WK_OK ? verbs[i].run(job) : err;
  }
  return wk_fail(&job->why, WK_ERR_ARGUMENT, "there is no command \"%.64s\"",
                 name);
}

/* The asker's words come back as they were, where they are text. */
static void add_text(cJSON *response, const char *key, const cJSON *command) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(command, key);
  if (cJSON_IsString(item))
    (void)cJSON_AddStringToObject(response, key, item->valuestring);
}

static cJSON *respond(const struct wk_commands *commands,
                      const cJSON *command) {
  struct job job = {.commands = commands, .command = command};
  const char *name = NULL;
  cJSON *response = cJSON_CreateObject();
  enum wk_err err = WK_ERR_MALFORMED;
  job.data = cJSON_CreateObject();
  if (!cJSON_IsObject(command))
    wk_why_set(&job.why, "a command is an object");
  else
    err = wk_json_text(&name, command, "command", "command", &job.why);
  if (err == WK_OK)
    err = run(&job, name);
  add_text(response, "command", command);
  if (err == WK_OK)
    (void)cJSON_AddItemToObject(response, "data", job.data);
  else
    cJSON_Delete(job.data);
  if (err != WK_OK)
    (void)cJSON_AddStringToObject(response, "error", job.why.text);
  add_text(response, "correlationData", command);
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

static void wipe_keys(const cJSON *responses) {
  const cJSON *response = NULL;
  cJSON_ArrayForEach(response, responses) {
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(response, "data");
    const cJSON *ks = cJSON_GetObjectItemCaseSensitive(data, "ks");
    if (cJSON_IsString(ks))
      wk_wipe(ks->valuestring, strlen(ks->valuestring));
  }
}

char *wk_commands_answer(const struct wk_commands *commands, const char *text,
                         size_t len) {
  struct wk_why why;
  cJSON *request = NULL;
  const cJSON *list = NULL;
  const cJSON *command = NULL;
  cJSON *answer = cJSON_CreateObject();
  cJSON *responses = cJSON_AddArrayToObject(answer, "responses");
  if (parse(&request, &list, text, len, &why) == WK_OK) {
    cJSON_ArrayForEach(command, list)(void)
        cJSON_AddItemToArray(responses, respond(commands, command));
  } else {
    cJSON *response = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(response, "error", why.text);
    (void)cJSON_AddItemToArray(responses, response);
  }
  char *out = responses ? cJSON_PrintUnformatted(answer) : NULL;
  wipe_keys(responses);
  cJSON_Delete(request);
  cJSON_Delete(answer);
  return out;
}

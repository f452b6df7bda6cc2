/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mosquitto_ctrl_whitekey.so: "mosquitto_ctrl whitekey ...". The connection
 * and the login are mosquitto_ctrl's, with -u and -P "$(whitekey otp ..)".
 */
#include "ctrl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <mosquitto.h>

#define EXPORT __attribute__((visibility("default")))
#define CONTROL "$CONTROL/whitekey/v1"
#define ONLY_HELP (-1) /* mosquitto_ctrl then connects nowhere */

static const struct verb {
  const char *words, *command, *members[2], *doc;
} verbs[] = {
    {"list", "listDevices", {"after", NULL}, "list [AFTER]"},
    {"show", "getDevice", {"d_id", NULL}, "show D_ID"},
    {"enable", "enableDevice", {"d_id", NULL}, "enable D_ID"},
    {"disable", "disableDevice", {"d_id", NULL}, "disable D_ID"},
    {"release", "releaseDevice", {"d_id", NULL}, "release D_ID"},
    {"revoke", "revokeDevice", {"d_id", NULL}, "revoke D_ID"},
    {"set-role", "setDeviceRole", {"d_id", "role"}, "set-role D_ID ROLE"},
    {"role list", "listRoles", {NULL, NULL}, "role list"},
    {"role show", "getRole", {"role", NULL}, "role show ROLE"},
    {"role set",
     "setRole",
     {"role", NULL},
     "role set ROLE [--publish FILTER...] [--subscribe FILTER...]"},
    {"role remove", "removeRole", {"role", NULL}, "role remove ROLE"},
    {"metrics", "getMetrics", {NULL, NULL}, "metrics"},
};
#define VERBS (sizeof verbs / sizeof *verbs)

EXPORT void ctrl_help(void) {
  (void)puts("WhiteKey: devices and their one-time passwords, by the same "
             "words as whitekey(1)");
  for (size_t i = 0; i < VERBS; i++)
    (void)printf("    mosquitto_ctrl [options] whitekey %s\n", verbs[i].doc);
  (void)puts("Log in as a device of the role admin:\n"
             "    -u NAME -P \"$(whitekey otp --credential FILE)\"");
}

/* ---- the answer -----------------------------------------------------------
 */

static void print_data(const cJSON *data) {
  const cJSON *text = cJSON_GetObjectItemCaseSensitive(data, "prometheus");
  if (cJSON_IsString(text)) {
    (void)fputs(text->valuestring, stdout);
    return;
  }
  char *json = cJSON_Print(data);
  if (json)
    (void)puts(json);
  cJSON_free(json);
}

static void on_answer(struct mosq_ctrl *ctrl, long len, const void *payload) {
  (void)ctrl;
  cJSON *answer = cJSON_ParseWithLength(payload, (size_t)len);
  const cJSON *response = cJSON_GetArrayItem(
      cJSON_GetObjectItemCaseSensitive(answer, "responses"), 0);
  const cJSON *error = cJSON_GetObjectItemCaseSensitive(response, "error");
  const cJSON *data = cJSON_GetObjectItemCaseSensitive(response, "data");
  if (cJSON_IsString(error))
    (void)fprintf(stderr, "Error: %s\n", error->valuestring);
  else if (data)
    print_data(data);
  else
    (void)fputs("Error: an answer without data\n", stderr);
  cJSON_Delete(answer);
}

/* ---- the question ---------------------------------------------------------
 */

/* The verb that argv begins with; *used: of how many words it is. */
static const struct verb *find(int argc, char *argv[], int *used) {
  for (size_t i = 0; i < VERBS; i++) {
    const char *second = strchr(verbs[i].words, ' ');
    const size_t len = strcspn(verbs[i].words, " ");
    *used = second ? 2 : 1;
    if (argc >= *used && strlen(argv[0]) == len &&
        strncmp(argv[0], verbs[i].words, len) == 0 &&
        (!second || strcmp(argv[1], second + 1) == 0))
      return &verbs[i];
  }
  return NULL;
}

/* Both lists of a role, which are replaced together. */
static bool add_lists(cJSON *command, int argc, char *argv[]) {
  cJSON *publish = cJSON_AddArrayToObject(command, "publish");
  cJSON *subscribe = cJSON_AddArrayToObject(command, "subscribe");
  cJSON *list = NULL;
  for (int i = 0; i < argc; i++) {
    if (strcmp(argv[i], "--publish") == 0)
      list = publish;
    else if (strcmp(argv[i], "--subscribe") == 0)
      list = subscribe;
    else if (list)
      (void)cJSON_AddItemToArray(list, cJSON_CreateString(argv[i]));
    else
      return false;
  }
  return list != NULL;
}

static bool add_words(cJSON *command, const struct verb *verb, int argc,
                      char *argv[]) {
  int used = 0;
  for (; used < 2 && used < argc && verb->members[used]; used++)
    (void)cJSON_AddStringToObject(command, verb->members[used], argv[used]);
  const bool optional = strcmp(verb->words, "list") == 0;
  if (!optional && used < 2 && verb->members[used])
    return false;
  if (strcmp(verb->words, "role set") == 0)
    return add_lists(command, argc - used, &argv[used]);
  return used == argc;
}

/* NULL where the words are wrong, or memory ran out. */
static char *request(const struct verb *verb, int argc, char *argv[]) {
  cJSON *root = cJSON_CreateObject();
  cJSON *command = cJSON_CreateObject();
  (void)cJSON_AddItemToArray(cJSON_AddArrayToObject(root, "commands"),
                             command);
  (void)cJSON_AddStringToObject(command, "command", verb->command);
  char *text = add_words(command, verb, argc, argv)
                   ? cJSON_PrintUnformatted(root)
                   : NULL;
  cJSON_Delete(root);
  return text;
}

/* Where this mosquitto_ctrl looks for it; NULL: told already. */
static struct ctrl_question *question_of(struct mosq_ctrl *ctrl) {
  int major = 0;
  int minor = 0;
  int revision = 0;
  (void)mosquitto_lib_version(&major, &minor, &revision);
  if (major == 2 && minor == 0)
    return revision < 21 ? &ctrl->v2_0_0.question : &ctrl->v2_0_21.question;
  (void)fprintf(stderr,
                "Error: whitekey is a module for mosquitto_ctrl 2.0, this "
                "is %d.%d; use whitekey --broker\n",
                major, minor);
  return NULL;
}

EXPORT int ctrl_main(int argc, char *argv[], struct mosq_ctrl *ctrl) {
  struct ctrl_question *question = question_of(ctrl);
  if (!question)
    return MOSQ_ERR_UNKNOWN;
  int used = 0;
  const struct verb *verb = find(argc, argv, &used);
  if (!verb) {
    ctrl_help();
    return argc > 0 && strcmp(argv[0], "help") == 0 ? ONLY_HELP
                                                    : MOSQ_ERR_INVAL;
  }
  question->payload = request(verb, argc - used, &argv[used]);
  if (!question->payload) {
    (void)fprintf(stderr, "Usage: mosquitto_ctrl [options] whitekey %s\n",
                  verb->doc);
    return MOSQ_ERR_INVAL;
  }
  question->request_topic = strdup(CONTROL);
  question->response_topic = strdup(CONTROL "/response");
  question->payload_callback = on_answer;
  return question->request_topic && question->response_topic ? MOSQ_ERR_SUCCESS
                                                             : MOSQ_ERR_NOMEM;
}

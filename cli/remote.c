/* SPDX-License-Identifier: Apache-2.0 */
#include "remote.h"

#include <string.h>

#include <whitekey/bytes.h>
#include <whitekey/json.h>
#include <whitekey/report.h>

#include "link.h"

/* ---- asking ---------------------------------------------------------------
 */

cJSON *cli_remote_command(const char *name, const char *did) {
  cJSON *command = cJSON_CreateObject();
  (void)cJSON_AddStringToObject(command, "command", name);
  if (did)
    (void)cJSON_AddStringToObject(command, "d_id", did);
  return command;
}

static bool has_response(const struct cli_remote *remote) {
  return remote->response != NULL || remote->refused != 0;
}

static enum wk_err send_request(struct cli_remote *remote, cJSON *command,
                                struct wk_why *why) {
  cJSON *request = cJSON_CreateObject();
  (void)cJSON_AddItemToArray(cJSON_AddArrayToObject(request, "commands"),
                             command);
  char *text = cJSON_PrintUnformatted(request);
  wk_json_wipe(request);
  if (!text)
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  const enum wk_err err = link_publish(remote, LINK_CONTROL, text, why);
  wk_wipe(text, strlen(text));
  cJSON_free(text);
  return err;
}

static enum wk_err read_response(struct cli_remote *remote, cJSON **data,
                                 struct wk_why *why) {
  cJSON *answer = NULL;
  const enum wk_err err = wk_json_parse(
      &answer, remote->response, remote->response_len, remote->url, why);
  if (err != WK_OK)
    return err;
  const cJSON *responses =
      cJSON_GetObjectItemCaseSensitive(answer, "responses");
  cJSON *response = cJSON_GetArrayItem(responses, 0);
  const cJSON *error = cJSON_GetObjectItemCaseSensitive(response, "error");
  *data = cJSON_DetachItemFromObjectCaseSensitive(response, "data");
  enum wk_err said = WK_OK;
  if (cJSON_IsString(error))
    said = wk_fail(why, WK_ERR_ARGUMENT, "%s", error->valuestring);
  else if (!*data)
    said = wk_fail(why, WK_ERR_MALFORMED, "%s: a response without data",
                   remote->url);
  cJSON_Delete(answer);
  return said;
}

enum wk_err cli_remote_ask(struct cli_remote *remote, cJSON *command,
                           cJSON **data, struct wk_why *why) {
  *data = NULL;
  link_forget(remote);
  enum wk_err err = send_request(remote, command, why);
  if (err != WK_OK)
    return err;
  err = link_wait(remote, has_response, why);
  if (err != WK_OK)
    return err;
  if (remote->refused != 0)
    return wk_fail(why, WK_ERR_ARGUMENT,
                   "%s: %s: is device \"%s\" of the role " WK_ROLE_ADMIN "?",
                   remote->url, mosquitto_reason_string(remote->refused),
                   wk_client_id(remote->client)->did);
  err = read_response(remote, data, why);
  if (err != WK_OK) {
    cJSON_Delete(*data);
    *data = NULL;
  }
  return err;
}

enum wk_err cli_remote_once(const struct cli_place *place, cJSON *command,
                            cJSON **data, struct wk_why *why) {
  struct cli_remote *remote = NULL;
  *data = NULL;
  enum wk_err err = cli_remote_open(&remote, place, why);
  if (err == WK_OK)
    err = cli_remote_ask(remote, command, data, why);
  else
    cJSON_Delete(command);
  cli_remote_close(remote);
  return err;
}

enum wk_err cli_remote_device(const struct cli_place *place, cJSON *command,
                              struct wk_device_info *info,
                              struct wk_why *why) {
  cJSON *data = NULL;
  enum wk_err err = cli_remote_once(place, command, &data, why);
  if (err == WK_OK)
    err =
        wk_device_read(info, cJSON_GetObjectItemCaseSensitive(data, "device"),
                       place->broker, why);
  cJSON_Delete(data);
  return err;
}

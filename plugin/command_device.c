/* SPDX-License-Identifier: Apache-2.0 */
/* What can be asked for devices. */
#include <stdio.h>
#include <string.h>

#include <whitekey/bytes.h>
#include <whitekey/json.h>
#include <whitekey/report.h>

#include "command.h"

#define PAGE 100u

/* ---- arguments ------------------------------------------------------------
 */

static enum wk_err device_of(struct wk_command *command, const char **did) {
  static const uint8_t realm[WK_REALM_LEN];
  struct wk_id id;
  const enum wk_err err =
      wk_json_text(did, command->asked, "d_id", "command", &command->why);
  if (err != WK_OK)
    return err;
  if (wk_id_init(&id, realm, *did, strlen(*did)) != WK_OK)
    return wk_fail(&command->why, WK_ERR_MALFORMED,
                   "\"d_id\": a device's name is 1 to %u of A-Z a-z 0-9 . _ -",
                   WK_DID_MAX);
  return WK_OK;
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

enum wk_err wk_command_list_devices(struct wk_command *command) {
  const char *after = "";
  struct page page = {.left = PAGE};
  enum wk_err err = WK_OK;
  if (wk_command_has(command, "count"))
    err = wk_json_u32(&page.left, command->asked, "count", 1,
                      WK_COMMANDS_PAGE_MAX, "command", &command->why);
  if (err == WK_OK && wk_command_has(command, "after"))
    err = wk_command_text(command, "after", &after);
  if (err != WK_OK)
    return err;
  page.devices = cJSON_AddArrayToObject(command->data, "devices");
  err = wk_registry_list_after(command->office->registry, after, add_to_page,
                               &page, &command->why);
  if (err == WK_OK && page.more)
    (void)cJSON_AddStringToObject(command->data, "next", page.last);
  return err;
}

enum wk_err wk_command_get_device(struct wk_command *command) {
  const char *did = NULL;
  struct wk_device_info info;
  enum wk_err err = device_of(command, &did);
  if (err == WK_OK)
    err =
        wk_registry_get(command->office->registry, did, &info, &command->why);
  if (err == WK_OK)
    (void)cJSON_AddItemToObject(command->data, "device",
                                wk_device_json(&info));
  return err;
}

/* ---- changing -------------------------------------------------------------
 */

static enum wk_err change(struct wk_command *command, enum wk_change to,
                          const char *event) {
  const char *did = NULL;
  enum wk_err err = device_of(command, &did);
  if (err == WK_OK)
    err =
        wk_registry_change(command->office->registry, did, to, &command->why);
  if (err != WK_OK)
    return err;
  wk_command_audit(command, event, did, NULL);
  return wk_command_get_device(command);
}

enum wk_err wk_command_enable_device(struct wk_command *command) {
  return change(command, WK_CHANGE_ENABLE, "enable");
}

enum wk_err wk_command_disable_device(struct wk_command *command) {
  return change(command, WK_CHANGE_DISABLE, "disable");
}

enum wk_err wk_command_release_device(struct wk_command *command) {
  return change(command, WK_CHANGE_RELEASE, "release");
}

enum wk_err wk_command_revoke_device(struct wk_command *command) {
  return change(command, WK_CHANGE_REVOKE, "revoke");
}

enum wk_err wk_command_set_device_role(struct wk_command *command) {
  const char *did = NULL;
  const char *role = NULL;
  enum wk_err err = device_of(command, &did);
  if (err == WK_OK)
    err = wk_command_text(command, "role", &role);
  if (err == WK_OK)
    err = wk_registry_set_role(command->office->registry, did, role,
                               &command->why);
  if (err != WK_OK)
    return err;
  wk_command_audit(command, "set-role", did, role);
  return wk_command_get_device(command);
}

/* What the device needs to finish its credential; Ks is a secret. */
static void add_keys(struct wk_command *command,
                     const struct wk_enrolment *device, uint32_t generation,
                     uint8_t ks[WK_KS_LEN]) {
  char text[WK_B64_LEN(WK_KS_LEN) + 1];
  (void)cJSON_AddStringToObject(command->data, "d_id", device->did);
  (void)cJSON_AddNumberToObject(command->data, "generation", generation);
  wk_b64_write(text, wk_registry_realm(command->office->registry),
               WK_REALM_LEN);
  (void)cJSON_AddStringToObject(command->data, "realm", text);
  wk_b64_write(text, ks, WK_KS_LEN);
  (void)cJSON_AddStringToObject(command->data, "ks", text);
  wk_wipe(text, sizeof text);
}

static enum wk_err read_enrolment(struct wk_command *command,
                                  struct wk_enrolment *device) {
  const cJSON *enrolment = NULL;
  const char *role = NULL;
  enum wk_err err = wk_json_object(&enrolment, command->asked, "enrolment",
                                   "command", &command->why);
  if (err == WK_OK && wk_command_has(command, "role"))
    err = wk_command_text(command, "role", &role);
  if (err == WK_OK)
    err = wk_enrolment_read(device, enrolment, "enrolment", &command->why);
  if (err != WK_OK || !role)
    return err;
  if (role[0] == '\0' || strlen(role) > WK_ROLE_NAME_MAX)
    return wk_fail(&command->why, WK_ERR_MALFORMED,
                   "\"role\": a role's name is 1 to %u of A-Z a-z 0-9 . _ -",
                   WK_ROLE_NAME_MAX);
  (void)snprintf(device->role, sizeof device->role, "%s", role);
  return WK_OK;
}

enum wk_err wk_command_enrol_device(struct wk_command *command) {
  struct wk_enrolment device = {.did = ""};
  uint32_t generation = 0;
  uint8_t ks[WK_KS_LEN];
  enum wk_err err = read_enrolment(command, &device);
  if (err == WK_OK)
    err = wk_registry_enrol(command->office->registry, &device, &generation,
                            ks, &command->why);
  if (err == WK_OK) {
    wk_command_audit(command, "enrol", device.did, device.role);
    add_keys(command, &device, generation, ks);
  }
  wk_wipe(ks, sizeof ks);
  wk_wipe(&device, sizeof device);
  return err;
}

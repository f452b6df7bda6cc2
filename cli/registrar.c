/* SPDX-License-Identifier: Apache-2.0 */
#include "registrar.h"

#include <string.h>

#include <whitekey/bytes.h>
#include <whitekey/json.h>
#include <whitekey/report.h>

enum wk_err registrar_open(struct registrar *registrar,
                           const struct cli_place *place, struct wk_why *why) {
  memset(registrar, 0, sizeof *registrar);
  registrar->url = place->broker;
  if (!place->broker)
    return cli_office_open(&registrar->office, place, why);
  const enum wk_err err = cli_remote_open(&registrar->remote, place, why);
  if (err != WK_OK || cli_remote_is_private(registrar->remote))
    return err;
  registrar_close(registrar);
  return wk_fail(why, WK_ERR_ARGUMENT,
                 "--broker %s: the answer holds the device's key: mqtts:// is "
                 "needed",
                 place->broker);
}

void registrar_close(struct registrar *registrar) {
  if (registrar->remote)
    cli_remote_close(registrar->remote);
  else
    cli_office_close(&registrar->office);
  memset(registrar, 0, sizeof *registrar);
}

const uint8_t *registrar_realm(const struct registrar *registrar) {
  return registrar->remote ? cli_remote_realm(registrar->remote)
                           : wk_registry_realm(registrar->office.registry);
}

/* ---- through a broker -----------------------------------------------------
 */

static cJSON *enrol_command(const struct wk_enrolment *device) {
  cJSON *command = cli_remote_command("enrolDevice", NULL);
  (void)cJSON_AddItemToObject(command, "enrolment", wk_enrolment_json(device));
  if (device->role[0] != '\0')
    (void)cJSON_AddStringToObject(command, "role", device->role);
  return command;
}

/* A key of another realm would open nothing, and tell it too late. */
static enum wk_err read_keys(const struct registrar *registrar,
                             const cJSON *data, uint32_t *generation,
                             uint8_t ks[WK_KS_LEN], struct wk_why *why) {
  uint8_t realm[WK_REALM_LEN];
  enum wk_err err = wk_json_u32(generation, data, "generation", 0, UINT32_MAX,
                                registrar->url, why);
  if (err == WK_OK)
    err =
        wk_json_bytes(realm, sizeof realm, data, "realm", registrar->url, why);
  if (err == WK_OK)
    err = wk_json_bytes(ks, WK_KS_LEN, data, "ks", registrar->url, why);
  if (err == WK_OK &&
      !wk_equal(realm, registrar_realm(registrar), sizeof realm))
    err = wk_fail(why, WK_ERR_MALFORMED, "%s: a key of another realm",
                  registrar->url);
  if (err != WK_OK)
    wk_wipe(ks, WK_KS_LEN);
  return err;
}

static enum wk_err enrol_remote(struct registrar *registrar,
                                const struct wk_enrolment *device,
                                uint32_t *generation, uint8_t ks[WK_KS_LEN],
                                struct wk_why *why) {
  cJSON *data = NULL;
  enum wk_err err =
      cli_remote_ask(registrar->remote, enrol_command(device), &data, why);
  if (err == WK_ERR_ARGUMENT) /* refused: nothing was changed */
    return err;
  if (err == WK_OK)
    err = read_keys(registrar, data, generation, ks, why);
  wk_json_wipe(data);
  if (err == WK_OK)
    return WK_OK;
  const struct wk_why cause = *why;
  return wk_fail(why, err,
                 "%.400s: %s may be enrolled now: enrol it anew, or revoke it",
                 cause.text, device->did);
}

/* ---- either way -----------------------------------------------------------
 */

enum wk_err registrar_enrol(struct registrar *registrar,
                            const struct wk_enrolment *device,
                            uint32_t *generation, uint8_t ks[WK_KS_LEN],
                            struct wk_why *why) {
  if (registrar->remote)
    return enrol_remote(registrar, device, generation, ks, why);
  const enum wk_err err = wk_registry_enrol(registrar->office.registry, device,
                                            generation, ks, why);
  if (err == WK_OK)
    wk_audit_act(registrar->office.audit,
                 &(struct wk_act){.event = "enrol",
                                  .did = device->did,
                                  .role = device->role});
  return err;
}

enum wk_err registrar_revoke(struct registrar *registrar, const char *did,
                             struct wk_why *why) {
  cJSON *data = NULL;
  enum wk_err err = WK_OK;
  if (registrar->remote) {
    err = cli_remote_ask(registrar->remote,
                         cli_remote_command("revokeDevice", did), &data, why);
    cJSON_Delete(data);
    return err;
  }
  err = wk_registry_change(registrar->office.registry, did, WK_CHANGE_REVOKE,
                           why);
  if (err == WK_OK)
    wk_audit_admin(registrar->office.audit, "revoke", did);
  return err;
}

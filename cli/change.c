/* SPDX-License-Identifier: Apache-2.0 */
/* enable, disable, release, revoke: one change of one device's state. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>

#include "remote.h"

struct act {
  enum wk_change to;
  const char *event;
  const char *command; /* the broker's name of it */
  const char *doc;
};

static enum wk_err change_file(const struct cli_device *device,
                               const struct act *act,
                               struct wk_device_info *info,
                               struct wk_why *why) {
  struct cli_office office;
  enum wk_err err = cli_office_open(&office, &device->place, why);
  if (err != WK_OK)
    return err;
  err = wk_registry_change(office.registry, device->did, act->to, why);
  if (err == WK_OK) {
    wk_audit_admin(office.audit, act->event, device->did);
    err = wk_registry_get(office.registry, device->did, info, why);
  }
  cli_office_close(&office);
  return err;
}

static int change(int argc, char **argv, const struct act *act) {
  const struct argp argp = {.parser = cli_device_parse,
                            .args_doc = "D_ID",
                            .doc = act->doc,
                            .children = cli_where_child};
  struct cli_device device = {.did = NULL};
  struct wk_device_info info;
  struct wk_why why;
  cli_parse(&argp, argc, argv, &device);
  const enum wk_err err =
      device.place.broker
          ? cli_remote_device(&device.place,
                              cli_remote_command(act->command, device.did),
                              &info, &why)
          : change_file(&device, act, &info, &why);
  if (err != WK_OK)
    return cli_fail(&why);
  (void)printf("%s: %s\n", device.did, wk_device_state_name(info.state));
  return cli_finish();
}

int cli_enable(int argc, char **argv) {
  static const struct act act = {WK_CHANGE_ENABLE, "enable", "enableDevice",
                                 "Lets a disabled device log in again."};
  return change(argc, argv, &act);
}

int cli_disable(int argc, char **argv) {
  static const struct act act = {
      WK_CHANGE_DISABLE, "disable", "disableDevice",
      "Refuses a device's logins until it is enabled again."};
  return change(argc, argv, &act);
}

int cli_release(int argc, char **argv) {
  static const struct act act = {
      WK_CHANGE_RELEASE, "release", "releaseDevice",
      "Lets a quarantined device log in again.\v"
      "A quarantine begins when a copy of the device's credential was seen. "
      "After a release copy and original still share their secrets: enrol "
      "the device again instead, unless you know that there is no copy."};
  return change(argc, argv, &act);
}

int cli_revoke(int argc, char **argv) {
  static const struct act act = {
      WK_CHANGE_REVOKE, "revoke", "revokeDevice",
      "Erases a device's keys for good; only its name stays.\v"
      "It can be enrolled again, with a new credential."};
  return change(argc, argv, &act);
}

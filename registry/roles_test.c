/* SPDX-License-Identifier: Apache-2.0 */
/* Roles on a real registry: administration, and what a server makes of it. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include <whitekey/role.h>
#include <whitekey/server.h>

#include "file_kit.h"

#define NAMES 128u

static struct wk_server *server;

static void end(void) {
  wk_server_close(server);
  reg_end();
}

TestSuite(roles, .init = reg_begin, .fini = end);

static void serve(void) {
  cr_assert_eq(wk_server_open(&server, reg.db, reg.key, &reg.why), WK_OK, "%s",
               reg.why.text);
}

static const char *role_of(const char *did) {
  static struct wk_device_info info;
  cr_assert_eq(wk_registry_get(reg.registry, did, &info, &reg.why), WK_OK);
  return info.role;
}

static void set(const char *name, const char *publish, const char *subscribe) {
  struct wk_topic_role role = {.name = ""};
  (void)snprintf(role.name, sizeof role.name, "%s", name);
  if (publish)
    cr_assert_eq(wk_role_add(role.publish, publish, &reg.why), WK_OK);
  if (subscribe)
    cr_assert_eq(wk_role_add(role.subscribe, subscribe, &reg.why), WK_OK);
  cr_assert_eq(wk_registry_role_set(reg.registry, &role, &reg.why), WK_OK,
               "%s", reg.why.text);
}

static enum wk_permit may(enum wk_permission what, const char *topic) {
  (void)wk_server_catch_up(server);
  return wk_server_permit(server, "d", "cid", what, topic);
}

static bool append(void *context, const struct wk_topic_role *role) {
  char *names = context;
  const size_t len = strlen(names);
  (void)snprintf(&names[len], NAMES - len, "%s ", role->name);
  return true;
}

Test(roles, list__every_registry_has_three) {
  char names[NAMES] = "";
  cr_assert_eq(wk_registry_role_list(reg.registry, append, names, &reg.why),
               WK_OK);
  cr_expect_str_eq(names, "admin device gateway ");
}

Test(roles, permit__default_role) {
  cr_assert_eq(reg_enrol(reg.registry, "d", 1, ""), WK_OK);
  serve();
  cr_expect_str_eq(role_of("d"), "device");
  cr_expect_eq(may(WK_MAY_PUBLISH, "sensors/d/t"), WK_PERMIT_YES);
  cr_expect_eq(may(WK_MAY_PUBLISH, "sensors/e/t"), WK_PERMIT_NO);
  cr_expect_eq(may(WK_MAY_PUBLISH, "commands/d/x"), WK_PERMIT_NO);
  cr_expect_eq(may(WK_MAY_SUBSCRIBE, "commands/d/#"), WK_PERMIT_YES);
  cr_expect_eq(may(WK_MAY_SUBSCRIBE, "commands/#"), WK_PERMIT_NO);
  cr_expect_eq(may(WK_MAY_SUBSCRIBE, "sensors/d/t"), WK_PERMIT_NO);
  cr_expect_not(wk_server_is_admin(server, "d"));
  cr_expect_eq(
      wk_server_permit(server, "nobody", "c", WK_MAY_PUBLISH, "sensors/d/t"),
      WK_PERMIT_FOREIGN);
}

Test(roles, permit__follows_every_change) {
  cr_assert_eq(reg_enrol(reg.registry, "d", 1, ""), WK_OK);
  serve();
  set("lamp", "lamps/%c/on", NULL);
  cr_expect_eq(may(WK_MAY_PUBLISH, "lamps/cid/on"), WK_PERMIT_NO);
  cr_assert_eq(wk_registry_set_role(reg.registry, "d", "lamp", &reg.why),
               WK_OK);
  cr_expect_eq(may(WK_MAY_PUBLISH, "lamps/cid/on"), WK_PERMIT_YES);
  cr_expect_eq(may(WK_MAY_PUBLISH, "sensors/d/t"), WK_PERMIT_NO);
  set("lamp", "lamps/off", NULL);
  cr_expect_eq(may(WK_MAY_PUBLISH, "lamps/cid/on"), WK_PERMIT_NO);
  cr_expect_eq(may(WK_MAY_PUBLISH, "lamps/off"), WK_PERMIT_YES);
  cr_assert_eq(wk_registry_set_role(reg.registry, "d", "admin", &reg.why),
               WK_OK);
  cr_expect_eq(may(WK_MAY_PUBLISH, "lamps/off"), WK_PERMIT_NO);
  cr_expect(wk_server_is_admin(server, "d"));
  cr_assert_eq(
      wk_registry_change(reg.registry, "d", WK_CHANGE_REVOKE, &reg.why),
      WK_OK);
  cr_expect_eq(may(WK_MAY_PUBLISH, "$CONTROL/whitekey/v1"), WK_PERMIT_NO);
  cr_expect_not(wk_server_is_admin(server, "d"));
}

Test(roles, enrol__role_kept_or_given_or_reset) {
  cr_assert_eq(reg_enrol(reg.registry, "d", 1, "gateway"), WK_OK);
  cr_expect_str_eq(role_of("d"), "gateway");
  cr_assert_eq(reg_enrol(reg.registry, "d", 2, ""), WK_OK);
  cr_expect_str_eq(role_of("d"), "gateway");
  cr_assert_eq(reg_enrol(reg.registry, "d", 3, "admin"), WK_OK);
  cr_expect_str_eq(role_of("d"), "admin");
  cr_assert_eq(
      wk_registry_change(reg.registry, "d", WK_CHANGE_REVOKE, &reg.why),
      WK_OK);
  cr_assert_eq(reg_enrol(reg.registry, "d", 4, ""), WK_OK);
  cr_expect_str_eq(role_of("d"), "device");
}

Test(roles, enrol__unknown_role_refused_and_nothing_kept) {
  struct wk_device_info info;
  cr_expect_eq(reg_enrol(reg.registry, "d", 1, "pilot"), WK_ERR_MISSING);
  cr_expect(strstr(reg.why.text, "pilot"));
  cr_expect_eq(wk_registry_get(reg.registry, "d", &info, &reg.why),
               WK_ERR_MISSING);
}

Test(roles, set_role__revoked_unknown_device_or_role_refused) {
  cr_assert_eq(reg_enrol(reg.registry, "d", 1, ""), WK_OK);
  cr_expect_eq(wk_registry_set_role(reg.registry, "e", "admin", &reg.why),
               WK_ERR_MISSING);
  cr_expect_eq(wk_registry_set_role(reg.registry, "d", "pilot", &reg.why),
               WK_ERR_MISSING);
  cr_assert_eq(
      wk_registry_change(reg.registry, "d", WK_CHANGE_REVOKE, &reg.why),
      WK_OK);
  cr_expect_eq(wk_registry_set_role(reg.registry, "d", "admin", &reg.why),
               WK_ERR_ARGUMENT);
}

Test(roles, remove__used_built_in_and_missing_refused) {
  struct wk_topic_role role;
  set("lamp", NULL, "lamps/#");
  cr_assert_eq(reg_enrol(reg.registry, "d", 1, "lamp"), WK_OK);
  cr_expect_eq(wk_registry_role_remove(reg.registry, "lamp", &reg.why),
               WK_ERR_ARGUMENT);
  cr_expect(strstr(reg.why.text, "\"d\""));
  cr_expect_eq(wk_registry_role_remove(reg.registry, "device", &reg.why),
               WK_ERR_ARGUMENT);
  cr_expect_eq(wk_registry_role_remove(reg.registry, "pilot", &reg.why),
               WK_ERR_MISSING);
  cr_assert_eq(
      wk_registry_change(reg.registry, "d", WK_CHANGE_REVOKE, &reg.why),
      WK_OK);
  cr_expect_eq(wk_registry_role_remove(reg.registry, "lamp", &reg.why), WK_OK);
  cr_expect_eq(wk_registry_role_get(reg.registry, "lamp", &role, &reg.why),
               WK_ERR_MISSING);
}

Test(roles, set__bad_name_and_too_many_refused) {
  struct wk_topic_role role = {.name = "no/name"};
  cr_expect_eq(wk_registry_role_set(reg.registry, &role, &reg.why),
               WK_ERR_MALFORMED);
  for (unsigned i = 4; i <= WK_ROLE_COUNT_MAX; i++) {
    (void)snprintf(role.name, sizeof role.name, "r%u", i);
    cr_assert_eq(wk_registry_role_set(reg.registry, &role, &reg.why), WK_OK);
  }
  (void)snprintf(role.name, sizeof role.name, "one-more");
  cr_expect_eq(wk_registry_role_set(reg.registry, &role, &reg.why),
               WK_ERR_SPACE);
  cr_assert_eq(wk_registry_role_remove(reg.registry, "r77", &reg.why), WK_OK);
  cr_expect_eq(wk_registry_role_set(reg.registry, &role, &reg.why), WK_OK);
}

/* As a registry of version 1 was. */
static void downgrade(void) {
  sqlite3 *file = NULL;
  wk_registry_close(reg.registry);
  reg.registry = NULL;
  cr_assert_eq(sqlite3_open(reg.db, &file), SQLITE_OK);
  cr_assert_eq(sqlite3_exec(file,
                            "DROP TABLE role;"
                            "ALTER TABLE device DROP COLUMN role;"
                            "PRAGMA user_version = 1",
                            NULL, NULL, NULL),
               SQLITE_OK);
  (void)sqlite3_close(file);
}

Test(roles, open__version_1_is_upgraded_once) {
  cr_assert_eq(reg_enrol(reg.registry, "d", 1, ""), WK_OK);
  downgrade();
  for (int i = 0; i < 2; i++) {
    cr_assert_eq(wk_registry_open(&reg.registry, reg.db, reg.key, &reg.why),
                 WK_OK, "%s", reg.why.text);
    cr_expect_str_eq(role_of("d"), "device");
    if (i == 0)
      wk_registry_close(reg.registry);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Administration on a device's behalf ends with the device's right to it. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <whitekey/role.h>

static char folder[64];
static char db[96];
static char key[96];
static struct wk_registry *registry; /* the admin's */
static struct wk_registry *other;    /* another process's */
static struct wk_why why;

static enum wk_err enrol(struct wk_registry *at, const char *did,
                         uint8_t first, const char *role) {
  struct wk_enrolment device = {
      .c = {.present = true, .n = 256, .anchor = {first}}};
  uint32_t generation;
  uint8_t ks[WK_KS_LEN];
  (void)snprintf(device.did, sizeof device.did, "%s", did);
  (void)snprintf(device.role, sizeof device.role, "%s", role);
  return wk_registry_enrol(at, &device, &generation, ks, &why);
}

static enum wk_err open_it(struct wk_registry **made) {
  return wk_registry_open(made, db, key, &why);
}

static void begin(void) {
  (void)snprintf(folder, sizeof folder, "/tmp/wk-acting-XXXXXX");
  cr_assert_not_null(mkdtemp(folder));
  (void)snprintf(db, sizeof db, "%s/registry.db", folder);
  (void)snprintf(key, sizeof key, "%s/master.key", folder);
  cr_assert_eq(wk_registry_create(db, key, &why), WK_OK, "%s", why.text);
  cr_assert_eq(open_it(&registry), WK_OK, "%s", why.text);
  cr_assert_eq(open_it(&other), WK_OK, "%s", why.text);
  cr_assert_eq(enrol(other, "owner", 1, "admin"), WK_OK, "%s", why.text);
  cr_assert_eq(enrol(other, "d", 1, ""), WK_OK, "%s", why.text);
}

static void end(void) {
  char command[128];
  wk_registry_close(other);
  wk_registry_close(registry);
  (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
  cr_assert_eq(system(command), 0);
}

TestSuite(acting, .init = begin, .fini = end);

static enum wk_err disable(void) {
  return wk_registry_change(other, "owner", WK_CHANGE_DISABLE, &why);
}

static enum wk_err take_away(void) {
  return wk_registry_change(other, "owner", WK_CHANGE_REVOKE, &why);
}

static enum wk_err demote(void) {
  return wk_registry_set_role(other, "owner", "device", &why);
}

static enum wk_err enrol_again(void) {
  return enrol(other, "owner", 2, "admin");
}

/* By number: each case runs in a process of its own. */
static enum wk_err (*const losses[])(void) = {disable, take_away, demote,
                                              enrol_again};
static unsigned numbers[] = {0, 1, 2, 3};

static struct wk_topic_role lamp = {.name = "lamp"};

/* Every change there is. */
static void none_is_made(void) {
  cr_expect_eq(enrol(registry, "e", 1, ""), WK_ERR_ARGUMENT);
  cr_expect(strstr(why.text, "\"owner\" may not"), "%s", why.text);
  cr_expect_eq(wk_registry_change(registry, "d", WK_CHANGE_DISABLE, &why),
               WK_ERR_ARGUMENT);
  cr_expect_eq(wk_registry_set_role(registry, "d", "gateway", &why),
               WK_ERR_ARGUMENT);
  cr_expect_eq(wk_registry_role_set(registry, &lamp, &why), WK_ERR_ARGUMENT);
  cr_expect_eq(wk_registry_role_remove(registry, "gateway", &why),
               WK_ERR_ARGUMENT);
}

static void nothing_is_changed(void) {
  struct wk_device_info info;
  struct wk_topic_role role;
  cr_expect_eq(wk_registry_get(other, "e", &info, &why), WK_ERR_MISSING);
  cr_expect_eq(wk_registry_get(other, "d", &info, &why), WK_OK);
  cr_expect_eq(info.state, WK_DEVICE_ENABLED);
  cr_expect_str_eq(info.role, "device");
  cr_expect_eq(wk_registry_role_get(other, "lamp", &role, &why),
               WK_ERR_MISSING);
  cr_expect_eq(wk_registry_role_get(other, "gateway", &role, &why), WK_OK);
}

ParameterizedTestParameters(acting, right__that_ended_ends_every_change) {
  return cr_make_param_array(unsigned, numbers,
                             sizeof numbers / sizeof *numbers);
}

ParameterizedTest(unsigned *loss, acting,
                  right__that_ended_ends_every_change) {
  cr_assert_eq(wk_registry_act_for(registry, "owner", 0, &why), WK_OK, "%s",
               why.text);
  cr_assert_eq(losses[*loss](), WK_OK, "%s", why.text);
  none_is_made();
  nothing_is_changed();
  cr_expect_eq(wk_registry_act_for(registry, "owner", 0, &why),
               WK_ERR_ARGUMENT);
}

Test(acting, admin__may_until_then) {
  cr_assert_eq(wk_registry_act_for(registry, "owner", 0, &why), WK_OK);
  cr_expect_eq(enrol(registry, "e", 1, ""), WK_OK, "%s", why.text);
  cr_expect_eq(wk_registry_change(registry, "d", WK_CHANGE_DISABLE, &why),
               WK_OK);
  cr_expect_eq(wk_registry_role_set(registry, &lamp, &why), WK_OK);
}

Test(acting, others__never_may) {
  cr_expect_eq(wk_registry_act_for(registry, "d", 0, &why), WK_ERR_ARGUMENT);
  cr_expect_eq(wk_registry_act_for(registry, "nobody", 0, &why),
               WK_ERR_MISSING);
  cr_expect_eq(wk_registry_change(registry, "d", WK_CHANGE_DISABLE, &why),
               WK_ERR_MISSING);
}

Test(acting, refusal__leaves_no_transaction_open) {
  cr_assert_eq(wk_registry_act_for(registry, "owner", 0, &why), WK_OK);
  cr_assert_eq(demote(), WK_OK);
  none_is_made();
  cr_assert_eq(wk_registry_set_role(other, "owner", "admin", &why), WK_OK);
  cr_expect_eq(wk_registry_change(registry, "d", WK_CHANGE_DISABLE, &why),
               WK_OK, "%s", why.text);
}

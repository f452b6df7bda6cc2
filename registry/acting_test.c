/* SPDX-License-Identifier: Apache-2.0 */
/* Administration on a device's behalf ends with the device's right to it. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <string.h>

#include <whitekey/role.h>

#include "file_kit.h"

static struct wk_registry *other; /* another process's; ours is the admin's */

static void begin(void) {
  reg_begin();
  reg_open(&other);
  cr_assert_eq(reg_enrol(other, "owner", 1, "admin"), WK_OK, "%s",
               reg.why.text);
  cr_assert_eq(reg_enrol(other, "d", 1, ""), WK_OK, "%s", reg.why.text);
}

static void end(void) {
  wk_registry_close(other);
  reg_end();
}

TestSuite(acting, .init = begin, .fini = end);

static enum wk_err disable(void) {
  return wk_registry_change(other, "owner", WK_CHANGE_DISABLE, &reg.why);
}

static enum wk_err take_away(void) {
  return wk_registry_change(other, "owner", WK_CHANGE_REVOKE, &reg.why);
}

static enum wk_err demote(void) {
  return wk_registry_set_role(other, "owner", "device", &reg.why);
}

static enum wk_err enrol_again(void) {
  return reg_enrol(other, "owner", 2, "admin");
}

/* By number: each case runs in a process of its own. */
static enum wk_err (*const losses[])(void) = {disable, take_away, demote,
                                              enrol_again};
static unsigned numbers[] = {0, 1, 2, 3};

static struct wk_topic_role lamp = {.name = "lamp"};

/* Every change there is. */
static void none_is_made(void) {
  cr_expect_eq(reg_enrol(reg.registry, "e", 1, ""), WK_ERR_ARGUMENT);
  cr_expect(strstr(reg.why.text, "\"owner\" may not"), "%s", reg.why.text);
  cr_expect_eq(
      wk_registry_change(reg.registry, "d", WK_CHANGE_DISABLE, &reg.why),
      WK_ERR_ARGUMENT);
  cr_expect_eq(wk_registry_set_role(reg.registry, "d", "gateway", &reg.why),
               WK_ERR_ARGUMENT);
  cr_expect_eq(wk_registry_role_set(reg.registry, &lamp, &reg.why),
               WK_ERR_ARGUMENT);
  cr_expect_eq(wk_registry_role_remove(reg.registry, "gateway", &reg.why),
               WK_ERR_ARGUMENT);
}

static void nothing_is_changed(void) {
  struct wk_device_info info;
  struct wk_topic_role role;
  cr_expect_eq(wk_registry_get(other, "e", &info, &reg.why), WK_ERR_MISSING);
  cr_expect_eq(wk_registry_get(other, "d", &info, &reg.why), WK_OK);
  cr_expect_eq(info.state, WK_DEVICE_ENABLED);
  cr_expect_str_eq(info.role, "device");
  cr_expect_eq(wk_registry_role_get(other, "lamp", &role, &reg.why),
               WK_ERR_MISSING);
  cr_expect_eq(wk_registry_role_get(other, "gateway", &role, &reg.why), WK_OK);
}

ParameterizedTestParameters(acting, right__that_ended_ends_every_change) {
  return cr_make_param_array(unsigned, numbers,
                             sizeof numbers / sizeof *numbers);
}

ParameterizedTest(unsigned *loss, acting,
                  right__that_ended_ends_every_change) {
  cr_assert_eq(wk_registry_act_for(reg.registry, "owner", 0, &reg.why), WK_OK,
               "%s", reg.why.text);
  cr_assert_eq(losses[*loss](), WK_OK, "%s", reg.why.text);
  cr_expect_not(wk_registry_denied(reg.registry));
  none_is_made();
  cr_expect(wk_registry_denied(reg.registry));
  nothing_is_changed();
  cr_expect_eq(wk_registry_act_for(reg.registry, "owner", 0, &reg.why),
               WK_ERR_ARGUMENT);
}

Test(acting, admin__may_until_then) {
  cr_assert_eq(wk_registry_act_for(reg.registry, "owner", 0, &reg.why), WK_OK);
  cr_expect_eq(reg_enrol(reg.registry, "e", 1, ""), WK_OK, "%s", reg.why.text);
  cr_expect_eq(
      wk_registry_change(reg.registry, "d", WK_CHANGE_DISABLE, &reg.why),
      WK_OK);
  cr_expect_eq(wk_registry_role_set(reg.registry, &lamp, &reg.why), WK_OK);
  cr_expect_not(wk_registry_denied(reg.registry));
}

Test(acting, others__never_may) {
  cr_expect_eq(wk_registry_act_for(reg.registry, "d", 0, &reg.why),
               WK_ERR_ARGUMENT);
  cr_expect_eq(wk_registry_act_for(reg.registry, "nobody", 0, &reg.why),
               WK_ERR_MISSING);
  cr_expect_eq(
      wk_registry_change(reg.registry, "d", WK_CHANGE_DISABLE, &reg.why),
      WK_ERR_MISSING);
}

Test(acting, refusal__leaves_no_transaction_open) {
  cr_assert_eq(wk_registry_act_for(reg.registry, "owner", 0, &reg.why), WK_OK);
  cr_assert_eq(demote(), WK_OK);
  none_is_made();
  cr_assert_eq(wk_registry_set_role(other, "owner", "admin", &reg.why), WK_OK);
  cr_expect_eq(
      wk_registry_change(reg.registry, "d", WK_CHANGE_DISABLE, &reg.why),
      WK_OK, "%s", reg.why.text);
  cr_expect(wk_registry_denied(reg.registry), "until it comes again");
  cr_assert_eq(wk_registry_act_for(reg.registry, "owner", 0, &reg.why), WK_OK);
  cr_expect_not(wk_registry_denied(reg.registry));
}

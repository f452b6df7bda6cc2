/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that open, so their sender has the key, and say what none may. */
#include <criterion/criterion.h>

#include <string.h>

#include <whitekey/msg.h>

static const uint8_t kx[WK_KX_LEN] = {7};
static struct wk_id id;
static const struct wk_header header = {WK_X4, 0, 1, {0}};

static void begin(void) {
  static const uint8_t realm[WK_REALM_LEN] = {1};
  cr_assert_eq(wk_id_init(&id, realm, "thermo-1", 8), WK_OK);
}

TestSuite(msg, .init = begin);

static enum wk_err reply_says(int status, int role) {
  static const struct wk_reply none;
  const struct wk_seal seal = {&id, kx, NULL};
  const struct wk_reply reply = {.status = (enum wk_status)status,
                                 .role = (enum wk_role)role,
                                 .epoch = 3};
  struct wk_reply opened;
  uint8_t x4[WK_X4_LEN];
  cr_assert_eq(wk_reply_seal(x4, &header, &reply, &seal), WK_OK);
  const enum wk_err err = wk_reply_open(&opened, &header, x4, &seal);
  if (err != WK_OK)
    cr_assert_eq(memcmp(&opened, &none, sizeof none), 0, "was not zeroed");
  return err;
}

Test(msg, reply_open__only_known_statuses_and_roles) {
  cr_assert_eq(reply_says(WK_STATUS_ACCEPTED, WK_ROLE_C), WK_OK);
  cr_assert_eq(reply_says(WK_STATUS_REFUSED, WK_ROLE_D), WK_OK);
  cr_assert_eq(reply_says(0, WK_ROLE_C), WK_ERR_MALFORMED);
  cr_assert_eq(reply_says(WK_STATUS_REFUSED + 1, WK_ROLE_C), WK_ERR_MALFORMED);
  cr_assert_eq(reply_says(WK_STATUS_ACCEPTED, 'E'), WK_ERR_MALFORMED);
}

static enum wk_err update_says(int role) {
  static const struct wk_update none;
  const struct wk_seal seal = {&id, kx, NULL};
  const struct wk_header x3_header = {WK_X3, 0, 1, {0}};
  const struct wk_update update = {
      .role = (enum wk_role)role, .epoch = 1, .n = 256};
  struct wk_update opened;
  uint8_t x3[WK_X3_LEN];
  cr_assert_eq(wk_update_seal(x3, &x3_header, &update, &seal), WK_OK);
  const enum wk_err err = wk_update_open(&opened, &x3_header, x3, &seal);
  if (err != WK_OK)
    cr_assert_eq(memcmp(&opened, &none, sizeof none), 0, "was not zeroed");
  return err;
}

Test(msg, update_open__only_known_roles) {
  cr_assert_eq(update_says(WK_ROLE_C), WK_OK);
  cr_assert_eq(update_says(WK_ROLE_D), WK_OK);
  cr_assert_eq(update_says('E'), WK_ERR_MALFORMED);
}

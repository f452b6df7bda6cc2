/* SPDX-License-Identifier: Apache-2.0 */
/* Clients in memory: messages, skip-ahead, time, answers. */
#include <criterion/criterion.h>

#include <string.h>

#include "device_fixture.h"

static const uint8_t challenge[WK_CHALLENGE_LEN] = {5, 6, 7};

static struct wk_client *open_device(const struct wk_credential *device) {
  struct wk_client *client = NULL;
  cr_assert_eq(wk_client_new(&client, device, NULL, NULL), WK_OK);
  return client;
}

static void next(struct wk_client *client, const uint8_t *with,
                 struct wk_otp *otp) {
  struct wk_why why;
  cr_assert_eq(wk_client_next(client, with, otp, &why), WK_OK, "%s", why.text);
}

Test(client, next__whole_chain_opens_in_order) {
  struct wk_credential device;
  struct wk_otp otp;
  struct wk_header header;
  struct wk_login body;
  struct wk_why why;
  static const struct wk_otp zero;
  device_make(&device, 256, false);
  struct wk_client *client = open_device(&device);
  for (uint32_t i = 1; i <= 256; i++) {
    next(client, NULL, &otp);
    cr_assert(!otp.has_x2);
    device_open(&device, WK_X1, &otp, NULL, &header, &body);
    cr_assert_eq(header.index, i);
    cr_assert_eq(body.time, 0u);
  }
  cr_assert_eq(wk_client_next(client, NULL, &otp, &why), WK_ERR_EXHAUSTED);
  cr_assert_eq(memcmp(&otp, &zero, sizeof otp), 0);
  cr_assert_not_null(strstr(why.text, "chain C"), "%s", why.text);
  wk_client_free(client);
}

Test(client, next__user_message_names_the_device_message) {
  struct wk_credential device;
  struct wk_otp otp;
  struct wk_header header;
  struct wk_login body;
  uint8_t digest[WK_DIGEST_LEN];
  device_make(&device, 300, true);
  device.d.next = 40;
  device.d.epoch = 9;
  struct wk_client *client = open_device(&device);
  for (uint32_t i = 0; i < 3; i++) {
    next(client, challenge, &otp);
    cr_assert(otp.has_x2);
    device_open(&device, WK_X1, &otp, challenge, &header, &body);
    cr_assert_eq(header.index, 1 + i);
    device_open(&device, WK_X2, &otp, challenge, &header, &body);
    cr_assert_eq(header.index, 40 + i);
    wk_msg_digest(digest, otp.x1, WK_X1_LEN);
    cr_assert_arr_eq(body.digest, digest, WK_DIGEST_LEN);
  }
  wk_client_free(client);
}

Test(client, next__spent_user_chain_spends_no_device_index) {
  struct wk_credential device;
  struct wk_otp otp;
  struct wk_why why;
  device_make(&device, 300, true);
  device.d.next = 301;
  struct wk_client *client = open_device(&device);
  cr_assert_eq(wk_client_next(client, NULL, &otp, &why), WK_ERR_EXHAUSTED);
  cr_assert_not_null(strstr(why.text, "chain D"), "%s", why.text);
  wk_client_free(client);
}

Test(client, new__chains_out_of_range_are_refused) {
  struct wk_credential device;
  struct wk_client *client = NULL;
  device_make(&device, 300, true);
  device.d.next = 302;
  cr_assert_eq(wk_client_new(&client, &device, NULL, NULL), WK_ERR_ARGUMENT);
  device_make(&device, 1, false);
  cr_assert_eq(wk_client_new(&client, &device, NULL, NULL), WK_ERR_ARGUMENT);
  device_make(&device, 300, true);
  device.c.present = false;
  cr_assert_eq(wk_client_new(&client, &device, NULL, NULL), WK_ERR_ARGUMENT);
  cr_assert_null(client);
}

/* How the login before ended, and by how much the next index must rise. */
enum end { REFUSED, SILENT, ACCEPTED };
struct row {
  enum end end;
  uint32_t advance;
};

static void climb(const struct row *rows, size_t count) {
  struct wk_credential device;
  device_make(&device, 4096, true);
  struct wk_client *client = open_device(&device);
  uint32_t last = device_index(client);
  for (size_t i = 0; i < count; i++) {
    if (rows[i].end == REFUSED)
      wk_client_refused(client);
    else if (rows[i].end == ACCEPTED)
      wk_client_accepted(client);
    const uint32_t index = device_index(client);
    cr_assert_eq(index - last, rows[i].advance, "row %zu: %u", i,
                 (unsigned)(index - last));
    last = index;
  }
  wk_client_free(client);
}

#define CLIMB(...)                                                            \
  do {                                                                        \
    const struct row rows[] = {__VA_ARGS__};                                  \
    climb(rows, sizeof rows / sizeof *rows);                                  \
  } while (0)

Test(client, refused__doubles_up_to_64_once_then_one_each) {
  CLIMB({REFUSED, 1}, {REFUSED, 2}, {REFUSED, 4}, {REFUSED, 8}, {REFUSED, 16},
        {REFUSED, 32}, {REFUSED, 64}, {REFUSED, 1}, {REFUSED, 1},
        {REFUSED, 1});
}

Test(client, refused__no_answer_advances_one_and_does_not_count) {
  CLIMB({SILENT, 1}, {SILENT, 1}, {REFUSED, 1}, {SILENT, 1}, {REFUSED, 2},
        {SILENT, 1}, {SILENT, 1}, {REFUSED, 4});
}

Test(client, refused__a_success_begins_anew) {
  CLIMB({REFUSED, 1}, {REFUSED, 2}, {ACCEPTED, 1}, {REFUSED, 1}, {REFUSED, 2},
        {REFUSED, 4}, {REFUSED, 8}, {REFUSED, 16}, {REFUSED, 32},
        {REFUSED, 64}, {REFUSED, 1}, {ACCEPTED, 1}, {REFUSED, 1},
        {REFUSED, 2});
}

Test(client, refused__twice_for_one_login_counts_once) {
  struct wk_credential device;
  device_make(&device, 4096, false);
  struct wk_client *client = open_device(&device);
  wk_client_refused(client); /* nothing was sent yet */
  cr_assert_eq(device_index(client), 1u);
  wk_client_refused(client);
  wk_client_refused(client);
  cr_assert_eq(device_index(client), 2u);
  wk_client_refused(client);
  cr_assert_eq(device_index(client), 4u);
  wk_client_free(client);
}

Test(client, refused__a_jump_past_the_end_tries_the_last_index) {
  struct wk_credential device;
  struct wk_otp otp;
  device_make(&device, 256, false);
  device.c.next = 255;
  struct wk_client *client = open_device(&device);
  cr_assert_eq(device_index(client), 255u);
  wk_client_accepted(client);
  wk_client_free(client);
  device.c.next = 250;
  client = open_device(&device);
  cr_assert_eq(device_index(client), 250u);
  wk_client_refused(client);
  cr_assert_eq(device_index(client), 251u);
  wk_client_refused(client);
  cr_assert_eq(device_index(client), 253u);
  wk_client_refused(client);
  cr_assert_eq(device_index(client), 256u);
  cr_assert_eq(wk_client_next(client, NULL, &otp, NULL), WK_ERR_EXHAUSTED);
  wk_client_free(client);
}

static uint32_t sent_time(struct wk_client *client,
                          const struct wk_credential *device) {
  struct wk_otp otp;
  struct wk_header header;
  struct wk_login body;
  next(client, NULL, &otp);
  device_open(device, WK_X1, &otp, NULL, &header, &body);
  const uint32_t time = body.time;
  device_open(device, WK_X2, &otp, NULL, &header, &body);
  cr_assert_eq(body.time, time);
  return time;
}

Test(client, next__clock_gone_back_sends_zero) {
  const uint32_t rows[][2] = {{1000, 1000}, {1000, 1000}, {1005, 1005},
                              {1004, 0},    {1, 0},       {0, 0},
                              {1005, 1005}, {1006, 1006}, {900, 0}};
  struct wk_credential device;
  struct wk_client *client = NULL;
  uint32_t now = 0;
  device_make(&device, 256, true);
  cr_assert_eq(wk_client_new(&client, &device, device_clock, &now), WK_OK);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    now = rows[i][0];
    cr_assert_eq(sent_time(client, &device), rows[i][1], "row %zu", i);
  }
  wk_client_free(client);
}

Test(client, clock_system__is_a_plausible_time) {
  cr_assert_gt(wk_clock_system(NULL), 1700000000u);
}

Test(client, check__every_flipped_bit_is_refused) {
  struct wk_credential device;
  struct wk_otp otp;
  struct wk_reply reply;
  static const struct wk_reply zero;
  uint8_t x4[WK_X4_LEN];
  device_make(&device, 256, false);
  struct wk_client *client = open_device(&device);
  next(client, challenge, &otp);
  device_answer(x4, &device, &otp, challenge, WK_STATUS_ACCEPTED);
  for (size_t bit = 0; bit < sizeof x4 * 8; bit++) {
    x4[bit / 8] ^= (uint8_t)(1u << bit % 8);
    cr_assert_neq(wk_client_check(client, x4, sizeof x4, &reply, NULL), WK_OK,
                  "bit %zu", bit);
    cr_assert_eq(memcmp(&reply, &zero, sizeof reply), 0);
    x4[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
  for (size_t len = 0; len < sizeof x4; len++)
    cr_assert_eq(wk_client_check(client, x4, len, &reply, NULL),
                 WK_ERR_MALFORMED);
  cr_assert_eq(wk_client_check(client, x4, sizeof x4, &reply, NULL), WK_OK);
  cr_assert_eq(reply.status, WK_STATUS_ACCEPTED);
  cr_assert_eq(reply.index, 1u);
  wk_client_free(client);
}

Test(client, check__answers_to_something_else_are_refused) {
  struct wk_credential device;
  struct wk_otp first;
  struct wk_otp second;
  struct wk_reply reply;
  struct wk_why why;
  uint8_t x4[WK_X4_LEN];
  device_make(&device, 256, false);
  struct wk_client *client = open_device(&device);
  device_make(&device, 256, false); /* another Ks */
  struct wk_client *other = open_device(&device);
  next(other, NULL, &first);
  device_answer(x4, &device, &first, NULL, WK_STATUS_ACCEPTED);
  cr_assert_eq(wk_client_check(client, x4, sizeof x4, &reply, &why),
               WK_ERR_FORGED); /* nothing was sent */
  next(client, NULL, &second);
  cr_assert_eq(wk_client_check(client, x4, sizeof x4, &reply, &why),
               WK_ERR_FORGED); /* of another device */
  next(other, NULL, &second);
  cr_assert_eq(wk_client_check(other, x4, sizeof x4, &reply, &why),
               WK_ERR_FORGED); /* of the login before */
  device_answer(x4, &device, &second, challenge, WK_STATUS_ACCEPTED);
  cr_assert_eq(wk_client_check(other, x4, sizeof x4, &reply, &why),
               WK_ERR_FORGED); /* a challenge that was not asked for */
  device_answer(x4, &device, &second, NULL, WK_STATUS_REFUSED);
  cr_assert_eq(wk_client_check(other, x4, sizeof x4, &reply, &why),
               WK_ERR_MALFORMED); /* refuses an X3, of which there is none */
  device_answer(x4, &device, &second, NULL, WK_STATUS_SWITCHED);
  cr_assert_eq(wk_client_check(other, x4, sizeof x4, &reply, &why),
               WK_ERR_CHAIN); /* a switch that nobody here began */
  cr_assert_not_null(strstr(why.text, "stolen"), "%s", why.text);
  wk_client_free(client);
  wk_client_free(other);
}

Test(client, check__ends_the_skip_ahead) {
  struct wk_credential device;
  struct wk_otp otp;
  struct wk_reply reply;
  uint8_t x4[WK_X4_LEN];
  device_make(&device, 256, false);
  struct wk_client *client = open_device(&device);
  for (int i = 0; i < 3; i++) {
    next(client, NULL, &otp);
    wk_client_refused(client);
  }
  next(client, NULL, &otp);
  device_answer(x4, &device, &otp, NULL, WK_STATUS_ACCEPTED);
  cr_assert_eq(wk_client_check(client, x4, sizeof x4, &reply, NULL), WK_OK);
  const uint32_t index = device_index(client);
  wk_client_refused(client);
  cr_assert_eq(device_index(client), index + 1);
  wk_client_free(client);
}

Test(client, otp__text_and_binary_carry_both_messages) {
  for (int user = 0; user <= 1; user++) {
    struct wk_credential device;
    struct wk_otp otp;
    char text[WK_PASSWORD_MAX + 1];
    uint8_t binary[WK_OTP_BINARY_MAX];
    uint8_t x1[WK_X1_LEN];
    uint8_t x2[WK_X2_LEN];
    size_t x1_len = 0;
    size_t x2_len = 0;
    bool has_x2 = false;
    device_make(&device, 256, user);
    struct wk_client *client = open_device(&device);
    next(client, NULL, &otp);
    wk_otp_password(&otp, text);
    wk_password_parse(x1, &x1_len, x2, &x2_len, &has_x2, text, strlen(text));
    cr_assert_eq(has_x2, user);
    cr_assert_eq(x1_len, WK_X1_LEN);
    cr_assert_arr_eq(x1, otp.x1, WK_X1_LEN);
    cr_assert_eq(x2_len, user ? WK_X2_LEN : 0u);
    cr_assert_arr_eq(x2, otp.x2, x2_len);
    const size_t len = wk_otp_binary(&otp, wk_client_id(client), binary);
    cr_assert_eq(len, 1 + 8 + WK_X1_LEN + x2_len);
    cr_assert_eq(binary[0], 8);
    cr_assert_arr_eq(binary + 1, "thermo-1", 8);
    cr_assert_arr_eq(binary + 9, otp.x1, WK_X1_LEN);
    cr_assert_arr_eq(binary + 9 + WK_X1_LEN, otp.x2, x2_len);
    wk_client_free(client);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "token.h"

#include "limit.h"

#include <criterion/criterion.h>
#include <string.h>

/* A port's key stays where it was made: it may point into itself. */
static void make_key(struct wk_port_aes *key, uint8_t first) {
  const uint8_t bytes[WK_AES_KEY_LEN] = {first};
  wk_port_aes_init(key, bytes);
}

/* A password of an accepted login, overwritten. */
static void replace(char password[WK_B64_LEN(WK_X1_LEN) + 1]) {
  memset(password, 'A', WK_B64_LEN(WK_X1_LEN));
  password[WK_B64_LEN(WK_X1_LEN)] = '\0';
  struct wk_port_aes key;
  make_key(&key, 1);
  wk_token_replace(password, &key, "thermo-1", "client");
}

Test(token, replace__valid_for_its_session_alone) {
  char password[WK_B64_LEN(WK_X1_LEN) + 1];
  struct wk_port_aes key;
  struct wk_port_aes other_key;
  make_key(&key, 1);
  make_key(&other_key, 2);
  replace(password);
  cr_expect(wk_token_valid(password, &key, "thermo-1", "client"));
  cr_expect_not(wk_token_valid(password, &other_key, "thermo-1", "client"));
  cr_expect_not(wk_token_valid(password, &key, "thermo-2", "client"));
  cr_expect_not(wk_token_valid(password, &key, "thermo-1", "client2"));
  cr_expect_not(wk_token_valid(password, &key, "thermo-1c", "lient"));
}

/* Zeros fill up the last block of a text, and lengths tell them apart. */
Test(token, replace__long_names_too) {
  static const char *const ids[] = {"0123456789abcde", "0123456789abcdef",
                                    "0123456789abcdef0",
                                    "0123456789abcdef0123456789abcdef"};
  struct wk_port_aes key;
  make_key(&key, 1);
  char tokens[4][WK_B64_LEN(WK_X1_LEN) + 1];
  for (size_t i = 0; i < 4; i++) {
    memset(tokens[i], 'A', WK_B64_LEN(WK_X1_LEN));
    tokens[i][WK_B64_LEN(WK_X1_LEN)] = '\0';
    wk_token_replace(tokens[i], &key, "thermo-1", ids[i]);
  }
  for (size_t i = 0; i < 4; i++) {
    for (size_t j = 0; j < 4; j++)
      cr_expect_eq(wk_token_valid(tokens[i], &key, "thermo-1", ids[j]),
                   i == j);
  }
}

Test(token, replace__leaves_nothing_of_the_password) {
  char password[WK_B64_LEN(WK_X1_LEN) + 1];
  replace(password);
  cr_expect_eq(strlen(password), WK_TOKEN_LEN);
  for (size_t i = WK_TOKEN_LEN; i < sizeof password; i++)
    cr_expect_eq(password[i], '\0');
}

Test(token, valid__every_changed_character_refused) {
  char password[WK_B64_LEN(WK_X1_LEN) + 1];
  struct wk_port_aes key;
  make_key(&key, 1);
  replace(password);
  for (size_t i = 0; i < WK_TOKEN_LEN; i++) {
    const char was = password[i];
    password[i] = was == 'A' ? 'B' : 'A';
    cr_expect_not(wk_token_valid(password, &key, "thermo-1", "client"));
    password[i] = was;
  }
  password[WK_TOKEN_LEN - 1] = '\0';
  cr_expect_not(wk_token_valid(password, &key, "thermo-1", "client"));
  cr_expect_not(wk_token_valid("", &key, "thermo-1", "client"));
}

Test(limit, pass__so_many_then_counted) {
  struct wk_limit limit = {0};
  unsigned held = 9;
  for (unsigned i = 0; i < WK_LIMIT_COUNT; i++)
    cr_assert(wk_limit_pass(&limit, WK_LIMIT_MS, &held));
  cr_assert_eq(held, 0);
  cr_assert_not(wk_limit_pass(&limit, WK_LIMIT_MS + 1, &held));
  cr_assert_not(wk_limit_pass(&limit, 2 * WK_LIMIT_MS - 1, &held));
  cr_assert(wk_limit_pass(&limit, 2 * WK_LIMIT_MS, &held));
  cr_assert_eq(held, 2);
  cr_assert(wk_limit_pass(&limit, 2 * WK_LIMIT_MS, &held));
  cr_assert_eq(held, 0);
}

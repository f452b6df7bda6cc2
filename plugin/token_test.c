/* SPDX-License-Identifier: Apache-2.0 */
#include "token.h"

#include "limit.h"

#include <criterion/criterion.h>
#include <string.h>

static const uint8_t key[WK_HASH_LEN] = {1};
static const uint8_t other_key[WK_HASH_LEN] = {2};

/* A password of an accepted login, overwritten. */
static void replace(char password[WK_B64_LEN(WK_X1_LEN) + 1]) {
  memset(password, 'A', WK_B64_LEN(WK_X1_LEN));
  password[WK_B64_LEN(WK_X1_LEN)] = '\0';
  wk_token_replace(password, key, "thermo-1", "client");
}

Test(token, replace__valid_for_its_session_alone) {
  char password[WK_B64_LEN(WK_X1_LEN) + 1];
  replace(password);
  cr_expect(wk_token_valid(password, key, "thermo-1", "client"));
  cr_expect_not(wk_token_valid(password, other_key, "thermo-1", "client"));
  cr_expect_not(wk_token_valid(password, key, "thermo-2", "client"));
  cr_expect_not(wk_token_valid(password, key, "thermo-1", "client2"));
  cr_expect_not(wk_token_valid(password, key, "thermo-1c", "lient"));
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
  replace(password);
  for (size_t i = 0; i < WK_TOKEN_LEN; i++) {
    const char was = password[i];
    password[i] = was == 'A' ? 'B' : 'A';
    cr_expect_not(wk_token_valid(password, key, "thermo-1", "client"));
    password[i] = was;
  }
  password[WK_TOKEN_LEN - 1] = '\0';
  cr_expect_not(wk_token_valid(password, key, "thermo-1", "client"));
  cr_expect_not(wk_token_valid("", key, "thermo-1", "client"));
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

/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <string.h>

#include <whitekey/utf8.h>

Test(utf8, valid__overlong_surrogate_and_cut_forms_refused) {
  const char *const good[] = {"",
                              "a",
                              "\xc2\x80",
                              "\xe2\x82\xac",
                              "\xf0\x9f\x94\x91",
                              "\xf4\x8f\xbf\xbf"};
  const char *const bad[] = {"\x80",
                             "\xc0\xaf",
                             "\xc1\xbf",
                             "\xe0\x9f\xbf",
                             "\xed\xa0\x80",
                             "\xf0\x8f\xbf\xbf",
                             "\xf4\x90\x80\x80",
                             "\xf8\x88\x80\x80\x80",
                             "\xc3",
                             "\xe2\x82",
                             "\xc3"
                             "a",
                             "\xff"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    cr_expect(wk_utf8_valid(good[i], strlen(good[i])), "good %zu", i);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    cr_expect_not(wk_utf8_valid(bad[i], strlen(bad[i])), "bad %zu", i);
}

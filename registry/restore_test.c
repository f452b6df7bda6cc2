/* SPDX-License-Identifier: Apache-2.0 */
/* A restored backup: what was spent since must not count again (section 7). */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <whitekey/server.h>

#include "file_kit.h"
#include "testkit.h"

static struct kit kit;

static void decide_begin(void) {
  kit_init(&kit, false);
  kit.in.not_before = KIT_NOW;
}

TestSuite(not_before, .init = decide_begin);

Test(not_before, time__older_or_none_is_refused) {
  kit_x1(&kit, 0, 1, (uint32_t)KIT_NOW - 1);
  cr_assert_eq(kit_decide(&kit), WK_REASON_CLOCK);
  kit_x1(&kit, 0, 1, 0);
  cr_assert_eq(kit_decide(&kit), WK_REASON_CLOCK);
  cr_assert_not(kit.changed);
}

Test(not_before, time__from_then_on_is_accepted) {
  kit_x1(&kit, 0, 1, (uint32_t)KIT_NOW);
  cr_assert_eq(kit_decide(&kit), WK_REASON_OK);
}

Test(not_before, challenge__needs_no_time) {
  kit_challenge(&kit);
  kit_x1(&kit, 0, 1, 0);
  cr_assert_eq(kit_decide(&kit), WK_REASON_OK);
  kit_challenge(&kit);
  kit_x1(&kit, 0, 2, (uint32_t)KIT_NOW - 5000);
  cr_assert_eq(kit_decide(&kit), WK_REASON_OK);
}

Test(not_before, user__is_held_to_it_too) {
  kit_init(&kit, true);
  kit.in.not_before = KIT_NOW;
  kit_x1(&kit, 0, 1, (uint32_t)KIT_NOW);
  kit_x2(&kit, 0, 1, (uint32_t)KIT_NOW - 1);
  cr_assert_eq(kit_decide(&kit), WK_REASON_CLOCK);
  cr_assert(kit.verdict.user);
}

Test(not_before, chain_updated_since__must_enrol_again) {
  kit_x1(&kit, 1, 1, (uint32_t)KIT_NOW);
  cr_assert_eq(kit_decide(&kit), WK_REASON_EPOCH);
}

/* ---- the file ----------------------------------------------------------- */

TestSuite(restore, .init = reg_begin, .fini = reg_end);

Test(restore, not_before__lies_beyond_a_clock_that_runs_ahead) {
  int64_t from = 0;
  cr_assert_eq(
      wk_registry_restore(reg.registry, KIT_NOW, 120, &from, &reg.why), WK_OK,
      "%s", reg.why.text);
  cr_assert_eq(from, KIT_NOW + 121);
}

Test(restore, not_before__never_moves_back) {
  int64_t from = 0;
  cr_assert_eq(
      wk_registry_restore(reg.registry, KIT_NOW, 120, &from, &reg.why), WK_OK);
  cr_assert_eq(
      wk_registry_restore(reg.registry, KIT_NOW - 500, 0, &from, &reg.why),
      WK_OK);
  cr_assert_eq(from, KIT_NOW + 121);
}

Test(restore, server_runs__is_refused) {
  struct wk_server *server = NULL;
  int64_t from = 0;
  cr_assert_eq(wk_server_open(&server, reg.db, reg.key, &reg.why), WK_OK, "%s",
               reg.why.text);
  cr_assert_eq(
      wk_registry_restore(reg.registry, KIT_NOW, 120, &from, &reg.why),
      WK_ERR_BUSY);
  cr_assert_not_null(strstr(reg.why.text, reg.db), "%s", reg.why.text);
  wk_server_close(server);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A restored backup: what was spent since must not count again (section 7). */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <whitekey/server.h>

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

static char folder[64];
static char db[96];
static char key[96];
static struct wk_registry *registry;
static struct wk_why why;

static void begin(void) {
  (void)snprintf(folder, sizeof folder, "/tmp/wk-restore-XXXXXX");
  cr_assert_not_null(mkdtemp(folder));
  (void)snprintf(db, sizeof db, "%s/registry.db", folder);
  (void)snprintf(key, sizeof key, "%s/master.key", folder);
  cr_assert_eq(wk_registry_create(db, key, &why), WK_OK, "%s", why.text);
  cr_assert_eq(wk_registry_open(&registry, db, key, &why), WK_OK);
}

static void end(void) {
  char command[96];
  wk_registry_close(registry);
  (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
  cr_assert_eq(system(command), 0);
}

TestSuite(restore, .init = begin, .fini = end);

Test(restore, not_before__lies_beyond_a_clock_that_runs_ahead) {
  int64_t from = 0;
  cr_assert_eq(wk_registry_restore(registry, KIT_NOW, 120, &from, &why), WK_OK,
               "%s", why.text);
  cr_assert_eq(from, KIT_NOW + 121);
}

Test(restore, not_before__never_moves_back) {
  int64_t from = 0;
  cr_assert_eq(wk_registry_restore(registry, KIT_NOW, 120, &from, &why),
               WK_OK);
  cr_assert_eq(wk_registry_restore(registry, KIT_NOW - 500, 0, &from, &why),
               WK_OK);
  cr_assert_eq(from, KIT_NOW + 121);
}

Test(restore, server_runs__is_refused) {
  struct wk_server *server = NULL;
  int64_t from = 0;
  cr_assert_eq(wk_server_open(&server, db, key, &why), WK_OK, "%s", why.text);
  cr_assert_eq(wk_registry_restore(registry, KIT_NOW, 120, &from, &why),
               WK_ERR_BUSY);
  cr_assert_not_null(strstr(why.text, db), "%s", why.text);
  wk_server_close(server);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What other processes change while the server runs: operators, mostly. */
#include <criterion/criterion.h>

#include <sched.h>
#include <stdio.h>

#include <sqlite3.h>

#include "server_kit.h"

TestSuite(others, .init = srv_begin, .fini = srv_end);

static struct wk_registry *open_registry(void) {
  struct wk_registry *registry = NULL;
  cr_assert_eq(wk_registry_open(&registry, srv.db, srv.key, &srv.why), WK_OK);
  return registry;
}

static void administer(enum wk_change change) {
  struct wk_registry *registry = open_registry();
  cr_assert_eq(wk_registry_change(registry, "d", change, &srv.why), WK_OK,
               "%s", srv.why.text);
  wk_registry_close(registry);
}

/* Anew, or another device; "d"'s chain may differ in its generation alone. */
static void enrol(const char *did) {
  struct wk_registry *registry = open_registry();
  struct wk_enrolment device = {.c = {.present = true, .n = N, .anchor = {1}}};
  uint8_t ks[WK_KS_LEN];
  uint32_t generation;
  (void)snprintf(device.did, sizeof device.did, "%s", did);
  cr_assert_eq(wk_registry_enrol(registry, &device, &generation, ks, &srv.why),
               WK_OK, "%s", srv.why.text);
  wk_registry_close(registry);
}

Test(others, no_login_after_a_device_was_barred) {
  administer(WK_CHANGE_DISABLE);
  cr_assert_eq(srv_login(1), WK_REASON_DISABLED);
  administer(WK_CHANGE_ENABLE);
  cr_assert_eq(srv_login(1), WK_REASON_OK);
  administer(WK_CHANGE_REVOKE);
  cr_assert_eq(srv_login(2), WK_REASON_UNKNOWN);
  enrol("d");
  cr_assert_eq(srv_login(2), WK_REASON_FORGED, "the old one's credential");
}

Test(others, who_was_not_changed_waits_for_nobody) {
  sqlite3 *other = NULL;
  enrol("e");
  cr_assert_eq(sqlite3_open(srv.db, &other), SQLITE_OK);
  cr_assert_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", 0, 0, 0), SQLITE_OK);
  cr_assert_eq(srv_login(1), WK_REASON_OK);
  cr_assert_eq(sqlite3_exec(other, "COMMIT", 0, 0, 0), SQLITE_OK);
  (void)sqlite3_close(other);
}

/* Fails closed: the store knows better, and does not say what. */
Test(others, who_was_changed_is_refused_while_it_cannot_be_asked) {
  sqlite3 *other = NULL;
  administer(WK_CHANGE_DISABLE);
  administer(WK_CHANGE_ENABLE);
  cr_assert_eq(sqlite3_open(srv.db, &other), SQLITE_OK);
  cr_assert_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", 0, 0, 0), SQLITE_OK);
  cr_assert_eq(srv_login(1), WK_REASON_STORE);
  cr_assert_eq(sqlite3_exec(other, "COMMIT", 0, 0, 0), SQLITE_OK);
  (void)sqlite3_close(other);
  cr_assert_eq(srv_login(1), WK_REASON_OK);
}

Test(others, unwritten_logins_survive_a_change) {
  cr_assert_eq(srv_login(1), WK_REASON_OK);
  cr_assert_eq(srv_login(2), WK_REASON_OK);
  administer(WK_CHANGE_DISABLE);
  cr_assert_neq(wk_server_catch_up(srv.server), 0u);
  cr_assert_eq(srv_login(3), WK_REASON_DISABLED);
  administer(WK_CHANGE_ENABLE);
  cr_assert_neq(wk_server_catch_up(srv.server), 0u);
  cr_assert_eq(srv_login_at(0, 2, NOW), WK_REASON_STALE);
  cr_assert_eq(srv_login(3), WK_REASON_OK);
}

Test(others, taken_in_by_the_writer_where_there_is_one) {
  const uint64_t before = wk_server_catch_up_soon(srv.server);
  administer(WK_CHANGE_DISABLE);
  cr_assert_neq(wk_server_catch_up_soon(srv.server), before, "no writer yet");
  cr_assert_eq(wk_server_start_writer(srv.server, &srv.why), WK_OK);
  const uint64_t now = wk_server_catch_up_soon(srv.server);
  administer(WK_CHANGE_ENABLE);
  while (wk_server_catch_up_soon(srv.server) == now)
    (void)sched_yield(); /* the test's time limit ends what never comes */
  cr_assert(wk_server_admits(srv.server, "d", 0));
}

Test(others, a_flush_never_undoes_a_change) {
  cr_assert_eq(srv_login(1), WK_REASON_OK);
  administer(WK_CHANGE_REVOKE);
  cr_assert_eq(wk_server_flush(srv.server, &srv.why), WK_OK, "%s",
               srv.why.text);
  cr_assert_eq(srv_login(2), WK_REASON_UNKNOWN);
  wk_server_close(srv.server);
  srv_serve();
  cr_assert_eq(srv_login(2), WK_REASON_UNKNOWN);
}

Test(others, release_makes_spent_indices_stale) {
  cr_assert_eq(srv_login(5), WK_REASON_OK);
  cr_assert_eq(srv_login_at(0, 4, NOW + 90), WK_REASON_CLONE);
  cr_assert(srv.verdict.quarantined);
  cr_assert(!wk_server_admits(srv.server, "d", 0));
  wk_server_close(srv.server);
  srv_serve();
  cr_assert_eq(srv_login(6), WK_REASON_QUARANTINED, "it was durable");
  administer(WK_CHANGE_RELEASE);
  cr_assert_neq(wk_server_catch_up(srv.server), 0u);
  cr_assert_eq(srv_login_at(0, 4, NOW + 91), WK_REASON_STALE);
  cr_assert_eq(srv_login(6), WK_REASON_OK);
  cr_assert_eq(srv_login_at(0, 4, NOW + 92), WK_REASON_CLONE);
}

/* Another process in the midst of a long write, such as a fleet's enrolment.
 */
Test(others, a_long_write_stops_only_what_must_be_durable) {
  sqlite3 *other = NULL;
  cr_assert_eq(sqlite3_open(srv.db, &other), SQLITE_OK);
  cr_assert_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", 0, 0, 0), SQLITE_OK);
  cr_assert_eq(srv_login(1), WK_REASON_OK);
  cr_assert_eq(wk_server_flush(srv.server, &srv.why), WK_ERR_BUSY);
  cr_assert_eq(srv_login(2), WK_REASON_OK, "within the promise");
  cr_assert_eq(srv_login(65), WK_REASON_STORE, "beyond it");
  cr_assert(wk_server_healthy(srv.server, &srv.why));
  cr_assert_eq(sqlite3_exec(other, "COMMIT", 0, 0, 0), SQLITE_OK);
  (void)sqlite3_close(other);
  cr_assert_eq(srv_login(66), WK_REASON_OK);
}

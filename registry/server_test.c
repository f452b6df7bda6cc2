/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server on a real registry: promises, clean and unclean ends, switches,
 * one server per file.
 */
#include <criterion/criterion.h>

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "server_kit.h"

TestSuite(server, .init = srv_begin, .fini = srv_end);

static enum wk_err send_x3(struct wk_accepted *session, uint32_t n,
                           enum wk_status *status) {
  uint8_t msg[WK_X3_LEN];
  uint8_t x4[WK_X4_LEN];
  uint8_t kx[WK_KX_LEN];
  uint8_t next[WK_VALUE_LEN];
  struct wk_header header = {WK_X3, session->c_epoch, session->c_index, {0}};
  struct wk_update update = {
      .role = WK_ROLE_C, .epoch = session->c_epoch + 1, .n = n};
  srv_value(update.anchor, update.epoch, 0);
  srv_value(next, session->c_epoch, session->c_index + 1);
  wk_update_vouch(update.vouch, next, &srv.id, &update);
  wk_key_message(kx, srv.ks, &srv.id, session->c_epoch, srv.bio_id);
  const struct wk_seal seal = {&srv.id, kx, NULL};
  cr_assert_eq(wk_update_seal(msg, &header, &update, &seal), WK_OK);
  const enum wk_err err =
      wk_server_update(srv.server, session, msg, sizeof msg, NOW, x4, status);
  if (err != WK_OK)
    return err;
  struct wk_header got;
  struct wk_reply reply;
  cr_assert_eq(wk_header_parse(&got, WK_X4, x4, sizeof x4), WK_OK);
  cr_assert_eq(wk_reply_open(&reply, &got, x4, &seal), WK_OK);
  cr_assert_eq(reply.status, *status);
  cr_assert_eq(got.index, session->c_index);
  return WK_OK;
}

/*
 * What a power loss leaves: the process is gone and only what was committed
 * is on disk. The child's writes were; its memory was not.
 */
static void die_after(uint32_t first, uint32_t last, unsigned flushes) {
  wk_server_close(srv.server);
  srv.server = NULL;
  const pid_t child = fork();
  cr_assert(child >= 0);
  if (child == 0) {
    bool right = wk_server_open(&srv.server, srv.db, srv.key, NULL) == WK_OK;
    for (uint32_t i = first; right && i <= last; i++)
      right = srv_login(i) == WK_REASON_OK;
    for (unsigned f = 0; right && f < flushes; f++)
      right = wk_server_flush(srv.server, NULL) == WK_OK;
    _exit(right ? 0 : 1);
  }
  int status = 1;
  cr_assert_eq(waitpid(child, &status, 0), child);
  cr_assert_eq(status, 0);
  srv_serve();
}

Test(server, promise__nothing_waits_within_it) {
  struct wk_server_gauges gauges;
  for (uint32_t i = 1; i <= 64; i++)
    cr_assert_eq(srv_login(i), WK_REASON_OK);
  wk_server_gauges(srv.server, &gauges);
  cr_assert_eq(gauges.unwritten, 1u, "no login was written");
  cr_assert_eq(srv_login(65), WK_REASON_OK,
               "beyond the promise: durable first");
  cr_assert_eq(srv_login(66), WK_REASON_OK);
}

Test(server, unclean_end__promised_indices_are_reserved) {
  die_after(1, 3, 0);
  for (uint32_t i = 1; i <= 64; i++)
    cr_assert_eq(srv_login(i), WK_REASON_RESERVED, "index %u", (unsigned)i);
  cr_assert_eq(srv_login(65), WK_REASON_OK);
  cr_assert_eq(srv_login(66), WK_REASON_OK);
  cr_assert_eq(srv_login(3), WK_REASON_STALE);
}

Test(server, unclean_end__what_was_flushed_is_known) {
  die_after(1, 3, 1);
  cr_assert_eq(srv_login_at(0, 3, NOW + 3), WK_REASON_STALE);
  cr_assert_eq(srv_login(4), WK_REASON_RESERVED);
  cr_assert_eq(srv_login(67), WK_REASON_RESERVED);
  cr_assert_eq(srv_login(68), WK_REASON_OK);
}

Test(server, unclean_end__barrier_survives_later_clean_stops) {
  die_after(1, 3, 0);
  for (int i = 0; i < 3; i++) {
    wk_server_close(srv.server);
    srv_serve();
    cr_assert_eq(srv_login(64), WK_REASON_RESERVED);
  }
  cr_assert_eq(srv_login(65), WK_REASON_OK);
  wk_server_close(srv.server);
  srv_serve();
  cr_assert_eq(srv_login(66), WK_REASON_OK, "no barrier after a clean stop");
}

Test(server, unclean_end__beyond_the_promise_was_durable) {
  die_after(1, 65, 0);
  cr_assert_eq(srv_login_at(0, 65, NOW + 65), WK_REASON_STALE);
  cr_assert_eq(srv_login(129), WK_REASON_RESERVED);
  cr_assert_eq(srv_login(130), WK_REASON_OK);
}

Test(server, unclean_end__near_the_end_of_a_chain_nothing_is_lost) {
  die_after(1, 500, 0);
  cr_assert_eq(srv_login_at(0, 500, NOW + 500), WK_REASON_STALE);
  cr_assert_eq(srv_login(501), WK_REASON_OK, "no promise, no barrier");
  die_after(502, 505, 0);
  cr_assert_eq(srv_login_at(0, 505, NOW + 505), WK_REASON_STALE);
  cr_assert_eq(srv_login(512), WK_REASON_OK);
}

Test(server, clean_end__everything_is_kept) {
  cr_assert_eq(srv_login(1), WK_REASON_OK);
  cr_assert_eq(srv_login(2), WK_REASON_OK);
  wk_server_close(srv.server);
  srv_serve();
  cr_assert_eq(srv_login_at(0, 2, NOW), WK_REASON_STALE);
  cr_assert_eq(srv_login(3), WK_REASON_OK);
}

static bool lock_is_free(void) {
  const pid_t child = fork();
  cr_assert(child >= 0);
  if (child == 0) {
    char program[] = "exec 9<>\"$0.lock\" && flock -n 9";
    execl("/bin/sh", "sh", "-c", program, srv.db, (char *)NULL);
    _exit(9);
  }
  int status = 0;
  cr_assert_eq(waitpid(child, &status, 0), child);
  return status == 0;
}

Test(server, open__once_per_file_and_shared_in_a_process) {
  struct wk_server *same = NULL;
  cr_assert_eq(wk_server_open(&same, srv.db, srv.key, &srv.why), WK_OK);
  cr_assert_eq(same, srv.server);
  wk_server_close(same);
  cr_assert_not(lock_is_free());
}

Test(server, open__shared_only_with_the_registry_s_own_key) {
  struct wk_server *same = NULL;
  char other_db[128], other_key[128];
  (void)snprintf(other_db, sizeof other_db, "%s.other", srv.db);
  (void)snprintf(other_key, sizeof other_key, "%s.other", srv.key);
  cr_assert_eq(wk_registry_create(other_db, other_key, &srv.why), WK_OK);
  cr_assert_neq(wk_server_open(&same, srv.db, other_key, &srv.why), WK_OK);
  cr_assert_null(same);
  cr_assert_not_null(strstr(srv.why.text, other_key), "%s", srv.why.text);
  cr_assert_neq(wk_server_open(&same, srv.db, "/nowhere", &srv.why), WK_OK);
  cr_assert_null(same);
}

/* A second broker must not get in by another name of the file. */
Test(server, open__by_a_symbolic_link_takes_the_same_lock) {
  char link[128];
  (void)snprintf(link, sizeof link, "%s/link.db", srv.folder);
  cr_assert_eq(symlink(srv.db, link), 0);
  wk_server_close(srv.server);
  cr_assert(lock_is_free());
  cr_assert_eq(wk_server_open(&srv.server, link, srv.key, &srv.why), WK_OK);
  cr_assert_not(lock_is_free());
  cr_assert_eq(unlink(link), 0);
}

Test(server, update__stored_verified_and_switched) {
  enum wk_status status = WK_STATUS_REFUSED;
  cr_assert_eq(srv_login(1), WK_REASON_OK);
  struct wk_accepted session = srv.verdict.accepted;
  cr_assert_eq(send_x3(&session, N, &status), WK_OK);
  cr_assert_eq(status, WK_STATUS_PENDING);
  cr_assert_eq(srv_login_at(1, 1, NOW + 5), WK_REASON_EPOCH,
               "not vouched for");
  cr_assert_eq(srv_login(2), WK_REASON_OK);
  cr_assert_eq(srv.verdict.accepted.c_status, WK_STATUS_PENDING);
  cr_assert_eq(srv_login_at(1, 1, NOW + 9), WK_REASON_OK);
  cr_assert_eq(srv.verdict.accepted.c_status, WK_STATUS_SWITCHED);
  cr_assert_eq(srv_login_at(1, 2, NOW + 10), WK_REASON_OK);
  cr_assert_eq(srv_login_at(0, 3, NOW + 11), WK_REASON_EPOCH);
  cr_assert_eq(srv.verdict.alarms, (unsigned)WK_ALARM_EPOCH);
}

Test(server, update__refused_twice_late_or_with_an_old_anchor) {
  enum wk_status status = WK_STATUS_PENDING;
  cr_assert_eq(srv_login(1), WK_REASON_OK);
  struct wk_accepted first = srv.verdict.accepted;
  cr_assert_eq(send_x3(&first, 1, &status), WK_OK);
  cr_assert_eq(status, WK_STATUS_REFUSED, "n = 1");
  cr_assert_eq(send_x3(&first, N, &status), WK_OK);
  cr_assert_eq(status, WK_STATUS_PENDING);
  cr_assert_eq(send_x3(&first, N, &status), WK_OK);
  cr_assert_eq(status, WK_STATUS_REFUSED, "the second in a session");
  cr_assert_eq(srv_login(2), WK_REASON_OK);
  struct wk_accepted second = srv.verdict.accepted;
  cr_assert_eq(send_x3(&second, N, &status), WK_OK);
  cr_assert_eq(status, WK_STATUS_REFUSED, "this anchor was seen before");
  first.c_updated = false;
  cr_assert_eq(send_x3(&first, N, &status), WK_OK);
  cr_assert_eq(status, WK_STATUS_REFUSED, "not the last accepted index");
}

Test(server, update__durable_before_its_answer) {
  wk_server_close(srv.server);
  srv.server = NULL;
  const pid_t child = fork();
  cr_assert(child >= 0);
  if (child == 0) {
    enum wk_status status = WK_STATUS_REFUSED;
    if (wk_server_open(&srv.server, srv.db, srv.key, NULL) != WK_OK ||
        srv_login(1) != WK_REASON_OK)
      _exit(1);
    struct wk_accepted session = srv.verdict.accepted;
    const bool right = send_x3(&session, N, &status) == WK_OK &&
                       srv_login(2) == WK_REASON_OK &&
                       srv_login_at(1, 1, NOW + 9) == WK_REASON_OK;
    _exit(right ? 0 : 1);
  }
  int status = 1;
  cr_assert_eq(waitpid(child, &status, 0), child);
  cr_assert_eq(status, 0);
  srv_serve();
  cr_assert_eq(srv_login_at(1, 1, NOW + 9), WK_REASON_STALE);
  cr_assert_eq(srv_login_at(1, 65, NOW + 65), WK_REASON_RESERVED);
  cr_assert_eq(srv_login_at(1, 66, NOW + 66), WK_REASON_OK);
}

Test(server, writer__writes_back_by_itself) {
  struct wk_server_gauges gauges;
  cr_assert_eq(wk_server_start_writer(srv.server, &srv.why), WK_OK);
  cr_assert_eq(srv_login(1), WK_REASON_OK);
  do {
    (void)usleep(1000);
    wk_server_gauges(srv.server, &gauges);
  } while (gauges.unwritten != 0);
  cr_assert(wk_server_healthy(srv.server, &srv.why));
}

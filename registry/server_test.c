/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server on a real registry: promises, clean and unclean ends, switches,
 * others' changes, one server per file.
 */
#include <criterion/criterion.h>

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include <whitekey/server.h>

#define NOW INT64_C(1790000000)
#define N 512u

static char folder[64];
static char db[96];
static char key[96];
static struct wk_server *server;
static struct wk_policy policy;
static struct wk_why why;

/* A device with chain C, epoch by epoch. */
static struct wk_id id;
static uint8_t ks[WK_KS_LEN];
static const uint8_t bio_id[WK_BIO_LEN] = {6};

static void value(uint8_t x[WK_VALUE_LEN], uint32_t epoch, uint32_t i) {
  uint8_t salt[WK_SALT_LEN];
  uint8_t seed[WK_SEED_LEN];
  memset(seed, (int)epoch + 1, sizeof seed);
  wk_chain_salt(salt, &id, WK_ROLE_C, epoch);
  wk_chain_top(x, salt, N, seed);
  wk_chain_walk(x, salt, N, i);
}

static void serve(void) {
  cr_assert_eq(wk_server_open(&server, db, key, &why), WK_OK, "%s", why.text);
}

static void begin(void) {
  struct wk_registry *registry = NULL;
  struct wk_enrolment device = {.did = "d", .c = {.present = true, .n = N}};
  uint32_t generation = 0;
  (void)snprintf(folder, sizeof folder, "/tmp/wk-server-XXXXXX");
  cr_assert_not_null(mkdtemp(folder));
  (void)snprintf(db, sizeof db, "%s/registry.db", folder);
  (void)snprintf(key, sizeof key, "%s/master.key", folder);
  wk_policy_init(&policy);
  cr_assert_eq(wk_registry_create(db, key, &why), WK_OK, "%s", why.text);
  cr_assert_eq(wk_registry_open(&registry, db, key, &why), WK_OK);
  cr_assert_eq(wk_id_init(&id, wk_registry_realm(registry), "d", 1), WK_OK);
  memcpy(device.bio_id, bio_id, sizeof device.bio_id);
  value(device.c.anchor, 0, 0);
  cr_assert_eq(wk_registry_enrol(registry, &device, &generation, ks, &why),
               WK_OK);
  wk_registry_close(registry);
  serve();
}

static void end(void) {
  char command[128];
  wk_server_close(server);
  (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
  cr_assert_eq(system(command), 0);
}

TestSuite(server, .init = begin, .fini = end);

static struct wk_verdict verdict;

static enum wk_reason login_at(uint32_t epoch, uint32_t index, int64_t now) {
  struct wk_attempt attempt = {.did = "d", .x1_len = WK_X1_LEN, .now = now};
  uint8_t kx[WK_KX_LEN];
  static uint8_t counter;
  struct wk_header header = {WK_X1, epoch, index, {counter++}};
  struct wk_login body = {.time = (uint32_t)now};
  value(body.x, epoch, index);
  wk_key_message(kx, ks, &id, epoch, bio_id);
  const struct wk_seal seal = {&id, kx, NULL};
  cr_assert_eq(wk_login_seal(attempt.x1, &header, &body, &seal), WK_OK);
  return wk_server_login(server, &policy, &attempt, &verdict);
}

static enum wk_reason login(uint32_t index) {
  return login_at(0, index, NOW + index);
}

static enum wk_err send_x3(struct wk_accepted *session, uint32_t n,
                           enum wk_status *status) {
  uint8_t msg[WK_X3_LEN];
  uint8_t x4[WK_X4_LEN];
  uint8_t kx[WK_KX_LEN];
  uint8_t next[WK_VALUE_LEN];
  struct wk_header header = {WK_X3, session->c_epoch, session->c_index, {0}};
  struct wk_update update = {
      .role = WK_ROLE_C, .epoch = session->c_epoch + 1, .n = n};
  value(update.anchor, update.epoch, 0);
  value(next, session->c_epoch, session->c_index + 1);
  wk_update_vouch(update.vouch, next, &id, &update);
  wk_key_message(kx, ks, &id, session->c_epoch, bio_id);
  const struct wk_seal seal = {&id, kx, NULL};
  cr_assert_eq(wk_update_seal(msg, &header, &update, &seal), WK_OK);
  const enum wk_err err =
      wk_server_update(server, session, msg, sizeof msg, NOW, x4, status);
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
  wk_server_close(server);
  server = NULL;
  const pid_t child = fork();
  cr_assert(child >= 0);
  if (child == 0) {
    bool right = wk_server_open(&server, db, key, NULL) == WK_OK;
    for (uint32_t i = first; right && i <= last; i++)
      right = login(i) == WK_REASON_OK;
    for (unsigned f = 0; right && f < flushes; f++)
      right = wk_server_flush(server, NULL) == WK_OK;
    _exit(right ? 0 : 1);
  }
  int status = 1;
  cr_assert_eq(waitpid(child, &status, 0), child);
  cr_assert_eq(status, 0);
  serve();
}

Test(server, promise__nothing_waits_within_it) {
  struct wk_server_gauges gauges;
  for (uint32_t i = 1; i <= 64; i++)
    cr_assert_eq(login(i), WK_REASON_OK);
  wk_server_gauges(server, &gauges);
  cr_assert_eq(gauges.unwritten, 1u, "no login was written");
  cr_assert_eq(login(65), WK_REASON_OK, "beyond the promise: durable first");
  cr_assert_eq(login(66), WK_REASON_OK);
}

Test(server, unclean_end__promised_indices_are_reserved) {
  die_after(1, 3, 0);
  for (uint32_t i = 1; i <= 64; i++)
    cr_assert_eq(login(i), WK_REASON_RESERVED, "index %u", (unsigned)i);
  cr_assert_eq(login(65), WK_REASON_OK);
  cr_assert_eq(login(66), WK_REASON_OK);
  cr_assert_eq(login(3), WK_REASON_STALE);
}

Test(server, unclean_end__what_was_flushed_is_known) {
  die_after(1, 3, 1);
  cr_assert_eq(login_at(0, 3, NOW + 3), WK_REASON_STALE);
  cr_assert_eq(login(4), WK_REASON_RESERVED);
  cr_assert_eq(login(67), WK_REASON_RESERVED);
  cr_assert_eq(login(68), WK_REASON_OK);
}

Test(server, unclean_end__barrier_survives_later_clean_stops) {
  die_after(1, 3, 0);
  for (int i = 0; i < 3; i++) {
    wk_server_close(server);
    serve();
    cr_assert_eq(login(64), WK_REASON_RESERVED);
  }
  cr_assert_eq(login(65), WK_REASON_OK);
  wk_server_close(server);
  serve();
  cr_assert_eq(login(66), WK_REASON_OK, "no barrier after a clean stop");
}

Test(server, unclean_end__beyond_the_promise_was_durable) {
  die_after(1, 65, 0);
  cr_assert_eq(login_at(0, 65, NOW + 65), WK_REASON_STALE);
  cr_assert_eq(login(129), WK_REASON_RESERVED);
  cr_assert_eq(login(130), WK_REASON_OK);
}

Test(server, unclean_end__near_the_end_of_a_chain_nothing_is_lost) {
  die_after(1, 500, 0);
  cr_assert_eq(login_at(0, 500, NOW + 500), WK_REASON_STALE);
  cr_assert_eq(login(501), WK_REASON_OK, "no promise, no barrier");
  die_after(502, 505, 0);
  cr_assert_eq(login_at(0, 505, NOW + 505), WK_REASON_STALE);
  cr_assert_eq(login(512), WK_REASON_OK);
}

Test(server, clean_end__everything_is_kept) {
  cr_assert_eq(login(1), WK_REASON_OK);
  cr_assert_eq(login(2), WK_REASON_OK);
  wk_server_close(server);
  serve();
  cr_assert_eq(login_at(0, 2, NOW), WK_REASON_STALE);
  cr_assert_eq(login(3), WK_REASON_OK);
}

static bool lock_is_free(void) {
  const pid_t child = fork();
  cr_assert(child >= 0);
  if (child == 0) {
    char program[] = "exec 9<>\"$0.lock\" && flock -n 9";
    execl("/bin/sh", "sh", "-c", program, db, (char *)NULL);
    _exit(9);
  }
  int status = 0;
  cr_assert_eq(waitpid(child, &status, 0), child);
  return status == 0;
}

Test(server, open__once_per_file_and_shared_in_a_process) {
  struct wk_server *same = NULL;
  cr_assert_eq(wk_server_open(&same, db, key, &why), WK_OK);
  cr_assert_eq(same, server);
  wk_server_close(same);
  cr_assert_not(lock_is_free());
}

Test(server, open__shared_only_with_the_registry_s_own_key) {
  struct wk_server *same = NULL;
  char other_db[128], other_key[128];
  (void)snprintf(other_db, sizeof other_db, "%s.other", db);
  (void)snprintf(other_key, sizeof other_key, "%s.other", key);
  cr_assert_eq(wk_registry_create(other_db, other_key, &why), WK_OK);
  cr_assert_neq(wk_server_open(&same, db, other_key, &why), WK_OK);
  cr_assert_null(same);
  cr_assert_not_null(strstr(why.text, other_key), "%s", why.text);
  cr_assert_neq(wk_server_open(&same, db, "/nowhere", &why), WK_OK);
  cr_assert_null(same);
}

/* A second broker must not get in by another name of the file. */
Test(server, open__by_a_symbolic_link_takes_the_same_lock) {
  char link[128];
  (void)snprintf(link, sizeof link, "%s/link.db", folder);
  cr_assert_eq(symlink(db, link), 0);
  wk_server_close(server);
  cr_assert(lock_is_free());
  cr_assert_eq(wk_server_open(&server, link, key, &why), WK_OK);
  cr_assert_not(lock_is_free());
  cr_assert_eq(unlink(link), 0);
}

Test(server, update__stored_verified_and_switched) {
  enum wk_status status = WK_STATUS_REFUSED;
  cr_assert_eq(login(1), WK_REASON_OK);
  struct wk_accepted session = verdict.accepted;
  cr_assert_eq(send_x3(&session, N, &status), WK_OK);
  cr_assert_eq(status, WK_STATUS_PENDING);
  cr_assert_eq(login_at(1, 1, NOW + 5), WK_REASON_EPOCH, "not vouched for");
  cr_assert_eq(login(2), WK_REASON_OK);
  cr_assert_eq(verdict.accepted.c_status, WK_STATUS_PENDING);
  cr_assert_eq(login_at(1, 1, NOW + 9), WK_REASON_OK);
  cr_assert_eq(verdict.accepted.c_status, WK_STATUS_SWITCHED);
  cr_assert_eq(login_at(1, 2, NOW + 10), WK_REASON_OK);
  cr_assert_eq(login_at(0, 3, NOW + 11), WK_REASON_EPOCH);
  cr_assert_eq(verdict.alarms, (unsigned)WK_ALARM_EPOCH);
}

Test(server, update__refused_twice_late_or_with_an_old_anchor) {
  enum wk_status status = WK_STATUS_PENDING;
  cr_assert_eq(login(1), WK_REASON_OK);
  struct wk_accepted first = verdict.accepted;
  cr_assert_eq(send_x3(&first, 1, &status), WK_OK);
  cr_assert_eq(status, WK_STATUS_REFUSED, "n = 1");
  cr_assert_eq(send_x3(&first, N, &status), WK_OK);
  cr_assert_eq(status, WK_STATUS_PENDING);
  cr_assert_eq(send_x3(&first, N, &status), WK_OK);
  cr_assert_eq(status, WK_STATUS_REFUSED, "the second in a session");
  cr_assert_eq(login(2), WK_REASON_OK);
  struct wk_accepted second = verdict.accepted;
  cr_assert_eq(send_x3(&second, N, &status), WK_OK);
  cr_assert_eq(status, WK_STATUS_REFUSED, "this anchor was seen before");
  first.c_updated = false;
  cr_assert_eq(send_x3(&first, N, &status), WK_OK);
  cr_assert_eq(status, WK_STATUS_REFUSED, "not the last accepted index");
}

Test(server, update__durable_before_its_answer) {
  wk_server_close(server);
  server = NULL;
  const pid_t child = fork();
  cr_assert(child >= 0);
  if (child == 0) {
    enum wk_status status = WK_STATUS_REFUSED;
    if (wk_server_open(&server, db, key, NULL) != WK_OK ||
        login(1) != WK_REASON_OK)
      _exit(1);
    struct wk_accepted session = verdict.accepted;
    const bool right = send_x3(&session, N, &status) == WK_OK &&
                       login(2) == WK_REASON_OK &&
                       login_at(1, 1, NOW + 9) == WK_REASON_OK;
    _exit(right ? 0 : 1);
  }
  int status = 1;
  cr_assert_eq(waitpid(child, &status, 0), child);
  cr_assert_eq(status, 0);
  serve();
  cr_assert_eq(login_at(1, 1, NOW + 9), WK_REASON_STALE);
  cr_assert_eq(login_at(1, 65, NOW + 65), WK_REASON_RESERVED);
  cr_assert_eq(login_at(1, 66, NOW + 66), WK_REASON_OK);
}

static void administer(enum wk_change change) {
  struct wk_registry *registry = NULL;
  cr_assert_eq(wk_registry_open(&registry, db, key, &why), WK_OK);
  cr_assert_eq(wk_registry_change(registry, "d", change, &why), WK_OK, "%s",
               why.text);
  wk_registry_close(registry);
}

Test(server, others__unwritten_logins_survive_a_change) {
  cr_assert_eq(login(1), WK_REASON_OK);
  cr_assert_eq(login(2), WK_REASON_OK);
  administer(WK_CHANGE_DISABLE);
  cr_assert_neq(wk_server_catch_up(server), 0u);
  cr_assert_eq(login(3), WK_REASON_DISABLED);
  administer(WK_CHANGE_ENABLE);
  cr_assert_neq(wk_server_catch_up(server), 0u);
  cr_assert_eq(login_at(0, 2, NOW), WK_REASON_STALE);
  cr_assert_eq(login(3), WK_REASON_OK);
}

Test(server, others__taken_in_by_the_writer_where_there_is_one) {
  const uint64_t before = wk_server_catch_up_soon(server);
  administer(WK_CHANGE_DISABLE);
  cr_assert_neq(wk_server_catch_up_soon(server), before, "no writer yet");
  cr_assert_eq(wk_server_start_writer(server, &why), WK_OK);
  const uint64_t now = wk_server_catch_up_soon(server);
  administer(WK_CHANGE_ENABLE);
  while (wk_server_catch_up_soon(server) == now)
    (void)sched_yield(); /* the test's time limit ends what never comes */
  cr_assert(wk_server_admits(server, "d", 0));
}

Test(server, others__a_flush_never_undoes_a_change) {
  cr_assert_eq(login(1), WK_REASON_OK);
  administer(WK_CHANGE_REVOKE);
  cr_assert_eq(wk_server_flush(server, &why), WK_OK, "%s", why.text);
  cr_assert_eq(login(2), WK_REASON_UNKNOWN);
  wk_server_close(server);
  serve();
  cr_assert_eq(login(2), WK_REASON_UNKNOWN);
}

Test(server, others__release_makes_spent_indices_stale) {
  cr_assert_eq(login(5), WK_REASON_OK);
  cr_assert_eq(login_at(0, 4, NOW + 90), WK_REASON_CLONE);
  cr_assert(verdict.quarantined);
  cr_assert(!wk_server_admits(server, "d", 0));
  wk_server_close(server);
  serve();
  cr_assert_eq(login(6), WK_REASON_QUARANTINED, "it was durable");
  administer(WK_CHANGE_RELEASE);
  cr_assert_neq(wk_server_catch_up(server), 0u);
  cr_assert_eq(login_at(0, 4, NOW + 91), WK_REASON_STALE);
  cr_assert_eq(login(6), WK_REASON_OK);
  cr_assert_eq(login_at(0, 4, NOW + 92), WK_REASON_CLONE);
}

/* Another process in the midst of a long write, such as a fleet's enrolment.
 */
Test(server, others__a_long_write_stops_only_what_must_be_durable) {
  sqlite3 *other = NULL;
  cr_assert_eq(sqlite3_open(db, &other), SQLITE_OK);
  cr_assert_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", 0, 0, 0), SQLITE_OK);
  cr_assert_eq(login(1), WK_REASON_OK);
  cr_assert_eq(wk_server_flush(server, &why), WK_ERR_BUSY);
  cr_assert_eq(login(2), WK_REASON_OK, "within the promise");
  cr_assert_eq(login(65), WK_REASON_STORE, "beyond it");
  cr_assert(wk_server_healthy(server, &why));
  cr_assert_eq(sqlite3_exec(other, "COMMIT", 0, 0, 0), SQLITE_OK);
  (void)sqlite3_close(other);
  cr_assert_eq(login(66), WK_REASON_OK);
}

Test(server, writer__writes_back_by_itself) {
  struct wk_server_gauges gauges;
  cr_assert_eq(wk_server_start_writer(server, &why), WK_OK);
  cr_assert_eq(login(1), WK_REASON_OK);
  do {
    (void)usleep(1000);
    wk_server_gauges(server, &gauges);
  } while (gauges.unwritten != 0);
  cr_assert(wk_server_healthy(server, &why));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "sessions.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* Connections are compared, never followed. */
static char connections[1000];
static const struct mosquitto *client(size_t i) {
  return (const struct mosquitto *)(const void *)&connections[i];
}

static const uint8_t realm[WK_REALM_LEN] = {1};
static struct wk_sessions *sessions;

static void setup(void) {
  sessions = wk_sessions_new(realm);
  cr_assert(sessions);
}

static void teardown(void) {
  wk_sessions_free(sessions);
}

TestSuite(sessions, .init = setup, .fini = teardown);

static struct wk_session *add(size_t i, const char *id, const char *did) {
  struct wk_session *made = wk_sessions_add(sessions, client(i), id, did);
  cr_assert(made);
  return made;
}

static size_t count_of(const char *did) {
  size_t count = 0;
  for (struct wk_session *s = wk_sessions_of(sessions, did); s;
       s = wk_session_next_of(s))
    count++;
  return count;
}

Test(sessions, find__many_found_and_forgotten) {
  char id[16];
  for (size_t i = 0; i < 1000; i++) {
    (void)snprintf(id, sizeof id, "id-%zu", i);
    (void)add(i, id, i % 2 == 0 ? "even" : "odd");
  }
  cr_assert_eq(count_of("even"), 500);
  cr_assert_eq(count_of("neither"), 0);
  for (size_t i = 0; i < 1000; i++) {
    struct wk_session *s = wk_sessions_find(sessions, client(i));
    cr_assert(s);
    (void)snprintf(id, sizeof id, "id-%zu", i);
    cr_assert_str_eq(s->client_id, id);
    if (i % 2 == 0)
      wk_sessions_ended(sessions, s, false);
  }
  cr_assert_eq(count_of("even"), 0);
  cr_assert_eq(count_of("odd"), 500);
  cr_assert_null(wk_sessions_find(sessions, client(0)));
  cr_assert(wk_sessions_find(sessions, client(999)));
}

Test(sessions, add__reused_connection_forgets_the_old) {
  (void)add(1, "old", "a");
  (void)add(1, "new", "b");
  cr_assert_str_eq(wk_sessions_find(sessions, client(1))->client_id, "new");
  cr_assert_eq(count_of("a"), 0);
}

Test(sessions, taken__by_another_device_alone) {
  struct wk_session *s = add(1, "id", "a");
  cr_assert(wk_sessions_taken(sessions, "id", "b"));
  cr_assert_not(wk_sessions_taken(sessions, "id", "a"));
  cr_assert_not(wk_sessions_taken(sessions, "other", "b"));
  wk_sessions_ended(sessions, s, true);
  cr_assert(wk_sessions_taken(sessions, "id", "b"));
}

Test(sessions, taken__in_another_listeners_table) {
  const uint8_t other_realm[WK_REALM_LEN] = {2};
  struct wk_sessions *same = wk_sessions_new(realm);
  struct wk_sessions *other = wk_sessions_new(other_realm);
  (void)add(1, "id", "a");
  cr_expect(wk_sessions_taken(same, "id", "b"));
  cr_expect_not(wk_sessions_taken(same, "id", "a"));
  cr_expect(wk_sessions_taken(other, "id", "a"));
  wk_sessions_free(sessions);
  sessions = NULL;
  cr_expect_not(wk_sessions_taken(other, "id", "a"));
  wk_sessions_free(same);
  wk_sessions_free(other);
}

Test(sessions, ended__without_a_queue_frees_the_client_id) {
  wk_sessions_ended(sessions, add(1, "id", "a"), false);
  cr_assert_not(wk_sessions_taken(sessions, "id", "b"));
}

Test(sessions, ended__taken_over_leaves_the_new_one) {
  struct wk_session *old = add(1, "id", "a");
  (void)add(2, "id", "a");
  wk_sessions_ended(sessions, old, true);
  cr_assert_eq(count_of("a"), 1);
  cr_assert_eq(wk_sessions_of(sessions, "a")->client, client(2));
}

Test(sessions, ended__twice_forgets) {
  struct wk_session *s = add(1, "id", "a");
  wk_sessions_ended(sessions, s, true);
  cr_assert_eq(s->state, WK_SESSION_OFFLINE);
  wk_sessions_ended(sessions, s, true);
  cr_assert_eq(count_of("a"), 0);
}

Test(sessions, ended__offline_ones_of_a_device_are_limited) {
  char id[16];
  for (size_t i = 0; i < 100; i++) {
    (void)snprintf(id, sizeof id, "id-%zu", i);
    wk_sessions_ended(sessions, add(i, id, "a"), true);
  }
  cr_assert_eq(count_of("a"), WK_OFFLINE_MAX);
  cr_assert(wk_sessions_taken(sessions, "id-99", "b"));
}

Test(sessions, close__each_once_and_not_the_busy_one) {
  struct wk_session *a = add(1, "id-1", "a");
  struct wk_session *b = add(2, "id-2", "a");
  cr_assert_null(wk_sessions_closing(NULL));
  wk_session_close(a);
  wk_session_close(a);
  wk_session_close(b);
  cr_assert_eq(wk_sessions_closing(client(1)), b);
  cr_assert_null(wk_sessions_closing(client(1)));
  cr_assert_eq(wk_sessions_closing(NULL), a);
  cr_assert_null(wk_sessions_closing(NULL));
}

Test(sessions, close__ended_meanwhile_is_not_closed) {
  struct wk_session *a = add(1, "id-1", "a");
  wk_session_close(a);
  wk_sessions_ended(sessions, a, true);
  cr_assert_null(wk_sessions_closing(NULL));
  wk_session_close(a);
  cr_assert_eq(a->state, WK_SESSION_OFFLINE);
}

Test(sessions, stalest__goes_round) {
  struct wk_session *a = add(1, "id-1", "a");
  struct wk_session *b = add(2, "id-2", "b");
  cr_assert_eq(wk_sessions_stalest(sessions), a);
  wk_session_looked_at(sessions, a, 7);
  cr_assert_eq(a->version, 7);
  cr_assert_eq(wk_sessions_stalest(sessions), b);
  wk_sessions_ended(sessions, b, false);
  cr_assert_eq(wk_sessions_stalest(sessions), a);
  wk_sessions_ended(sessions, a, false);
  cr_assert_null(wk_sessions_stalest(sessions));
}

Test(sessions, close_older__same_device_with_another_id) {
  struct wk_session *older = add(0, "a", "d");
  struct wk_session *taken_over = add(1, "b", "d");
  struct wk_session *other = add(2, "c", "e");
  struct wk_session *offline = add(3, "e", "d");
  wk_sessions_ended(sessions, offline, true);
  struct wk_session *newest = add(4, "b", "d");
  wk_sessions_close_older(sessions, newest);
  cr_assert_eq(older->state, WK_SESSION_CLOSING);
  cr_assert_eq(taken_over->state, WK_SESSION_LIVE);
  cr_assert_eq(other->state, WK_SESSION_LIVE);
  cr_assert_eq(offline->state, WK_SESSION_OFFLINE);
  cr_assert_eq(newest->state, WK_SESSION_LIVE);
}

Test(sessions, close_older__on_other_listeners_of_the_registry_alone) {
  static const uint8_t other_realm[WK_REALM_LEN] = {2};
  struct wk_sessions *same = wk_sessions_new(realm);
  struct wk_sessions *foreign = wk_sessions_new(other_realm);
  struct wk_session *a = wk_sessions_add(same, client(1), "a", "d");
  struct wk_session *b = wk_sessions_add(foreign, client(2), "b", "d");
  wk_sessions_close_older(sessions, add(0, "c", "d"));
  cr_assert_eq(a->state, WK_SESSION_CLOSING);
  cr_assert_eq(b->state, WK_SESSION_LIVE);
  cr_assert_eq(wk_sessions_closing(NULL), a);
  wk_sessions_free(foreign);
  wk_sessions_free(same);
}

Test(sessions, closing__ended_ones_are_no_longer_waited_for) {
  struct wk_session *a = add(0, "a", "d");
  struct wk_session *b = add(1, "b", "d");
  struct wk_session *c = add(2, "c", "d");
  wk_session_close(a);
  wk_session_close(b);
  wk_session_close(c);
  wk_sessions_ended(sessions, b, false);
  cr_assert_eq(wk_sessions_closing(NULL), c);
  wk_sessions_ended(sessions, a, false);
  cr_assert_null(wk_sessions_closing(NULL));
}

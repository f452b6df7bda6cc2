/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three hash indices over one doubly linked list, whose head was looked at
 * longest ago. Buckets double when there are as many sessions as buckets.
 */
#include "sessions.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <whitekey/random.h>

#include "hash.h"

#define BUCKETS_FIRST 64u

struct wk_sessions {
  struct wk_session **buckets[WK_SESSION_INDICES];
  size_t size; /* buckets of each index, a power of two */
  size_t count;
  uint64_t seed; /* devices choose client ids: no two tables hash alike */
  struct wk_session *head, *tail;
  uint8_t realm[WK_REALM_LEN];
  struct wk_sessions *next;
};

/*
 * Every table of the process, the one thing that plugins of several listeners
 * share: the broker's client ids are one name space, and who owns one must be
 * known everywhere. The broker calls all plugins on one thread.
 */
static struct wk_sessions *tables;

/* Those of all tables that wait to be closed. */
static struct wk_session *closing;
static atomic_bool closing_waits; /* there is one, for other threads */

static uint64_t hash_client(const struct wk_sessions *sessions,
                            const struct mosquitto *client) {
  return wk_hash(sessions->seed, &client, sizeof client);
}

static uint64_t hash_text(const struct wk_sessions *sessions,
                          const char *text) {
  return wk_hash(sessions->seed, text, strlen(text));
}

static struct wk_session **bucket(const struct wk_sessions *sessions,
                                  enum wk_session_index index, uint64_t h) {
  return &sessions->buckets[index][h & (sessions->size - 1)];
}

static uint64_t hash_of(const struct wk_sessions *sessions,
                        const struct wk_session *session,
                        enum wk_session_index index) {
  if (index == WK_SESSION_BY_CLIENT)
    return hash_client(sessions, session->client);
  return hash_text(sessions, index == WK_SESSION_BY_ID ? session->client_id
                                                       : session->did);
}

static void index_add(struct wk_sessions *sessions,
                      struct wk_session *session) {
  for (unsigned i = 0; i < WK_SESSION_INDICES; i++) {
    struct wk_session **head =
        bucket(sessions, i, hash_of(sessions, session, i));
    session->in_bucket[i] = *head;
    *head = session;
  }
}

static void index_remove(struct wk_sessions *sessions,
                         const struct wk_session *session) {
  for (unsigned i = 0; i < WK_SESSION_INDICES; i++) {
    struct wk_session **at =
        bucket(sessions, i, hash_of(sessions, session, i));
    while (*at != session)
      at = &(*at)->in_bucket[i];
    *at = session->in_bucket[i];
  }
}

static void list_append(struct wk_sessions *sessions,
                        struct wk_session *session) {
  session->before = sessions->tail;
  session->after = NULL;
  if (sessions->tail)
    sessions->tail->after = session;
  else
    sessions->head = session;
  sessions->tail = session;
}

static void list_remove(struct wk_sessions *sessions,
                        const struct wk_session *session) {
  if (session->before)
    session->before->after = session->after;
  else
    sessions->head = session->after;
  if (session->after)
    session->after->before = session->before;
  else
    sessions->tail = session->before;
}

static void closing_remove(struct wk_session *session) {
  *session->closing_link = session->closing_after;
  if (session->closing_after)
    session->closing_after->closing_link = session->closing_link;
  atomic_store(&closing_waits, closing != NULL);
}

static void forget(struct wk_sessions *sessions, struct wk_session *session) {
  if (session->state == WK_SESSION_CLOSING)
    closing_remove(session);
  index_remove(sessions, session);
  list_remove(sessions, session);
  sessions->count--;
  free(session->x4);
  free(session);
}

static bool resize(struct wk_sessions *sessions, size_t size) {
  struct wk_session **made[WK_SESSION_INDICES] = {0};
  for (unsigned i = 0; i < WK_SESSION_INDICES; i++) {
    made[i] = calloc(size, sizeof(struct wk_session *));
    if (!made[i]) {
      for (unsigned j = 0; j < i; j++)
        free(made[j]);
      return false;
    }
  }
  for (unsigned i = 0; i < WK_SESSION_INDICES; i++) {
    free(sessions->buckets[i]);
    sessions->buckets[i] = made[i];
  }
  sessions->size = size;
  for (struct wk_session *s = sessions->head; s; s = s->after)
    index_add(sessions, s);
  return true;
}

struct wk_sessions *wk_sessions_new(const uint8_t *realm) {
  struct wk_sessions *sessions = calloc(1, sizeof *sessions);
  if (!sessions)
    return NULL;
  wk_random(&sessions->seed, sizeof sessions->seed);
  if (!resize(sessions, BUCKETS_FIRST)) {
    free(sessions);
    return NULL;
  }
  memcpy(sessions->realm, realm, WK_REALM_LEN);
  sessions->next = tables;
  tables = sessions;
  return sessions;
}

void wk_sessions_free(struct wk_sessions *sessions) {
  if (!sessions)
    return;
  struct wk_sessions **at = &tables;
  while (*at != sessions)
    at = &(*at)->next;
  *at = sessions->next;
  while (sessions->head)
    forget(sessions, sessions->head);
  for (unsigned i = 0; i < WK_SESSION_INDICES; i++)
    free(sessions->buckets[i]);
  free(sessions);
}

struct wk_session *wk_sessions_add(struct wk_sessions *sessions,
                                   const struct mosquitto *client,
                                   const char *client_id, const char *did) {
  struct wk_session *old = wk_sessions_find(sessions, client);
  if (old)
    forget(sessions, old);
  /* Longer chains are slower, not wrong: go on when memory is short. */
  if (sessions->count >= sessions->size)
    (void)resize(sessions, sessions->size * 2);
  const size_t id_size = strlen(client_id) + 1;
  struct wk_session *made = malloc(sizeof *made + id_size);
  if (!made)
    return NULL;
  memset(made, 0, sizeof *made); /* calloc() leaves the thread's cache out */
  memcpy(made->client_id, client_id, id_size);
  made->client = client;
  memcpy(made->did, did, strnlen(did, WK_DID_MAX));
  index_add(sessions, made);
  list_append(sessions, made);
  sessions->count++;
  return made;
}

struct wk_session *wk_sessions_find(struct wk_sessions *sessions,
                                    const struct mosquitto *client) {
  const enum wk_session_index index = WK_SESSION_BY_CLIENT;
  struct wk_session *s =
      *bucket(sessions, index, hash_client(sessions, client));
  while (s && s->client != client)
    s = s->in_bucket[index];
  return s;
}

/* The next session with this client id, from s on. */
static struct wk_session *same_id(struct wk_session *s,
                                  const char *client_id) {
  while (s && strcmp(s->client_id, client_id) != 0)
    s = s->in_bucket[WK_SESSION_BY_ID];
  return s;
}

static struct wk_session *first_id(const struct wk_sessions *sessions,
                                   const char *client_id) {
  const uint64_t h = hash_text(sessions, client_id);
  return same_id(*bucket(sessions, WK_SESSION_BY_ID, h), client_id);
}

static bool taken_in(const struct wk_sessions *table, const char *client_id,
                     const char *except_did) {
  struct wk_session *s = first_id(table, client_id);
  while (s && except_did && strcmp(s->did, except_did) == 0)
    s = same_id(s->in_bucket[WK_SESSION_BY_ID], client_id);
  return s != NULL;
}

bool wk_sessions_taken(const struct wk_sessions *sessions,
                       const char *client_id, const char *did) {
  for (const struct wk_sessions *t = tables; t; t = t->next) {
    /* Another registry's device is another one, whatever its name. */
    const bool ours = wk_equal(t->realm, sessions->realm, WK_REALM_LEN);
    if (taken_in(t, client_id, ours ? did : NULL))
      return true;
  }
  return false;
}

struct wk_session *wk_sessions_of(struct wk_sessions *sessions,
                                  const char *did) {
  struct wk_session *s =
      *bucket(sessions, WK_SESSION_BY_DID, hash_text(sessions, did));
  while (s && strcmp(s->did, did) != 0)
    s = s->in_bucket[WK_SESSION_BY_DID];
  return s;
}

struct wk_session *wk_session_next_of(const struct wk_session *session) {
  struct wk_session *s = session->in_bucket[WK_SESSION_BY_DID];
  while (s && strcmp(s->did, session->did) != 0)
    s = s->in_bucket[WK_SESSION_BY_DID];
  return s;
}

/* Buckets grow at their head, so the last offline one found is the oldest. */
static void forget_oldest_offline(struct wk_sessions *sessions,
                                  const char *did) {
  struct wk_session *oldest = NULL;
  size_t offline = 0;
  for (struct wk_session *s = wk_sessions_of(sessions, did); s;
       s = wk_session_next_of(s)) {
    if (s->state == WK_SESSION_OFFLINE) {
      oldest = s;
      offline++;
    }
  }
  if (offline > WK_OFFLINE_MAX)
    forget(sessions, oldest);
}

static bool taken_over(const struct wk_sessions *sessions,
                       const struct wk_session *session) {
  struct wk_session *s = first_id(sessions, session->client_id);
  while (s && (s == session || s->state == WK_SESSION_OFFLINE))
    s = same_id(s->in_bucket[WK_SESSION_BY_ID], session->client_id);
  return s != NULL;
}

void wk_sessions_ended(struct wk_sessions *sessions,
                       struct wk_session *session, bool may_persist) {
  const bool again = session->state == WK_SESSION_OFFLINE;
  if (again || !may_persist || taken_over(sessions, session)) {
    forget(sessions, session);
    return;
  }
  if (session->state == WK_SESSION_CLOSING)
    closing_remove(session);
  session->state = WK_SESSION_OFFLINE;
  session->x4_waits = 0;
  forget_oldest_offline(sessions, session->did);
}

void wk_session_close(struct wk_session *session) {
  if (session->state != WK_SESSION_LIVE)
    return;
  session->state = WK_SESSION_CLOSING;
  session->closing_after = closing;
  session->closing_link = &closing;
  if (closing)
    closing->closing_link = &session->closing_after;
  closing = session;
  atomic_store(&closing_waits, true);
}

bool wk_sessions_closing_waits(void) {
  return atomic_load(&closing_waits);
}

struct wk_session *wk_sessions_closing(const struct mosquitto *busy) {
  struct wk_session *s = closing;
  while (s && s->client == busy)
    s = s->closing_after;
  if (!s)
    return NULL;
  closing_remove(s);
  s->state = WK_SESSION_CLOSED;
  return s;
}

void wk_sessions_close_older(const struct wk_sessions *sessions,
                             const struct wk_session *newest) {
  for (struct wk_sessions *t = tables; t; t = t->next) {
    if (!wk_equal(t->realm, sessions->realm, WK_REALM_LEN))
      continue;
    for (struct wk_session *s = wk_sessions_of(t, newest->did); s;
         s = wk_session_next_of(s)) {
      if (strcmp(s->client_id, newest->client_id) != 0)
        wk_session_close(s);
    }
  }
}

struct wk_session *wk_sessions_stalest(struct wk_sessions *sessions) {
  return sessions->head;
}

void wk_session_looked_at(struct wk_sessions *sessions,
                          struct wk_session *session, uint64_t version) {
  session->version = version;
  list_remove(sessions, session);
  list_append(sessions, session);
}

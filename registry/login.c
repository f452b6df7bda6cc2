/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A login: record, keys, decision, store, answer (protocol section 4). Decided
 * in memory; what must be durable before the answer is decided again within a
 * store transaction, where nobody else can change the device meanwhile.
 */
#include <string.h>

#include <whitekey/random.h>

#include "decide.h"
#include "server_state.h"

struct login {
  const struct wk_policy *policy;
  const struct wk_attempt *attempt;
  struct wk_verdict *verdict;
  struct wk_record record; /* as decided */
  uint32_t number;
  bool changed; /* record must be kept */
  bool durable; /* and written before the answer */
};

bool wk_server_record(const struct wk_server *server, const char *did,
                      struct wk_record *record, uint32_t *number) {
  *number = wk_fleet_find(server->fleet, did);
  if (*number != WK_FLEET_NONE) {
    wk_fleet_get(server->fleet, *number, record);
    if (record->state != WK_DEVICE_REVOKED)
      return true;
  }
  *record = server->registry->decoy;
  return false;
}

/* Section 4, client id: takeover by client id must not cross devices. */
static bool foreign_client_id(const struct wk_server *server,
                              const struct wk_attempt *attempt) {
  if (attempt->client_id_taken)
    return true;
  if (!attempt->client_id || strcmp(attempt->client_id, attempt->did) == 0)
    return false;
  const uint32_t other = wk_fleet_find(server->fleet, attempt->client_id);
  return other != WK_FLEET_NONE && wk_fleet_role(server->fleet, other) != 0;
}

static bool chain_wants_disk(const struct wk_chain_record *before,
                             const struct wk_chain_record *after) {
  return after->epoch != before->epoch ||
         after->pending.state != before->pending.state ||
         after->last > before->promise;
}

/* Section 7, what is durable before the answer; and every quarantine. */
static bool wants_disk(const struct wk_record *before,
                       const struct wk_record *after) {
  return after->state != before->state ||
         chain_wants_disk(&before->c, &after->c) ||
         chain_wants_disk(&before->d, &after->d);
}

/* After an accepted login: the current epoch's key serves the next one. */
static void remember(struct wk_server *server, const struct login *login,
                     const struct wk_record *before, struct wk_keyring *ring) {
  struct wk_fleet_keys keys = {{0}, {0}};
  const uint32_t epoch = login->record.c.epoch;
  if (epoch != before->c.epoch || wk_fleet_keys(server->fleet, login->number))
    return; /* a switch counts only once it is kept */
  wk_keyring_kx(ring, epoch, keys.kx);
  wk_keyring_salt(ring, WK_ROLE_C, epoch, keys.salt);
  wk_fleet_remember(server->fleet, login->number, &keys);
  wk_wipe(&keys, sizeof keys);
}

/* Decides on memory's record; memory is held, and nothing is kept yet. */
static void decide(struct wk_server *server, struct login *login) {
  struct wk_record before;
  struct wk_keyring ring;
  struct wk_decide_input input = {
      .policy = login->policy,
      .attempt = login->attempt,
      .keys = &ring,
      .not_before = server->head.not_before,
      .client_id_foreign = foreign_client_id(server, login->attempt)};
  input.known =
      wk_server_record(server, login->attempt->did, &before, &login->number);
  wk_keyring_init(&ring, server->registry, &before,
                  input.known ? wk_fleet_keys(server->fleet, login->number)
                              : &server->decoy_keys);
  login->record = before;
  (void)wk_decide(&login->record, &input, &login->changed, login->verdict);
  if (ring.broken) {
    memset(login->verdict, 0, sizeof *login->verdict);
    login->verdict->reason = WK_REASON_STORE;
    login->changed = false;
  }
  login->durable = login->changed && wants_disk(&before, &login->record);
  if (login->verdict->reason == WK_REASON_OK)
    remember(server, login, &before, &ring);
  wk_wipe(&ring, sizeof ring);
}

/* Memory follows: the record replaces one of the same shape or larger. */
static enum wk_err keep(struct wk_server *server, const struct login *login,
                        struct wk_why *why) {
  return wk_fleet_set(server->fleet, login->number, &login->record)
             ? WK_OK
             : wk_fail(why, WK_ERR_MEMORY, "out of memory");
}

static void refuse(struct login *login) {
  memset(login->verdict, 0, sizeof *login->verdict);
  login->verdict->reason = WK_REASON_STORE;
}

/* Within the store's transaction: decides again, and writes. */
static enum wk_err decide_and_write(struct wk_server *server,
                                    struct login *login, struct wk_why *why) {
  (void)pthread_mutex_lock(&server->memory);
  decide(server, login);
  (void)pthread_mutex_unlock(&server->memory);
  if (!login->changed)
    return WK_OK;
  wk_server_promise(server, &login->record);
  return wk_store_update(server->registry->store, &login->record, why);
}

static void login_on_disk(struct wk_server *server, struct login *login) {
  struct wk_why why;
  enum wk_err err = wk_server_enter(server, &why);
  if (err == WK_OK)
    err = decide_and_write(server, login, &why);
  err = wk_server_commit(server, err, &why);
  if (err == WK_OK && login->changed) {
    (void)pthread_mutex_lock(&server->memory);
    err = keep(server, login, &why);
    (void)pthread_mutex_unlock(&server->memory);
  }
  if (err != WK_OK && login->changed)
    wk_server_write_again(server, login->number);
  if (err != WK_OK || login->changed)
    wk_server_store_result(server, err, &why);
  wk_server_leave(server);
  if (err != WK_OK)
    refuse(login);
}

/* False: only the store can tell: what must be durable, and whose device an
 * operator changed a moment ago. */
static bool login_in_memory(struct wk_server *server, struct login *login) {
  bool done = true;
  (void)pthread_mutex_lock(&server->memory);
  if (!server->healthy) {
    refuse(login);
  } else {
    decide(server, login);
    done = !login->durable &&
           !wk_watch_changed_device(server->watch, server->change_seq,
                                    login->attempt->did);
    if (done && login->changed) {
      if (keep(server, login, NULL) == WK_OK)
        wk_fleet_mark(server->fleet, login->number);
      else
        refuse(login);
    }
  }
  (void)pthread_mutex_unlock(&server->memory);
  return done;
}

enum wk_reason wk_server_login(struct wk_server *server,
                               const struct wk_policy *policy,
                               const struct wk_attempt *attempt,
                               struct wk_verdict *verdict) {
  struct login login = {
      .policy = policy, .attempt = attempt, .verdict = verdict};
  memset(verdict, 0, sizeof *verdict);
  if (!login_in_memory(server, &login))
    login_on_disk(server, &login);
  return verdict->reason;
}

/* ---- what goes with a login --------------------------------------------- */

void wk_server_challenge(struct wk_server *server, const char *did,
                         struct wk_challenge *challenge) {
  struct wk_record record;
  uint32_t number = 0;
  wk_random(challenge->bytes, sizeof challenge->bytes);
  (void)pthread_mutex_lock(&server->memory);
  (void)wk_server_record(server, did, &record, &number);
  (void)pthread_mutex_unlock(&server->memory);
  challenge->c_epoch = record.c.epoch;
  challenge->c_last = record.c.last;
  challenge->d_epoch = record.d.epoch;
  challenge->d_last = record.d.last;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers to devices: the X4 of a login, and the key update of protocol
 * section 6.2 with its own X4.
 */
#include <string.h>

#include <whitekey/random.h>

#include "keyring.h"
#include "server_state.h"

/* The device of a session, if it still is the one that logged in. */
static bool find(struct wk_server *server, const struct wk_accepted *session,
                 struct wk_record *record, struct wk_keyring *ring,
                 uint32_t *number) {
  (void)pthread_mutex_lock(&server->memory);
  const bool there = wk_server_record(server, session->did, record, number) &&
                     record->state == WK_DEVICE_ENABLED &&
                     record->generation == session->generation;
  wk_keyring_init(ring, server->registry, record,
                  there ? wk_fleet_keys(server->fleet, *number) : NULL);
  (void)pthread_mutex_unlock(&server->memory);
  return there;
}

/* Random bytes that are no secret: the kernel is asked once for many, which
 * costs more than all else of an X4. */
static const uint8_t *noise(struct wk_server *server) {
  if (server->noise_left == 0) {
    wk_random(server->noise, sizeof server->noise);
    server->noise_left = WK_SERVER_NOISE;
  }
  return server->noise[--server->noise_left];
}

static void seal_reply(struct wk_server *server, uint8_t x4[WK_X4_LEN],
                       struct wk_keyring *ring, struct wk_header *header,
                       const struct wk_reply *reply,
                       const uint8_t *challenge) {
  uint8_t kx[WK_KX_LEN];
  wk_reply_nonce(header->nonce, noise(server), sizeof *server->noise, reply);
  wk_keyring_kx(ring, header->epoch, kx);
  const struct wk_seal seal = {&ring->id, kx, challenge};
  const enum wk_err err = wk_reply_seal(x4, header, reply, &seal);
  (void)err; /* the type and index are ours */
  wk_wipe(kx, sizeof kx);
}

enum wk_err wk_server_reply(struct wk_server *server,
                            const struct wk_accepted *session, int64_t now,
                            enum wk_role role, uint8_t x4[WK_X4_LEN]) {
  struct wk_record record;
  struct wk_keyring ring;
  uint32_t number = 0;
  const bool there = find(server, session, &record, &ring, &number);
  const bool c = role == WK_ROLE_C;
  /* Section 3: the header answers the X1, also when an X2 came with it. */
  struct wk_header header = {WK_X4, session->c_epoch, session->c_index, {0}};
  struct wk_reply reply = {.status = c ? session->c_status : session->d_status,
                           .role = role,
                           .epoch = c ? session->c_epoch : session->d_epoch,
                           .index = c ? session->c_index : session->d_index,
                           .time = (uint32_t)now};
  memcpy(reply.digest, session->digest, WK_DIGEST_LEN);
  memset(x4, 0, WK_X4_LEN);
  if (there)
    seal_reply(server, x4, &ring, &header, &reply,
               session->challenged ? session->challenge : NULL);
  wk_wipe(&ring, sizeof ring);
  return there ? WK_OK : WK_ERR_MISSING;
}

/* ---- X3 ----------------------------------------------------------------- */

struct x3 {
  struct wk_accepted *session;
  struct wk_header header;
  struct wk_update body;
  struct wk_record record;
  uint32_t number;
  bool taken;
};

static struct wk_chain_record *chain_of(struct x3 *x3) {
  return x3->body.role == WK_ROLE_C ? &x3->record.c : &x3->record.d;
}

/* Section 6.2, read from the record as it is at this moment. */
static bool allowed(struct x3 *x3) {
  const struct wk_accepted *session = x3->session;
  const bool c = x3->body.role == WK_ROLE_C;
  const struct wk_chain_record *chain = chain_of(x3);
  const uint32_t login = c ? session->c_index : session->d_index;
  return chain->present && x3->header.epoch == chain->epoch &&
         (c ? session->c_epoch : session->d_epoch) == chain->epoch &&
         x3->header.index == login && x3->header.index == chain->last &&
         x3->header.index < chain->n && chain->epoch < UINT32_MAX &&
         x3->body.epoch == chain->epoch + 1 &&
         x3->body.n >= WK_CHAIN_LEN_MIN && x3->body.n <= WK_CHAIN_LEN_MAX &&
         !(c ? session->c_updated : session->d_updated);
}

static void pend(struct x3 *x3) {
  struct wk_pending *pending = &chain_of(x3)->pending;
  pending->state = WK_PENDING_WAITING;
  pending->index = x3->header.index;
  pending->n = x3->body.n;
  memcpy(pending->anchor, x3->body.anchor, WK_VALUE_LEN);
  memcpy(pending->vouch, x3->body.vouch, WK_HASH_LEN);
  if (x3->body.role == WK_ROLE_C)
    x3->session->c_updated = true;
  else
    x3->session->d_updated = true;
}

/* Within the transaction; WK_OK also when the update is refused. */
static enum wk_err take_update(struct wk_server *server, struct x3 *x3,
                               struct wk_why *why) {
  struct wk_keyring unused;
  x3->taken = find(server, x3->session, &x3->record, &unused, &x3->number) &&
              allowed(x3);
  if (!x3->taken)
    return WK_OK;
  enum wk_err err = wk_store_anchor(server->registry->store, x3->session->did,
                                    x3->body.anchor, why);
  if (err == WK_ERR_EXISTS) { /* the anchor must be new */
    x3->taken = false;
    return WK_OK;
  }
  if (err != WK_OK)
    return err;
  pend(x3);
  wk_server_promise(server, &x3->record);
  return wk_store_update(server->registry->store, &x3->record, why);
}

static enum wk_err store_update(struct wk_server *server, struct x3 *x3) {
  struct wk_why why;
  enum wk_err err = wk_server_enter(server, &why);
  if (err == WK_OK)
    err = take_update(server, x3, &why);
  err = wk_server_commit(server, err, &why);
  if (err == WK_OK && x3->taken) {
    (void)pthread_mutex_lock(&server->memory);
    if (wk_fleet_put(server->fleet, &x3->record) == WK_FLEET_NONE)
      err = wk_fail(&why, WK_ERR_MEMORY, "out of memory");
    (void)pthread_mutex_unlock(&server->memory);
  }
  if (err != WK_OK && x3->taken)
    wk_server_write_again(server, x3->number);
  if (err != WK_OK || x3->taken)
    wk_server_store_result(server, err, &why);
  wk_server_leave(server);
  return err;
}

static void answer(struct wk_server *server, struct x3 *x3,
                   struct wk_keyring *ring, const uint8_t *msg, int64_t now,
                   uint8_t x4[WK_X4_LEN], enum wk_status *status) {
  const struct wk_chain_record *chain = chain_of(x3);
  struct wk_header header = {WK_X4, x3->header.epoch, x3->header.index, {0}};
  struct wk_reply reply = {.status = x3->taken ? WK_STATUS_PENDING
                                               : WK_STATUS_REFUSED,
                           .role = x3->body.role,
                           .epoch = chain->epoch,
                           .index = chain->last,
                           .time = (uint32_t)now};
  wk_msg_digest(reply.digest, msg, WK_X3_LEN);
  seal_reply(server, x4, ring, &header, &reply, NULL);
  *status = reply.status;
}

enum wk_err wk_server_update(struct wk_server *server,
                             struct wk_accepted *session, const uint8_t *msg,
                             size_t len, int64_t now, uint8_t x4[WK_X4_LEN],
                             enum wk_status *status) {
  struct x3 x3 = {.session = session};
  struct wk_keyring ring;
  uint8_t kx[WK_KX_LEN];
  memset(x4, 0, WK_X4_LEN);
  if (wk_header_parse(&x3.header, WK_X3, msg, len) != WK_OK)
    return WK_ERR_MALFORMED;
  if (!find(server, session, &x3.record, &ring, &x3.number))
    return WK_ERR_FORGED;
  wk_keyring_kx(&ring, x3.header.epoch, kx);
  const struct wk_seal seal = {&ring.id, kx, NULL};
  enum wk_err err = wk_update_open(&x3.body, &x3.header, msg, &seal);
  if (err == WK_OK) {
    if (store_update(server, &x3) != WK_OK)
      x3.taken = false; /* the client keeps both chains and asks again */
    answer(server, &x3, &ring, msg, now, x4, status);
  }
  wk_wipe(kx, sizeof kx);
  wk_wipe(&ring, sizeof ring);
  wk_wipe(&x3, sizeof x3);
  return err;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A login: record -> keys -> decision -> store -> answer, one transaction.
 * Whatever fails on the way is the reason `store`, and nothing is changed.
 */
#include <string.h>

#include <whitekey/random.h>

#include "decide.h"
#include "state.h"

/*
 * Loads the device, or the decoy that costs the same work: an unknown name, a
 * tombstone, or a record whose bio_id another master wrapped.
 */
static enum wk_err load(struct wk_registry *registry, const char *did,
                        struct wk_record *record,
                        struct wk_decide_input *input) {
  enum wk_err err = wk_store_get(registry->store, did, record, NULL);
  if (err != WK_OK && err != WK_ERR_MISSING)
    return err;
  input->known = err == WK_OK && record->state != WK_DEVICE_REVOKED;
  if (!input->known)
    *record = registry->decoy;
  memcpy(record->id.realm, registry->realm, WK_REALM_LEN);
  wk_key_server(input->ks, registry->master, &record->id, record->generation);
  err = wk_wrap_open(input->bio_id, record->bio_wrapped, registry->wrap_key,
                     &record->id, record->generation);
  return err == WK_OK ? WK_OK : WK_ERR_CORRUPT;
}

/* Section 4, client id: takeover by client id must not cross devices. */
static enum wk_err find_foreign(struct wk_registry *registry,
                                const struct wk_attempt *attempt,
                                struct wk_decide_input *input) {
  const char *client_id = attempt->client_id;
  struct wk_record other;
  input->client_id_foreign = attempt->client_id_taken;
  if (!client_id || strcmp(client_id, attempt->did) == 0)
    return WK_OK;
  const enum wk_err err =
      wk_store_get(registry->store, client_id, &other, NULL);
  if (err == WK_OK && other.state != WK_DEVICE_REVOKED)
    input->client_id_foreign = true;
  return err == WK_ERR_MISSING ? WK_OK : err;
}

static void write_x4(uint8_t x4[WK_X4_LEN], const struct wk_record *record,
                     const struct wk_decide_input *input,
                     const struct wk_verdict *verdict, enum wk_role role,
                     enum wk_status status) {
  const struct wk_attempt *attempt = input->attempt;
  const struct wk_chain_record *chain =
      role == WK_ROLE_C ? &record->c : &record->d;
  struct wk_header header = {WK_X4, verdict->epoch, verdict->index, {0}};
  struct wk_reply reply = {.status = status,
                           .role = role,
                           .epoch = chain->epoch,
                           .index = chain->last,
                           .time = (uint32_t)attempt->now};
  uint8_t random[16];
  uint8_t kx[WK_KX_LEN];
  wk_msg_digest(reply.digest, attempt->x1, WK_X1_LEN);
  wk_random(random, sizeof random);
  wk_reply_nonce(header.nonce, random, sizeof random, &reply);
  wk_key_message(kx, input->ks, &record->id, header.epoch, input->bio_id);
  const struct wk_seal seal = {
      &record->id, kx, attempt->challenge ? attempt->challenge->bytes : NULL};
  const enum wk_err err = wk_reply_seal(x4, &header, &reply, &seal);
  (void)err; /* a type and index that we just wrote */
  wk_wipe(kx, sizeof kx);
}

/* The answer names X1's epoch and index, also when an X2 came with it. */
static void answer(const struct wk_record *record,
                   const struct wk_decide_input *input,
                   const struct wk_decided *decided,
                   struct wk_verdict *verdict) {
  struct wk_header x1;
  if (wk_header_parse(&x1, WK_X1, input->attempt->x1, WK_X1_LEN) != WK_OK)
    return;
  verdict->epoch = x1.epoch;
  verdict->index = x1.index;
  verdict->has_x4 = true;
  write_x4(verdict->x4, record, input, verdict, WK_ROLE_C, decided->c_status);
  verdict->has_x4_user = decided->d_switched;
  if (decided->d_switched)
    write_x4(verdict->x4_user, record, input, verdict, WK_ROLE_D,
             WK_STATUS_SWITCHED);
}

/* Within the transaction; WK_OK also for a refusal. */
static enum wk_err decide_and_store(struct wk_registry *registry,
                                    struct wk_decide_input *input,
                                    struct wk_record *record,
                                    struct wk_decided *decided,
                                    struct wk_verdict *verdict) {
  const struct wk_attempt *attempt = input->attempt;
  enum wk_err err = load(registry, attempt->did, record, input);
  if (err == WK_OK)
    err = find_foreign(registry, attempt, input);
  if (err != WK_OK)
    return err;
  (void)wk_decide(record, input, decided, verdict);
  verdict->generation = record->generation;
  return decided->changed ? wk_store_put(registry->store, record, NULL)
                          : WK_OK;
}

static void decide_login(struct wk_registry *registry,
                         struct wk_decide_input *input,
                         struct wk_verdict *verdict) {
  struct wk_record record;
  struct wk_decided decided;
  enum wk_err err = wk_store_begin(registry->store, NULL);
  if (err == WK_OK)
    err = decide_and_store(registry, input, &record, &decided, verdict);
  if (err == WK_OK)
    err = wk_store_commit(registry->store, NULL);
  if (err != WK_OK) {
    wk_store_rollback(registry->store);
    memset(verdict, 0, sizeof *verdict);
    verdict->reason = WK_REASON_STORE;
  } else if (verdict->reason == WK_REASON_OK) {
    answer(&record, input, &decided, verdict);
  }
}

enum wk_reason wk_registry_login(struct wk_registry *registry,
                                 const struct wk_policy *policy,
                                 const struct wk_attempt *attempt,
                                 struct wk_verdict *verdict) {
  struct wk_decide_input input = {.policy = policy, .attempt = attempt};
  memset(verdict, 0, sizeof *verdict);
  decide_login(registry, &input, verdict);
  wk_wipe(&input, sizeof input);
  return verdict->reason;
}

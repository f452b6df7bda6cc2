/* SPDX-License-Identifier: Apache-2.0 */
/* The client's part of a key update: protocol section 6.1. */
#include <assert.h>
#include <string.h>

#include <whitekey/random.h>

#include "client_state.h"

#define LEFT_MIN (2 * WK_SKIP_MAX + 2)
/* A quarter of a short chain would be less than an update needs: R sessions
 * remain to try. */
#define LEFT_SHORT (3 * WK_SKIP_MAX)

struct begin {
  enum wk_update_when when;
  enum wk_role role;
  bool begun;
};

static bool wanted(const struct wk_credential_chain *chain,
                   enum wk_update_when when) {
  const uint32_t left = chain->n + 1 - chain->next;
  const uint32_t quarter = chain->n / 4;
  if (when == WK_UPDATE_NEVER || left < LEFT_MIN)
    return false;
  return when == WK_UPDATE_SESSION ||
         left < (quarter > LEFT_SHORT ? quarter : LEFT_SHORT);
}

/* Section 6.1, by the credential as it is at this moment: the session's login
 * used the chain, which has no open update and enough indices. */
static bool possible(const struct wk_credential *credential,
                     const struct wk_client *client,
                     const struct begin *begin) {
  const struct request *request = &client->request;
  const bool c = begin->role == WK_ROLE_C;
  const struct spent *spent = c ? &request->c : &request->d;
  const struct wk_credential_chain *chain =
      c ? &credential->c : &credential->d;
  const struct wk_credential_chain *open =
      c ? &credential->c_update.chain : &credential->d_update.chain;
  return request->accepted && spent->present && chain->present &&
         !open->present && !(c ? request->c_x3.sent : request->d_x3.sent) &&
         request->generation == credential->generation &&
         spent->epoch == chain->epoch && chain->epoch < UINT32_MAX &&
         wanted(chain, begin->when);
}

/* A change: the new chain stands beside the old one. */
static enum wk_err make_chain(struct wk_credential *credential,
                              enum client_changed *changed,
                              const struct wk_client *client, void *context,
                              struct wk_why *why) {
  struct begin *begin = context;
  const bool c = begin->role == WK_ROLE_C;
  const struct wk_credential_chain *old = c ? &credential->c : &credential->d;
  struct wk_credential_update *update =
      c ? &credential->c_update : &credential->d_update;
  uint8_t salt[WK_SALT_LEN];
  uint8_t fresh[32];
  (void)why;
  begin->begun = possible(credential, client, begin);
  if (!begin->begun)
    return WK_OK;
  wk_credential_chain_new(&update->chain, old->n);
  update->chain.epoch = old->epoch + 1;
  wk_chain_salt(salt, &credential->id, begin->role, old->epoch);
  wk_random(fresh, sizeof fresh);
  wk_chain_next_seed(update->chain.seed, salt, old->seed, fresh);
  wk_wipe(fresh, sizeof fresh);
  update->after = c ? client->request.c.index : client->request.d.index;
  update->turn = 0;
  *changed = CLIENT_CHANGED;
  return WK_OK;
}

/* x[i]: the next password, which vouches for the next chain. */
static void value_of(uint8_t x[WK_VALUE_LEN], const struct wk_id *id,
                     enum wk_role role,
                     const struct wk_credential_chain *chain, uint32_t i) {
  uint8_t salt[WK_SALT_LEN];
  wk_chain_salt(salt, id, role, chain->epoch);
  wk_chain_top(x, salt, chain->n, chain->seed);
  wk_chain_walk(x, salt, chain->n, i);
}

static void make_body(struct wk_update *body, struct wk_header *header,
                      const struct wk_credential *credential,
                      enum wk_role role) {
  const bool c = role == WK_ROLE_C;
  const struct wk_credential_chain *old = c ? &credential->c : &credential->d;
  const struct wk_credential_update *update =
      c ? &credential->c_update : &credential->d_update;
  uint8_t next[WK_VALUE_LEN];
  uint8_t random[16];
  body->role = role;
  body->epoch = update->chain.epoch;
  body->n = update->chain.n;
  wk_credential_anchor(body->anchor, &credential->id, role, &update->chain);
  value_of(next, &credential->id, role, old, update->after + 1);
  wk_update_vouch(body->vouch, next, &credential->id, body);
  wk_wipe(next, sizeof next);
  header->type = WK_X3;
  header->epoch = old->epoch;
  header->index = update->after;
  wk_random(random, sizeof random);
  wk_update_nonce(header->nonce, random, sizeof random, body);
}

static void make_x3(struct wk_client *client, enum wk_role role,
                    uint8_t x3[WK_X3_LEN]) {
  const struct wk_credential *credential = &client->credential;
  struct asked *asked =
      role == WK_ROLE_C ? &client->request.c_x3 : &client->request.d_x3;
  struct wk_update body;
  uint8_t kx[WK_KX_LEN];
  make_body(&body, &asked->header, credential, role);
  wk_key_message(kx, credential->ks, &credential->id, asked->header.epoch,
                 credential->bio_id);
  const struct wk_seal seal = {&credential->id, kx, NULL};
  const enum wk_err err = wk_update_seal(x3, &asked->header, &body, &seal);
  assert(err == WK_OK);
  (void)err;
  wk_wipe(kx, sizeof kx);
  wk_wipe(&body, sizeof body);
  wk_msg_digest(asked->digest, x3, WK_X3_LEN);
  asked->sent = true;
}

enum wk_err wk_client_update(struct wk_client *client,
                             enum wk_update_when when, uint8_t x3[WK_X3_LEN],
                             struct wk_why *why) {
  static const enum wk_role roles[] = {WK_ROLE_C, WK_ROLE_D};
  memset(x3, 0, WK_X3_LEN);
  if (client->dongle)
    return from_dongle_update(client, when, x3, why);
  for (size_t i = 0; i < 2; i++) {
    struct begin begin = {.when = when, .role = roles[i]};
    if (!possible(&client->credential, client, &begin))
      continue;
    const enum wk_err err = client_edit(client, make_chain, &begin, why);
    if (err != WK_OK)
      return err;
    if (begin.begun) {
      make_x3(client, roles[i], x3);
      return WK_OK;
    }
  }
  return wk_fail(why, WK_ERR_MISSING, "%s: no update of a key is due",
                 client_where(client));
}

enum wk_err wk_update_when_parse(enum wk_update_when *when, const char *name) {
  static const char *const names[] = {[WK_UPDATE_QUARTER] = "quarter",
                                      [WK_UPDATE_SESSION] = "session",
                                      [WK_UPDATE_NEVER] = "never"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strcmp(names[i], name) == 0) {
      *when = (enum wk_update_when)i;
      return WK_OK;
    }
  }
  return WK_ERR_ARGUMENT;
}

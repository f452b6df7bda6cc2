/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A forger: he has the device's Ks and bio_id, and sees epochs and indices go
 * by. He never saw a password, and has no seed but his own. He may publish in
 * the device's session, as somebody on its path can.
 */
#include <string.h>

#include <whitekey/random.h>

#include "world.h"

static void key_of(uint8_t kx[WK_KX_LEN], const struct world *world,
                   uint32_t epoch) {
  const struct wk_credential *credential =
      &world->device[0].client->credential;
  wk_key_message(kx, credential->ks, &credential->id, epoch,
                 credential->bio_id);
}

/* ---- an X3 for his own chain -------------------------------------------- */

static struct wk_credential_chain own_chain(const struct world *world) {
  struct wk_credential_chain chain = {
      .present = true, .epoch = world->forger.epoch, .n = world->setup->n};
  memcpy(chain.seed, world->forger.seed, WK_SEED_LEN);
  return chain;
}

static void forge_x3(struct world *world, enum wk_role role,
                     struct wk_accepted *in) {
  const bool c = role == WK_ROLE_C;
  const struct wk_id *id = &world->device[0].client->credential.id;
  const struct wk_accepted *session = &world->session;
  struct wk_header header = {WK_X3,
                             c ? session->c_epoch : session->d_epoch,
                             c ? session->c_index : session->d_index,
                             {0}};
  enum wk_status status = WK_STATUS_REFUSED;
  uint8_t kx[WK_KX_LEN];
  uint8_t x3[WK_X3_LEN];
  uint8_t x4[WK_X4_LEN];
  if (!world->session_open || header.index == 0)
    return;
  wk_random(world->forger.seed, WK_SEED_LEN);
  world->forger.epoch = header.epoch + 1;
  const struct wk_credential_chain chain = own_chain(world);
  struct wk_update body = {.role = role, .epoch = chain.epoch, .n = chain.n};
  wk_credential_anchor(body.anchor, id, role, &chain);
  wk_random(body.vouch, sizeof body.vouch);
  wk_random(header.nonce, sizeof header.nonce);
  key_of(kx, world, header.epoch);
  const struct wk_seal seal = {id, kx, NULL};
  if (wk_update_seal(x3, &header, &body, &seal) == WK_OK &&
      wk_server_update(world->server, in, x3, sizeof x3, world->now, x4,
                       &status) == WK_OK)
    world_say(world, "forged X3: %s",
              status == WK_STATUS_PENDING ? "taken" : "refused");
}

/* ---- logins ------------------------------------------------------------- */

static void forge_login(struct world *world, struct wk_header *header,
                        struct wk_login *body) {
  const struct wk_id *id = &world->device[0].client->credential.id;
  struct wk_attempt attempt = {.did = DID, .x1_len = WK_X1_LEN};
  struct wk_verdict verdict;
  uint8_t kx[WK_KX_LEN];
  header->type = WK_X1;
  wk_random(header->nonce, sizeof header->nonce);
  body->time = (uint32_t)world->now;
  attempt.now = world->now;
  key_of(kx, world, header->epoch);
  const struct wk_seal seal = {id, kx, NULL};
  if (wk_login_seal(attempt.x1, header, body, &seal) != WK_OK)
    return;
  world_say(world, "forged %u/%u", (unsigned)header->epoch,
            (unsigned)header->index);
  network_ask(world, &attempt, &verdict);
  judge_forged(world, &verdict);
}

/* By the chain that he tried to bring in. */
static void forge_switch(struct world *world) {
  const struct wk_id *id = &world->device[0].client->credential.id;
  struct wk_header header = {.epoch = world->forger.epoch, .index = 1};
  struct wk_login body = {0};
  uint8_t salt[WK_SALT_LEN];
  const struct wk_credential_chain chain = own_chain(world);
  struct wk_record record;
  world_record(world, &record);
  /* What is two epochs behind is a clone, whoever has the keys. */
  if (chain.epoch == 0 || chain.epoch < record.c.epoch)
    return;
  wk_chain_salt(salt, id, WK_ROLE_C, chain.epoch);
  wk_chain_top(body.x, salt, chain.n, chain.seed);
  wk_chain_walk(body.x, salt, chain.n, 1);
  forge_login(world, &header, &body);
}

/* Garbage, spent or not, of an epoch where a walk would tell. */
static void forge_value(struct world *world, uint32_t luck) {
  struct wk_record record;
  struct wk_header header = {0};
  struct wk_login body = {0};
  world_record(world, &record);
  const bool before = record.c.previous.present && (luck & 1);
  const uint32_t last = before ? record.c.previous.last : record.c.last;
  header.epoch = record.c.epoch - (before ? 1 : 0);
  header.index = luck & 2 && last > 3 ? 1 + (luck >> 8) % (last / 4)
                                      : last + 1 + (luck >> 8) % CHAIN_MAX;
  wk_random(body.x, sizeof body.x);
  forge_login(world, &header, &body);
}

void forge(struct world *world, uint32_t luck) {
  switch (luck & 3) {
  case 0:
    forge_x3(world, world->setup->user && (luck & 4) ? WK_ROLE_D : WK_ROLE_C,
             luck & 8 ? &world->session : &world->before);
    break;
  case 1:
    forge_switch(world);
    break;
  default:
    forge_value(world, luck >> 2);
  }
}

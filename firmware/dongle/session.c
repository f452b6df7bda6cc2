/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <string.h>

#include "chance.h"
#include "lock.h"
#include "pool.h"
#include "turn.h"
#include "vault.h"

#include <whitekey/bytes.h>

static struct {
  struct wk_device device;
  struct wk_store store;
  enum wk_state state;
  uint8_t kx[WK_KX_LEN]; /* of the last login's epoch */
  uint32_t kx_epoch;
  bool kx_known;
  bool clock_known; /* the host has told the time since power-on */
  uint32_t time;    /* the lowest that may be sent */
  struct wk_asked asked;
  bool gave;    /* a password, and what is owed for it is not counted yet */
  uint8_t owed; /* pieces of work */
} self;

static enum wk_state state_of_store(void) {
  const struct wk_store *s = &self.store;
  if (wk_store_next(s, wk_update_which(s)) > s->n)
    return WK_SPENT;
  if (wk_device_has_ks())
    return WK_READY;
  return wk_store_is_ready(s, WK_OLD) ? WK_KEYLESS : WK_BUILDING;
}

/* The epoch of the next password. */
static uint32_t epoch_now(void) {
  return self.store.line[wk_update_which(&self.store)].epoch.epoch;
}

static enum wk_err unlock(void) {
  return !WK_FINGER && wk_vault_is_open() ? WK_OK : wk_lock_open();
}

/* An epoch's Kx, with the vault open. */
static enum wk_err derive(uint32_t epoch) {
  if (self.kx_known && self.kx_epoch == epoch)
    return WK_OK;
  self.kx_epoch = epoch;
  self.kx_known = wk_device_key(&self.device, epoch, self.kx);
  if (self.kx_known)
    return WK_OK;
  self.state = WK_DAMAGED;
  return WK_ERR_CORRUPT;
}

/* What a finger opened closes as soon as it can; an enrolment is one visit. */
static bool may_close(void) {
  return WK_FINGER && self.state != WK_BUILDING && self.state != WK_KEYLESS;
}

/* Nothing is to be done soon: of keys that one stays that a long walk needs,
 * and Kx, if an answer of the server's is still to come. */
static void rest(void) {
  wk_store_narrow(&self.store);
  if (!wk_asked_waits(&self.asked)) {
    wk_wipe(self.kx, sizeof self.kx);
    self.kx_known = false;
  }
}

void wk_session_start(void) {
  memset(&self, 0, sizeof self);
  if (!wk_device_load(&self.device)) {
    wk_session_reset(); /* power may have failed in the last one */
    return;
  }
  self.state = WK_DAMAGED;
  if (wk_store_load(&self.store, &self.device.id, self.device.n) != WK_OK)
    return;
  if (WK_FINGER || (unlock() == WK_OK &&
                    (!wk_device_has_ks() || derive(epoch_now()) == WK_OK)))
    self.state = state_of_store();
}

bool wk_session_work(void) {
  if (self.state == WK_BLANK || self.state == WK_DAMAGED)
    return false;
  bool worked = wk_store_work(&self.store);
  if (!worked) {
    if (may_close())
      rest();
    worked = wk_store_walk(&self.store);
  }
  self.owed = worked && self.owed > 0 ? (uint8_t)(self.owed - 1) : 0;
  self.state = state_of_store();
  if (!worked && may_close())
    wk_vault_close();
  return worked;
}

/* Counted when the password has left: to see whose turn is next would wait for
 * the EEPROM, to which that is being written. */
bool wk_session_owes(void) {
  if (self.gave)
    self.owed = wk_store_owes(&self.store, wk_update_which(&self.store));
  self.gave = false;
  return self.owed > 0;
}

enum wk_state wk_session_state(void) {
  return self.state;
}

const struct wk_device *wk_session_device(void) {
  return &self.device;
}

const struct wk_store *wk_session_store(void) {
  return &self.store;
}

static bool is_power_of_two(uint32_t n) {
  return (n & (n - 1)) == 0;
}

/* Zeros are none of the host's: then our own has to be good. */
static enum wk_err has_chance(const uint8_t random[WK_RANDOM_LEN]) {
  uint8_t any = 0;
  for (uint8_t i = 0; i < WK_RANDOM_LEN; i++)
    any |= random[i];
  if (any != 0)
    return WK_OK;
  switch (wk_chance_health(WK_SOURCE_OSCILLATOR)) {
  case WK_HEALTH_TESTING:
    return WK_ERR_BUSY;
  case WK_HEALTH_GOOD:
    return WK_OK;
  case WK_HEALTH_FAILED:
    break;
  }
  return WK_ERR_MISSING;
}

enum wk_err wk_session_enrol(const struct wk_enrolment *e) {
  uint8_t random[WK_RANDOM_LEN]; /* bio_id and the vault's key */
  uint8_t seed[WK_SEED_LEN];
  if (self.state != WK_BLANK)
    return WK_ERR_EXISTS;
  if (e->n < WK_STORE_N_MIN || e->n > WK_STORE_N_MAX || !is_power_of_two(e->n))
    return WK_ERR_ARGUMENT;
  const enum wk_err chance = has_chance(e->random);
  if (chance != WK_OK)
    return chance;
  wk_pool_add(e->random, WK_RANDOM_LEN);
  wk_pool_take(random);
  const enum wk_err err = wk_lock_make(random, random + WK_BIO_LEN);
  if (err == WK_OK) {
    self.device.id = e->id;
    self.device.n = e->n;
    wk_pool_take(seed);
    wk_store_create(&self.store, &self.device.id, e->n, seed);
    wk_device_write(&self.device, random);
    self.state = WK_BUILDING;
  }
  wk_wipe(random, sizeof random);
  return err;
}
_Static_assert(WK_BIO_LEN + WK_AES_KEY_LEN == WK_RANDOM_LEN, "one draw");

/* The vault is open: since an earlier command of the enrolment, or now. */
static enum wk_err open_for_enrolment(void) {
  return wk_vault_is_open() ? WK_OK : unlock();
}

enum wk_err wk_session_key(uint8_t ks[WK_KS_LEN]) {
  enum wk_err err = self.state == WK_KEYLESS ? WK_OK : WK_ERR_EXISTS;
  if (err == WK_OK)
    err = open_for_enrolment();
  if (err != WK_OK) {
    wk_wipe(ks, WK_KS_LEN);
    return err;
  }
  wk_device_write_ks(ks);
  err = derive(epoch_now());
  if (err != WK_OK)
    return err;
  self.state = WK_READY;
  return WK_OK;
}

enum wk_err wk_session_public(uint8_t bio_id[WK_BIO_LEN],
                              uint8_t anchor[WK_VALUE_LEN]) {
  memset(bio_id, 0, WK_BIO_LEN);
  memset(anchor, 0, WK_VALUE_LEN);
  if (self.state == WK_BLANK || self.state == WK_DAMAGED)
    return WK_ERR_BUSY;
  enum wk_err err = open_for_enrolment();
  if (err != WK_OK)
    return err;
  if (self.state != WK_READY && self.state != WK_KEYLESS)
    return WK_ERR_BUSY;
  err = wk_store_peek(&self.store, WK_OLD, 0, anchor);
  if (err != WK_OK)
    return err;
  return wk_device_bio_id(bio_id) ? WK_OK : WK_ERR_KEY;
}

/* Section 2: 0 where it could be lower than one that was sent before. What was
 * sent before power-on is not known, and no server took more than this. */
static uint32_t time_to_send(uint32_t time) {
  if (!self.clock_known && time != 0) {
    self.clock_known = true;
    self.time =
        time > UINT32_MAX - WK_TIME_DOUBT ? UINT32_MAX : time + WK_TIME_DOUBT;
  }
  if (time < self.time)
    return 0;
  self.time = time;
  return time;
}

static void mix_nonce(uint8_t nonce[WK_NONCE_LEN],
                      const uint8_t host[WK_NONCE_LEN]) {
  uint8_t random[WK_RANDOM_LEN];
  wk_pool_show(random, host, WK_NONCE_LEN);
  memcpy(nonce, random, WK_NONCE_LEN);
}

/* What an X4 must fit. */
static void remember(const struct wk_header *header,
                     const uint8_t x1[WK_X1_LEN], const struct wk_wish *wish) {
  self.asked = (struct wk_asked){
      .epoch = header->epoch,
      .index = header->index,
      .updating = wk_update_state(&self.store) == WK_UPDATE_OPEN,
      .challenged = wish->challenge != NULL,
  };
  memcpy(self.asked.x1, x1, WK_X1_LEN);
  if (wish->challenge)
    memcpy(self.asked.challenge, wish->challenge, WK_CHALLENGE_LEN);
}

static enum wk_err why_not(void) {
  switch (self.state) {
  case WK_BLANK:
  case WK_KEYLESS:
    return WK_ERR_MISSING;
  case WK_BUILDING:
    return WK_ERR_BUSY;
  case WK_DAMAGED:
    return WK_ERR_CORRUPT;
  case WK_READY:
  case WK_SPENT:
    break;
  }
  return WK_OK;
}

/* A key update that is due begins by itself, where our own chance will do.
 * Does not ask the EEPROM, which is being written. */
static bool may_begin(void) {
  return !self.store.line[WK_NEW].present &&
         wk_update_is_due(&self.store, WK_UPDATE_DUE) &&
         wk_chance_health(WK_SOURCE_OSCILLATOR) == WK_HEALTH_GOOD;
}

/* Not inlined: unlock() is as deep in the stack, and not at the same time. */
__attribute__((noinline)) static enum wk_err
give(uint8_t x1[WK_X1_LEN], const struct wk_wish *wish,
     const uint8_t nonce[WK_NONCE_LEN]) {
  const enum wk_which which = wk_update_which(&self.store);
  struct wk_header header = {.type = WK_X1, .epoch = self.kx_epoch};
  struct wk_login login = {0};
  const struct wk_seal seal = {&self.device.id, self.kx, wish->challenge};
  enum wk_err err =
      wk_store_take(&self.store, which, wish->skip, login.x, &header.index);
  if (err != WK_OK)
    return err;
  login.time = time_to_send(wish->time);
  memcpy(header.nonce, nonce, WK_NONCE_LEN);
  err = wk_login_seal(x1, &header, &login, &seal);
  wk_wipe(&login, sizeof login);
  remember(&header, x1, wish);
  if (self.asked.updating)
    wk_turn_change(header.index);
  self.gave = true;
  if (may_begin())
    self.store.wants_next = true;
  return err;
}

enum wk_err wk_session_login(uint8_t x1[WK_X1_LEN],
                             const struct wk_wish *wish) {
  uint8_t nonce[WK_NONCE_LEN];
  memset(x1, 0, WK_X1_LEN);
  mix_nonce(nonce, wish->nonce); /* a finger is not kept waiting for it */
  enum wk_err err = why_not();
  if (WK_FINGER && err == WK_OK) /* now, and not after the match */
    wk_store_catch_up(&self.store, wk_update_which(&self.store));
  if (err == WK_OK)
    err = unlock();
  if (err == WK_OK)
    err = derive(epoch_now());
  return err == WK_OK ? give(x1, wish, nonce) : err;
}

enum wk_err wk_session_answer(struct wk_reply *reply,
                              const uint8_t x4[WK_X4_LEN]) {
  const struct wk_asked *a = &self.asked;
  const enum wk_answer answer =
      wk_asked_open(reply, a, &self.device.id, self.kx, x4);
  if (answer == WK_ANSWER_NONE)
    return WK_ERR_FORGED;
  const enum wk_err err = wk_update_answered(&self.store, a, answer, reply);
  if (answer == WK_ANSWER_X3)
    self.asked.x3_sent = false;
  else if (reply->role == WK_ROLE_C)
    self.asked.answered = true;
  if (err != WK_OK)
    wk_wipe(reply, sizeof *reply);
  return err;
}

/* As give(). */
__attribute__((noinline)) static enum wk_err make_x3(uint8_t x3[WK_X3_LEN]) {
  struct wk_asked *a = &self.asked;
  struct wk_header header = {
      .type = WK_X3, .epoch = a->epoch, .index = a->index};
  const struct wk_seal seal = {&self.device.id, self.kx, NULL};
  struct wk_update body;
  uint8_t chance[WK_RANDOM_LEN];
  enum wk_err err = wk_update_body(&body, &self.store);
  if (err == WK_OK) {
    wk_pool_show(chance, NULL, 0);
    wk_update_nonce(header.nonce, chance, sizeof chance, &body);
    err = wk_update_seal(x3, &header, &body, &seal);
  }
  wk_wipe(&body, sizeof body);
  if (err != WK_OK)
    return err;
  wk_msg_digest(a->x3_digest, x3, WK_X3_LEN);
  a->x3_sent = true;
  return WK_OK;
}

/* Section 6.1: in a session opened by a login of the chain. */
static bool is_in_session(void) {
  const struct wk_asked *a = &self.asked;
  return a->answered && !a->x3_sent &&
         a->epoch == self.store.line[WK_OLD].epoch.epoch &&
         a->index + 1 == wk_store_next(&self.store, WK_OLD);
}

enum wk_err wk_session_update(uint8_t x3[WK_X3_LEN], enum wk_update_when when,
                              const uint8_t *random) {
  const enum wk_update_state state = wk_update_state(&self.store);
  wk_pool_add(random, WK_RANDOM_LEN);
  memset(x3, 0, WK_X3_LEN); /* random may have been there */
  enum wk_err err = why_not();
  if (err != WK_OK)
    return err;
  if (state == WK_UPDATE_NONE && wk_update_is_due(&self.store, when)) {
    err = unlock();
    self.store.wants_next = err == WK_OK;
    return err == WK_OK ? WK_ERR_BUSY : err;
  }
  if (state == WK_UPDATE_PREPARING)
    return WK_ERR_BUSY;
  if (state != WK_UPDATE_PREPARED || !is_in_session() ||
      !wk_update_is_due(&self.store, WK_UPDATE_NOW))
    return WK_ERR_MISSING;
  err = unlock();
  if (err == WK_OK)
    err = derive(self.asked.epoch);
  return err == WK_OK ? make_x3(x3) : err;
}

enum wk_err wk_session_site(uint8_t secret[WK_HASH_LEN], const uint8_t *label,
                            uint8_t len) {
  memset(secret, 0, WK_HASH_LEN);
  if (self.state == WK_BLANK)
    return WK_ERR_MISSING;
  const enum wk_err err = unlock();
  if (err == WK_OK)
    wk_vault_derive(secret, label, len);
  return err;
}

void wk_session_reset(void) {
  wk_device_erase();
  wk_lock_destroy();
  wk_store_erase(&self.store);
  wk_wipe(&self, sizeof self);
}

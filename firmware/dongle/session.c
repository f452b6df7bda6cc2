/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <string.h>

#include "lock.h"
#include "pool.h"
#include "vault.h"

#include <whitekey/bytes.h>

static struct {
  struct wk_device device;
  struct wk_store store;
  enum wk_state state;
  uint8_t kx[WK_KX_LEN];
  bool clock_known; /* the host has told the time since power-on */
  uint32_t time;    /* the lowest that may be sent */
  struct {
    uint32_t index; /* of the last X1; 0: there is none to be answered */
    uint8_t x1[WK_X1_LEN];
    bool challenged;
    uint8_t challenge[WK_CHALLENGE_LEN];
  } asked;
} self;

static enum wk_state state_of_store(void) {
  if (wk_store_next(&self.store) > self.device.n)
    return WK_SPENT;
  if (!wk_store_is_ready(&self.store))
    return WK_BUILDING;
  return wk_device_has_ks() ? WK_READY : WK_KEYLESS;
}

/* The vault opens, and with it Kx where there is a Ks. */
static enum wk_err unlock(void) {
  if (!WK_FINGER && wk_vault_is_open())
    return WK_OK;
  const enum wk_err err = wk_lock_open();
  if (err != WK_OK)
    return err;
  if (!wk_device_has_ks() || wk_device_key(&self.device, self.kx))
    return WK_OK;
  self.state = WK_DAMAGED;
  return WK_ERR_CORRUPT;
}

/* Nothing is to be done: what a finger opened closes. Kx goes with it, unless
 * the server's answer is still to come. */
static void rest(void) {
  if (self.state == WK_BUILDING || self.state == WK_KEYLESS)
    return; /* an enrolment is one visit */
  wk_vault_close();
  if (self.asked.index == 0)
    wk_wipe(self.kx, sizeof self.kx);
}

void wk_session_start(void) {
  memset(&self, 0, sizeof self);
  if (!wk_device_load(&self.device)) {
    wk_session_reset(); /* power may have failed in the last one */
    return;
  }
  self.state = WK_DAMAGED;
  if (wk_store_load(&self.store, &self.device.id, self.device.epoch,
                    self.device.n) != WK_OK)
    return;
  if (WK_FINGER || unlock() == WK_OK)
    self.state = state_of_store();
}

bool wk_session_work(void) {
  if (self.state == WK_BLANK || self.state == WK_DAMAGED)
    return false;
  const bool worked = wk_store_work(&self.store);
  self.state = state_of_store();
  if (WK_FINGER && !worked)
    rest();
  return worked;
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

static enum wk_err make_secrets(struct wk_device_secrets *secrets,
                                const struct wk_enrolment *e) {
  uint8_t random[WK_RANDOM_LEN];
  wk_pool_add(e->random, WK_RANDOM_LEN);
  wk_pool_take(secrets->seed);
  wk_pool_take(random);
  memcpy(secrets->bio_id, random, WK_BIO_LEN);
  const enum wk_err err = wk_lock_make(secrets->bio_id, random + WK_BIO_LEN);
  wk_wipe(random, sizeof random);
  if (err != WK_OK)
    wk_wipe(secrets, sizeof *secrets);
  return err;
}
_Static_assert(WK_BIO_LEN + WK_AES_KEY_LEN == WK_RANDOM_LEN, "one draw");

enum wk_err wk_session_enrol(const struct wk_enrolment *e) {
  if (self.state != WK_BLANK)
    return WK_ERR_EXISTS;
  if (e->n < WK_STORE_N_MIN || e->n > WK_STORE_N_MAX || !is_power_of_two(e->n))
    return WK_ERR_ARGUMENT;
  struct wk_device_secrets secrets;
  const enum wk_err err = make_secrets(&secrets, e);
  if (err != WK_OK)
    return err;
  self.device.id = e->id;
  self.device.epoch = 0;
  self.device.n = e->n;
  wk_store_create(&self.store, &e->id, 0, e->n);
  wk_device_write(&self.device, &secrets);
  self.state = WK_BUILDING;
  return WK_OK;
}

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
  wk_device_write_ks(&self.device, ks);
  self.state = WK_DAMAGED;
  if (!wk_device_key(&self.device, self.kx))
    return WK_ERR_IO;
  self.state = WK_READY;
  return WK_OK;
}

enum wk_err wk_session_public(uint8_t bio_id[WK_BIO_LEN],
                              uint8_t anchor[WK_VALUE_LEN]) {
  struct wk_device_secrets secrets;
  memset(bio_id, 0, WK_BIO_LEN);
  memset(anchor, 0, WK_VALUE_LEN);
  if (self.state == WK_BLANK || self.state == WK_DAMAGED)
    return WK_ERR_BUSY;
  enum wk_err err = open_for_enrolment();
  if (err != WK_OK)
    return err;
  if (self.state != WK_READY && self.state != WK_KEYLESS)
    return WK_ERR_BUSY;
  err = wk_store_anchor(&self.store, anchor);
  if (err != WK_OK)
    return err;
  if (!wk_device_open(&self.device, &secrets))
    return WK_ERR_KEY;
  memcpy(bio_id, secrets.bio_id, WK_BIO_LEN);
  wk_wipe(&secrets, sizeof secrets);
  return WK_OK;
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
static void remember(uint32_t index, const uint8_t x1[WK_X1_LEN],
                     const struct wk_wish *wish) {
  self.asked.index = index;
  memcpy(self.asked.x1, x1, WK_X1_LEN);
  self.asked.challenged = wish->challenge != NULL;
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

/* Not inlined: unlock() is as deep in the stack, and not at the same time. */
__attribute__((noinline)) static enum wk_err give(uint8_t x1[WK_X1_LEN],
                                                  const struct wk_wish *wish) {
  struct wk_header header = {.type = WK_X1, .epoch = self.device.epoch};
  struct wk_login login = {0};
  const struct wk_seal seal = {&self.device.id, self.kx, wish->challenge};
  enum wk_err err =
      wk_store_take(&self.store, wish->skip, login.x, &header.index);
  if (err != WK_OK)
    return err;
  login.time = time_to_send(wish->time);
  mix_nonce(header.nonce, wish->nonce);
  err = wk_login_seal(x1, &header, &login, &seal);
  wk_wipe(&login, sizeof login);
  remember(header.index, x1, wish);
  return err;
}

enum wk_err wk_session_login(uint8_t x1[WK_X1_LEN],
                             const struct wk_wish *wish) {
  memset(x1, 0, WK_X1_LEN);
  enum wk_err err = why_not();
  if (err == WK_OK)
    err = unlock();
  return err == WK_OK ? give(x1, wish) : err;
}

enum wk_err wk_session_answer(struct wk_reply *reply,
                              const uint8_t x4[WK_X4_LEN]) {
  struct wk_header header;
  const struct wk_seal seal = {&self.device.id, self.kx,
                               self.asked.challenged ? self.asked.challenge
                                                     : NULL};
  uint8_t digest[WK_DIGEST_LEN];
  memset(reply, 0, sizeof *reply);
  if (self.asked.index == 0)
    return WK_ERR_FORGED;
  wk_msg_digest(digest, self.asked.x1, WK_X1_LEN);
  if (wk_header_parse(&header, WK_X4, x4, WK_X4_LEN) != WK_OK ||
      header.epoch != self.device.epoch || header.index != self.asked.index ||
      wk_reply_open(reply, &header, x4, &seal) != WK_OK ||
      !wk_equal(reply->digest, digest, WK_DIGEST_LEN)) {
    wk_wipe(reply, sizeof *reply);
    return WK_ERR_FORGED;
  }
  self.asked.index = 0;
  return WK_OK;
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
  wk_counter_erase();
  wk_slots_clear(&self.store.slots, 0);
  wk_wipe(&self, sizeof self);
}

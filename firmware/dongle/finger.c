/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock that a finger opens. A live scan is never twice the same, so it
 * cannot be a key: the sensor matches it, and then gives out the template it
 * has stored. H = H("whitekey/1/bio" || template): its first half is bio_id
 * (protocol section 1), its second half wraps the vault's key.
 *
 * Two records, one for each of two pages of the sensor, take turns: a new
 * finger is whole on its page and in its record before the old one's record
 * becomes invalid. If power fails between these two, either opens, and the
 * first that does is the only one from then on.
 */
#include "lock.h"

#include <string.h>

#include <avr/io.h>
#include <util/delay_basic.h>

#include "layout.h"
#include "nv.h"
#include "pool.h"
#include "sensor.h"
#include "vault.h"

#include <whitekey/bytes.h>

#define PAGES 2u
#define NO_PAGE 0xffu
#define READINGS 3u
#define JUMPER _BV(PB1)
#define JUMPER_SETTLES 107u /* 20 microseconds */

static struct {
  enum wk_touch said;
  bool taught; /* the free page holds a finger that was just stored */
} self;

static uint16_t key_at(uint8_t page) {
  return page == 0 ? WK_AT_WRAPPED_0 : WK_AT_WRAPPED_1;
}

static uint16_t record_at(uint8_t page) {
  return WK_AT_LOCK + page * WK_LOCK_SIZE;
}

static uint8_t other(uint8_t page) {
  return page ^ 1u;
}

static struct wk_seal_name name_of(uint8_t page) {
  return (struct wk_seal_name){.kind = 'W', .number = page};
}

static bool is_used(uint8_t page) {
  return wk_nv_valid(record_at(page));
}

/* The first page from which a finger opens; NO_PAGE: there is no lock. */
static uint8_t first_used(void) {
  if (is_used(0))
    return 0;
  return is_used(1) ? 1 : NO_PAGE;
}

static uint8_t count_used(void) {
  return (uint8_t)(is_used(0) + is_used(1));
}

/* Wraps the vault's key; the record is the old one, none or the new one. */
static void keep(uint8_t page, const uint8_t hash[WK_HASH_LEN]) {
  const struct wk_seal_name name = name_of(page);
  uint8_t wrapped[WK_AES_KEY_LEN + WK_SEAL_TAG_LEN];
  wk_vault_wrap(wrapped, hash + WK_BIO_LEN, &name);
  wk_nv_invalidate(record_at(page));
  wk_nv_write_bytes(key_at(page), wrapped, WK_AES_KEY_LEN);
  wk_nv_write_bytes(record_at(page) + 1, wrapped + WK_AES_KEY_LEN,
                    WK_SEAL_TAG_LEN);
  wk_nv_validate(record_at(page));
  wk_nv_wait();
}

static enum wk_touch unwrap(uint8_t page, const uint8_t hash[WK_HASH_LEN]) {
  const struct wk_seal_name name = name_of(page);
  uint8_t key[WK_AES_KEY_LEN + WK_SEAL_TAG_LEN];
  wk_nv_read_bytes(key, key_at(page), WK_AES_KEY_LEN);
  wk_nv_read_bytes(key + WK_AES_KEY_LEN, record_at(page) + 1, WK_SEAL_TAG_LEN);
  const bool right = wk_vault_unwrap(key, hash + WK_BIO_LEN, &name);
  if (right)
    wk_vault_open(key);
  wk_wipe(key, sizeof key);
  return right ? WK_TOUCH_OK : WK_TOUCH_CHANGED;
}

static enum wk_touch verify(void) {
  uint8_t word[WK_SENSOR_PASSWORD_LEN];
  wk_nv_read_bytes(word, WK_AT_SENSOR, sizeof word);
  const enum wk_touch touch = wk_sensor_verify(word);
  wk_wipe(word, sizeof word);
  return touch;
}

/*
 * A sensor that has no password yet gets one, which the EEPROM has first. It
 * stays through a reset: otherwise nobody could use the sensor again.
 */
static enum wk_touch claim(void) {
  const uint8_t none[WK_SENSOR_PASSWORD_LEN] = {0};
  uint8_t random[WK_RANDOM_LEN];
  enum wk_touch touch = verify();
  if (touch != WK_TOUCH_REFUSED)
    return touch;
  touch = wk_sensor_verify(none);
  if (touch != WK_TOUCH_OK)
    return touch;
  wk_pool_take(random);
  wk_nv_write_bytes(WK_AT_SENSOR, random, WK_SENSOR_PASSWORD_LEN);
  wk_nv_wait();
  touch = wk_sensor_set_password(random);
  wk_wipe(random, sizeof random);
  return touch;
}

/* A finger that one of these pages has. */
static enum wk_touch match(uint8_t first, uint8_t count, uint8_t *page) {
  enum wk_touch touch = verify();
  if (touch == WK_TOUCH_OK)
    touch = wk_sensor_look(1);
  if (touch == WK_TOUCH_OK)
    touch = wk_sensor_search(first, count, page);
  return touch;
}

static enum wk_touch match_and_open(uint8_t *page) {
  const uint8_t first = first_used();
  uint8_t hash[WK_HASH_LEN];
  if (first == NO_PAGE)
    return WK_TOUCH_CHANGED;
  enum wk_touch touch = match(first, count_used(), page);
  if (touch == WK_TOUCH_OK)
    touch = wk_sensor_hash(hash, *page);
  if (touch == WK_TOUCH_OK)
    touch = unwrap(*page, hash);
  wk_wipe(hash, sizeof hash);
  if (touch == WK_TOUCH_OK)
    wk_nv_invalidate(record_at(other(*page)));
  return touch;
}

/* Whether a sensor gives a template out bit by bit the same is disputed. */
static enum wk_touch read_often(uint8_t hash[WK_HASH_LEN], uint8_t page) {
  uint8_t again[WK_HASH_LEN];
  enum wk_touch touch = wk_sensor_hash(hash, page);
  for (uint8_t i = 1; i < READINGS && touch == WK_TOUCH_OK; i++) {
    touch = wk_sensor_hash(again, page);
    if (touch == WK_TOUCH_OK && !wk_equal(hash, again, sizeof again))
      touch = WK_TOUCH_CHANGED;
  }
  wk_wipe(again, sizeof again);
  return touch;
}

static enum wk_err done(enum wk_touch touch) {
  wk_sensor_close();
  self.said = touch;
  return touch == WK_TOUCH_OK ? WK_OK : WK_ERR_KEY;
}

enum wk_touch wk_lock_said(void) {
  return self.said;
}

enum wk_err wk_lock_open(void) {
  uint8_t page = 0;
  wk_sensor_open();
  return done(match_and_open(&page));
}

enum wk_err wk_lock_make(uint8_t bio_id[WK_BIO_LEN],
                         const uint8_t key[WK_AES_KEY_LEN]) {
  uint8_t hash[WK_HASH_LEN];
  uint8_t page = 0;
  wk_sensor_open();
  enum wk_touch touch = match(0, 1, &page);
  if (touch == WK_TOUCH_OK)
    touch = read_often(hash, page);
  if (touch == WK_TOUCH_OK) {
    memcpy(bio_id, hash, WK_BIO_LEN);
    wk_vault_open(key);
    keep(page, hash);
    self.taught = false;
  }
  wk_wipe(hash, sizeof hash);
  return done(touch);
}

void wk_lock_destroy(void) {
  wk_vault_close();
  for (uint8_t page = 0; page < PAGES; page++) {
    wk_nv_invalidate(record_at(page));
    for (uint8_t i = 0; i < WK_AES_KEY_LEN; i++)
      wk_nv_write(key_at(page) + i, 0);
  }
}

static enum wk_touch first_look(void) {
  const enum wk_touch touch = first_used() == NO_PAGE ? claim() : verify();
  return touch == WK_TOUCH_OK ? wk_sensor_look(1) : touch;
}

static enum wk_touch second_look(void) {
  enum wk_touch touch = verify();
  if (touch == WK_TOUCH_OK)
    touch = wk_sensor_look(2);
  if (touch == WK_TOUCH_OK)
    touch = wk_sensor_store(first_used() == 0 ? 1 : 0);
  self.taught = touch == WK_TOUCH_OK;
  return touch;
}

/* The old finger opens the vault: its key is wrapped for the new one too. */
static enum wk_touch replace(void) {
  uint8_t old = 0;
  uint8_t hash[WK_HASH_LEN];
  enum wk_touch touch = match_and_open(&old);
  if (touch == WK_TOUCH_OK)
    touch = read_often(hash, other(old));
  if (touch == WK_TOUCH_OK) {
    keep(other(old), hash);
    wk_nv_invalidate(record_at(old));
    wk_nv_wait();
    (void)wk_sensor_delete(old, 1); /* no finger opens with it any more */
    self.taught = false;
  }
  wk_wipe(hash, sizeof hash);
  return touch;
}

enum wk_err wk_lock_teach(uint8_t step) {
  if (step < 1 || step > 3)
    return WK_ERR_ARGUMENT;
  if (count_used() == PAGES || (step == 3 && !self.taught) ||
      (step == 3 && count_used() == 0))
    return WK_ERR_MISSING;
  wk_sensor_open();
  if (step == 1)
    return done(first_look());
  return done(step == 2 ? second_look() : replace());
}

enum wk_err wk_lock_may_erase(void) {
  PORTB |= JUMPER; /* pulled up, unless it is bridged to ground */
  _delay_loop_1(JUMPER_SETTLES);
  return (PINB & JUMPER) == 0 ? WK_OK : wk_lock_open();
}

void wk_lock_forget(void) {
  wk_sensor_open();
  enum wk_touch touch = verify();
  if (touch == WK_TOUCH_OK)
    touch = wk_sensor_delete(0, PAGES);
  (void)done(touch);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor.h"

#include <avr/pgmspace.h>

#include "sha256.h"
#include "softuart.h"

#include <whitekey/bytes.h>
#include <whitekey/id.h>

enum pid { COMMAND = 0x01, DATA = 0x02, ACK = 0x07, LAST_DATA = 0x08 };

enum op {
  TAKE_IMAGE = 0x01,
  IMAGE_TO_BUFFER = 0x02,
  SEARCH = 0x04,
  COMBINE = 0x05,
  STORE = 0x06,
  LOAD = 0x07,
  UPLOAD = 0x08,
  DELETE = 0x0c,
  SET_PASSWORD = 0x12,
  VERIFY_PASSWORD = 0x13
};

#define ANSWER_TIME 500u /* rounds of 4 ms */
#define SUM_LEN 2u

static struct {
  enum wk_touch trouble; /* the first of this answer; nothing counts then */
  bool heard;            /* something at all */
  uint16_t sum;
} line;

static void send(uint8_t byte) {
  line.sum += byte;
  wk_softuart_send(byte);
}

static void send_packet(const uint8_t *payload, uint8_t len) {
  wk_softuart_expect(ANSWER_TIME);
  line.trouble = WK_TOUCH_OK;
  line.heard = false;
  send(0xef);
  send(0x01);
  for (uint8_t i = 0; i < 4; i++)
    send(0xff);
  line.sum = 0;
  send(COMMAND);
  send(0);
  send((uint8_t)(len + SUM_LEN));
  while (len-- > 0)
    send(*payload++);
  const uint16_t sum = line.sum;
  send((uint8_t)(sum >> 8));
  send((uint8_t)sum);
}

/* Zero once there was trouble. */
static uint8_t get(void) {
  uint8_t byte = 0;
  if (line.trouble != WK_TOUCH_OK)
    return 0;
  if (!wk_softuart_get(&byte)) {
    line.trouble = line.heard ? WK_TOUCH_NOISE : WK_TOUCH_SILENT;
    return 0;
  }
  line.heard = true;
  line.sum += byte;
  return byte;
}

static void want(bool right) {
  if (!right && line.trouble == WK_TOUCH_OK)
    line.trouble = WK_TOUCH_NOISE;
}

/* A packet up to its payload, whose length is given. */
static enum pid begin_packet(uint16_t *len) {
  want(get() == 0xef);
  want(get() == 0x01);
  for (uint8_t i = 0; i < 4; i++)
    want(get() == 0xff);
  line.sum = 0;
  const uint8_t pid = get();
  *len = (uint16_t)(get() << 8);
  *len = (uint16_t)(*len | get());
  want(*len >= SUM_LEN);
  *len -= SUM_LEN;
  return (enum pid)pid;
}

static void end_packet(void) {
  const uint16_t sum = line.sum;
  want(get() == sum >> 8);
  want(get() == (sum & 0xffu));
}

static enum wk_touch meaning(uint8_t code) {
  switch (code) {
  case 0x00:
    return WK_TOUCH_OK;
  case 0x01: /* our packet came damaged */
    return WK_TOUCH_NOISE;
  case 0x02:
    return WK_TOUCH_NO_FINGER;
  case 0x03: /* no image; 06, 07, 15: a poor one; 0a: two that differ */
  case 0x06:
  case 0x07:
  case 0x0a:
  case 0x15:
    return WK_TOUCH_UNREADABLE;
  case 0x08:
  case 0x09:
    return WK_TOUCH_STRANGER;
  default:
    return WK_TOUCH_REFUSED;
  }
}

/* Sends a command and reads the answer: a code and up to `cap` bytes. */
static enum wk_touch ask(const uint8_t *payload, uint8_t len, uint8_t *more,
                         uint8_t cap) {
  uint16_t left = 0;
  send_packet(payload, len);
  want(begin_packet(&left) == ACK);
  want(left >= 1 && left <= cap + 1u);
  const uint8_t code = get();
  while (line.trouble == WK_TOUCH_OK && left-- > 1)
    *more++ = get();
  end_packet();
  return line.trouble == WK_TOUCH_OK ? meaning(code) : line.trouble;
}

void wk_sensor_open(void) {
  wk_softuart_open();
}

void wk_sensor_close(void) {
  wk_softuart_close();
}

/* Constants would stand in RAM all the time: these are made when needed. */
static enum wk_touch simple(enum op op) {
  const uint8_t said[] = {(uint8_t)op};
  return ask(said, sizeof said, NULL, 0);
}

static enum wk_touch on_page(enum op op, uint8_t buffer, uint8_t page) {
  const uint8_t said[] = {(uint8_t)op, buffer, 0, page};
  return ask(said, sizeof said, NULL, 0);
}

static enum wk_touch password(enum op op,
                              const uint8_t word[WK_SENSOR_PASSWORD_LEN]) {
  const uint8_t said[] = {(uint8_t)op, word[0], word[1], word[2], word[3]};
  return ask(said, sizeof said, NULL, 0);
}

enum wk_touch wk_sensor_verify(const uint8_t word[WK_SENSOR_PASSWORD_LEN]) {
  return password(VERIFY_PASSWORD, word);
}

enum wk_touch
wk_sensor_set_password(const uint8_t word[WK_SENSOR_PASSWORD_LEN]) {
  return password(SET_PASSWORD, word);
}

static enum wk_touch on_buffer(enum op op, uint8_t buffer) {
  const uint8_t said[] = {(uint8_t)op, buffer};
  return ask(said, sizeof said, NULL, 0);
}

enum wk_touch wk_sensor_look(uint8_t buffer) {
  const enum wk_touch touch = simple(TAKE_IMAGE);
  return touch == WK_TOUCH_OK ? on_buffer(IMAGE_TO_BUFFER, buffer) : touch;
}

enum wk_touch wk_sensor_search(uint8_t first, uint8_t count, uint8_t *page) {
  const uint8_t said[] = {SEARCH, 1, 0, first, 0, count};
  uint8_t found[4] = {0}; /* page, score */
  const enum wk_touch touch = ask(said, sizeof said, found, sizeof found);
  *page = found[1];
  if (touch != WK_TOUCH_OK)
    return touch;
  const bool asked_for = found[0] == 0 && (uint8_t)(*page - first) < count;
  return asked_for ? WK_TOUCH_OK : WK_TOUCH_STRANGER;
}

enum wk_touch wk_sensor_store(uint8_t page) {
  const enum wk_touch touch = simple(COMBINE);
  return touch == WK_TOUCH_OK ? on_page(STORE, 1, page) : touch;
}

enum wk_touch wk_sensor_delete(uint8_t first, uint8_t count) {
  const uint8_t said[] = {DELETE, 0, first, 0, count};
  return ask(said, sizeof said, NULL, 0);
}

/* Packets of any size: some sensors are set to 32 bytes, others to 256. */
static void hash_upload(struct wk_avr_hash *hash) {
  uint16_t left = WK_TEMPLATE_LEN;
  enum pid pid = DATA;
  while (pid == DATA && line.trouble == WK_TOUCH_OK) {
    uint16_t len = 0;
    pid = begin_packet(&len);
    want((pid == DATA || pid == LAST_DATA) && len <= left);
    for (left -= len; len > 0 && line.trouble == WK_TOUCH_OK; len--) {
      const uint8_t byte = get();
      wk_avr_hash_add(hash, &byte, 1);
    }
    end_packet();
  }
  want(left == 0);
}

enum wk_touch wk_sensor_hash(uint8_t hash[WK_HASH_LEN], uint8_t page) {
  static const char label[] PROGMEM = "whitekey/1/bio";
  uint8_t prefix[sizeof label - 1];
  struct wk_avr_hash h;
  enum wk_touch touch = on_page(LOAD, 2, page);
  if (touch == WK_TOUCH_OK)
    touch = on_buffer(UPLOAD, 2);
  if (touch != WK_TOUCH_OK)
    return touch;
  memcpy_P(prefix, label, sizeof prefix);
  wk_avr_hash_begin(&h);
  wk_avr_hash_add(&h, prefix, sizeof prefix);
  hash_upload(&h);
  wk_avr_hash_end(&h, hash);
  if (line.trouble != WK_TOUCH_OK)
    wk_wipe(hash, WK_HASH_LEN);
  return line.trouble;
}

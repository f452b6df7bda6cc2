/* SPDX-License-Identifier: Apache-2.0 */
#include "mqtt.h"

#include <avr/io.h>
#include <avr/pgmspace.h>
#include <util/delay_basic.h>

#include "clock.h"
#include "packet.h"
#include "pool.h"
#include "session.h"

#define STRAP _BV(PC0)
#define STRAP_SETTLES 107u /* 20 microseconds */
#define ANALOG 1u          /* ADC1 is PC1 */

/* Seconds. */
#define PATIENCE 5u       /* for an answer while logging in */
#define PERIOD 5u         /* between readings; one without an answer ends it */
#define KEEP_ALIVE 15u    /* told to the server */
#define PAUSE_LOG_MAX 6u  /* 64 s between tries that cost nothing, */
#define SPENT_LOG_MAX 10u /* 17 minutes after those that cost an index */

#define REFUSALS_MAX 7u /* 1, 2, 4 .. 64 indices: protocol section 2 */

enum step {
  PAUSING, /* until due */
  CALLING, /* CONNECT is out */
  PROVING, /* the challenge is answered */
  ONLINE   /* the server has proven itself */
};

static struct {
  enum step step;
  uint32_t due;     /* end of the pause, of patience, of the period */
  uint8_t failures; /* since the last login */
  uint8_t refusals; /* of them, counted for the skip */
  bool refused;     /* the last login */
} self;

static void set_due(uint32_t seconds) {
  self.due = wk_clock_now() + seconds;
}

/* ---- packets ------------------------------------------------------------ */

static const char method[] PROGMEM = "WHITEKEY-CHALLENGE";
#define METHOD_LEN ((uint8_t)(sizeof method - 1))
#define AUTH_METHOD 0x15u
#define AUTH_DATA 0x16u
#define MAX_PACKET 0x27u
#define AUTH_LEN(data) (uint8_t)(6u + METHOD_LEN + (data))

static void send_name(void) {
  const struct wk_id *id = &wk_session_device()->id;
  wk_packet_bytes(id->did, id->did_len);
}

static void send_auth_head(uint8_t data_len) {
  wk_packet_u8(AUTH_METHOD);
  wk_packet_be16(METHOD_LEN);
  wk_packet_flash(method, METHOD_LEN);
  wk_packet_u8(AUTH_DATA);
  wk_packet_be16(data_len);
}

/* Clean start; the client id is the device's name, as its authentication data
 * is: protocol section 5. */
static void send_connect(void) {
  static const char head[] PROGMEM = {0,   4, 'M', 'Q', 'T',
                                      'T', 5, 2,   0,   KEEP_ALIVE};
  const uint8_t did_len = wk_session_device()->id.did_len;
  const uint8_t props = (uint8_t)(5u + AUTH_LEN(1u + did_len));
  wk_packet_begin(WK_CONNECT,
                  (uint8_t)(sizeof head + 1u + props + 2u + did_len));
  wk_packet_flash(head, sizeof head);
  wk_packet_u8(props);
  wk_packet_u8(MAX_PACKET);
  wk_packet_be16(0);
  wk_packet_be16(WK_PACKET_MAX);
  send_auth_head((uint8_t)(1u + did_len));
  wk_packet_u8(did_len);
  send_name();
  wk_packet_be16(did_len);
  send_name();
}

static void send_answer(const uint8_t x1[WK_X1_LEN]) {
  wk_packet_begin(WK_AUTH, 2u + AUTH_LEN(WK_X1_LEN));
  wk_packet_u8(0x18);
  wk_packet_u8(AUTH_LEN(WK_X1_LEN));
  send_auth_head(WK_X1_LEN);
  wk_packet_bytes(x1, WK_X1_LEN);
}

/* ---- a connection's ends ------------------------------------------------ */

static void pause(void) {
  const uint8_t most = self.step == PROVING ? SPENT_LOG_MAX : PAUSE_LOG_MAX;
  const uint32_t seconds = UINT32_C(1)
                           << (self.failures < most ? self.failures : most);
  if (self.failures < SPENT_LOG_MAX)
    self.failures++;
  self.step = PAUSING;
  /* Half as much by chance: a fleet is not to come back in one second. */
  set_due(seconds + (seconds * TCNT1L >> 9));
}

static void hang_up(void) {
  wk_packet_begin(WK_DISCONNECT, 0);
  pause();
}

static void call(void) {
  wk_packet_restart();
  send_connect();
  self.step = CALLING;
  set_due(PATIENCE);
}

/* ---- the login ---------------------------------------------------------- */

/* Section 2: 1, 2, 4 .. R indices once since the last success, then 1 each; a
 * jump past the end tries the last one. */
static uint8_t skip(void) {
  if (!self.refused || self.refusals >= REFUSALS_MAX)
    return 0;
  const uint8_t wanted = (uint8_t)((1u << self.refusals++) - 1u);
  const struct wk_store *s = wk_session_store();
  const uint32_t next = wk_store_next(s, wk_update_which(s));
  const uint32_t n = wk_session_device()->n;
  const uint32_t most = next < n ? n - next : 0;
  return wanted < most ? wanted : (uint8_t)most;
}

/* The chip has no clock: a challenge makes the message fresh instead, and an
 * index is spent only when a server is there. */
static void on_auth(struct wk_reader *body) {
  uint8_t x1[WK_X1_LEN];
  struct wk_wish wish = {.time = 0};
  (void)wk_read_u8(body); /* the reason: continue */
  wish.challenge = wk_packet_auth_data(body, WK_CHALLENGE_LEN);
  if (self.step != CALLING || !wish.challenge) {
    hang_up();
    return;
  }
  wish.skip = skip();
  self.refused = false;
  if (wk_session_login(x1, &wish) != WK_OK) {
    hang_up();
    return;
  }
  send_answer(x1);
  self.step = PROVING;
  set_due(PATIENCE);
}

static void on_connack(struct wk_reader *body) {
  struct wk_reply reply;
  (void)wk_read_u8(body); /* the session: none, by clean start */
  const uint8_t code = wk_read_u8(body);
  if (code == 0x86 || code == 0x87)
    self.refused = self.step == PROVING;
  const uint8_t *x4 = wk_packet_auth_data(body, WK_X4_LEN);
  if (code != 0 || self.step != PROVING || !x4 ||
      wk_session_answer(&reply, x4) != WK_OK) {
    hang_up();
    return;
  }
  self.failures = 0;
  self.refusals = 0;
  self.step = ONLINE;
  set_due(0);
}

/* ---- the session -------------------------------------------------------- */

static uint16_t read_analog(void) {
  ADMUX = _BV(REFS0) | ANALOG; /* of the supply */
  ADCSRA = _BV(ADEN) | _BV(ADSC) | _BV(ADPS2) | _BV(ADPS1) | _BV(ADPS0);
  while (ADCSRA & _BV(ADSC)) {
  }
  ADCSRA = 0;
  return ADC;
}

/* In digits; gives where they begin in text, which ends with them. */
static uint8_t decimal(char text[10], uint32_t value) {
  uint8_t at = 10;
  do {
    text[--at] = (char)('0' + value % 10);
    value /= 10;
  } while (value != 0);
  return at;
}

static void publish_reading(void) {
  static const char topic[] PROGMEM = "sensors//analog";
  static const char parts[] PROGMEM = "{\"analog\":,\"uptime\":}";
  enum { ROOT = 8, LEAF = 7, FIRST = 10, SECOND = 10, LAST = 1 };
  _Static_assert(ROOT + LEAF == sizeof topic - 1, "topic");
  _Static_assert(FIRST + SECOND + LAST == sizeof parts - 1, "payload");
  const uint8_t did_len = wk_session_device()->id.did_len;
  char analog[10];
  char uptime[10];
  const uint8_t a = decimal(analog, read_analog());
  const uint8_t u = decimal(uptime, wk_clock_now());
  wk_packet_begin(WK_PUBLISH, (uint8_t)(2u + sizeof topic - 1u + did_len + 1u +
                                        sizeof parts - 1u + 20u - a - u));
  wk_packet_be16((uint16_t)(sizeof topic - 1u + did_len));
  wk_packet_flash(topic, ROOT);
  send_name();
  wk_packet_flash(topic + ROOT, LEAF);
  wk_packet_u8(0); /* no properties */
  wk_packet_flash(parts, FIRST);
  wk_packet_bytes(analog + a, (uint8_t)(10u - a));
  wk_packet_flash(parts + FIRST, SECOND);
  wk_packet_bytes(uptime + u, (uint8_t)(10u - u));
  wk_packet_flash(parts + FIRST + SECOND, LAST);
}

/* As text, QoS 1: protocol section 6.1. */
static void publish_update(const uint8_t x3[WK_X3_LEN]) {
  static const char topic[] PROGMEM = "whitekey/v1//x3";
  enum { ROOT = 12, LEAF = 3, ID = 1 };
  _Static_assert(ROOT + LEAF == sizeof topic - 1, "topic");
  const uint8_t did_len = wk_session_device()->id.did_len;
  char text[5];
  wk_packet_begin(WK_PUBLISH | WK_PUBLISH_QOS1,
                  (uint8_t)(2u + sizeof topic - 1u + did_len + 2u + 1u +
                            WK_B64_LEN(WK_X3_LEN)));
  wk_packet_be16((uint16_t)(sizeof topic - 1u + did_len));
  wk_packet_flash(topic, ROOT);
  send_name();
  wk_packet_flash(topic + ROOT, LEAF);
  wk_packet_be16(ID);
  wk_packet_u8(0); /* no properties */
  for (uint8_t at = 0; at < WK_X3_LEN; at = (uint8_t)(at + 3u)) {
    const uint8_t left = (uint8_t)(WK_X3_LEN - at);
    const uint8_t len = (uint8_t)(left < 3 ? left : 3u);
    wk_b64_write(text, x3 + at, len);
    wk_packet_bytes(text, (uint8_t)WK_B64_LEN(len));
  }
}

/* No host adds chance to the next seed: it is made of this one and the chip's
 * own. */
static void update_key(void) {
  uint8_t x3[WK_X3_LEN] = {0};
  if (wk_session_update(x3, WK_UPDATE_DUE, x3) == WK_OK)
    publish_update(x3);
}

/* Nothing is subscribed to: it is the answer to a key update, which the next
 * login tells as well. It wants to be acknowledged. */
static void on_publish(uint8_t first, struct wk_reader *body) {
  (void)wk_read_view(body, wk_read_be16(body));
  const uint16_t id = wk_read_be16(body);
  if ((first & WK_PUBLISH_QOS1) == 0 || !body->ok)
    return;
  wk_packet_begin(WK_PUBACK, 2);
  wk_packet_be16(id);
}

static void obey(uint8_t first, struct wk_reader *body) {
  const uint8_t type = first & 0xf0u;
  if (type == WK_AUTH)
    on_auth(body);
  else if (type == WK_CONNACK)
    on_connack(body);
  else if (type == WK_PUBLISH && self.step == ONLINE)
    on_publish(first, body);
  else
    pause(); /* DISCONNECT */
}

static bool on_packet(void) {
  struct wk_reader body;
  const uint8_t first = wk_packet_take(&body);
  if (first == 0)
    return false;
  wk_pool_add(NULL, 0); /* when it came is somewhat by chance */
  if (self.step != PAUSING)
    obey(first, &body);
  wk_packet_done();
  return true;
}

static void on_due(void) {
  switch (self.step) {
  case PAUSING:
    if (wk_session_state() == WK_READY)
      call();
    break;
  case CALLING:
  case PROVING:
    pause();
    break;
  case ONLINE:
    if (!wk_packet_heard()) {
      pause();
      break;
    }
    publish_reading();
    update_key();
    wk_packet_begin(WK_PINGREQ, 0);
    set_due(PERIOD);
    break;
  }
}

/* ---- life --------------------------------------------------------------- */

bool wk_mqtt_is_wanted(void) {
  PORTC |= STRAP; /* pulled up, unless it is bridged to ground */
  _delay_loop_1(STRAP_SETTLES);
  return (PINC & STRAP) == 0;
}

bool wk_mqtt_work(void) {
  if (on_packet())
    return true;
  if ((int32_t)(wk_clock_now() - self.due) < 0)
    return false;
  on_due();
  return self.step != PAUSING;
}

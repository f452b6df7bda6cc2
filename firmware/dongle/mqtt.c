/* SPDX-License-Identifier: Apache-2.0 */
#include "mqtt.h"

#include <avr/io.h>
#include <util/delay_basic.h>

#include "clock.h"
#include "packet.h"
#include "pool.h"
#include "say.h"
#include "session.h"

#define STRAP _BV(PC0)
#define STRAP_SETTLES 107u /* 20 microseconds */

/* Seconds. */
#define PATIENCE 5u       /* for an answer while logging in */
#define PERIOD 5u         /* between readings; one without an answer ends it */
#define PAUSE_LOG_MAX 6u  /* 64 s between tries that cost nothing, */
#define SPENT_LOG_MAX 10u /* 17 minutes after those that cost an index */

/* Reason codes of MQTT 5, table 2-6. */
#define BAD_PASSWORD 0x86u
#define NOT_AUTHORIZED 0x87u

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
  wk_say_bye();
  pause();
}

static void call(void) {
  wk_packet_restart();
  wk_say_connect();
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

/* The authentication data of that length; NULL: there are none. */
static const uint8_t *auth_data(const struct wk_span *props, size_t len) {
  struct wk_mqtt_prop data;
  if (!wk_mqtt_prop_find(props, WK_MQTT_AUTH_DATA, &data) ||
      data.data.len != len)
    return NULL;
  return data.data.data;
}

__attribute__((noinline)) static const uint8_t *
challenge_of(const struct wk_mqtt_frame *frame) {
  struct wk_mqtt_notice auth;
  if (wk_mqtt_notice_parse(&auth, WK_MQTT_5, frame) != WK_OK ||
      auth.code != WK_MQTT_CONTINUE)
    return NULL;
  return auth_data(&auth.props, WK_CHALLENGE_LEN);
}

/* The chip has no clock: a challenge makes the message fresh instead, and an
 * index is spent only when a server is there. */
static void on_auth(const struct wk_mqtt_frame *frame) {
  uint8_t x1[WK_X1_LEN];
  struct wk_wish wish = {.time = 0};
  wish.challenge = challenge_of(frame);
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
  wk_say_login(x1);
  self.step = PROVING;
  set_due(PATIENCE);
}

/* Its X4; NULL: it is none, or lets nobody in. */
__attribute__((noinline)) static const uint8_t *
proof_of(const struct wk_mqtt_frame *frame) {
  struct wk_mqtt_connack connack;
  if (wk_mqtt_connack_parse(&connack, WK_MQTT_5, frame) != WK_OK)
    return NULL;
  if (connack.code == NOT_AUTHORIZED || connack.code == BAD_PASSWORD)
    self.refused = self.step == PROVING;
  return connack.code == 0 ? auth_data(&connack.props, WK_X4_LEN) : NULL;
}

static void on_connack(const struct wk_mqtt_frame *frame) {
  struct wk_reply reply;
  const uint8_t *x4 = proof_of(frame);
  if (!x4 || self.step != PROVING || wk_session_answer(&reply, x4) != WK_OK) {
    hang_up();
    return;
  }
  self.failures = 0;
  self.refusals = 0;
  self.step = ONLINE;
  set_due(0);
}

/* ---- the session -------------------------------------------------------- */

/* No host adds chance to the next seed: it is made of this one and the chip's
 * own. */
static void update_key(void) {
  uint8_t x3[WK_X3_LEN] = {0};
  if (wk_session_update(x3, WK_UPDATE_DUE, x3) == WK_OK) {
    wk_say_listening();
    wk_say_update(x3);
  }
}

/* An X4 has to answer the X3 of this session: protocol section 6.2. */
static bool is_right(const struct wk_mqtt_publish *message) {
  uint8_t x4[WK_X4_LEN];
  struct wk_reply reply;
  return wk_b64_parse(x4, sizeof x4, (const char *)message->payload.data,
                      message->payload.len) == WK_OK &&
         wk_session_answer(&reply, x4) == WK_OK;
}

/* Nothing else is subscribed to: what comes is the answer to a key update. */
static void on_publish(const struct wk_mqtt_frame *frame) {
  struct wk_mqtt_publish message;
  const bool parsed =
      wk_mqtt_publish_parse(&message, WK_MQTT_5, frame) == WK_OK;
  if (parsed && message.qos == 1)
    wk_say_received(message.id);
  if (!parsed || !is_right(&message))
    hang_up();
}

static void obey(const struct wk_mqtt_frame *frame) {
  if (frame->type == WK_MQTT_AUTH)
    on_auth(frame);
  else if (frame->type == WK_MQTT_CONNACK)
    on_connack(frame);
  else if (frame->type == WK_MQTT_PUBLISH && self.step == ONLINE)
    on_publish(frame);
  else
    pause(); /* DISCONNECT */
}

static bool on_packet(void) {
  struct wk_mqtt_frame frame;
  if (!wk_packet_take(&frame))
    return false;
  wk_pool_add(NULL, 0); /* when it came is somewhat by chance */
  if (self.step != PAUSING)
    obey(&frame);
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
    wk_say_reading();
    update_key();
    wk_say_ping();
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

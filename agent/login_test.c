/* SPDX-License-Identifier: Apache-2.0 */
/* The conversation, with every broker that a test can think of. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <string.h>

#include "proof_fixture.h"

#define X4_TOPIC "whitekey/v1/thermo-1/x4"

static struct wk_credential credential;
static struct login login;

static void end(void) {
  login_end(&login);
  wk_client_free(login.client);
}

TestSuite(login, .fini = end);

static void begin_asked(const struct wk_mqtt_connect *asked,
                        enum login_method method) {
  login = (struct login){.client = proof_client(&credential),
                         .method = method,
                         .when = WK_UPDATE_NEVER};
  cr_assert_eq(login_begin(&login, asked), WK_OK, "%s", login.why.text);
}

static void begin(enum wk_mqtt_version version, enum login_method method) {
  const struct wk_mqtt_connect asked = proof_asked(version);
  begin_asked(&asked, method);
}

static void begin_lasting(void) {
  struct wk_mqtt_connect asked = proof_asked(WK_MQTT_311);
  asked.clean = false;
  begin_asked(&asked, LOGIN_PLAIN);
}

/* The broker's packet. */
static void hear(const uint8_t *packet, size_t len) {
  struct wk_mqtt_frame frame;
  cr_assert_eq(wk_mqtt_frame(&frame, packet, len, len), WK_MQTT_WHOLE);
  cr_assert(login_packet(&login, &frame, packet));
}

#define HEAR(...)                                                             \
  hear((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* CONNACK 0 of MQTT 5 with these authentication properties, and another. */
static void connack_5(const char *method, const uint8_t *data, size_t len) {
  uint8_t props[256];
  uint8_t packet[300];
  struct wk_writer p;
  struct wk_writer w;
  const struct wk_mqtt_prop all[] = {
      {.id = WK_MQTT_RECEIVE_MAX, .number = 7},
      {.id = WK_MQTT_AUTH_METHOD,
       .data = {(const uint8_t *)method, strlen(method)}},
      {.id = WK_MQTT_AUTH_DATA, .data = {data, len}}};
  wk_writer_init(&p, props, sizeof props);
  for (size_t i = 0; i < (len > 0 ? 3 : 1); i++)
    wk_mqtt_prop_write(&p, &all[i]);
  const struct wk_mqtt_connack connack = {.props = {props, p.used}};
  wk_writer_init(&w, packet, sizeof packet);
  cr_assert_eq(wk_mqtt_connack_write(&w, WK_MQTT_5, &connack), WK_OK);
  hear(packet, w.used);
}

static void message(const char *topic, const char *payload, uint8_t qos) {
  uint8_t packet[300];
  struct wk_writer w;
  const struct wk_mqtt_publish publish = {
      .qos = qos,
      .id = qos > 0 ? 9 : 0,
      .topic = {(const uint8_t *)topic, strlen(topic)},
      .payload = {(const uint8_t *)payload, strlen(payload)}};
  wk_writer_init(&w, packet, sizeof packet);
  cr_assert_eq(wk_mqtt_publish_write(&w, WK_MQTT_311, &publish), WK_OK);
  hear(packet, w.used);
}

/* The type of the only packet that waits for the broker; takes it off. */
static enum wk_mqtt_type said(void) {
  struct wk_mqtt_frame frame;
  cr_assert_eq(wk_mqtt_frame(&frame, buffer_at(&login.to_broker),
                             login.to_broker.len, LOGIN_CONNECT_MAX),
               WK_MQTT_WHOLE);
  cr_assert_eq(frame.len, login.to_broker.len);
  buffer_drop(&login.to_broker, frame.len);
  return frame.type;
}

static void expect_failure(const char *words) {
  cr_assert_eq(login.step, LOGIN_FAILED);
  cr_assert(strstr(login.why.text, words), "%s", login.why.text);
  cr_assert_eq(login.code, login_unavailable(login.version));
}

/* ---- MQTT 5 ------------------------------------------------------------- */

Test(login, mqtt_5__proof_is_checked_and_kept_from_the_client) {
  static const uint8_t want[] = {0x20, 6, 0, 0, 3, 0x21, 0, 7};
  uint8_t x4[WK_X4_LEN];
  begin(WK_MQTT_5, LOGIN_PLAIN);
  cr_assert(proof_answer(x4, &login, &credential, NULL));
  connack_5("WHITEKEY", x4, sizeof x4);
  cr_assert_eq(login.step, LOGIN_DONE, "%s", login.why.text);
  cr_assert_eq(login.to_client.len, sizeof want);
  cr_assert_eq(memcmp(buffer_at(&login.to_client), want, sizeof want), 0);
}

Test(login, mqtt_5__no_proof_or_a_wrong_one_fails) {
  uint8_t x4[WK_X4_LEN];
  for (int wrong = 0; wrong < 4; wrong++) {
    begin(WK_MQTT_5, LOGIN_PLAIN);
    cr_assert(proof_answer(x4, &login, &credential, NULL));
    x4[WK_X4_LEN - 1] ^= wrong == 0;
    connack_5(wrong == 1 ? "WHITEKEY-CHALLENGE" : "WHITEKEY", x4,
              wrong == 2   ? 0
              : wrong == 3 ? WK_X4_LEN - 1
                           : WK_X4_LEN);
    expect_failure("did not prove itself");
    cr_assert_eq(login.to_client.len, 0u);
    if (wrong < 3)
      end();
  }
}

Test(login, mqtt_5__challenge_is_answered) {
  static const uint8_t auth[] = {
      0xf0, 42,  0x18, 40,   0x15, 0,   18,  'W', 'H', 'I', 'T',
      'E',  'K', 'E',  'Y',  '-',  'C', 'H', 'A', 'L', 'L', 'E',
      'N',  'G', 'E',  0x16, 0,    16,  0,   1,   2,   3,   4,
      5,    6,   7,    8,    9,    10,  11,  12,  13,  14,  15};
  uint8_t x4[WK_X4_LEN];
  begin(WK_MQTT_5, LOGIN_CHALLENGE);
  cr_assert(!proof_answer(x4, &login, &credential, NULL));
  cr_assert_eq(said(), WK_MQTT_CONNECT);
  hear(auth, sizeof auth);
  cr_assert(proof_answer(x4, &login, &credential, auth + 28));
  cr_assert_eq(said(), WK_MQTT_AUTH);
  connack_5("WHITEKEY-CHALLENGE", x4, sizeof x4);
  cr_assert_eq(login.step, LOGIN_DONE, "%s", login.why.text);
}

Test(login, mqtt_5__challenge_that_is_none_spends_nothing) {
  struct wk_otp otp;
  struct wk_header header;
  begin(WK_MQTT_5, LOGIN_CHALLENGE);
  HEAR(0xf0, 0); /* AUTH without anything */
  expect_failure("no challenge");
  cr_assert_eq(wk_client_next(login.client, NULL, &otp, NULL), WK_OK);
  cr_assert_eq(wk_header_parse(&header, WK_X1, otp.x1, WK_X1_LEN), WK_OK);
  cr_assert_eq(header.index, 1u);
}

Test(login, mqtt_5__unasked_challenge_fails) {
  begin(WK_MQTT_5, LOGIN_PLAIN);
  cr_assert_eq(said(), WK_MQTT_CONNECT);
  HEAR(0xf0, 0);
  cr_assert_eq(login.step, LOGIN_FAILED);
  cr_assert_eq(login.to_broker.len, 0u);
}

/* ---- MQTT 3.1.1 --------------------------------------------------------- */

static void proof_text(char text[WK_B64_LEN(WK_X4_LEN) + 1]) {
  uint8_t x4[WK_X4_LEN];
  cr_assert(proof_answer(x4, &login, &credential, NULL));
  wk_b64_write(text, x4, sizeof x4);
}

Test(login, mqtt_311__proof_comes_by_topic_and_the_rest_waits) {
  static const uint8_t want[] = {0x20, 2, 1, 0,           /* CONNACK */
                                 0x30, 4, 0, 1, 't', '1', /* messages */
                                 0x30, 4, 0, 1, 't', '2'};
  char text[WK_B64_LEN(WK_X4_LEN) + 1];
  begin(WK_MQTT_311, LOGIN_PLAIN);
  proof_text(text);
  cr_assert_eq(said(), WK_MQTT_CONNECT);
  HEAR(0x20, 2, 1, 0);
  cr_assert_eq(said(), WK_MQTT_SUBSCRIBE);
  message("t", "1", 0);
  message(X4_TOPIC, "of another time", 0);
  message(X4_TOPIC, text, 0);
  message("t", "2", 0);
  cr_assert_eq(login.step, LOGIN_PROVING);
  HEAR(0x90, 3, 0, 1, 0);
  cr_assert_eq(said(), WK_MQTT_UNSUBSCRIBE);
  cr_assert_eq(login.step, LOGIN_TIDYING);
  HEAR(0xb0, 2, 0, 2);
  cr_assert_eq(login.step, LOGIN_DONE, "%s", login.why.text);
  cr_assert_eq(login.to_client.len, sizeof want);
  cr_assert_eq(memcmp(buffer_at(&login.to_client), want, sizeof want), 0);
}

Test(login, mqtt_311__proof_by_a_subscription_of_the_clients) {
  char text[WK_B64_LEN(WK_X4_LEN) + 1];
  begin(WK_MQTT_311, LOGIN_PLAIN);
  proof_text(text);
  cr_assert_eq(said(), WK_MQTT_CONNECT);
  HEAR(0x20, 2, 1, 0);
  cr_assert_eq(said(), WK_MQTT_SUBSCRIBE);
  message(X4_TOPIC, text, 1);
  cr_assert_eq(said(), WK_MQTT_PUBACK);
}

Test(login, mqtt_311__subscription_that_is_denied_fails) {
  begin(WK_MQTT_311, LOGIN_PLAIN);
  HEAR(0x20, 2, 0, 0);
  HEAR(0x90, 3, 0, 1, 0x80);
  expect_failure("does not let the device read its X4");
}

Test(login, mqtt_311__update_is_out_before_the_client_is_in) {
  char text[WK_B64_LEN(WK_X4_LEN) + 1];
  begin(WK_MQTT_311, LOGIN_PLAIN);
  login.when = WK_UPDATE_SESSION;
  proof_text(text);
  cr_assert_eq(said(), WK_MQTT_CONNECT);
  HEAR(0x20, 2, 0, 0);
  cr_assert_eq(said(), WK_MQTT_SUBSCRIBE);
  HEAR(0x90, 3, 0, 1, 0);
  message(X4_TOPIC, text, 0);
  cr_assert_eq(login.updates, 1u);
  HEAR(0xb0, 2, 0, 2);
  cr_assert_eq(login.step, LOGIN_TIDYING);
  HEAR(0x40, 2, 0, 3);
  cr_assert_eq(login.step, LOGIN_DONE, "%s", login.why.text);
}

/* A session that is resumed one day keeps the subscription, so an update's X4
 * comes too, and must not be left for the client. */
Test(login, mqtt_311__lasting_session_stays_subscribed) {
  char text[WK_B64_LEN(WK_X4_LEN) + 1];
  uint8_t x4[WK_X4_LEN];
  begin_lasting();
  login.when = WK_UPDATE_SESSION;
  proof_text(text);
  cr_assert_eq(said(), WK_MQTT_CONNECT);
  HEAR(0x20, 2, 0, 0);
  cr_assert_eq(said(), WK_MQTT_SUBSCRIBE);
  message(X4_TOPIC, text, 0);
  HEAR(0x90, 3, 0, 1, 0);
  cr_assert(proof_update(x4, &login, &credential));
  cr_assert_eq(said(), WK_MQTT_PUBLISH);
  HEAR(0x40, 2, 0, 3);
  cr_assert_eq(login.step, LOGIN_TIDYING);
  wk_b64_write(text, x4, sizeof x4);
  message(X4_TOPIC, text, 0);
  cr_assert_eq(login.step, LOGIN_DONE, "%s", login.why.text);
  cr_assert_eq(login.to_client.len, 4u);
}

/* The same client's next login. */
static void again(void) {
  const struct wk_mqtt_connect asked = proof_asked(WK_MQTT_311);
  struct wk_client *client = login.client;
  login_end(&login);
  login = (struct login){.client = client, .when = WK_UPDATE_NEVER};
  cr_assert_eq(login_begin(&login, &asked), WK_OK);
}

/* Section 2: 1, 2, 4 once since the last success. An impostor that refuses and
 * lets in by turns must not have a chain used up so much faster. */
Test(login, mqtt_311__without_proof_is_no_success) {
  struct wk_otp otp;
  struct wk_header header;
  begin(WK_MQTT_311, LOGIN_PLAIN);
  HEAR(0x20, 2, 0, 5);
  again(); /* index 2 */
  HEAR(0x20, 2, 0, 5);
  again(); /* 4 */
  HEAR(0x20, 2, 0, 0);
  again(); /* 5 */
  HEAR(0x20, 2, 0, 5);
  cr_assert_eq(wk_client_next(login.client, NULL, &otp, NULL), WK_OK);
  cr_assert_eq(wk_header_parse(&header, WK_X1, otp.x1, WK_X1_LEN), WK_OK);
  cr_assert_eq(header.index, 9u, "%u", header.index);
}

Test(login, mqtt_311__no_challenge) {
  const struct wk_mqtt_connect asked = proof_asked(WK_MQTT_311);
  login = (struct login){.client = proof_client(&credential),
                         .method = LOGIN_CHALLENGE};
  cr_assert_eq(login_begin(&login, &asked), WK_ERR_ARGUMENT);
}

/* ---- both --------------------------------------------------------------- */

struct refusal {
  enum wk_mqtt_version version;
  uint8_t code, told;
  bool denied;
};

ParameterizedTestParameters(login, refused__client_is_told_what_is_its_own) {
  static struct refusal rows[] = {
      {WK_MQTT_311, 1, 1, false},     {WK_MQTT_311, 2, 2, false},
      {WK_MQTT_311, 3, 3, false},     {WK_MQTT_311, 4, 3, false},
      {WK_MQTT_311, 5, 3, false},     {WK_MQTT_5, 0x85, 0x85, false},
      {WK_MQTT_5, 0x86, 0x88, false}, {WK_MQTT_5, 0x87, 0x88, true},
      {WK_MQTT_5, 0x89, 0x89, false}, {WK_MQTT_5, 0x8c, 0x88, false},
      {WK_MQTT_5, 0x95, 0x95, false},
  };
  return cr_make_param_array(struct refusal, rows, sizeof rows / sizeof *rows);
}

ParameterizedTest(struct refusal *row, login,
                  refused__client_is_told_what_is_its_own) {
  begin(row->version, LOGIN_PLAIN);
  if (row->version == WK_MQTT_5)
    HEAR(0x20, 3, 0, row->code, 0);
  else
    HEAR(0x20, 2, 0, row->code);
  cr_assert_eq(login.step, LOGIN_REFUSED);
  cr_assert_eq(login.code, row->told);
  cr_assert_eq(login.denied, row->denied);
  end();
  memset(&login, 0, sizeof login);
}

Test(login, answer__that_is_none_fails) {
  begin(WK_MQTT_311, LOGIN_PLAIN);
  message("t", "1", 0);
  expect_failure("answers CONNECT with another packet");
  end();
  begin(WK_MQTT_311, LOGIN_PLAIN);
  HEAR(0x20, 2, 2, 0);
  expect_failure("CONNACK is malformed");
}

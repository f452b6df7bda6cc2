/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a broker says while the agent logs in. The first byte picks version,
 * method and whether the session lasts; then packets follow. Where 64 bytes of
 * 0xaa stand, or 86 letters A, the right proof is put, so that a mutation gets
 * behind it too.
 */
#include <string.h>

#include "fuzz.h"
#include "proof_fixture.h"

#define STREAM_MAX 4096u

static void put_proof(uint8_t *stream, size_t len, const uint8_t *x4) {
  uint8_t raw[WK_X4_LEN];
  char text[WK_B64_LEN(WK_X4_LEN) + 1];
  char letters[WK_B64_LEN(WK_X4_LEN)];
  memset(raw, 0xaa, sizeof raw);
  memset(letters, 'A', sizeof letters);
  wk_b64_write(text, x4, WK_X4_LEN);
  uint8_t *at = NULL;
  while ((at = memmem(stream, len, raw, sizeof raw)) != NULL)
    memcpy(at, x4, WK_X4_LEN);
  while ((at = memmem(stream, len, letters, sizeof letters)) != NULL)
    memcpy(at, text, sizeof letters);
}

static void converse(struct login *login, const uint8_t *stream, size_t len) {
  struct wk_mqtt_frame frame;
  while (login->step < LOGIN_DONE &&
         wk_mqtt_frame(&frame, stream, len, LOGIN_HELD_MAX) == WK_MQTT_WHOLE) {
    FUZZ_CHECK(login_packet(login, &frame, stream));
    stream += frame.len;
    len -= frame.len;
  }
}

/* No client is let in without proof, and none hears of the login. */
static void check(const struct login *login) {
  struct wk_mqtt_frame frame;
  struct wk_mqtt_connack connack;
  struct wk_mqtt_prop prop;
  if (login->step != LOGIN_DONE)
    return;
  FUZZ_CHECK(login->proven && login->subscribed && login->unsubscribed &&
             login->updates == 0 && login->answers == 0);
  FUZZ_CHECK(wk_mqtt_frame(&frame, buffer_at(&login->to_client),
                           login->to_client.len,
                           LOGIN_HELD_MAX) == WK_MQTT_WHOLE);
  FUZZ_CHECK(wk_mqtt_connack_parse(&connack, login->version, &frame) == WK_OK);
  FUZZ_CHECK(connack.code == 0);
  FUZZ_CHECK(!wk_mqtt_prop_find(&connack.props, WK_MQTT_AUTH_METHOD, &prop));
  FUZZ_CHECK(!wk_mqtt_prop_find(&connack.props, WK_MQTT_AUTH_DATA, &prop));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct wk_credential credential;
  struct login login = {.when = WK_UPDATE_SESSION};
  uint8_t stream[STREAM_MAX];
  uint8_t x4[WK_X4_LEN];
  if (size < 1 || size > STREAM_MAX)
    return 0;
  const bool v5 = (data[0] & 1) != 0;
  struct wk_mqtt_connect asked = proof_asked(v5 ? WK_MQTT_5 : WK_MQTT_311);
  asked.clean = (data[0] & 4) == 0;
  memcpy(stream, data + 1, size - 1);
  login.method = v5 && (data[0] & 2) != 0 ? LOGIN_CHALLENGE : LOGIN_PLAIN;
  login.client = proof_client(&credential);
  FUZZ_CHECK(login.client);
  FUZZ_CHECK(login_begin(&login, &asked) == WK_OK);
  if (proof_answer(x4, &login, &credential, NULL))
    put_proof(stream, size - 1, x4);
  converse(&login, stream, size - 1);
  check(&login);
  login_end(&login);
  wk_client_free(login.client);
  return 0;
}

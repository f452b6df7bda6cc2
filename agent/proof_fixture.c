/* SPDX-License-Identifier: Apache-2.0 */
#include "proof_fixture.h"

#include <string.h>

static struct wk_span text_span(const char *text) {
  return (struct wk_span){(const uint8_t *)text, strlen(text)};
}

struct wk_client *proof_client(struct wk_credential *credential) {
  static const uint8_t realm[WK_REALM_LEN] = {4, 2};
  struct wk_client *client = NULL;
  memset(credential, 0, sizeof *credential);
  if (wk_id_init(&credential->id, realm, "thermo-1", 8) != WK_OK)
    return NULL;
  wk_credential_chain_new(&credential->c, 256);
  return wk_client_new(&client, credential, NULL, NULL) == WK_OK ? client
                                                                 : NULL;
}

struct wk_mqtt_connect proof_asked(enum wk_mqtt_version version) {
  return (struct wk_mqtt_connect){
      .version = version, .clean = true, .client_id = text_span("local")};
}

/* X1 behind the name in authentication data, or alone in an AUTH. */
static bool find_x1(uint8_t x1[WK_X1_LEN], const struct wk_span *props) {
  struct wk_mqtt_prop data;
  if (!wk_mqtt_prop_find(props, WK_MQTT_AUTH_DATA, &data) ||
      data.data.len < WK_X1_LEN)
    return false;
  memcpy(x1, data.data.data + data.data.len - WK_X1_LEN, WK_X1_LEN);
  return true;
}

static bool find_login(uint8_t x1[WK_X1_LEN], const struct login *login) {
  struct wk_mqtt_frame frame;
  struct wk_mqtt_connect connect;
  struct wk_mqtt_notice auth;
  if (wk_mqtt_frame(&frame, buffer_at(&login->to_broker), login->to_broker.len,
                    LOGIN_CONNECT_MAX) != WK_MQTT_WHOLE)
    return false;
  if (frame.type == WK_MQTT_AUTH)
    return wk_mqtt_notice_parse(&auth, login->version, &frame) == WK_OK &&
           find_x1(x1, &auth.props);
  if (wk_mqtt_connect_parse(&connect, &frame) != WK_OK)
    return false;
  if (login->version == WK_MQTT_5)
    return find_x1(x1, &connect.props);
  return wk_b64_parse(x1, WK_X1_LEN, (const char *)connect.password.data,
                      connect.password.len) == WK_OK;
}

/* The server's answer to a message of that type. */
static bool reply_to(uint8_t x4[WK_X4_LEN], struct wk_reply reply,
                     enum wk_type type, const uint8_t *message, size_t len,
                     const struct wk_credential *credential,
                     const uint8_t *challenge) {
  uint8_t kx[WK_KX_LEN];
  struct wk_header header;
  if (wk_header_parse(&header, type, message, len) != WK_OK)
    return false;
  reply.role = WK_ROLE_C;
  reply.epoch = header.epoch;
  reply.index = header.index;
  wk_msg_digest(reply.digest, message, len);
  header.type = WK_X4;
  wk_reply_nonce(header.nonce, (const uint8_t *)"r", 1, &reply);
  wk_key_message(kx, credential->ks, &credential->id, header.epoch,
                 credential->bio_id);
  const struct wk_seal seal = {&credential->id, kx, challenge};
  return wk_reply_seal(x4, &header, &reply, &seal) == WK_OK;
}

bool proof_answer(uint8_t x4[WK_X4_LEN], const struct login *login,
                  const struct wk_credential *credential,
                  const uint8_t *challenge) {
  const struct wk_reply reply = {.status = WK_STATUS_ACCEPTED};
  uint8_t x1[WK_X1_LEN];
  return find_login(x1, login) &&
         reply_to(x4, reply, WK_X1, x1, WK_X1_LEN, credential, challenge);
}

bool proof_update(uint8_t x4[WK_X4_LEN], const struct login *login,
                  const struct wk_credential *credential) {
  const struct wk_reply reply = {.status = WK_STATUS_PENDING};
  uint8_t x3[WK_X3_LEN];
  struct wk_mqtt_frame frame;
  struct wk_mqtt_publish publish;
  return wk_mqtt_frame(&frame, buffer_at(&login->to_broker),
                       login->to_broker.len,
                       LOGIN_CONNECT_MAX) == WK_MQTT_WHOLE &&
         wk_mqtt_publish_parse(&publish, login->version, &frame) == WK_OK &&
         wk_b64_parse(x3, sizeof x3, (const char *)publish.payload.data,
                      publish.payload.len) == WK_OK &&
         reply_to(x4, reply, WK_X3, x3, WK_X3_LEN, credential, NULL);
}

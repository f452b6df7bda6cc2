/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's part of CONNECT, AUTH and CONNACK. */
#include "own.h"

#include <string.h>

#include "outgoing.h"

#define METHOD "WHITEKEY"
#define METHOD_CHALLENGE METHOD "-CHALLENGE"

static const char *method_name(const struct login *login) {
  return login->method == LOGIN_CHALLENGE ? METHOD_CHALLENGE : METHOD;
}

/* ---- CONNECT ------------------------------------------------------------ */

static void write_auth(struct wk_writer *w, const struct login *login,
                       const uint8_t *data, size_t len) {
  const struct wk_mqtt_prop method = {
      .id = WK_MQTT_AUTH_METHOD, .data = outgoing_text(method_name(login))};
  const struct wk_mqtt_prop value = {.id = WK_MQTT_AUTH_DATA,
                                     .data = {data, len}};
  wk_mqtt_prop_write(w, &method);
  wk_mqtt_prop_write(w, &value);
}

static enum wk_err write_connect(struct login *login,
                                 const struct wk_mqtt_connect *connect) {
  struct wk_writer w;
  const size_t len = connect->props.len + connect->client_id.len +
                     connect->will_props.len + connect->will_topic.len +
                     connect->will_payload.len;
  enum wk_err err = outgoing_begin(login, &w, len + OUTGOING_OWN_MAX);
  if (err == WK_OK)
    err = outgoing_end(login, &w, wk_mqtt_connect_write(&w, connect));
  return err;
}

static enum wk_err connect_311(struct login *login,
                               const struct wk_mqtt_connect *asked,
                               const struct wk_otp *otp) {
  char password[WK_PASSWORD_MAX + 1];
  struct wk_mqtt_connect connect = *asked;
  wk_otp_password(otp, password);
  connect.has_username = true;
  connect.username = outgoing_text(wk_client_id(login->client)->did);
  connect.has_password = true;
  connect.password = outgoing_text(password);
  const enum wk_err err = write_connect(login, &connect);
  wk_wipe(password, sizeof password);
  return err;
}

/* The client's properties as they are, and the authentication behind them. */
static enum wk_err connect_5(struct login *login,
                             const struct wk_mqtt_connect *asked,
                             const uint8_t *data, size_t len) {
  struct buffer props = {0};
  const size_t room = asked->props.len + OUTGOING_OWN_MAX;
  uint8_t *at = buffer_room(&props, room, room);
  enum wk_err err = at ? WK_OK : outgoing_full(login);
  if (err == WK_OK) {
    struct wk_mqtt_connect connect = *asked;
    struct wk_writer w;
    wk_writer_init(&w, at, room);
    wk_write_bytes(&w, asked->props.data, asked->props.len);
    write_auth(&w, login, data, len);
    connect.props = (struct wk_span){at, w.used};
    err = w.ok ? write_connect(login, &connect) : outgoing_full(login);
  }
  buffer_end(&props);
  return err;
}

static enum wk_err next(struct login *login, const uint8_t *challenge,
                        struct wk_otp *otp) {
  return wk_client_next(login->client, challenge, otp, &login->why);
}

enum wk_err own_connect(struct login *login,
                        const struct wk_mqtt_connect *asked) {
  const struct wk_id *id = wk_client_id(login->client);
  uint8_t data[WK_OTP_BINARY_MAX] = {0};
  struct wk_otp otp = {.has_x2 = false};
  enum wk_err err = WK_OK;
  if (login->method == LOGIN_CHALLENGE) {
    data[0] = id->did_len;
    memcpy(data + 1, id->did, id->did_len);
    return connect_5(login, asked, data, 1u + id->did_len);
  }
  err = next(login, NULL, &otp);
  if (err == WK_OK && login->version == WK_MQTT_5)
    err = connect_5(login, asked, data, wk_otp_binary(&otp, id, data));
  else if (err == WK_OK)
    err = connect_311(login, asked, &otp);
  wk_wipe(data, sizeof data);
  wk_wipe(&otp, sizeof otp);
  return err;
}

/* ---- AUTH --------------------------------------------------------------- */

/* The authentication data of a packet that names the method; false: none. */
static bool auth_data(const struct login *login, const struct wk_span *props,
                      struct wk_mqtt_prop *data) {
  struct wk_mqtt_prop method;
  const char *name = method_name(login);
  return wk_mqtt_prop_find(props, WK_MQTT_AUTH_METHOD, &method) &&
         method.data.len == strlen(name) &&
         wk_equal(method.data.data, name, method.data.len) &&
         wk_mqtt_prop_find(props, WK_MQTT_AUTH_DATA, data);
}

static enum wk_err write_answer(struct login *login, const uint8_t *data,
                                size_t len) {
  uint8_t props[OUTGOING_OWN_MAX];
  struct wk_writer p;
  struct wk_writer w;
  wk_writer_init(&p, props, sizeof props);
  write_auth(&p, login, data, len);
  const struct wk_mqtt_notice auth = {
      .type = WK_MQTT_AUTH, .code = 0x18, .props = {props, p.used}};
  enum wk_err err = outgoing_begin(login, &w, OUTGOING_OWN_MAX);
  if (err == WK_OK)
    err = outgoing_end(login, &w,
                       wk_mqtt_notice_write(&w, login->version, &auth));
  wk_wipe(props, sizeof props);
  return err;
}

enum wk_err own_answer(struct login *login,
                       const struct wk_mqtt_frame *frame) {
  const size_t name_len = 1u + wk_client_id(login->client)->did_len;
  struct wk_mqtt_notice auth;
  struct wk_mqtt_prop challenge;
  struct wk_otp otp;
  uint8_t data[WK_OTP_BINARY_MAX];
  if (wk_mqtt_notice_parse(&auth, login->version, frame) != WK_OK ||
      !auth_data(login, &auth.props, &challenge) ||
      challenge.data.len != WK_CHALLENGE_LEN)
    return wk_fail(&login->why, WK_ERR_MALFORMED,
                   "the broker's AUTH holds no challenge");
  enum wk_err err = next(login, challenge.data.data, &otp);
  if (err == WK_OK) {
    const size_t len = wk_otp_binary(&otp, wk_client_id(login->client), data);
    err = write_answer(login, data + name_len, len - name_len);
  }
  wk_wipe(data, sizeof data);
  wk_wipe(&otp, sizeof otp);
  return err;
}

/* ---- CONNACK ------------------------------------------------------------ */

/* The client asked for no authentication and must not hear of it. */
static enum wk_err forward_connack(struct login *login,
                                   const struct wk_mqtt_connack *connack) {
  const size_t room = connack->props.len + 2 * WK_MQTT_HEADER_MAX + 2;
  struct wk_mqtt_connack out = *connack;
  struct wk_span rest = connack->props;
  struct wk_mqtt_prop prop;
  struct buffer props = {0};
  struct wk_writer p;
  struct wk_writer w;
  uint8_t *at = buffer_room(&props, room, room);
  uint8_t *to = buffer_room(&login->to_client, room, LOGIN_HELD_MAX);
  enum wk_err err = at && to ? WK_OK : outgoing_full(login);
  if (err == WK_OK) {
    wk_writer_init(&p, at, room);
    wk_writer_init(&w, to, room);
    while (wk_mqtt_prop_next(&rest, &prop)) {
      if (prop.id != WK_MQTT_AUTH_METHOD && prop.id != WK_MQTT_AUTH_DATA)
        wk_mqtt_prop_write(&p, &prop);
    }
    out.props = (struct wk_span){at, p.used};
    err = wk_mqtt_connack_write(&w, login->version, &out);
    if (err == WK_OK)
      login->to_client.len += w.used;
  }
  buffer_end(&props);
  return err;
}

enum wk_err own_unproven(struct login *login, const struct wk_why *cause) {
  return wk_fail(&login->why, WK_ERR_FORGED,
                 "the broker did not prove itself: %.300s", cause->text);
}

enum wk_err own_connack(struct login *login,
                        const struct wk_mqtt_connack *connack) {
  struct wk_mqtt_prop data;
  struct wk_reply reply;
  struct wk_why cause = {"its CONNACK holds no X4"};
  if (login->version == WK_MQTT_5) {
    const enum wk_err err =
        auth_data(login, &connack->props, &data)
            ? wk_client_check(login->client, data.data.data, data.data.len,
                              &reply, &cause)
            : WK_ERR_MISSING;
    if (err == WK_ERR_AGAIN)
      return err;
    if (err != WK_OK)
      return own_unproven(login, &cause);
    login->proven = true;
  }
  return forward_connack(login, connack);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "own.h"

#include <stdio.h>
#include <string.h>

#define METHOD "WHITEKEY"
#define METHOD_CHALLENGE METHOD "-CHALLENGE"
#define TOPIC_MAX 64u
#define OWN_MAX 512u /* any packet of the agent's own */
/* No client has sent a packet yet, and these are answered before it does. */
#define ID_SUBSCRIBE 1u
#define ID_UNSUBSCRIBE 2u
#define ID_UPDATE 3u /* and the next one, for the other chain */
#define ID_UPDATES_END (ID_UPDATE + 2u)
#define TO_BROKER_MAX (2 * LOGIN_CONNECT_MAX)

static struct wk_span text_span(const char *text) {
  return (struct wk_span){(const uint8_t *)text, strlen(text)};
}

static const char *method_name(const struct login *login) {
  return login->method == LOGIN_CHALLENGE ? METHOD_CHALLENGE : METHOD;
}

static void own_topic(char topic[TOPIC_MAX], const struct login *login,
                      const char *name) {
  (void)snprintf(topic, TOPIC_MAX, "whitekey/v1/%s/%s",
                 wk_client_id(login->client)->did, name);
}

static enum wk_err no_room(struct login *login) {
  return wk_fail(&login->why, WK_ERR_MEMORY, "a packet does not fit");
}

/* A writer over len bytes behind what waits for the broker. */
static enum wk_err open_out(struct login *login, struct wk_writer *w,
                            size_t len) {
  uint8_t *room = buffer_room(&login->to_broker, len, TO_BROKER_MAX);
  if (!room)
    return no_room(login);
  wk_writer_init(w, room, len);
  return WK_OK;
}

static enum wk_err close_out(struct login *login, const struct wk_writer *w,
                             enum wk_err err) {
  if (err != WK_OK || !w->ok)
    return no_room(login);
  login->to_broker.len += w->used;
  return WK_OK;
}

/* ---- CONNECT ------------------------------------------------------------ */

static void write_auth(struct wk_writer *w, const struct login *login,
                       const uint8_t *data, size_t len) {
  const struct wk_mqtt_prop method = {.id = WK_MQTT_AUTH_METHOD,
                                      .data = text_span(method_name(login))};
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
  enum wk_err err = open_out(login, &w, len + OWN_MAX);
  if (err == WK_OK)
    err = close_out(login, &w, wk_mqtt_connect_write(&w, connect));
  return err;
}

static enum wk_err connect_311(struct login *login,
                               const struct wk_mqtt_connect *asked,
                               const struct wk_otp *otp) {
  char password[WK_PASSWORD_MAX + 1];
  struct wk_mqtt_connect connect = *asked;
  wk_otp_password(otp, password);
  connect.has_username = true;
  connect.username = text_span(wk_client_id(login->client)->did);
  connect.has_password = true;
  connect.password = text_span(password);
  const enum wk_err err = write_connect(login, &connect);
  wk_wipe(password, sizeof password);
  return err;
}

/* The client's properties as they are, and the authentication behind them. */
static enum wk_err connect_5(struct login *login,
                             const struct wk_mqtt_connect *asked,
                             const uint8_t *data, size_t len) {
  struct buffer props = {0};
  const size_t room = asked->props.len + OWN_MAX;
  uint8_t *at = buffer_room(&props, room, room);
  enum wk_err err = at ? WK_OK : no_room(login);
  if (err == WK_OK) {
    struct wk_mqtt_connect connect = *asked;
    struct wk_writer w;
    wk_writer_init(&w, at, room);
    wk_write_bytes(&w, asked->props.data, asked->props.len);
    write_auth(&w, login, data, len);
    connect.props = (struct wk_span){at, w.used};
    err = w.ok ? write_connect(login, &connect) : no_room(login);
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
  uint8_t props[OWN_MAX];
  struct wk_writer p;
  struct wk_writer w;
  wk_writer_init(&p, props, sizeof props);
  write_auth(&p, login, data, len);
  const struct wk_mqtt_notice auth = {
      .type = WK_MQTT_AUTH, .code = 0x18, .props = {props, p.used}};
  enum wk_err err = open_out(login, &w, OWN_MAX);
  if (err == WK_OK)
    err =
        close_out(login, &w, wk_mqtt_notice_write(&w, login->version, &auth));
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
  enum wk_err err = at && to ? WK_OK : no_room(login);
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

static enum wk_err unproven(struct login *login, const struct wk_why *cause) {
  return wk_fail(&login->why, WK_ERR_FORGED,
                 "the broker did not prove itself: %.300s", cause->text);
}

enum wk_err own_connack(struct login *login,
                        const struct wk_mqtt_connack *connack) {
  struct wk_mqtt_prop data;
  struct wk_reply reply;
  struct wk_why cause = {"its CONNACK holds no X4"};
  if (login->version == WK_MQTT_5) {
    if (!auth_data(login, &connack->props, &data) ||
        wk_client_check(login->client, data.data.data, data.data.len, &reply,
                        &cause) != WK_OK)
      return unproven(login, &cause);
    login->proven = true;
  }
  return forward_connack(login, connack);
}

/* ---- the device's own topics -------------------------------------------- */

enum wk_err own_subscribe(struct login *login) {
  char topic[TOPIC_MAX];
  uint8_t filters[TOPIC_MAX + 3];
  struct wk_writer f;
  struct wk_writer w;
  own_topic(topic, login, "x4");
  const struct wk_mqtt_filter filter = {text_span(topic), 0};
  wk_writer_init(&f, filters, sizeof filters);
  wk_mqtt_filter_write(&f, &filter);
  const struct wk_mqtt_subscribe subscribe = {.id = ID_SUBSCRIBE,
                                              .filters = {filters, f.used}};
  enum wk_err err = open_out(login, &w, OWN_MAX);
  if (err == WK_OK)
    err = close_out(login, &w,
                    wk_mqtt_subscribe_write(&w, login->version, &subscribe));
  login->unsubscribed = false;
  return err;
}

/* MQTT 3.1.1, section 3.10; core frames these and does not write them. */
enum wk_err own_unsubscribe(struct login *login) {
  char topic[TOPIC_MAX];
  struct wk_writer w;
  if (login->unsubscribed)
    return WK_OK;
  own_topic(topic, login, "x4");
  const size_t len = strlen(topic);
  enum wk_err err = open_out(login, &w, OWN_MAX);
  if (err != WK_OK)
    return err;
  wk_write_u8(&w, 0xa2);
  wk_write_u8(&w, (uint8_t)(2 + 2 + len));
  wk_write_be16(&w, ID_UNSUBSCRIBE);
  wk_write_be16(&w, (uint16_t)len);
  wk_write_bytes(&w, topic, len);
  return close_out(login, &w, WK_OK);
}

enum wk_err own_updates(struct login *login) {
  uint8_t x3[WK_X3_LEN];
  char text[WK_B64_LEN(WK_X3_LEN) + 1];
  char topic[TOPIC_MAX];
  struct wk_writer w;
  own_topic(topic, login, "x3");
  for (;;) {
    enum wk_err err =
        wk_client_update(login->client, login->when, x3, &login->why);
    if (err == WK_ERR_MISSING)
      return WK_OK;
    if (err != WK_OK)
      return err;
    wk_b64_write(text, x3, sizeof x3);
    const struct wk_mqtt_publish publish = {
        .qos = 1,
        .id = (uint16_t)(ID_UPDATE + login->updates),
        .topic = text_span(topic),
        .payload = text_span(text)};
    err = open_out(login, &w, OWN_MAX);
    if (err == WK_OK)
      err = close_out(login, &w,
                      wk_mqtt_publish_write(&w, login->version, &publish));
    if (err != WK_OK)
      return err;
    login->updates++;
  }
}

/* ---- answers ------------------------------------------------------------ */

static bool is_x4(const struct login *login,
                  const struct wk_mqtt_publish *message) {
  char topic[TOPIC_MAX];
  own_topic(topic, login, "x4");
  return message->topic.len == strlen(topic) &&
         wk_equal(message->topic.data, topic, message->topic.len);
}

/* A subscription of the client's own may make it QoS 1. */
static enum wk_err acknowledge(struct login *login,
                               const struct wk_mqtt_publish *message) {
  const struct wk_mqtt_ack ack = {.type = WK_MQTT_PUBACK, .id = message->id};
  struct wk_writer w;
  if (message->qos != 1)
    return WK_OK;
  const enum wk_err err = open_out(login, &w, OWN_MAX);
  if (err != WK_OK)
    return err;
  return close_out(login, &w, wk_mqtt_ack_write(&w, login->version, &ack));
}

/* One of an earlier login may still have waited: only the right one counts. */
static bool on_publish(struct login *login,
                       const struct wk_mqtt_frame *frame) {
  struct wk_mqtt_publish message;
  struct wk_reply reply;
  struct wk_why cause;
  uint8_t x4[WK_X4_LEN];
  if (login->version != WK_MQTT_311 ||
      wk_mqtt_publish_parse(&message, login->version, frame) != WK_OK ||
      !is_x4(login, &message))
    return false;
  if (acknowledge(login, &message) != WK_OK)
    login->step = LOGIN_FAILED;
  enum wk_err err = wk_b64_parse(
      x4, sizeof x4, (const char *)message.payload.data, message.payload.len);
  if (err == WK_OK)
    err = wk_client_check(login->client, x4, sizeof x4, &reply, &cause);
  if (err == WK_OK) {
    login->proven = true;
  } else if (err != WK_ERR_FORGED && err != WK_ERR_MALFORMED) {
    login->step = LOGIN_FAILED;
    (void)unproven(login, &cause);
  }
  return true;
}

static bool on_suback(struct login *login, const struct wk_mqtt_frame *frame) {
  struct wk_mqtt_suback suback;
  if (login->subscribed || login->step != LOGIN_PROVING ||
      wk_mqtt_suback_parse(&suback, login->version, frame) != WK_OK)
    return false;
  login->subscribed = true;
  if (suback.codes.len != 1 || suback.codes.data[0] > 2) {
    login->step = LOGIN_FAILED;
    wk_why_set(&login->why, "the broker does not let the device read its X4");
  }
  return true;
}

static bool on_puback(struct login *login, const struct wk_mqtt_frame *frame) {
  struct wk_mqtt_ack ack;
  if (login->updates == 0 ||
      wk_mqtt_ack_parse(&ack, login->version, frame) != WK_OK ||
      ack.id < ID_UPDATE || ack.id >= ID_UPDATES_END)
    return false;
  login->updates--;
  return true;
}

bool own_packet(struct login *login, const struct wk_mqtt_frame *frame) {
  switch (frame->type) {
  case WK_MQTT_PUBLISH:
    return on_publish(login, frame);
  case WK_MQTT_SUBACK:
    return on_suback(login, frame);
  case WK_MQTT_PUBACK:
    return on_puback(login, frame);
  case WK_MQTT_UNSUBACK:
    login->unsubscribed = true;
    return true;
  case WK_MQTT_CONNECT:
  case WK_MQTT_CONNACK:
  case WK_MQTT_PUBREC:
  case WK_MQTT_PUBREL:
  case WK_MQTT_PUBCOMP:
  case WK_MQTT_SUBSCRIBE:
  case WK_MQTT_UNSUBSCRIBE:
  case WK_MQTT_PINGREQ:
  case WK_MQTT_PINGRESP:
  case WK_MQTT_DISCONNECT:
  case WK_MQTT_AUTH:
  default:
    return false;
  }
}

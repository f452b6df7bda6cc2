/* SPDX-License-Identifier: Apache-2.0 */
/* The device's own topics: X4 comes on one, X3 goes out on the other. */
#include "own.h"

#include <stdio.h>
#include <string.h>

#include "outgoing.h"

#define TOPIC_MAX 64u
/* No client has sent a packet yet, and these are answered before it does. */
#define ID_SUBSCRIBE 1u
#define ID_UNSUBSCRIBE 2u
#define ID_UPDATE 3u /* and the next one, for the other chain */
#define ID_UPDATES_END (ID_UPDATE + 2u)

static void own_topic(char topic[TOPIC_MAX], const struct login *login,
                      const char *name) {
  (void)snprintf(topic, TOPIC_MAX, "whitekey/v1/%s/%s",
                 wk_client_id(login->client)->did, name);
}

/* ---- asking ------------------------------------------------------------- */

enum wk_err own_subscribe(struct login *login) {
  char topic[TOPIC_MAX];
  uint8_t filters[TOPIC_MAX + 3];
  struct wk_writer f;
  struct wk_writer w;
  own_topic(topic, login, "x4");
  const struct wk_mqtt_filter filter = {outgoing_text(topic), 0};
  wk_writer_init(&f, filters, sizeof filters);
  wk_mqtt_filter_write(&f, &filter);
  const struct wk_mqtt_subscribe subscribe = {.id = ID_SUBSCRIBE,
                                              .filters = {filters, f.used}};
  enum wk_err err = outgoing_begin(login, &w, OUTGOING_OWN_MAX);
  if (err == WK_OK)
    err = outgoing_end(
        login, &w, wk_mqtt_subscribe_write(&w, login->version, &subscribe));
  login->unsubscribed = login->lasting;
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
  enum wk_err err = outgoing_begin(login, &w, OUTGOING_OWN_MAX);
  if (err != WK_OK)
    return err;
  wk_write_u8(&w, 0xa2);
  wk_write_u8(&w, (uint8_t)(2 + 2 + len));
  wk_write_be16(&w, ID_UNSUBSCRIBE);
  wk_write_be16(&w, (uint16_t)len);
  wk_write_bytes(&w, topic, len);
  return outgoing_end(login, &w, WK_OK);
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
        .topic = outgoing_text(topic),
        .payload = outgoing_text(text)};
    err = outgoing_begin(login, &w, OUTGOING_OWN_MAX);
    if (err == WK_OK)
      err = outgoing_end(login, &w,
                         wk_mqtt_publish_write(&w, login->version, &publish));
    if (err != WK_OK)
      return err;
    login->updates++;
    login->answers += login->lasting;
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
  const enum wk_err err = outgoing_begin(login, &w, OUTGOING_OWN_MAX);
  if (err != WK_OK)
    return err;
  return outgoing_end(login, &w, wk_mqtt_ack_write(&w, login->version, &ack));
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
  enum wk_err err = wk_b64_parse(
      x4, sizeof x4, (const char *)message.payload.data, message.payload.len);
  if (err == WK_OK)
    err = wk_client_check(login->client, x4, sizeof x4, &reply, &cause);
  login->waits = err == WK_ERR_AGAIN;
  if (login->waits)
    return true;
  if (acknowledge(login, &message) != WK_OK)
    login->step = LOGIN_FAILED;
  if (err == WK_OK) {
    login->answers -= login->proven && login->answers > 0;
    login->proven = true;
  } else if (err != WK_ERR_FORGED && err != WK_ERR_MALFORMED) {
    login->step = LOGIN_FAILED;
    (void)own_unproven(login, &cause);
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "login.h"

#include <stdio.h>
#include <string.h>

#define PROPS_MAX 256u
#define TOPIC_MAX 64u

static struct wk_span text_span(const char *text) {
  return (struct wk_span){(const uint8_t *)text, strlen(text)};
}

static size_t write_data(uint8_t out[WK_OTP_BINARY_MAX], const char *did,
                         const struct login_parts *parts) {
  struct wk_writer w;
  wk_writer_init(&w, out, WK_OTP_BINARY_MAX);
  wk_write_u8(&w, (uint8_t)strlen(did));
  wk_write_text(&w, did);
  wk_write_bytes(&w, parts->x1.data, parts->x1.len);
  wk_write_bytes(&w, parts->x2.data, parts->x2.len);
  return w.used;
}

static size_t write_props(uint8_t out[PROPS_MAX], const char *did,
                          const struct login_parts *parts,
                          uint32_t max_packet) {
  uint8_t data[WK_OTP_BINARY_MAX];
  const size_t len = write_data(data, did, parts);
  const struct wk_mqtt_prop props[] = {
      {.id = WK_MQTT_MAX_PACKET, .number = max_packet},
      {.id = WK_MQTT_AUTH_METHOD, .data = text_span(LOGIN_METHOD)},
      {.id = WK_MQTT_AUTH_DATA, .data = {data, len}},
  };
  struct wk_writer w;
  wk_writer_init(&w, out, PROPS_MAX);
  for (size_t i = 0; i < sizeof props / sizeof *props; i++)
    wk_mqtt_prop_write(&w, &props[i]);
  wk_wipe(data, sizeof data);
  return w.used;
}

static void write_password(char text[WK_PASSWORD_MAX + 1],
                           const struct login_parts *parts) {
  const size_t len = WK_B64_LEN(parts->x1.len);
  wk_b64_write(text, parts->x1.data, parts->x1.len);
  if (parts->x2.len == 0)
    return;
  text[len] = '.';
  wk_b64_write(text + len + 1, parts->x2.data, parts->x2.len);
}

enum wk_err login_write_parts(struct wk_writer *w, const char *did,
                              const struct login_parts *parts,
                              enum wk_mqtt_version version,
                              uint32_t max_packet, struct wk_why *why) {
  char password[WK_PASSWORD_MAX + 1];
  uint8_t props[PROPS_MAX];
  struct wk_mqtt_connect connect = {
      .version = version,
      .clean = true,
      .keep_alive = LOGIN_KEEP_ALIVE,
      .client_id = text_span(did),
      .has_username = true,
      .username = text_span(did),
  };
  if (version == WK_MQTT_5) {
    connect.props =
        (struct wk_span){props, write_props(props, did, parts, max_packet)};
  } else {
    write_password(password, parts);
    connect.has_password = true;
    connect.password = text_span(password);
  }
  const enum wk_err err = wk_mqtt_connect_write(w, &connect);
  wk_wipe(password, sizeof password);
  wk_wipe(props, sizeof props);
  if (err != WK_OK)
    return wk_fail(why, err, "%s: CONNECT does not fit its buffer", did);
  return WK_OK;
}

enum wk_err login_write(struct wk_writer *w, struct wk_client *client,
                        enum wk_mqtt_version version, uint32_t max_packet,
                        struct wk_why *why) {
  struct wk_otp otp;
  enum wk_err err = wk_client_next(client, NULL, &otp, why);
  if (err != WK_OK)
    return err;
  const struct login_parts parts = {{otp.x1, sizeof otp.x1},
                                    {otp.x2, otp.has_x2 ? sizeof otp.x2 : 0}};
  err = login_write_parts(w, wk_client_id(client)->did, &parts, version,
                          max_packet, why);
  wk_wipe(&otp, sizeof otp);
  return err;
}

enum wk_err login_check(struct wk_client *client,
                        const struct wk_mqtt_connack *connack,
                        struct wk_reply *reply, struct wk_why *why) {
  struct wk_mqtt_prop method;
  struct wk_mqtt_prop data;
  const size_t len = strlen(LOGIN_METHOD);
  if (!wk_mqtt_prop_find(&connack->props, WK_MQTT_AUTH_METHOD, &method) ||
      method.data.len != len ||
      !wk_equal(method.data.data, LOGIN_METHOD, len) ||
      !wk_mqtt_prop_find(&connack->props, WK_MQTT_AUTH_DATA, &data))
    return wk_fail(why, WK_ERR_MISSING,
                   "%s: the broker let us in without an X4 of its own",
                   wk_client_id(client)->did);
  return wk_client_check(client, data.data.data, data.data.len, reply, why);
}

static void own_topic(char topic[TOPIC_MAX], const struct wk_client *client,
                      const char *name) {
  (void)snprintf(topic, TOPIC_MAX, "whitekey/v1/%s/%s",
                 wk_client_id(client)->did, name);
}

enum wk_err login_update(struct wk_writer *w, struct wk_client *client,
                         enum wk_mqtt_version version,
                         enum wk_update_when when, struct wk_why *why) {
  uint8_t x3[WK_X3_LEN];
  char text[WK_B64_LEN(WK_X3_LEN) + 1];
  char topic[TOPIC_MAX];
  const enum wk_err err = wk_client_update(client, when, x3, why);
  if (err != WK_OK)
    return err;
  wk_b64_write(text, x3, sizeof x3);
  own_topic(topic, client, "x3");
  const struct wk_mqtt_publish publish = {.qos = 1,
                                          .id = LOGIN_UPDATE_ID,
                                          .topic = text_span(topic),
                                          .payload = text_span(text)};
  return wk_mqtt_publish_write(w, version, &publish);
}

enum wk_err login_subscribe(struct wk_writer *w,
                            const struct wk_client *client,
                            enum wk_mqtt_version version) {
  char topic[TOPIC_MAX];
  uint8_t filters[TOPIC_MAX + 3];
  struct wk_writer f;
  own_topic(topic, client, "x4");
  const struct wk_mqtt_filter filter = {text_span(topic), 1};
  wk_writer_init(&f, filters, sizeof filters);
  wk_mqtt_filter_write(&f, &filter);
  const struct wk_mqtt_subscribe subscribe = {.id = LOGIN_SUBSCRIPTION_ID,
                                              .filters = {filters, f.used}};
  return wk_mqtt_subscribe_write(w, version, &subscribe);
}

bool login_is_x4(const struct wk_client *client,
                 const struct wk_mqtt_publish *message) {
  char topic[TOPIC_MAX];
  own_topic(topic, client, "x4");
  return message->topic.len == strlen(topic) &&
         wk_equal(message->topic.data, topic, message->topic.len);
}

enum wk_err login_check_text(struct wk_client *client,
                             const struct wk_span *text,
                             struct wk_reply *reply, struct wk_why *why) {
  uint8_t x4[WK_X4_LEN];
  if (wk_b64_parse(x4, sizeof x4, (const char *)text->data, text->len))
    return wk_fail(why, WK_ERR_MALFORMED,
                   "%s: the broker's answer is no X4 message",
                   wk_client_id(client)->did);
  return wk_client_check(client, x4, sizeof x4, reply, why);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "packet_json.h"

/* What a packet's fields point into while it is written. */
static uint8_t store[2 * PACKET_MAX];
static struct wk_writer room;

/* ---- fields ------------------------------------------------------------- */

static int nibble(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t packet_unhex(uint8_t *out, const char *text) {
  size_t len = 0;
  while (len < PACKET_MAX) {
    const int high = nibble(text[0]);
    const int low = high < 0 ? -1 : nibble(text[1]);
    if (low < 0)
      break;
    out[len++] = (uint8_t)(high << 4 | low);
    text += 2;
  }
  return len;
}

static struct wk_span span(const cJSON *json) {
  static uint8_t data[PACKET_MAX];
  const char *text = cJSON_GetStringValue(json);
  const uint8_t *start = room.start + room.used;
  if (!text)
    return (struct wk_span){NULL, 0};
  const size_t len = packet_unhex(data, text);
  wk_write_bytes(&room, data, len);
  return (struct wk_span){start, len};
}

static const cJSON *get(const cJSON *from, const char *name) {
  return cJSON_GetObjectItemCaseSensitive(from, name);
}

static struct wk_span get_span(const cJSON *from, const char *name) {
  return span(get(from, name));
}

static uint16_t get_number(const cJSON *from, const char *name) {
  const cJSON *number = get(from, name);
  return number ? (uint16_t)number->valueint : 0;
}

static bool get_bool(const cJSON *from, const char *name) {
  return cJSON_IsTrue(get(from, name));
}

static struct wk_span props(const cJSON *from) {
  static uint8_t data[2][PACKET_MAX]; /* a packet's own, its will's */
  static size_t turn;
  struct wk_writer w;
  const cJSON *one = NULL;
  turn = (turn + 1) % 2;
  wk_writer_init(&w, data[turn], sizeof data[turn]);
  cJSON_ArrayForEach(one, get(from, "props")) {
    const cJSON *value = cJSON_GetArrayItem(one, 1);
    const struct wk_mqtt_prop prop = {
        .id = (enum wk_mqtt_property)cJSON_GetArrayItem(one, 0)->valueint,
        .number = (uint32_t)value->valuedouble,
        .data = span(value),
        .value = span(cJSON_GetArrayItem(one, 2))};
    wk_mqtt_prop_write(&w, &prop);
  }
  room.ok = room.ok && w.ok;
  return (struct wk_span){data[turn], w.used};
}

static struct wk_span filters(const cJSON *from) {
  static uint8_t data[PACKET_MAX];
  struct wk_writer w;
  const cJSON *one = NULL;
  wk_writer_init(&w, data, sizeof data);
  cJSON_ArrayForEach(one, get(from, "filters")) {
    const struct wk_mqtt_filter filter = {
        span(cJSON_GetArrayItem(one, 0)),
        (uint8_t)cJSON_GetArrayItem(one, 1)->valueint};
    wk_mqtt_filter_write(&w, &filter);
  }
  room.ok = room.ok && w.ok;
  return (struct wk_span){data, w.used};
}

/* ---- packets ------------------------------------------------------------ */

static enum wk_err connect(struct wk_writer *w, enum wk_mqtt_version v,
                           const cJSON *from) {
  const cJSON *will = get(from, "will");
  const struct wk_mqtt_connect p = {
      .version = v,
      .clean = get_bool(from, "clean"),
      .keep_alive = get_number(from, "keep_alive"),
      .props = props(from),
      .client_id = get_span(from, "client_id"),
      .has_will = will != NULL,
      .will_qos = (uint8_t)get_number(will, "qos"),
      .will_retain = get_bool(will, "retain"),
      .will_props = props(will),
      .will_topic = get_span(will, "topic"),
      .will_payload = get_span(will, "payload"),
      .has_username = get(from, "username") != NULL,
      .username = get_span(from, "username"),
      .has_password = get(from, "password") != NULL,
      .password = get_span(from, "password")};
  return wk_mqtt_connect_write(w, &p);
}

static enum wk_err publish(struct wk_writer *w, enum wk_mqtt_version v,
                           const cJSON *from) {
  const struct wk_mqtt_publish p = {.dup = get_bool(from, "dup"),
                                    .retain = get_bool(from, "retain"),
                                    .qos = (uint8_t)get_number(from, "qos"),
                                    .id = get_number(from, "id"),
                                    .topic = get_span(from, "topic"),
                                    .props = props(from),
                                    .payload = get_span(from, "payload")};
  return wk_mqtt_publish_write(w, v, &p);
}

static enum wk_err connack(struct wk_writer *w, enum wk_mqtt_version v,
                           const cJSON *from) {
  const struct wk_mqtt_connack p = {.session_present =
                                        get_bool(from, "session_present"),
                                    .code = (uint8_t)get_number(from, "code"),
                                    .props = props(from)};
  return wk_mqtt_connack_write(w, v, &p);
}

static enum wk_err ack(struct wk_writer *w, enum wk_mqtt_version v,
                       const cJSON *from) {
  const struct wk_mqtt_ack p = {
      .type = (enum wk_mqtt_type)get_number(from, "type"),
      .id = get_number(from, "id"),
      .code = (uint8_t)get_number(from, "code"),
      .props = props(from)};
  return wk_mqtt_ack_write(w, v, &p);
}

static enum wk_err subscribe(struct wk_writer *w, enum wk_mqtt_version v,
                             const cJSON *from) {
  const struct wk_mqtt_subscribe p = {.id = get_number(from, "id"),
                                      .props = props(from),
                                      .filters = filters(from)};
  return wk_mqtt_subscribe_write(w, v, &p);
}

static enum wk_err suback(struct wk_writer *w, enum wk_mqtt_version v,
                          const cJSON *from) {
  const struct wk_mqtt_suback p = {.id = get_number(from, "id"),
                                   .props = props(from),
                                   .codes = get_span(from, "codes")};
  return wk_mqtt_suback_write(w, v, &p);
}

static enum wk_err notice(struct wk_writer *w, enum wk_mqtt_version v,
                          const cJSON *from) {
  const struct wk_mqtt_notice p = {
      .type = (enum wk_mqtt_type)get_number(from, "type"),
      .code = (uint8_t)get_number(from, "code"),
      .props = props(from)};
  return wk_mqtt_notice_write(w, v, &p);
}

static enum wk_err one(struct wk_writer *w, enum wk_mqtt_version v,
                       const cJSON *from) {
  switch ((enum wk_mqtt_type)get_number(from, "type")) {
  case WK_MQTT_CONNECT:
    return connect(w, v, from);
  case WK_MQTT_CONNACK:
    return connack(w, v, from);
  case WK_MQTT_PUBLISH:
    return publish(w, v, from);
  case WK_MQTT_PUBACK:
  case WK_MQTT_PUBREC:
  case WK_MQTT_PUBREL:
  case WK_MQTT_PUBCOMP:
    return ack(w, v, from);
  case WK_MQTT_SUBSCRIBE:
    return subscribe(w, v, from);
  case WK_MQTT_SUBACK:
    return suback(w, v, from);
  case WK_MQTT_PINGREQ:
  case WK_MQTT_PINGRESP:
  case WK_MQTT_DISCONNECT:
  case WK_MQTT_AUTH:
    return notice(w, v, from);
  case WK_MQTT_UNSUBSCRIBE:
  case WK_MQTT_UNSUBACK:
  default:
    return WK_ERR_ARGUMENT;
  }
}

enum wk_err json_packet(struct wk_writer *w, enum wk_mqtt_version v,
                        const cJSON *fields) {
  wk_writer_init(&room, store, sizeof store);
  const enum wk_err err = one(w, v, fields);
  return room.ok ? err : WK_ERR_SPACE;
}

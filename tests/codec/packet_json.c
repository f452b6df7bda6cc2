/* SPDX-License-Identifier: Apache-2.0 */
#include "packet_json.h"

#include <stdlib.h>

/* ---- fields ------------------------------------------------------------- */

static cJSON *hex(const struct wk_span *span) {
  static const char digits[] = "0123456789abcdef";
  char *text = calloc(2 * span->len + 1, 1);
  if (!text)
    abort();
  for (size_t i = 0; i < span->len; i++) {
    text[2 * i] = digits[span->data[i] >> 4];
    text[2 * i + 1] = digits[span->data[i] & 15u];
  }
  cJSON *json = cJSON_CreateString(text);
  free(text);
  return json;
}

static void add_hex(cJSON *to, const char *name, const struct wk_span *span) {
  (void)cJSON_AddItemToObject(to, name, hex(span));
}

static void add_number(cJSON *to, const char *name, double number) {
  (void)cJSON_AddNumberToObject(to, name, number);
}

static void add_bool(cJSON *to, const char *name, bool value) {
  (void)cJSON_AddBoolToObject(to, name, value);
}

/* The id tells which member holds the value; see whitekey/mqtt.h. */
static bool is_number(enum wk_mqtt_property id) {
  static const enum wk_mqtt_property texts[] = {
      WK_MQTT_CONTENT_TYPE,  WK_MQTT_RESPONSE_TOPIC,
      WK_MQTT_AUTH_METHOD,   WK_MQTT_CORRELATION_DATA,
      WK_MQTT_AUTH_DATA,     WK_MQTT_ASSIGNED_CLIENT_ID,
      WK_MQTT_RESPONSE_INFO, WK_MQTT_SERVER_REFERENCE,
      WK_MQTT_REASON_STRING, WK_MQTT_USER_PROPERTY};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    if (texts[i] == id)
      return false;
  }
  return true;
}

static void add_props(cJSON *to, const struct wk_span *props) {
  cJSON *list = cJSON_AddArrayToObject(to, "props");
  struct wk_span rest = *props;
  struct wk_mqtt_prop prop;
  while (wk_mqtt_prop_next(&rest, &prop)) {
    cJSON *one = cJSON_CreateArray();
    (void)cJSON_AddItemToArray(one, cJSON_CreateNumber(prop.id));
    (void)cJSON_AddItemToArray(one, is_number(prop.id)
                                        ? cJSON_CreateNumber(prop.number)
                                        : hex(&prop.data));
    if (prop.id == WK_MQTT_USER_PROPERTY)
      (void)cJSON_AddItemToArray(one, hex(&prop.value));
    (void)cJSON_AddItemToArray(list, one);
  }
}

/* ---- packets ------------------------------------------------------------ */

static bool connect(cJSON *to, const struct wk_mqtt_frame *frame) {
  struct wk_mqtt_connect p;
  if (wk_mqtt_connect_parse(&p, frame) != WK_OK)
    return false;
  add_number(to, "version", p.version);
  add_bool(to, "clean", p.clean);
  add_number(to, "keep_alive", p.keep_alive);
  add_props(to, &p.props);
  add_hex(to, "client_id", &p.client_id);
  if (p.has_will) {
    cJSON *will = cJSON_AddObjectToObject(to, "will");
    add_number(will, "qos", p.will_qos);
    add_bool(will, "retain", p.will_retain);
    add_props(will, &p.will_props);
    add_hex(will, "topic", &p.will_topic);
    add_hex(will, "payload", &p.will_payload);
  }
  if (p.has_username)
    add_hex(to, "username", &p.username);
  if (p.has_password)
    add_hex(to, "password", &p.password);
  return true;
}

static bool connack(cJSON *to, enum wk_mqtt_version v,
                    const struct wk_mqtt_frame *frame) {
  struct wk_mqtt_connack p;
  if (wk_mqtt_connack_parse(&p, v, frame) != WK_OK)
    return false;
  add_bool(to, "session_present", p.session_present);
  add_number(to, "code", p.code);
  add_props(to, &p.props);
  return true;
}

static bool publish(cJSON *to, enum wk_mqtt_version v,
                    const struct wk_mqtt_frame *frame) {
  struct wk_mqtt_publish p;
  if (wk_mqtt_publish_parse(&p, v, frame) != WK_OK)
    return false;
  add_bool(to, "dup", p.dup);
  add_bool(to, "retain", p.retain);
  add_number(to, "qos", p.qos);
  add_number(to, "id", p.id);
  add_hex(to, "topic", &p.topic);
  add_props(to, &p.props);
  add_hex(to, "payload", &p.payload);
  return true;
}

static bool ack(cJSON *to, enum wk_mqtt_version v,
                const struct wk_mqtt_frame *frame) {
  struct wk_mqtt_ack p;
  if (wk_mqtt_ack_parse(&p, v, frame) != WK_OK)
    return false;
  add_number(to, "id", p.id);
  add_number(to, "code", p.code);
  add_props(to, &p.props);
  return true;
}

static bool subscribe(cJSON *to, enum wk_mqtt_version v,
                      const struct wk_mqtt_frame *frame) {
  struct wk_mqtt_subscribe p;
  struct wk_mqtt_filter filter;
  if (wk_mqtt_subscribe_parse(&p, v, frame) != WK_OK)
    return false;
  add_number(to, "id", p.id);
  add_props(to, &p.props);
  cJSON *list = cJSON_AddArrayToObject(to, "filters");
  while (wk_mqtt_filter_next(&p.filters, &filter)) {
    cJSON *one = cJSON_CreateArray();
    (void)cJSON_AddItemToArray(one, hex(&filter.topic));
    (void)cJSON_AddItemToArray(one, cJSON_CreateNumber(filter.options));
    (void)cJSON_AddItemToArray(list, one);
  }
  return true;
}

static bool suback(cJSON *to, enum wk_mqtt_version v,
                   const struct wk_mqtt_frame *frame) {
  struct wk_mqtt_suback p;
  if (wk_mqtt_suback_parse(&p, v, frame) != WK_OK)
    return false;
  add_number(to, "id", p.id);
  add_props(to, &p.props);
  add_hex(to, "codes", &p.codes);
  return true;
}

static bool notice(cJSON *to, enum wk_mqtt_version v,
                   const struct wk_mqtt_frame *frame) {
  struct wk_mqtt_notice p;
  if (wk_mqtt_notice_parse(&p, v, frame) != WK_OK)
    return false;
  add_number(to, "code", p.code);
  add_props(to, &p.props);
  return true;
}

static bool one(cJSON *to, enum wk_mqtt_version v,
                const struct wk_mqtt_frame *frame) {
  switch (frame->type) {
  case WK_MQTT_CONNECT:
    return connect(to, frame);
  case WK_MQTT_CONNACK:
    return connack(to, v, frame);
  case WK_MQTT_PUBLISH:
    return publish(to, v, frame);
  case WK_MQTT_PUBACK:
  case WK_MQTT_PUBREC:
  case WK_MQTT_PUBREL:
  case WK_MQTT_PUBCOMP:
    return ack(to, v, frame);
  case WK_MQTT_SUBSCRIBE:
    return subscribe(to, v, frame);
  case WK_MQTT_SUBACK:
    return suback(to, v, frame);
  case WK_MQTT_PINGREQ:
  case WK_MQTT_PINGRESP:
  case WK_MQTT_DISCONNECT:
  case WK_MQTT_AUTH:
    return notice(to, v, frame);
  case WK_MQTT_UNSUBSCRIBE:
  case WK_MQTT_UNSUBACK:
  default:
    return false;
  }
}

cJSON *packet_json(enum wk_mqtt_version v, const uint8_t *data, size_t len) {
  struct wk_mqtt_frame frame;
  if (wk_mqtt_frame(&frame, data, len, PACKET_MAX) != WK_MQTT_WHOLE ||
      frame.len != len)
    return NULL;
  cJSON *json = cJSON_CreateObject();
  add_number(json, "type", frame.type);
  if (one(json, v, &frame))
    return json;
  cJSON_Delete(json);
  return NULL;
}

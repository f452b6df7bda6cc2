/* SPDX-License-Identifier: Apache-2.0 */
/* The properties and reason codes of MQTT 5, as two tables. */
#include "mqtt_wire.h"

#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define IN(type) WK_MQTT_IN(WK_MQTT_##type)
#define WILL WK_MQTT_IN_WILL
#define MESSAGE (IN(PUBLISH) | WILL)
#define RECEIPT (IN(PUBACK) | IN(PUBREC))
#define RELEASE (IN(PUBREL) | IN(PUBCOMP))
#define SESSION (IN(CONNECT) | IN(CONNACK))
#define ENDING (IN(CONNACK) | IN(DISCONNECT))
#define ANYWHERE                                                              \
  (WILL | SESSION | IN(PUBLISH) | RECEIPT | RELEASE | IN(SUBSCRIBE) |         \
   IN(SUBACK) | IN(DISCONNECT) | IN(AUTH))

enum form {
  BIT,     /* one byte, 0 or 1 */
  SHORT,   /* be16 */
  COUNTER, /* be16, not 0 */
  LONG,    /* be32 */
  SIZE,    /* be32, not 0 */
  VARINT,  /* not 0 */
  TEXT,
  NAME, /* a topic's: not empty, no wildcards */
  DATA,
  PAIR /* two texts, as often as wanted */
};

struct prop_rule {
  uint8_t id;
  uint8_t form;
  uint16_t where;
};

/* Table 2-4. */
static WK_FLASH struct prop_rule prop_rules[] = {
    {WK_MQTT_PAYLOAD_FORMAT, BIT, MESSAGE},
    {WK_MQTT_MESSAGE_EXPIRY, LONG, MESSAGE},
    {WK_MQTT_CONTENT_TYPE, TEXT, MESSAGE},
    {WK_MQTT_RESPONSE_TOPIC, NAME, MESSAGE},
    {WK_MQTT_CORRELATION_DATA, DATA, MESSAGE},
    {WK_MQTT_SUBSCRIPTION_ID, VARINT, IN(PUBLISH) | IN(SUBSCRIBE)},
    {WK_MQTT_SESSION_EXPIRY, LONG, SESSION | IN(DISCONNECT)},
    {WK_MQTT_ASSIGNED_CLIENT_ID, TEXT, IN(CONNACK)},
    {WK_MQTT_SERVER_KEEP_ALIVE, SHORT, IN(CONNACK)},
    {WK_MQTT_AUTH_METHOD, TEXT, SESSION | IN(AUTH)},
    {WK_MQTT_AUTH_DATA, DATA, SESSION | IN(AUTH)},
    {WK_MQTT_REQUEST_PROBLEM, BIT, IN(CONNECT)},
    {WK_MQTT_WILL_DELAY, LONG, WILL},
    {WK_MQTT_REQUEST_RESPONSE, BIT, IN(CONNECT)},
    {WK_MQTT_RESPONSE_INFO, TEXT, IN(CONNACK)},
    {WK_MQTT_SERVER_REFERENCE, TEXT, ENDING},
    {WK_MQTT_REASON_STRING, TEXT,
     ENDING | RECEIPT | RELEASE | IN(SUBACK) | IN(AUTH)},
    {WK_MQTT_RECEIVE_MAX, COUNTER, SESSION},
    {WK_MQTT_TOPIC_ALIAS_MAX, SHORT, SESSION},
    {WK_MQTT_TOPIC_ALIAS, COUNTER, IN(PUBLISH)},
    {WK_MQTT_MAX_QOS, BIT, IN(CONNACK)},
    {WK_MQTT_RETAIN_AVAILABLE, BIT, IN(CONNACK)},
    {WK_MQTT_USER_PROPERTY, PAIR, ANYWHERE},
    {WK_MQTT_MAX_PACKET, SIZE, SESSION},
    {WK_MQTT_WILDCARD_AVAILABLE, BIT, IN(CONNACK)},
    {WK_MQTT_SUBSCRIPTION_ID_AVAILABLE, BIT, IN(CONNACK)},
    {WK_MQTT_SHARED_AVAILABLE, BIT, IN(CONNACK)},
};

/* The rule's place in the table, or COUNT without one. */
static uint8_t prop_rule(uint8_t id) {
  uint8_t i = 0;
  while (i < COUNT(prop_rules) && prop_rules[i].id != id)
    i++;
  return i;
}

static uint32_t read_number(struct wk_reader *r, enum form form) {
  const uint32_t value = form == BIT                        ? wk_read_u8(r)
                         : form == SHORT || form == COUNTER ? wk_read_be16(r)
                         : form == VARINT ? wk_mqtt_read_varint(r)
                                          : wk_read_be32(r);
  if (form == BIT && value > 1)
    r->ok = false;
  if ((form == COUNTER || form == SIZE || form == VARINT) && value == 0)
    r->ok = false;
  return value;
}

/* Reads one property; gives its rule's place in the table. */
static uint8_t read_prop(struct wk_reader *r, struct wk_mqtt_prop *prop) {
  memset(prop, 0, sizeof *prop);
  /* Identifiers are variable byte integers; all known ones are one byte. */
  const uint8_t id = wk_read_u8(r);
  const uint8_t rule = prop_rule(id);
  if (rule == COUNT(prop_rules)) {
    r->ok = false;
    return rule;
  }
  prop->id = (enum wk_mqtt_property)id;
  const enum form form = (enum form)prop_rules[rule].form;
  if (form < TEXT)
    prop->number = read_number(r, form);
  else
    prop->data = form == DATA   ? wk_mqtt_read_data(r)
                 : form == NAME ? wk_mqtt_read_name(r)
                                : wk_mqtt_read_text(r);
  if (form == PAIR)
    prop->value = wk_mqtt_read_text(r);
  if (form == NAME && prop->data.len == 0)
    r->ok = false;
  return rule;
}

static bool repeatable(uint8_t id, uint16_t where) {
  return id == WK_MQTT_USER_PROPERTY ||
         (id == WK_MQTT_SUBSCRIPTION_ID && where == IN(PUBLISH));
}

static bool props_valid(const uint8_t *data, size_t len, uint16_t where) {
  struct wk_reader r;
  struct wk_mqtt_prop prop;
  bool seen[COUNT(prop_rules)] = {false};
  bool bare = where == IN(AUTH);
  wk_reader_init(&r, data, len);
  while (r.left > 0) {
    const uint8_t rule = read_prop(&r, &prop);
    if (!r.ok || !(prop_rules[rule].where & where))
      return false;
    if (seen[rule] && !repeatable((uint8_t)prop.id, where))
      return false;
    seen[rule] = true;
    bare |= prop.id == WK_MQTT_AUTH_DATA;
  }
  /* Sections 3.1.2.11.10 and 3.15.2.2: data only under a method. */
  return !bare || seen[prop_rule(WK_MQTT_AUTH_METHOD)];
}

struct wk_span wk_mqtt_read_props(struct wk_reader *r, uint16_t where) {
  const uint32_t len = wk_mqtt_read_varint(r);
  const uint8_t *data = NULL;
  if (len <= r->left)
    data = wk_read_view(r, (size_t)len);
  if (!data || !props_valid(data, (size_t)len, where)) {
    r->ok = false;
    return (struct wk_span){NULL, 0};
  }
  return (struct wk_span){data, (size_t)len};
}

bool wk_mqtt_prop_next(struct wk_span *rest, struct wk_mqtt_prop *prop) {
  struct wk_reader r;
  wk_reader_init(&r, rest->data, rest->len);
  if (rest->len > 0)
    (void)read_prop(&r, prop);
  if (rest->len == 0 || !r.ok) {
    memset(prop, 0, sizeof *prop);
    rest->len = 0;
    return false;
  }
  rest->data = r.at;
  rest->len = r.left;
  return true;
}

bool wk_mqtt_prop_find(const struct wk_span *props, enum wk_mqtt_property id,
                       struct wk_mqtt_prop *prop) {
  struct wk_span rest = *props;
  while (wk_mqtt_prop_next(&rest, prop)) {
    if (prop->id == id)
      return true;
  }
  return false;
}

static void write_number(struct wk_writer *w, enum form form, uint32_t value) {
  if ((form == BIT && value > 1) || (form < LONG && value > 0xffffu))
    w->ok = false;
  if (form == BIT)
    wk_write_u8(w, (uint8_t)value);
  else if (form < LONG)
    wk_write_be16(w, (uint16_t)value);
  else if (form == VARINT)
    wk_mqtt_write_varint(w, value);
  else
    wk_write_be32(w, value);
}

void wk_mqtt_prop_write(struct wk_writer *w, const struct wk_mqtt_prop *prop) {
  const uint8_t rule = prop_rule((uint8_t)prop->id);
  if (rule == COUNT(prop_rules)) {
    w->ok = false;
    return;
  }
  const enum form form = (enum form)prop_rules[rule].form;
  wk_write_u8(w, (uint8_t)prop->id);
  if (form < TEXT) {
    write_number(w, form, prop->number);
    return;
  }
  wk_mqtt_write_data(w, &prop->data);
  if (form == PAIR)
    wk_mqtt_write_data(w, &prop->value);
}

struct code_rule {
  uint8_t code;
  uint16_t where;
};

/* Table 2-6, without UNSUBACK. */
static WK_FLASH struct code_rule code_rules[] = {
    {0x00, RECEIPT | RELEASE | ENDING | IN(SUBACK) | IN(AUTH)},
    {0x01, IN(SUBACK)},
    {0x02, IN(SUBACK)},
    {0x04, IN(DISCONNECT)},
    {0x10, RECEIPT},
    {0x18, IN(AUTH)},
    {0x19, IN(AUTH)},
    {0x80, ENDING | RECEIPT | IN(SUBACK)},
    {0x81, ENDING},
    {0x82, ENDING},
    {0x83, ENDING | RECEIPT | IN(SUBACK)},
    {0x84, IN(CONNACK)},
    {0x85, IN(CONNACK)},
    {0x86, IN(CONNACK)},
    {0x87, ENDING | RECEIPT | IN(SUBACK)},
    {0x88, IN(CONNACK)},
    {0x89, ENDING},
    {0x8a, IN(CONNACK)},
    {0x8b, IN(DISCONNECT)},
    {0x8c, ENDING},
    {0x8d, IN(DISCONNECT)},
    {0x8e, IN(DISCONNECT)},
    {0x8f, IN(SUBACK) | IN(DISCONNECT)},
    {0x90, ENDING | RECEIPT},
    {0x91, RECEIPT | IN(SUBACK)},
    {0x92, RELEASE},
    {0x93, IN(DISCONNECT)},
    {0x94, IN(DISCONNECT)},
    {0x95, ENDING},
    {0x96, IN(DISCONNECT)},
    {0x97, ENDING | RECEIPT | IN(SUBACK)},
    {0x98, IN(DISCONNECT)},
    {0x99, ENDING | RECEIPT},
    {0x9a, ENDING},
    {0x9b, ENDING},
    {0x9c, ENDING},
    {0x9d, ENDING},
    {0x9e, IN(SUBACK) | IN(DISCONNECT)},
    {0x9f, ENDING},
    {0xa0, IN(DISCONNECT)},
    {0xa1, IN(SUBACK) | IN(DISCONNECT)},
    {0xa2, IN(SUBACK) | IN(DISCONNECT)},
};

bool wk_mqtt_code_valid(uint8_t code, uint16_t where) {
  for (size_t i = 0; i < COUNT(code_rules); i++) {
    if (code_rules[i].code == code)
      return code_rules[i].where & where;
  }
  return false;
}

uint8_t wk_mqtt_read_code(struct wk_reader *r, uint16_t where) {
  const uint8_t code = wk_read_u8(r);
  if (!wk_mqtt_code_valid(code, where))
    r->ok = false;
  return code;
}

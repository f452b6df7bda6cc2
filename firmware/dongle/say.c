/* SPDX-License-Identifier: Apache-2.0 */
#include "say.h"

#include <avr/io.h>
#include <avr/pgmspace.h>
#include <string.h>

#include "clock.h"
#include "packet.h"
#include "session.h"

#define KEEP_ALIVE 15u /* seconds, told to the server */
#define ANALOG 1u      /* ADC1 is PC1 */

/* Around the device's name: protocol section 6.1. */
static const char x_root[] PROGMEM = "whitekey/v1/";
static const char x3_leaf[] PROGMEM = "/x3";
static const char x4_leaf[] PROGMEM = "/x4";
#define TOPIC_MAX (sizeof x_root - 1 + WK_DID_MAX + sizeof x3_leaf - 1)

/* The X3 that is published behind it has 1. */
#define SUBSCRIBE_ID 2u

/* With a name of WK_DID_MAX. */
#define PROPS_MAX 94u /* those of an AUTH with an X1 */
#define CONNECT_MAX 112u
#define PUBLISH_MAX 198u /* an X3 as text */

static const char method[] PROGMEM = "WHITEKEY-CHALLENGE";
#define METHOD_LEN (sizeof method - 1)

static void write_flash(struct wk_writer *w, const char *text) {
  for (char c; (c = (char)pgm_read_byte(text)) != 0; text++)
    wk_write_u8(w, (uint8_t)c);
}

static const struct wk_id *own_id(void) {
  return &wk_session_device()->id;
}

static struct wk_span own_name(void) {
  return (struct wk_span){(const uint8_t *)own_id()->did, own_id()->did_len};
}

static void write_auth(struct wk_writer *props, const uint8_t *data,
                       size_t len) {
  uint8_t name[METHOD_LEN];
  memcpy_P(name, method, sizeof name);
  struct wk_mqtt_prop prop = {.id = WK_MQTT_AUTH_METHOD,
                              .data = {name, sizeof name}};
  wk_mqtt_prop_write(props, &prop);
  prop.id = WK_MQTT_AUTH_DATA;
  prop.data = (struct wk_span){data, len};
  wk_mqtt_prop_write(props, &prop);
}

/* Clean start; the client id is the device's name, as its authentication data
 * is: protocol section 5. */
void wk_say_connect(void) {
  uint8_t packet[CONNECT_MAX];
  uint8_t props[PROPS_MAX];
  uint8_t did[1 + WK_DID_MAX];
  struct wk_mqtt_connect connect = {.version = WK_MQTT_5,
                                    .clean = true,
                                    .keep_alive = KEEP_ALIVE,
                                    .client_id = own_name()};
  const struct wk_mqtt_prop most = {.id = WK_MQTT_MAX_PACKET,
                                    .number = WK_PACKET_MAX};
  struct wk_writer w;
  did[0] = (uint8_t)connect.client_id.len;
  memcpy(did + 1, connect.client_id.data, did[0]);
  wk_writer_init(&w, props, sizeof props);
  wk_mqtt_prop_write(&w, &most);
  write_auth(&w, did, 1u + did[0]);
  connect.props = (struct wk_span){props, w.used};
  wk_writer_init(&w, packet, sizeof packet);
  wk_mqtt_connect_put(&w, &connect);
  wk_packet_send(&w);
}

static void send_notice(enum wk_mqtt_type type, uint8_t code,
                        const struct wk_writer *props) {
  uint8_t packet[PROPS_MAX + 5u];
  struct wk_mqtt_notice notice = {.type = type, .code = code};
  struct wk_writer w;
  if (props)
    notice.props = (struct wk_span){props->start, props->used};
  wk_writer_init(&w, packet, sizeof packet);
  wk_mqtt_notice_put(&w, WK_MQTT_5, &notice);
  wk_packet_send(&w);
}

void wk_say_login(const uint8_t x1[WK_X1_LEN]) {
  uint8_t props[PROPS_MAX];
  struct wk_writer w;
  wk_writer_init(&w, props, sizeof props);
  write_auth(&w, x1, WK_X1_LEN);
  send_notice(WK_MQTT_AUTH, WK_MQTT_CONTINUE, &w);
}

/* With the device's name between root and leaf. */
static struct wk_span write_topic(uint8_t topic[TOPIC_MAX], const char *root,
                                  const char *leaf) {
  struct wk_writer w;
  wk_writer_init(&w, topic, TOPIC_MAX);
  write_flash(&w, root);
  wk_write_bytes(&w, own_id()->did, own_id()->did_len);
  write_flash(&w, leaf);
  return (struct wk_span){topic, w.used};
}

static void publish(uint8_t qos, const char *root, const char *leaf,
                    struct wk_span payload) {
  uint8_t packet[PUBLISH_MAX];
  uint8_t topic[TOPIC_MAX];
  const struct wk_mqtt_publish message = {.qos = qos,
                                          .id = qos,
                                          .topic =
                                              write_topic(topic, root, leaf),
                                          .payload = payload};
  struct wk_writer w;
  wk_writer_init(&w, packet, sizeof packet);
  wk_mqtt_publish_put(&w, WK_MQTT_5, &message);
  wk_packet_send(&w);
}

void wk_say_listening(void) {
  uint8_t topic[TOPIC_MAX];
  uint8_t filters[2 + TOPIC_MAX + 1];
  uint8_t packet[5 + sizeof filters];
  struct wk_writer w;
  const struct wk_mqtt_filter filter = {
      .topic = write_topic(topic, x_root, x4_leaf), .options = 1};
  wk_writer_init(&w, filters, sizeof filters);
  wk_mqtt_filter_write(&w, &filter);
  const struct wk_mqtt_subscribe subscribe = {.id = SUBSCRIBE_ID,
                                              .filters = {filters, w.used}};
  wk_writer_init(&w, packet, sizeof packet);
  wk_mqtt_subscribe_put(&w, WK_MQTT_5, &subscribe);
  wk_packet_send(&w);
}

void wk_say_received(uint16_t id) {
  uint8_t packet[4];
  const struct wk_mqtt_ack ack = {.type = WK_MQTT_PUBACK, .id = id};
  struct wk_writer w;
  wk_writer_init(&w, packet, sizeof packet);
  wk_mqtt_ack_put(&w, WK_MQTT_5, &ack);
  wk_packet_send(&w);
}

void wk_say_bye(void) {
  send_notice(WK_MQTT_DISCONNECT, 0, NULL);
}

void wk_say_ping(void) {
  send_notice(WK_MQTT_PINGREQ, 0, NULL);
}

static uint16_t read_analog(void) {
  ADMUX = _BV(REFS0) | ANALOG; /* of the supply */
  ADCSRA = _BV(ADEN) | _BV(ADSC) | _BV(ADPS2) | _BV(ADPS1) | _BV(ADPS0);
  while (ADCSRA & _BV(ADSC)) {
  }
  ADCSRA = 0;
  return ADC;
}

static void write_decimal(struct wk_writer *w, uint32_t value) {
  uint8_t digits[10];
  uint8_t at = sizeof digits;
  do {
    digits[--at] = (uint8_t)('0' + value % 10);
    value /= 10;
  } while (value != 0);
  wk_write_bytes(w, digits + at, sizeof digits - at);
}

void wk_say_reading(void) {
  static const char root[] PROGMEM = "sensors/";
  static const char leaf[] PROGMEM = "/analog";
  static const char first[] PROGMEM = "{\"analog\":";
  static const char second[] PROGMEM = ",\"uptime\":";
  uint8_t payload[sizeof first + sizeof second + 20u];
  struct wk_writer w;
  wk_writer_init(&w, payload, sizeof payload);
  write_flash(&w, first);
  write_decimal(&w, read_analog());
  write_flash(&w, second);
  write_decimal(&w, wk_clock_now());
  wk_write_u8(&w, '}');
  publish(0, root, leaf, (struct wk_span){payload, w.used});
}

/* As text, QoS 1: protocol section 6.1. */
void wk_say_update(const uint8_t x3[WK_X3_LEN]) {
  char text[WK_B64_LEN(WK_X3_LEN) + 1u];
  wk_b64_write(text, x3, WK_X3_LEN);
  publish(1, x_root, x3_leaf,
          (struct wk_span){(const uint8_t *)text, sizeof text - 1});
}

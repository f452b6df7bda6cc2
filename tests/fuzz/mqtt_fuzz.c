/* SPDX-License-Identifier: Apache-2.0 */
/* MQTT packets of both versions; what is parsed is written and read again. */
#include <whitekey/mqtt.h>

#include "fuzz.h"

#define ROOM 70000u

static uint8_t buffer[ROOM];
static struct wk_writer writer;
static struct wk_mqtt_frame again;

/* Where the packet is written again. */
static struct wk_writer *w(void) {
  wk_writer_init(&writer, buffer, sizeof buffer);
  return &writer;
}

/* What a reader of the packet written into w() sees. */
static const struct wk_mqtt_frame *written(enum wk_err err) {
  FUZZ_CHECK(err == WK_OK);
  FUZZ_CHECK(wk_mqtt_frame(&again, buffer, writer.used, ROOM) ==
             WK_MQTT_WHOLE);
  return &again;
}

static void one(const struct wk_mqtt_frame *frame, enum wk_mqtt_version v) {
  struct wk_mqtt_connect connect;
  struct wk_mqtt_connack connack;
  struct wk_mqtt_publish publish;
  struct wk_mqtt_ack ack;
  struct wk_mqtt_subscribe subscribe;
  struct wk_mqtt_suback suback;
  struct wk_mqtt_notice notice;
  if (frame->type == WK_MQTT_CONNECT &&
      wk_mqtt_connect_parse(&connect, frame) == WK_OK) {
    frame = written(wk_mqtt_connect_write(w(), &connect));
    FUZZ_CHECK(wk_mqtt_connect_parse(&connect, frame) == WK_OK);
  } else if (frame->type == WK_MQTT_CONNACK &&
             wk_mqtt_connack_parse(&connack, v, frame) == WK_OK) {
    frame = written(wk_mqtt_connack_write(w(), v, &connack));
    FUZZ_CHECK(wk_mqtt_connack_parse(&connack, v, frame) == WK_OK);
  } else if (frame->type == WK_MQTT_PUBLISH &&
             wk_mqtt_publish_parse(&publish, v, frame) == WK_OK) {
    frame = written(wk_mqtt_publish_write(w(), v, &publish));
    FUZZ_CHECK(wk_mqtt_publish_parse(&publish, v, frame) == WK_OK);
  } else if (frame->type >= WK_MQTT_PUBACK && frame->type <= WK_MQTT_PUBCOMP &&
             wk_mqtt_ack_parse(&ack, v, frame) == WK_OK) {
    frame = written(wk_mqtt_ack_write(w(), v, &ack));
    FUZZ_CHECK(wk_mqtt_ack_parse(&ack, v, frame) == WK_OK);
  } else if (frame->type == WK_MQTT_SUBSCRIBE &&
             wk_mqtt_subscribe_parse(&subscribe, v, frame) == WK_OK) {
    frame = written(wk_mqtt_subscribe_write(w(), v, &subscribe));
    FUZZ_CHECK(wk_mqtt_subscribe_parse(&subscribe, v, frame) == WK_OK);
  } else if (frame->type == WK_MQTT_SUBACK &&
             wk_mqtt_suback_parse(&suback, v, frame) == WK_OK) {
    frame = written(wk_mqtt_suback_write(w(), v, &suback));
    FUZZ_CHECK(wk_mqtt_suback_parse(&suback, v, frame) == WK_OK);
  } else if (frame->type >= WK_MQTT_PINGREQ &&
             wk_mqtt_notice_parse(&notice, v, frame) == WK_OK) {
    frame = written(wk_mqtt_notice_write(w(), v, &notice));
    FUZZ_CHECK(wk_mqtt_notice_parse(&notice, v, frame) == WK_OK);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct wk_mqtt_frame frame;
  while (wk_mqtt_frame(&frame, data, size, ROOM) == WK_MQTT_WHOLE) {
    FUZZ_CHECK(frame.len >= 2 && frame.len <= size);
    one(&frame, WK_MQTT_311);
    one(&frame, WK_MQTT_5);
    data += frame.len;
    size -= frame.len;
  }
  return 0;
}

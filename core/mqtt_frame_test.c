/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "mqtt_samples.h"

#define LIMIT 1000u

static enum wk_mqtt_framed frame_of(struct wk_mqtt_frame *f, const void *data,
                                    size_t len) {
  return wk_mqtt_frame(f, data, len, LIMIT);
}

Test(mqtt_frame, frame__every_prefix_of_every_packet_asks_for_more) {
  for (size_t i = 0; i < valid_count; i++) {
    uint8_t packet[SAMPLE_MAX];
    struct wk_mqtt_frame f;
    const size_t len = sample_packet(packet, &valid_samples[i]);
    for (size_t have = 0; have < len; have++) {
      cr_assert_eq(frame_of(&f, packet, have), WK_MQTT_MORE, "%s, %zu bytes",
                   valid_samples[i].name, have);
      cr_assert(f.need >= 1 && have + f.need <= len);
      cr_assert(f.len == 0 || f.need == len - have);
    }
    cr_assert_eq(frame_of(&f, packet, len), WK_MQTT_WHOLE);
    cr_assert_eq(f.len, len);
    cr_assert_eq(f.type, valid_samples[i].first >> 4);
    cr_assert_eq(f.body + f.body_len, packet + len);
  }
}

Test(mqtt_frame, frame__what_follows_is_left_alone) {
  const uint8_t two[] = {0xc0, 0x00, 0xff, 0xff};
  struct wk_mqtt_frame f;
  cr_assert_eq(frame_of(&f, two, sizeof two), WK_MQTT_WHOLE);
  cr_assert_eq(f.len, 2u);
  cr_assert_eq(f.body_len, 0u);
}

Test(mqtt_frame, frame__lengths_at_their_borders) {
  static const struct {
    uint8_t bytes[5];
    uint8_t len;
    uint32_t want;
  } rows[] = {
      {{0x30, 0x7f}, 2, 127 + 2},
      {{0x30, 0x80, 0x01}, 3, 128 + 3},
      {{0x30, 0xff, 0x7f}, 3, 16383 + 3},
      {{0x30, 0x80, 0x80, 0x01}, 4, 16384 + 4},
      {{0x30, 0xff, 0xff, 0x7f}, 4, 2097151 + 4},
      {{0x30, 0x80, 0x80, 0x80, 0x01}, 5, 2097152 + 5},
      {{0x30, 0xff, 0xff, 0xff, 0x7f}, 5, WK_MQTT_REMAINING_MAX + 5},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct wk_mqtt_frame f;
    const enum wk_mqtt_framed got = frame_of(&f, rows[i].bytes, rows[i].len);
    cr_assert_eq(got, rows[i].want > LIMIT ? WK_MQTT_LARGE : WK_MQTT_MORE);
    cr_assert_eq(f.len, rows[i].want);
    cr_assert_eq(f.need, rows[i].want - rows[i].len);
  }
}

Test(mqtt_frame, frame__limit_includes_the_header) {
  const uint8_t packet[] = {0x30, 0x04, 0, 1, 't', 'x'};
  struct wk_mqtt_frame f;
  cr_assert_eq(wk_mqtt_frame(&f, packet, 6, 6), WK_MQTT_WHOLE);
  cr_assert_eq(wk_mqtt_frame(&f, packet, 6, 5), WK_MQTT_LARGE);
  cr_assert_eq(wk_mqtt_frame(&f, packet, 2, 5), WK_MQTT_LARGE);
}

Test(mqtt_frame, frame__bad_lengths_are_malformed) {
  static const uint8_t rows[][7] = {
      {0x30, 0xff, 0xff, 0xff, 0xff, 0x7f}, /* five bytes */
      {0x30, 0x80, 0x80, 0x80, 0x80, 0x01},
      {0x30, 0x80, 0x00}, /* more bytes than needed */
      {0x30, 0xff, 0x80, 0x00},
      {0x30, 0x80, 0x80, 0x80, 0x00},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct wk_mqtt_frame f;
    cr_assert_eq(frame_of(&f, rows[i], sizeof rows[i]), WK_MQTT_MALFORMED);
  }
  struct wk_mqtt_frame f;
  cr_assert_eq(frame_of(&f, rows[0], 5), WK_MQTT_MALFORMED,
               "the fifth length byte need not come to know it");
}

Test(mqtt_frame, frame__flags_of_every_first_byte) {
  for (unsigned first = 0; first < 256; first++) {
    const uint8_t data[] = {(uint8_t)first, 0};
    const unsigned type = first >> 4;
    const unsigned flags = first & 15u;
    const unsigned qos = flags >> 1 & 3u;
    struct wk_mqtt_frame f;
    bool good = flags == 0;
    if (type == WK_MQTT_PUBREL || type == WK_MQTT_SUBSCRIBE ||
        type == WK_MQTT_UNSUBSCRIBE)
      good = flags == 2;
    if (type == WK_MQTT_PUBLISH)
      good = qos < 3 && !(flags & 8u && qos == 0);
    if (type == 0)
      good = false;
    cr_assert_eq(frame_of(&f, data, 2),
                 good ? WK_MQTT_WHOLE : WK_MQTT_MALFORMED, "%02x", first);
    cr_assert_eq(frame_of(&f, data, 1),
                 good ? WK_MQTT_MORE : WK_MQTT_MALFORMED, "%02x", first);
  }
}

/* What a receiver without a buffer sees after len bytes at most. */
static enum wk_mqtt_framed take(struct wk_mqtt_header *header,
                                const uint8_t *data, size_t len) {
  enum wk_mqtt_framed state = WK_MQTT_MORE;
  *header = (struct wk_mqtt_header){0};
  while (state == WK_MQTT_MORE && header->len < len)
    state = wk_mqtt_header_take(header, data[header->len]);
  return state;
}

Test(mqtt_frame, header_take__tells_of_every_packet_what_follows) {
  for (size_t i = 0; i < valid_count; i++) {
    uint8_t packet[SAMPLE_MAX];
    struct wk_mqtt_header header;
    const size_t len = sample_packet(packet, &valid_samples[i]);
    cr_assert_eq(take(&header, packet, len), WK_MQTT_WHOLE);
    cr_assert_eq(header.first, valid_samples[i].first);
    cr_assert_eq(header.len + header.remaining, len);
  }
}

Test(mqtt_frame, header_take__malformed_with_the_byte_that_makes_it_so) {
  static const struct {
    uint8_t bytes[5];
    uint8_t len;
  } rows[] = {
      {{0x00}, 1},
      {{0x36}, 1}, /* QoS 3 */
      {{0x60}, 1}, /* PUBREL without its flag */
      {{0x30, 0x80, 0x00}, 3},
      {{0x30, 0xff, 0xff, 0xff, 0xff}, 5},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct wk_mqtt_header header;
    cr_assert_eq(take(&header, rows[i].bytes, rows[i].len - 1u), WK_MQTT_MORE);
    cr_assert_eq(take(&header, rows[i].bytes, rows[i].len), WK_MQTT_MALFORMED);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <string.h>

#include "mqtt_samples.h"

union any {
  struct wk_mqtt_connect connect;
  struct wk_mqtt_connack connack;
  struct wk_mqtt_publish publish;
  struct wk_mqtt_ack ack;
  struct wk_mqtt_subscribe subscribe;
  struct wk_mqtt_suback suback;
  struct wk_mqtt_notice notice;
};

static enum wk_err parse(union any *p, enum wk_mqtt_version v,
                         const struct wk_mqtt_frame *f) {
  if (f->type == WK_MQTT_CONNECT)
    return wk_mqtt_connect_parse(&p->connect, f);
  if (f->type == WK_MQTT_CONNACK)
    return wk_mqtt_connack_parse(&p->connack, v, f);
  if (f->type == WK_MQTT_PUBLISH)
    return wk_mqtt_publish_parse(&p->publish, v, f);
  if (f->type <= WK_MQTT_PUBCOMP)
    return wk_mqtt_ack_parse(&p->ack, v, f);
  if (f->type == WK_MQTT_SUBSCRIBE)
    return wk_mqtt_subscribe_parse(&p->subscribe, v, f);
  if (f->type == WK_MQTT_SUBACK)
    return wk_mqtt_suback_parse(&p->suback, v, f);
  return wk_mqtt_notice_parse(&p->notice, v, f);
}

static enum wk_err write(struct wk_writer *w, enum wk_mqtt_version v,
                         enum wk_mqtt_type type, const union any *p) {
  if (type == WK_MQTT_CONNECT)
    return wk_mqtt_connect_write(w, &p->connect);
  if (type == WK_MQTT_CONNACK)
    return wk_mqtt_connack_write(w, v, &p->connack);
  if (type == WK_MQTT_PUBLISH)
    return wk_mqtt_publish_write(w, v, &p->publish);
  if (type <= WK_MQTT_PUBCOMP)
    return wk_mqtt_ack_write(w, v, &p->ack);
  if (type == WK_MQTT_SUBSCRIBE)
    return wk_mqtt_subscribe_write(w, v, &p->subscribe);
  if (type == WK_MQTT_SUBACK)
    return wk_mqtt_suback_write(w, v, &p->suback);
  return wk_mqtt_notice_write(w, v, &p->notice);
}

/* Parses a whole packet; where it is none, as good as malformed. */
static enum wk_err parse_packet(union any *p, struct wk_mqtt_frame *f,
                                enum wk_mqtt_version v, const uint8_t *packet,
                                size_t len) {
  if (wk_mqtt_frame(f, packet, len, SAMPLE_MAX) != WK_MQTT_WHOLE)
    return WK_ERR_MALFORMED;
  return parse(p, v, f);
}

Test(mqtt, packet__written_again_it_is_the_same) {
  for (size_t i = 0; i < valid_count; i++) {
    const struct sample *s = &valid_samples[i];
    uint8_t packet[SAMPLE_MAX];
    uint8_t out[SAMPLE_MAX];
    union any p;
    struct wk_mqtt_frame f;
    struct wk_writer w;
    const size_t len = sample_packet(packet, s);
    cr_assert_eq(parse_packet(&p, &f, s->version, packet, len), WK_OK,
                 "%s (%d)", s->name, s->version);
    wk_writer_init(&w, out, sizeof out);
    cr_assert_eq(write(&w, s->version, f.type, &p), WK_OK, "%s", s->name);
    cr_assert_eq(w.used, len, "%s", s->name);
    cr_assert_arr_eq(out, packet, len, "%s", s->name);
  }
}

Test(mqtt, write__every_smaller_buffer_is_refused_and_untouched) {
  for (size_t i = 0; i < valid_count; i++) {
    const struct sample *s = &valid_samples[i];
    uint8_t packet[SAMPLE_MAX];
    uint8_t out[SAMPLE_MAX];
    union any p;
    struct wk_mqtt_frame f;
    const size_t len = sample_packet(packet, s);
    cr_assert_eq(parse_packet(&p, &f, s->version, packet, len), WK_OK);
    for (size_t cap = 0; cap < len; cap++) {
      struct wk_writer w;
      wk_writer_init(&w, out, cap);
      cr_assert_eq(write(&w, s->version, f.type, &p), WK_ERR_SPACE);
      cr_assert(w.ok && w.used == 0);
    }
  }
}

/* Some packets may end early; what parses must then be all there is. */
Test(mqtt, parse__every_truncated_body_is_refused_or_read_whole) {
  for (size_t i = 0; i < valid_count; i++) {
    const struct sample *s = &valid_samples[i];
    uint8_t packet[SAMPLE_MAX];
    uint8_t cut[SAMPLE_MAX];
    uint8_t out[SAMPLE_MAX];
    struct wk_mqtt_frame f;
    const size_t len = sample_packet(packet, s);
    cr_assert_eq(wk_mqtt_frame(&f, packet, len, len), WK_MQTT_WHOLE);
    const size_t body_len = f.body_len;
    for (size_t keep = 0; keep < body_len; keep++) {
      union any p;
      struct wk_mqtt_frame g;
      struct wk_writer w;
      const size_t cut_len =
          sample_wrap(cut, s->first, packet + len - body_len, keep);
      const enum wk_err err = parse_packet(&p, &g, s->version, cut, cut_len);
      if (s->first >> 4 == WK_MQTT_CONNECT || s->first >> 4 == WK_MQTT_CONNACK)
        cr_assert_eq(err, WK_ERR_MALFORMED, "%s, %zu", s->name, keep);
      if (err)
        continue;
      wk_writer_init(&w, out, sizeof out);
      cr_assert_eq(write(&w, s->version, g.type, &p), WK_OK);
      cr_assert(w.used <= cut_len);
    }
  }
}

Test(mqtt, parse__malformed_twins_are_refused_and_zeroed) {
  for (size_t i = 0; i < malformed_count; i++) {
    const struct sample *s = &malformed_samples[i];
    static const union any zero;
    uint8_t packet[SAMPLE_MAX];
    union any p;
    struct wk_mqtt_frame f;
    const size_t len = sample_packet(packet, s);
    memset(&p, 0, sizeof p);
    cr_assert_eq(wk_mqtt_frame(&f, packet, len, len), WK_MQTT_WHOLE,
                 "%s: the frame itself is good", s->name);
    cr_assert_eq(parse(&p, s->version, &f), WK_ERR_MALFORMED, "%s (%d)",
                 s->name, s->version);
    cr_assert_arr_eq(&p, &zero, sizeof p, "%s", s->name);
  }
}

/* Whatever parses can be written, and parses again to the same bytes. */
Test(mqtt, parse__every_byte_changed_to_every_value) {
  size_t good = 0;
  for (size_t i = 0; i < valid_count; i++) {
    const struct sample *s = &valid_samples[i];
    uint8_t packet[SAMPLE_MAX];
    uint8_t out[SAMPLE_MAX];
    const size_t len = sample_packet(packet, s);
    for (size_t n = 0; n < len * 256; n++) {
      union any p;
      struct wk_mqtt_frame f;
      struct wk_writer w;
      const uint8_t before = packet[n / 256];
      packet[n / 256] = (uint8_t)(n % 256);
      if (parse_packet(&p, &f, s->version, packet, len) == WK_OK) {
        wk_writer_init(&w, out, sizeof out);
        cr_assert_eq(write(&w, s->version, f.type, &p), WK_OK, "%s", s->name);
        cr_assert(w.used <= f.len);
        good++;
      }
      packet[n / 256] = before;
    }
  }
  cr_assert_gt(good, 1000u);
}

Test(mqtt, parse__another_packets_frame_is_refused) {
  uint8_t packet[SAMPLE_MAX];
  struct wk_mqtt_frame f;
  struct wk_mqtt_connack connack;
  struct wk_mqtt_ack ack;
  struct wk_mqtt_notice notice;
  const size_t len = sample_packet(packet, &valid_samples[0]);
  cr_assert_eq(wk_mqtt_frame(&f, packet, len, len), WK_MQTT_WHOLE);
  cr_assert_eq(wk_mqtt_connack_parse(&connack, WK_MQTT_311, &f),
               WK_ERR_MALFORMED);
  cr_assert_eq(wk_mqtt_ack_parse(&ack, WK_MQTT_5, &f), WK_ERR_MALFORMED);
  cr_assert_eq(wk_mqtt_notice_parse(&notice, WK_MQTT_5, &f), WK_ERR_MALFORMED);
}

Test(mqtt, ack__longer_forms_of_success_are_read) {
  static const struct sample rows[] = {
      {"reason", WK_MQTT_5, 0x40, "0001 00"},
      {"reason and no properties", WK_MQTT_5, 0x40, "0001 00 00"},
      {"disconnect", WK_MQTT_5, 0xe0, "00"},
      {"disconnect and no properties", WK_MQTT_5, 0xe0, "00 00"},
      {"disconnect with will, no properties", WK_MQTT_5, 0xe0, "04 00"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint8_t packet[SAMPLE_MAX];
    union any p;
    struct wk_mqtt_frame f;
    const size_t len = sample_packet(packet, &rows[i]);
    cr_assert_eq(parse_packet(&p, &f, WK_MQTT_5, packet, len), WK_OK);
  }
}

Test(mqtt, write__what_the_parser_refuses_is_an_argument_error) {
  uint8_t out[64];
  struct wk_writer w;
  wk_writer_init(&w, out, sizeof out);
  wk_write_u8(&w, 0xaa);
  const struct wk_mqtt_publish no_id = {.qos = 1,
                                        .topic = {(const uint8_t *)"t", 1}};
  cr_assert_eq(wk_mqtt_publish_write(&w, WK_MQTT_311, &no_id),
               WK_ERR_ARGUMENT);
  const struct wk_mqtt_publish qos3 = {
      .qos = 3, .id = 1, .topic = {(const uint8_t *)"t", 1}};
  cr_assert_eq(wk_mqtt_publish_write(&w, WK_MQTT_311, &qos3), WK_ERR_ARGUMENT);
  const struct wk_mqtt_connect version = {.version = (enum wk_mqtt_version)3};
  cr_assert_eq(wk_mqtt_connect_write(&w, &version), WK_ERR_ARGUMENT);
  const struct wk_mqtt_notice auth = {.type = WK_MQTT_AUTH};
  cr_assert_eq(wk_mqtt_notice_write(&w, WK_MQTT_311, &auth), WK_ERR_ARGUMENT);
  cr_assert(w.ok && w.used == 1, "the writer stands where it stood");
  cr_assert_eq(wk_mqtt_notice_write(&w, WK_MQTT_5, &auth), WK_OK);
  cr_assert_eq(w.used, 3u);
}

Test(mqtt, put__a_full_writer_fails_inside_its_buffer) {
  const struct wk_mqtt_publish p = {.topic = {(const uint8_t *)"t", 1},
                                    .payload = {(const uint8_t *)"xy", 2}};
  uint8_t out[8];
  for (size_t cap = 0; cap <= 7; cap++) {
    struct wk_writer w;
    memset(out, 0xaa, sizeof out);
    wk_writer_init(&w, out, cap);
    wk_mqtt_publish_put(&w, WK_MQTT_311, &p);
    cr_assert_eq(w.ok, cap == 7, "%zu bytes", cap);
    cr_assert_eq(out[cap], 0xaa);
  }
  cr_assert_arr_eq(out, "\x30\5\0\1txy", 7);
}

Test(mqtt, put__what_was_there_before_stays) {
  static uint8_t big[200];
  const struct wk_mqtt_publish p = {.topic = {(const uint8_t *)"t", 1},
                                    .payload = {big, sizeof big}};
  uint8_t out[300];
  struct wk_writer w;
  wk_writer_init(&w, out, sizeof out);
  wk_write_u8(&w, 0x55);
  wk_mqtt_publish_put(&w, WK_MQTT_311, &p);
  cr_assert(w.ok);
  cr_assert_eq(w.used, 1u + 3u + 3u + sizeof big);
  cr_assert_arr_eq(out, "\x55\x30\xcb\1\0\1t", 7);
}

Test(mqtt, write__fields_longer_than_their_length_are_refused) {
  static uint8_t big[70000];
  static uint8_t out[80000];
  struct wk_writer w;
  memset(big, 'x', sizeof big);
  struct wk_mqtt_publish p = {.topic = {big, 65535}};
  wk_writer_init(&w, out, sizeof out);
  cr_assert_eq(wk_mqtt_publish_write(&w, WK_MQTT_311, &p), WK_OK);
  cr_assert_eq(w.used, 4u + 2u + 65535u);
  p.topic.len = 65536;
  w.used = 0;
  cr_assert_eq(wk_mqtt_publish_write(&w, WK_MQTT_311, &p), WK_ERR_SPACE);
  cr_assert(w.ok && w.used == 0);
}

Test(mqtt, prop__written_found_and_walked) {
  uint8_t out[64];
  struct wk_writer w;
  struct wk_mqtt_prop p;
  wk_writer_init(&w, out, sizeof out);
  const struct wk_mqtt_prop in[] = {
      {.id = WK_MQTT_RECEIVE_MAX, .number = 20},
      {.id = WK_MQTT_SUBSCRIPTION_ID, .number = 16384},
      {.id = WK_MQTT_REQUEST_PROBLEM, .number = 1},
      {.id = WK_MQTT_MAX_PACKET, .number = 65536},
      {.id = WK_MQTT_AUTH_METHOD, .data = {(const uint8_t *)"m", 1}},
      {.id = WK_MQTT_USER_PROPERTY,
       .data = {(const uint8_t *)"k", 1},
       .value = {(const uint8_t *)"v", 1}},
  };
  const size_t count = sizeof in / sizeof *in;
  for (size_t i = 0; i < count; i++)
    wk_mqtt_prop_write(&w, &in[i]);
  cr_assert(w.ok);
  struct wk_span rest = {out, w.used};
  for (size_t i = 0; i < count; i++) {
    cr_assert(wk_mqtt_prop_next(&rest, &p));
    cr_assert_eq(p.id, in[i].id);
    cr_assert_eq(p.number, in[i].number);
    cr_assert_eq(p.data.len, in[i].data.len);
  }
  cr_assert(!wk_mqtt_prop_next(&rest, &p));
  const struct wk_span all = {out, w.used};
  cr_assert(wk_mqtt_prop_find(&all, WK_MQTT_USER_PROPERTY, &p));
  cr_assert_eq(p.value.data[0], 'v');
  cr_assert(!wk_mqtt_prop_find(&all, WK_MQTT_AUTH_DATA, &p));
  cr_assert_eq(p.data.len, 0u);
}

Test(mqtt, prop_write__bad_ids_and_numbers_fail_the_writer) {
  static const struct wk_mqtt_prop rows[] = {
      {.id = (enum wk_mqtt_property)0x7f},
      {.id = WK_MQTT_RECEIVE_MAX, .number = 65536},
      {.id = WK_MQTT_MAX_QOS, .number = 2},
      {.id = WK_MQTT_SUBSCRIPTION_ID, .number = WK_MQTT_REMAINING_MAX + 1},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint8_t out[16];
    struct wk_writer w;
    wk_writer_init(&w, out, sizeof out);
    wk_mqtt_prop_write(&w, &rows[i]);
    cr_assert(!w.ok, "row %zu", i);
  }
}

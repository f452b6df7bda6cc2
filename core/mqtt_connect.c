/* SPDX-License-Identifier: Apache-2.0 */
/* CONNECT and CONNACK. */
#include "mqtt_wire.h"

#include <string.h>

#define USERNAME 0x80u
#define PASSWORD 0x40u
#define WILL_RETAIN 0x20u
#define WILL_QOS_SHIFT 3u
#define WILL_QOS 0x18u
#define WILL 0x04u
#define CLEAN 0x02u
#define RESERVED 0x01u
#define SESSION_PRESENT 0x01u
#define RETURN_CODE_MAX 5u /* 3.1.1, table 3.1 */

static WK_FLASH uint8_t protocol[6] = {0, 4, 'M', 'Q', 'T', 'T'};

/* Sections 3.1.2.2 to 3.1.2.9. */
static bool connect_flags(struct wk_mqtt_connect *out, uint8_t flags) {
  out->clean = flags & CLEAN;
  out->has_will = flags & WILL;
  out->will_qos = (uint8_t)((flags & WILL_QOS) >> WILL_QOS_SHIFT);
  out->will_retain = flags & WILL_RETAIN;
  out->has_username = flags & USERNAME;
  out->has_password = flags & PASSWORD;
  if (flags & RESERVED || out->will_qos > 2)
    return false;
  if (!out->has_will && flags & (WILL_QOS | WILL_RETAIN))
    return false;
  return out->has_username || !out->has_password || out->version == WK_MQTT_5;
}

static void connect_head(struct wk_mqtt_connect *out, struct wk_reader *r) {
  /* NOLINTNEXTLINE(bugprone-too-small-loop-variable): seven bytes */
  for (uint8_t i = 0; i < sizeof protocol; i++) {
    if (wk_read_u8(r) != protocol[i])
      r->ok = false;
  }
  const uint8_t level = wk_read_u8(r);
  if (level != WK_MQTT_311 && level != WK_MQTT_5)
    r->ok = false;
  out->version = (enum wk_mqtt_version)level;
  if (!connect_flags(out, wk_read_u8(r)))
    r->ok = false;
  out->keep_alive = wk_read_be16(r);
  if (out->version == WK_MQTT_5)
    out->props = wk_mqtt_read_props(r, WK_MQTT_IN(WK_MQTT_CONNECT));
}

static void connect_will(struct wk_mqtt_connect *out, struct wk_reader *r) {
  if (out->version == WK_MQTT_5)
    out->will_props = wk_mqtt_read_props(r, WK_MQTT_IN_WILL);
  out->will_topic = wk_mqtt_read_name(r);
  out->will_payload = wk_mqtt_read_data(r);
  if (out->will_topic.len == 0)
    r->ok = false;
}

enum wk_err wk_mqtt_connect_parse(struct wk_mqtt_connect *out,
                                  const struct wk_mqtt_frame *frame) {
  struct wk_reader r;
  wk_mqtt_open(&r, out, sizeof *out, frame);
  connect_head(out, &r);
  out->client_id = wk_mqtt_read_text(&r);
  if (out->has_will)
    connect_will(out, &r);
  if (out->has_username)
    out->username = wk_mqtt_read_text(&r);
  if (out->has_password)
    out->password = wk_mqtt_read_data(&r);
  return wk_mqtt_parsed(out, sizeof *out,
                        frame->type == WK_MQTT_CONNECT &&
                            wk_mqtt_read_done(&r));
}

static uint8_t connect_bits(const struct wk_mqtt_connect *in) {
  unsigned bits = 0;
  bits |= in->clean ? CLEAN : 0;
  bits |= in->has_username ? USERNAME : 0;
  bits |= in->has_password ? PASSWORD : 0;
  if (in->has_will) {
    bits |= WILL | (unsigned)(in->will_qos & 3u) << WILL_QOS_SHIFT;
    bits |= in->will_retain ? WILL_RETAIN : 0;
  }
  return (uint8_t)bits;
}

void wk_mqtt_connect_put(struct wk_writer *w,
                         const struct wk_mqtt_connect *in) {
  const size_t start = wk_mqtt_begin(w, WK_MQTT_CONNECT, 0);
  /* NOLINTNEXTLINE(bugprone-too-small-loop-variable): seven bytes */
  for (uint8_t i = 0; i < sizeof protocol; i++)
    wk_write_u8(w, protocol[i]);
  wk_write_u8(w, (uint8_t)in->version);
  wk_write_u8(w, connect_bits(in));
  wk_write_be16(w, in->keep_alive);
  if (in->version == WK_MQTT_5)
    wk_mqtt_write_props(w, &in->props);
  wk_mqtt_write_data(w, &in->client_id);
  if (in->has_will) {
    if (in->version == WK_MQTT_5)
      wk_mqtt_write_props(w, &in->will_props);
    wk_mqtt_write_data(w, &in->will_topic);
    wk_mqtt_write_data(w, &in->will_payload);
  }
  if (in->has_username)
    wk_mqtt_write_data(w, &in->username);
  if (in->has_password)
    wk_mqtt_write_data(w, &in->password);
  wk_mqtt_end(w, start);
}

enum wk_err wk_mqtt_connect_write(struct wk_writer *w,
                                  const struct wk_mqtt_connect *in) {
  struct wk_mqtt_frame frame;
  struct wk_mqtt_connect back;
  const struct wk_writer before = *w;
  wk_mqtt_connect_put(w, in);
  enum wk_err err = wk_mqtt_written(&frame, w, &before);
  if (!err)
    err = wk_mqtt_connect_parse(&back, &frame);
  return wk_mqtt_finish(w, &before, err);
}

/* Section 3.2.2: no session is present behind a refusal. */
enum wk_err wk_mqtt_connack_parse(struct wk_mqtt_connack *out,
                                  enum wk_mqtt_version v,
                                  const struct wk_mqtt_frame *frame) {
  struct wk_reader r;
  wk_mqtt_open(&r, out, sizeof *out, frame);
  const uint8_t flags = wk_read_u8(&r);
  out->session_present = flags & SESSION_PRESENT;
  out->code = wk_read_u8(&r);
  const bool known =
      v == WK_MQTT_5
          ? wk_mqtt_code_valid(out->code, WK_MQTT_IN(WK_MQTT_CONNACK))
          : out->code <= RETURN_CODE_MAX;
  if (v == WK_MQTT_5)
    out->props = wk_mqtt_read_props(&r, WK_MQTT_IN(WK_MQTT_CONNACK));
  return wk_mqtt_parsed(out, sizeof *out,
                        frame->type == WK_MQTT_CONNACK &&
                            flags <= SESSION_PRESENT && known &&
                            !(flags && out->code) && wk_mqtt_read_done(&r));
}

enum wk_err wk_mqtt_connack_write(struct wk_writer *w, enum wk_mqtt_version v,
                                  const struct wk_mqtt_connack *in) {
  struct wk_mqtt_frame frame;
  struct wk_mqtt_connack back;
  const struct wk_writer before = *w;
  const size_t start = wk_mqtt_begin(w, WK_MQTT_CONNACK, 0);
  wk_write_u8(w, in->session_present ? SESSION_PRESENT : 0);
  wk_write_u8(w, in->code);
  if (v == WK_MQTT_5)
    wk_mqtt_write_props(w, &in->props);
  wk_mqtt_end(w, start);
  enum wk_err err = wk_mqtt_written(&frame, w, &before);
  if (!err)
    err = wk_mqtt_connack_parse(&back, v, &frame);
  return wk_mqtt_finish(w, &before, err);
}

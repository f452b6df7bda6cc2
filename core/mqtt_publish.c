/* SPDX-License-Identifier: Apache-2.0 */
/* PUBLISH and its four acknowledgements. */
#include "mqtt_wire.h"

#include <string.h>

#define DUP 0x08u
#define QOS_SHIFT 1u
#define RETAIN 0x01u
#define PUBREL_FLAGS 0x02u

static bool topic_valid(const struct wk_mqtt_publish *p) {
  struct wk_mqtt_prop alias;
  return p->topic.len > 0 ||
         wk_mqtt_prop_find(&p->props, WK_MQTT_TOPIC_ALIAS, &alias);
}

enum wk_err wk_mqtt_publish_parse(struct wk_mqtt_publish *out,
                                  enum wk_mqtt_version v,
                                  const struct wk_mqtt_frame *frame) {
  struct wk_reader r;
  wk_mqtt_open(&r, out, sizeof *out, frame);
  out->dup = frame->flags & DUP;
  out->qos = (uint8_t)(frame->flags >> QOS_SHIFT & 3u);
  out->retain = frame->flags & RETAIN;
  out->topic = wk_mqtt_read_name(&r);
  if (out->qos > 0)
    out->id = wk_mqtt_read_id(&r);
  if (v == WK_MQTT_5)
    out->props = wk_mqtt_read_props(&r, WK_MQTT_IN(WK_MQTT_PUBLISH));
  out->payload = wk_mqtt_read_rest(&r);
  return wk_mqtt_parsed(out, sizeof *out,
                        frame->type == WK_MQTT_PUBLISH && r.ok &&
                            topic_valid(out));
}

void wk_mqtt_publish_put(struct wk_writer *w, enum wk_mqtt_version v,
                         const struct wk_mqtt_publish *in) {
  const unsigned flags = (in->dup ? DUP : 0) | (in->retain ? RETAIN : 0) |
                         (unsigned)(in->qos & 3u) << QOS_SHIFT;
  const size_t start = wk_mqtt_begin(w, WK_MQTT_PUBLISH, (uint8_t)flags);
  wk_mqtt_write_data(w, &in->topic);
  if (in->qos > 0)
    wk_write_be16(w, in->id);
  if (v == WK_MQTT_5)
    wk_mqtt_write_props(w, &in->props);
  wk_write_bytes(w, in->payload.data, in->payload.len);
  wk_mqtt_end(w, start);
}

enum wk_err wk_mqtt_publish_write(struct wk_writer *w, enum wk_mqtt_version v,
                                  const struct wk_mqtt_publish *in) {
  struct wk_mqtt_frame frame;
  struct wk_mqtt_publish back;
  const struct wk_writer before = *w;
  wk_mqtt_publish_put(w, v, in);
  enum wk_err err = wk_mqtt_written(&frame, w, &before);
  if (!err)
    err = wk_mqtt_publish_parse(&back, v, &frame);
  return wk_mqtt_finish(w, &before, err);
}

static bool is_ack(enum wk_mqtt_type type) {
  return type >= WK_MQTT_PUBACK && type <= WK_MQTT_PUBCOMP;
}

/* Section 3.4.2: MQTT 5 may leave out the properties, and success too. */
enum wk_err wk_mqtt_ack_parse(struct wk_mqtt_ack *out, enum wk_mqtt_version v,
                              const struct wk_mqtt_frame *frame) {
  struct wk_reader r;
  wk_mqtt_open(&r, out, sizeof *out, frame);
  out->type = frame->type;
  out->id = wk_mqtt_read_id(&r);
  if (is_ack(out->type) && v == WK_MQTT_5 && r.left > 0)
    out->code = wk_mqtt_read_code(&r, WK_MQTT_IN(out->type));
  if (is_ack(out->type) && v == WK_MQTT_5 && r.left > 0)
    out->props = wk_mqtt_read_props(&r, WK_MQTT_IN(out->type));
  return wk_mqtt_parsed(out, sizeof *out,
                        is_ack(out->type) && wk_mqtt_read_done(&r));
}

void wk_mqtt_ack_put(struct wk_writer *w, enum wk_mqtt_version v,
                     const struct wk_mqtt_ack *in) {
  const size_t start = wk_mqtt_begin(
      w, in->type, in->type == WK_MQTT_PUBREL ? PUBREL_FLAGS : 0);
  wk_write_be16(w, in->id);
  wk_mqtt_write_reason(w, v, in->code, &in->props);
  wk_mqtt_end(w, start);
}

enum wk_err wk_mqtt_ack_write(struct wk_writer *w, enum wk_mqtt_version v,
                              const struct wk_mqtt_ack *in) {
  struct wk_mqtt_frame frame;
  struct wk_mqtt_ack back;
  const struct wk_writer before = *w;
  wk_mqtt_ack_put(w, v, in);
  enum wk_err err = wk_mqtt_written(&frame, w, &before);
  if (!err)
    err = wk_mqtt_ack_parse(&back, v, &frame);
  return wk_mqtt_finish(w, &before, err);
}

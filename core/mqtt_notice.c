/* SPDX-License-Identifier: Apache-2.0 */
/* PINGREQ, PINGRESP, DISCONNECT and AUTH. */
#include "mqtt_wire.h"

#include <string.h>

static bool is_ping(enum wk_mqtt_type type) {
  return type == WK_MQTT_PINGREQ || type == WK_MQTT_PINGRESP;
}

static bool has_reason(enum wk_mqtt_type type, enum wk_mqtt_version v) {
  return v == WK_MQTT_5 &&
         (type == WK_MQTT_DISCONNECT || type == WK_MQTT_AUTH);
}

static bool type_valid(enum wk_mqtt_type type, enum wk_mqtt_version v) {
  return is_ping(type) || type == WK_MQTT_DISCONNECT ||
         (type == WK_MQTT_AUTH && v == WK_MQTT_5);
}

/* Sections 3.14.2 and 3.15.2: what may be left out differs. */
enum wk_err wk_mqtt_notice_parse(struct wk_mqtt_notice *out,
                                 enum wk_mqtt_version v,
                                 const struct wk_mqtt_frame *frame) {
  struct wk_reader r;
  wk_mqtt_open(&r, out, sizeof *out, frame);
  out->type = frame->type;
  if (has_reason(out->type, v) && r.left > 0) {
    out->code = wk_mqtt_read_code(&r, WK_MQTT_IN(out->type));
    if (r.left > 0 || out->type == WK_MQTT_AUTH)
      out->props = wk_mqtt_read_props(&r, WK_MQTT_IN(out->type));
  }
  return wk_mqtt_parsed(out, sizeof *out,
                        type_valid(out->type, v) && wk_mqtt_read_done(&r));
}

void wk_mqtt_notice_put(struct wk_writer *w, enum wk_mqtt_version v,
                        const struct wk_mqtt_notice *in) {
  const size_t start = wk_mqtt_begin(w, in->type, 0);
  if (!is_ping(in->type))
    wk_mqtt_write_reason(w, v, in->code, &in->props);
  wk_mqtt_end(w, start);
}

enum wk_err wk_mqtt_notice_write(struct wk_writer *w, enum wk_mqtt_version v,
                                 const struct wk_mqtt_notice *in) {
  struct wk_mqtt_frame frame;
  struct wk_mqtt_notice back;
  const struct wk_writer before = *w;
  wk_mqtt_notice_put(w, v, in);
  enum wk_err err = wk_mqtt_written(&frame, w, &before);
  if (!err)
    err = wk_mqtt_notice_parse(&back, v, &frame);
  return wk_mqtt_finish(w, &before, err);
}

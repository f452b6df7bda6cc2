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
  memset(out, 0, sizeof *out);
  wk_reader_init(&r, frame->body, frame->body_len);
  out->type = frame->type;
  if (has_reason(out->type, v) && r.left > 0) {
    out->code = wk_mqtt_read_code(&r, WK_MQTT_IN(out->type));
    if (r.left > 0 || out->type == WK_MQTT_AUTH)
      out->props = wk_mqtt_read_props(&r, WK_MQTT_IN(out->type));
  }
  if (type_valid(out->type, v) && wk_mqtt_read_done(&r))
    return WK_OK;
  memset(out, 0, sizeof *out);
  return WK_ERR_MALFORMED;
}

enum wk_err wk_mqtt_notice_write(struct wk_writer *w, enum wk_mqtt_version v,
                                 const struct wk_mqtt_notice *in) {
  struct wk_mqtt_frame frame;
  struct wk_mqtt_notice back;
  const struct wk_mqtt_mark mark = wk_mqtt_begin(w, in->type, 0);
  if (has_reason(in->type, v) && (in->code || in->props.len))
    wk_write_u8(w, in->code);
  if (has_reason(in->type, v) && in->props.len)
    wk_mqtt_write_props(w, &in->props);
  enum wk_err err = wk_mqtt_end(w, mark, &frame);
  if (!err)
    err = wk_mqtt_notice_parse(&back, v, &frame);
  return wk_mqtt_finish(w, mark, err);
}

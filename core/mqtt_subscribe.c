/* SPDX-License-Identifier: Apache-2.0 */
/* SUBSCRIBE and SUBACK. */
#include "mqtt_wire.h"

#include <string.h>

#define FLAGS 0x02u
#define NO_LOCAL 0x04u
#define RETAIN_HANDLING 0x30u
#define RESERVED 0xc0u
#define FAILURE_311 0x80u

/* Section 4.7.1: a wildcard fills its level, and # ends the filter. */
static bool wildcards_valid(const uint8_t *text, size_t len) {
  for (size_t i = 0; i < len; i++) {
    const bool alone =
        (i == 0 || text[i - 1] == '/') && (i + 1 == len || text[i + 1] == '/');
    if (text[i] == '#' && (!alone || i + 1 < len))
      return false;
    if (text[i] == '+' && !alone)
      return false;
  }
  return len > 0;
}

static bool is_shared(const struct wk_span *topic) {
  return topic->len >= 7 && wk_equal(topic->data, "$share/", 7);
}

/* Section 4.8.2: $share/NAME/FILTER. */
static bool shared_valid(const struct wk_span *topic) {
  size_t end = 7;
  while (end < topic->len && topic->data[end] != '/') {
    if (topic->data[end] == '#' || topic->data[end] == '+')
      return false;
    end++;
  }
  return end > 7 && end + 1 < topic->len;
}

static bool filter_valid(const struct wk_mqtt_filter *f,
                         enum wk_mqtt_version v) {
  if ((f->options & 3u) == 3u || !wildcards_valid(f->topic.data, f->topic.len))
    return false;
  if (v != WK_MQTT_5)
    return f->options < 3u;
  if (f->options & RESERVED ||
      (f->options & RETAIN_HANDLING) == RETAIN_HANDLING)
    return false;
  return !is_shared(&f->topic) ||
         (shared_valid(&f->topic) && !(f->options & NO_LOCAL));
}

bool wk_mqtt_filter_next(struct wk_span *rest, struct wk_mqtt_filter *filter) {
  struct wk_reader r;
  wk_reader_init(&r, rest->data, rest->len);
  filter->topic = wk_mqtt_read_text(&r);
  filter->options = wk_read_u8(&r);
  if (!r.ok) {
    memset(filter, 0, sizeof *filter);
    rest->len = 0;
    return false;
  }
  rest->data = r.at;
  rest->len = r.left;
  return true;
}

void wk_mqtt_filter_write(struct wk_writer *w,
                          const struct wk_mqtt_filter *filter) {
  wk_mqtt_write_data(w, &filter->topic);
  wk_write_u8(w, filter->options);
}

/* At least one, and nothing after the last. */
static bool filters_valid(struct wk_span filters, enum wk_mqtt_version v) {
  struct wk_mqtt_filter filter;
  if (filters.len == 0)
    return false;
  while (filters.len > 0) {
    if (!wk_mqtt_filter_next(&filters, &filter) || !filter_valid(&filter, v))
      return false;
  }
  return true;
}

enum wk_err wk_mqtt_subscribe_parse(struct wk_mqtt_subscribe *out,
                                    enum wk_mqtt_version v,
                                    const struct wk_mqtt_frame *frame) {
  struct wk_reader r;
  wk_mqtt_open(&r, out, sizeof *out, frame);
  out->id = wk_mqtt_read_id(&r);
  if (v == WK_MQTT_5)
    out->props = wk_mqtt_read_props(&r, WK_MQTT_IN(WK_MQTT_SUBSCRIBE));
  out->filters = wk_mqtt_read_rest(&r);
  return wk_mqtt_parsed(out, sizeof *out,
                        frame->type == WK_MQTT_SUBSCRIBE && r.ok &&
                            filters_valid(out->filters, v));
}

void wk_mqtt_subscribe_put(struct wk_writer *w, enum wk_mqtt_version v,
                           const struct wk_mqtt_subscribe *in) {
  const size_t start = wk_mqtt_begin(w, WK_MQTT_SUBSCRIBE, FLAGS);
  wk_write_be16(w, in->id);
  if (v == WK_MQTT_5)
    wk_mqtt_write_props(w, &in->props);
  wk_write_bytes(w, in->filters.data, in->filters.len);
  wk_mqtt_end(w, start);
}

enum wk_err wk_mqtt_subscribe_write(struct wk_writer *w,
                                    enum wk_mqtt_version v,
                                    const struct wk_mqtt_subscribe *in) {
  struct wk_mqtt_frame frame;
  struct wk_mqtt_subscribe back;
  const struct wk_writer before = *w;
  wk_mqtt_subscribe_put(w, v, in);
  enum wk_err err = wk_mqtt_written(&frame, w, &before);
  if (!err)
    err = wk_mqtt_subscribe_parse(&back, v, &frame);
  return wk_mqtt_finish(w, &before, err);
}

static bool codes_valid(const struct wk_span *codes, enum wk_mqtt_version v) {
  for (size_t i = 0; i < codes->len; i++) {
    const uint8_t code = codes->data[i];
    const bool known =
        v == WK_MQTT_5 ? wk_mqtt_code_valid(code, WK_MQTT_IN(WK_MQTT_SUBACK))
                       : code <= 2 || code == FAILURE_311;
    if (!known)
      return false;
  }
  return codes->len > 0;
}

enum wk_err wk_mqtt_suback_parse(struct wk_mqtt_suback *out,
                                 enum wk_mqtt_version v,
                                 const struct wk_mqtt_frame *frame) {
  struct wk_reader r;
  wk_mqtt_open(&r, out, sizeof *out, frame);
  out->id = wk_mqtt_read_id(&r);
  if (v == WK_MQTT_5)
    out->props = wk_mqtt_read_props(&r, WK_MQTT_IN(WK_MQTT_SUBACK));
  out->codes = wk_mqtt_read_rest(&r);
  return wk_mqtt_parsed(out, sizeof *out,
                        frame->type == WK_MQTT_SUBACK && r.ok &&
                            codes_valid(&out->codes, v));
}

enum wk_err wk_mqtt_suback_write(struct wk_writer *w, enum wk_mqtt_version v,
                                 const struct wk_mqtt_suback *in) {
  struct wk_mqtt_frame frame;
  struct wk_mqtt_suback back;
  const struct wk_writer before = *w;
  const size_t start = wk_mqtt_begin(w, WK_MQTT_SUBACK, 0);
  wk_write_be16(w, in->id);
  if (v == WK_MQTT_5)
    wk_mqtt_write_props(w, &in->props);
  wk_write_bytes(w, in->codes.data, in->codes.len);
  wk_mqtt_end(w, start);
  enum wk_err err = wk_mqtt_written(&frame, w, &before);
  if (!err)
    err = wk_mqtt_suback_parse(&back, v, &frame);
  return wk_mqtt_finish(w, &before, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "classify.h"

#include <stdlib.h>
#include <string.h>

#include <whitekey/bytes.h>

#include "scan.h"

/* Text being built. It never outgrows the payload: it is made of the
 * payload's own members, braces and commas, each at most once. */
struct sink {
  char *text;
  size_t len;
};

/* Released paths that lead through the object at hand. */
struct paths {
  const char *rest[WK_RELEASE_MAX];
  size_t count;
};

static void split_object(struct wk_scan *s, const struct paths *paths,
                         struct sink *open, struct sink *secret);

const char *wk_class_name(enum wk_class class) {
  return class == WK_CLASS_SPLIT ? "split" : "whole";
}

static void put(struct sink *sink, const char *text, size_t len) {
  memcpy(sink->text + sink->len, text, len);
  sink->len += len;
}

static void put_name(struct sink *sink, const struct wk_text *key) {
  if (sink->text[sink->len - 1] != '{')
    put(sink, ",", 1);
  put(sink, "\"", 1);
  put(sink, key->at, key->len);
  put(sink, "\":", 2);
}

static void put_member(struct sink *sink, const struct wk_text *key,
                       const struct wk_text *value) {
  put_name(sink, key);
  put(sink, value->at, value->len);
}

/* True when a path ends at this key; those that go on are put into inner.
 * Keys are compared as they are written: one with an escape in it is never
 * released, however it reads, and neither is one with a dot, which would pass
 * for a path. */
static bool released(struct paths *inner, const struct paths *paths,
                     const struct wk_text *key) {
  inner->count = 0;
  if (memchr(key->at, '.', key->len))
    return false;
  for (size_t i = 0; i < paths->count; i++) {
    const char *path = paths->rest[i];
    if (strncmp(path, key->at, key->len) != 0)
      continue;
    if (path[key->len] == '\0')
      return true;
    if (path[key->len] == '.')
      inner->rest[inner->count++] = path + key->len + 1;
  }
  return false;
}

/* An object of which some fields may leave: split too. A side that got
 * nothing of it does not mention it; an empty object stays private. */
static void split_inner(const struct paths *inner, const struct wk_text *key,
                        const struct wk_text *value, struct sink *open,
                        struct sink *secret) {
  struct wk_scan s = {.at = value->at, .end = value->at + value->len};
  const size_t open_before = open->len;
  const size_t secret_before = secret->len;
  if (inner->count == 0 || !wk_scan_object(&s)) {
    put_member(secret, key, value);
    return;
  }
  put_name(open, key);
  put_name(secret, key);
  const size_t open_at = open->len;
  const size_t secret_at = secret->len;
  split_object(&s, inner, open, secret);
  const bool open_empty = open->len == open_at + 2;
  if (open_empty)
    open->len = open_before;
  else if (secret->len == secret_at + 2)
    secret->len = secret_before;
}

/* s stands behind the opening brace; both sides get an object. */
static void split_object(struct wk_scan *s, const struct paths *paths,
                         struct sink *open, struct sink *secret) {
  struct wk_text key;
  struct wk_text value;
  struct paths inner;
  put(open, "{", 1);
  put(secret, "{", 1);
  while (wk_scan_member(s, &key, &value)) {
    if (released(&inner, paths, &key))
      put_member(open, &key, &value);
    else
      split_inner(&inner, &key, &value, open, secret);
  }
  put(open, "}", 1);
  put(secret, "}", 1);
}

static enum wk_err take_whole(struct wk_reading *reading,
                              const uint8_t *payload, size_t len) {
  reading->class = WK_CLASS_WHOLE;
  reading->secret = malloc(len + 1);
  if (!reading->secret)
    return WK_ERR_MEMORY;
  if (len > 0)
    memcpy(reading->secret, payload, len);
  reading->secret_len = len;
  return WK_OK;
}

/* The payload is a valid object; true when something of it may leave. */
static enum wk_err split(struct wk_reading *reading,
                         const struct wk_rule *rule, const char *topic,
                         struct wk_scan s, size_t len) {
  struct paths paths = {.count = rule->release_count};
  memcpy(paths.rest, rule->release, sizeof paths.rest);
  struct sink open = {.text = malloc(len + 1)};
  struct sink secret = {.text = malloc(len + 1)};
  enum wk_err err = open.text && secret.text ? WK_OK : WK_ERR_MEMORY;
  if (err == WK_OK) {
    split_object(&s, &paths, &open, &secret);
    open.text[open.len] = '\0';
    err = wk_rule_destination(&reading->to, rule, topic);
  }
  reading->class = WK_CLASS_SPLIT;
  reading->open = open.text;
  reading->secret = (uint8_t *)secret.text;
  reading->secret_len = secret.len;
  return err;
}

enum wk_err wk_classify(struct wk_reading *reading,
                        const struct wk_policy_rules *policy,
                        const char *topic, const uint8_t *payload,
                        size_t len) {
  const char *text = (const char *)payload;
  struct wk_scan s = {.at = text, .end = text + len};
  memset(reading, 0, sizeof *reading);
  const struct wk_rule *rule = wk_policy_find(policy, topic);
  enum wk_err err = WK_ERR_MISSING;
  if (rule && wk_json_valid(text, len) && wk_scan_object(&s))
    err = split(reading, rule, topic, s, len);
  /* Nothing to release, or no topic to release it on: nothing leaves. */
  if (err == WK_ERR_MISSING || err == WK_ERR_SPACE ||
      (err == WK_OK && strcmp(reading->open, "{}") == 0)) {
    wk_reading_wipe(reading);
    err = take_whole(reading, payload, len);
  }
  if (err != WK_OK)
    wk_reading_wipe(reading);
  return err;
}

void wk_reading_wipe(struct wk_reading *reading) {
  if (reading->secret)
    wk_wipe(reading->secret, reading->secret_len);
  free(reading->secret);
  free(reading->open);
  free(reading->to);
  memset(reading, 0, sizeof *reading);
}

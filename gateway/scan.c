/* SPDX-License-Identifier: Apache-2.0 */
#include "scan.h"

#include <assert.h>
#include <string.h>

#include <whitekey/utf8.h>

static bool value(struct wk_scan *s, unsigned depth);

static void space(struct wk_scan *s) {
  while (s->at < s->end &&
         (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
    s->at++;
}

/* Takes c when it comes next. */
static bool take(struct wk_scan *s, char c) {
  if (s->at == s->end || *s->at != c)
    return false;
  s->at++;
  return true;
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool digits(struct wk_scan *s) {
  const char *begin = s->at;
  while (s->at < s->end && is_digit(*s->at))
    s->at++;
  return s->at > begin;
}

static bool number(struct wk_scan *s) {
  (void)take(s, '-');
  if (!take(s, '0') && !digits(s))
    return false;
  if (take(s, '.') && !digits(s))
    return false;
  if (take(s, 'e') || take(s, 'E')) {
    if (!take(s, '+'))
      (void)take(s, '-');
    return digits(s);
  }
  return true;
}

static bool escape(struct wk_scan *s) {
  if (s->at == s->end)
    return false;
  const char c = *s->at++;
  if (c != 'u')
    return c != '\0' && strchr("\"\\/bfnrt", c) != NULL;
  for (unsigned i = 0; i < 4; i++, s->at++) {
    if (s->at == s->end || *s->at == '\0' ||
        !strchr("0123456789abcdefABCDEF", *s->at))
      return false;
  }
  return true;
}

static bool string(struct wk_scan *s) {
  if (!take(s, '"'))
    return false;
  while (s->at < s->end) {
    const char c = *s->at++;
    if (c == '"')
      return true;
    if ((unsigned char)c < 0x20 || (c == '\\' && !escape(s)))
      return false;
  }
  return false;
}

static bool word(struct wk_scan *s, const char *text) {
  const size_t len = strlen(text);
  if ((size_t)(s->end - s->at) < len || strncmp(s->at, text, len) != 0)
    return false;
  s->at += len;
  return true;
}

static bool element(struct wk_scan *s, bool named, unsigned depth) {
  space(s);
  if (named) {
    if (!string(s))
      return false;
    space(s);
    if (!take(s, ':'))
      return false;
  }
  if (!value(s, depth))
    return false;
  space(s);
  return true;
}

/* An object (named elements) or an array, behind its opening bracket. */
static bool elements(struct wk_scan *s, bool named, unsigned depth) {
  const char close = named ? '}' : ']';
  if (depth == WK_SCAN_DEPTH_MAX)
    return false;
  space(s);
  if (take(s, close))
    return true;
  do {
    if (!element(s, named, depth + 1))
      return false;
  } while (take(s, ','));
  return take(s, close);
}

static bool value(struct wk_scan *s, unsigned depth) {
  space(s);
  if (s->at == s->end)
    return false;
  switch (*s->at) {
  case '{':
    s->at++;
    return elements(s, true, depth);
  case '[':
    s->at++;
    return elements(s, false, depth);
  case '"':
    return string(s);
  case 't':
    return word(s, "true");
  case 'f':
    return word(s, "false");
  case 'n':
    return word(s, "null");
  default:
    return number(s);
  }
}

bool wk_json_valid(const char *text, size_t len) {
  struct wk_scan s = {.at = text, .end = text + len};
  if (!wk_utf8_valid(text, len) || !value(&s, 0))
    return false;
  space(&s);
  return s.at == s.end;
}

bool wk_scan_object(struct wk_scan *s) {
  space(s);
  return take(s, '{');
}

bool wk_scan_member(struct wk_scan *s, struct wk_text *key,
                    struct wk_text *val) {
  space(s);
  (void)take(s, ',');
  space(s);
  if (take(s, '}'))
    return false;
  const char *begin = s->at;
  bool good = string(s);
  key->at = begin + 1;
  key->len = (size_t)(s->at - begin) - 2;
  space(s);
  good = good && take(s, ':');
  space(s);
  val->at = s->at;
  good = good && value(s, 0);
  val->len = (size_t)(s->at - val->at);
  assert(good); /* the caller has looked with wk_json_valid() */
  return good;
}

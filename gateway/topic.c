/* SPDX-License-Identifier: Apache-2.0 */
#include "topic.h"

#include <string.h>

#include <whitekey/utf8.h>

static bool text_valid(const char *text) {
  const size_t len = strnlen(text, WK_TOPIC_MAX + 1);
  return len > 0 && len <= WK_TOPIC_MAX && wk_utf8_valid(text, len);
}

bool wk_topic_valid(const char *topic) {
  return text_valid(topic) && !strpbrk(topic, "+#");
}

bool wk_filter_valid(const char *filter) {
  if (!text_valid(filter))
    return false;
  for (const char *at = filter; (at = strpbrk(at, "+#")) != NULL; at++) {
    if (at != filter && at[-1] != '/')
      return false;
    if (at[1] != '\0' && (*at == '#' || at[1] != '/'))
      return false;
  }
  return true;
}

/* Topics that begin with $ are the broker's: no wildcard reaches them. */
static bool hides(const char *filter, const char *topic) {
  return topic[0] == '$' && (filter[0] == '+' || filter[0] == '#');
}

static bool same_level(const char *a, size_t a_len, const char *b,
                       size_t b_len) {
  return (a_len == 1 && *a == '+') || (b_len == 1 && *b == '+') ||
         (a_len == b_len && strncmp(a, b, a_len) == 0);
}

/* A name is a filter without wildcards, so one walk serves both questions. */
bool wk_filter_overlaps(const char *a, const char *b) {
  if (hides(a, b) || hides(b, a))
    return false;
  while (*a != '#' && *b != '#') {
    const size_t a_len = strcspn(a, "/");
    const size_t b_len = strcspn(b, "/");
    if (!same_level(a, a_len, b, b_len))
      return false;
    a += a_len;
    b += b_len;
    if (*a == '\0' || *b == '\0') /* "a/#" matches "a" too */
      return strcmp(a, b) == 0 || strcmp(*a ? a : b, "/#") == 0;
    a++;
    b++;
  }
  return true;
}

bool wk_filter_matches(const char *filter, const char *topic) {
  return wk_filter_overlaps(filter, topic);
}

const char *wk_topic_device(const char *filter, const char *topic,
                            size_t *len) {
  *len = 0;
  while (*filter != '\0' && *filter != '+') {
    const char *slash = strchr(filter, '/');
    const char *next = strchr(topic, '/');
    if (!slash || !next)
      return topic;
    filter = slash + 1;
    topic = next + 1;
  }
  if (*filter == '+')
    *len = strcspn(topic, "/");
  return topic;
}

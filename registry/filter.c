/* SPDX-License-Identifier: Apache-2.0 */
/* Topic filters: what is one, and which lies within which. No I/O. */
#include <whitekey/role.h>

#include <stdio.h>
#include <string.h>

#include <whitekey/utf8.h>

#define EXPANDED_MAX 1024u /* bytes of a filter with its names put in */

/* ---- what a role may list ------------------------------------------------
 */

/* Without control characters, U+0080 to U+009F among them: somebody's
 * terminal will show it. */
static bool is_plain(const char *filter) {
  for (; *filter != '\0'; filter++) {
    if ((unsigned char)*filter < 0x20 || *filter == 0x7f ||
        (*filter == '\xc2' && (unsigned char)filter[1] < 0xa0))
      return false;
    if (*filter == '%' && filter[1] != 'u' && filter[1] != 'c')
      return false;
  }
  return true;
}

/* Wildcards stand alone in a level, '#' in the last (MQTT 5, 4.7.1). */
static bool is_filter(const char *filter) {
  if (filter[0] == '\0' || !is_plain(filter) ||
      !wk_utf8_valid(filter, strlen(filter)))
    return false;
  for (;;) {
    const size_t len = strcspn(filter, "/");
    const bool last = filter[len] == '\0';
    const char *wild = memchr(filter, '+', len);
    const char *rest = memchr(filter, '#', len);
    if ((wild || rest) && len != 1)
      return false;
    if (rest && !last)
      return false;
    if (last)
      return true;
    filter += len + 1;
  }
}

static bool begins(const char *filter, const char *root) {
  const size_t len = strlen(root);
  return strncmp(filter, root, len) == 0 &&
         (filter[len] == '\0' || filter[len] == '/');
}

/* Under the plugin's own names a role opens these and nothing else. */
static bool is_open(const char *filter) {
  return strcmp(filter, "whitekey/v1/%u/x3") == 0 ||
         strcmp(filter, "whitekey/v1/%u/x4") == 0 ||
         begins(filter, "whitekey/v1/events") ||
         strcmp(filter, "$CONTROL/whitekey/#") == 0;
}

enum wk_err wk_role_add(char filters[WK_ROLE_FILTERS_MAX], const char *filter,
                        struct wk_why *why) {
  const size_t used = strlen(filters);
  const size_t len = strlen(filter);
  if (!is_filter(filter))
    return wk_fail(why, WK_ERR_ARGUMENT,
                   "\"%.200s\" is no topic filter: + and # stand alone in a "
                   "level, # in the last; %%u is the device, %%c its client "
                   "id",
                   filter);
  if ((begins(filter, "whitekey") || begins(filter, "$CONTROL/whitekey")) &&
      !is_open(filter))
    return wk_fail(why, WK_ERR_ARGUMENT,
                   "\"%.200s\": of these topics a role opens only "
                   "whitekey/v1/%%u/x3, whitekey/v1/%%u/x4 and "
                   "whitekey/v1/events/...",
                   filter);
  if (used + len + 2 > WK_ROLE_FILTERS_MAX || len >= EXPANDED_MAX)
    return wk_fail(why, WK_ERR_SPACE, "\"%.200s\": a list holds %u bytes",
                   filter, WK_ROLE_FILTERS_MAX - 1);
  (void)snprintf(&filters[used], len + 2, "%s\n", filter);
  return WK_OK;
}

/* ---- matching ------------------------------------------------------------
 */

/* The text that %u or %c stands for; NULL: there is none that is one level, or
 * it would be one of the broker's own. */
static const char *name_of(char sign, const char *did, const char *client_id) {
  if (sign == 'u')
    return did;
  const bool usable = client_id && client_id[0] != '\0' &&
                      client_id[0] != '$' && !strpbrk(client_id, "+#/");
  return usable ? client_id : NULL;
}

/* One filter of a list, up to its newline, with the names put in. */
static bool expand(char out[EXPANDED_MAX], const char *filter, size_t len,
                   const char *did, const char *client_id) {
  size_t used = 0;
  for (size_t i = 0; i < len; i++) {
    const char *text = &filter[i];
    size_t add = 1;
    if (filter[i] == '%') {
      text = name_of(filter[++i], did, client_id);
      if (!text)
        return false;
      add = strlen(text);
    }
    if (used + add >= EXPANDED_MAX)
      return false;
    memcpy(&out[used], text, add);
    used += add;
  }
  out[used] = '\0';
  return true;
}

/* Level by level: is all that `inner` fits within `outer`? */
static bool within(const char *outer, const char *inner) {
  if (inner[0] == '$' && outer[0] != '$')
    return false;
  for (;;) {
    const size_t out = strcspn(outer, "/");
    const size_t in = strcspn(inner, "/");
    if (out == 1 && outer[0] == '#')
      return true;
    if (in == 1 && inner[0] == '#')
      return false;
    if (!(out == 1 && outer[0] == '+') &&
        (out != in || strncmp(outer, inner, in) != 0))
      return false;
    if (inner[in] == '\0') /* "a/#" fits "a" too */
      return outer[out] == '\0' || strcmp(&outer[out], "/#") == 0;
    if (outer[out] == '\0')
      return false;
    outer += out + 1;
    inner += in + 1;
  }
}

bool wk_role_covers(const char filters[WK_ROLE_FILTERS_MAX],
                    const char *filter, const char *did,
                    const char *client_id) {
  char expanded[EXPANDED_MAX];
  for (size_t len; *filters != '\0'; filters += len + 1) {
    len = strcspn(filters, "\n");
    if (len == 0 || filters[len] == '\0') /* not made by wk_role_add() */
      return false;
    if (expand(expanded, filters, len, did, client_id) &&
        within(expanded, filter))
      return true;
  }
  return false;
}

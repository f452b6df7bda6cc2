/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/settings.h>

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <whitekey/file.h>
#include <whitekey/nearest.h>

struct place {
  const struct wk_settings *settings;
  const char *where;
  unsigned line;
  uint32_t seen; /* a bit for each setting */
  struct wk_why *why;
};

/* Cuts white space off both ends of a line, in place. */
static char *trim(char *line) {
  line += strspn(line, " \t\r");
  size_t len = strlen(line);
  while (len > 0 && strchr(" \t\r", line[len - 1]))
    line[--len] = '\0';
  return line;
}

static enum wk_err take(struct place *at, size_t which, const char *value) {
  const struct wk_settings *settings = at->settings;
  const struct wk_setting *setting = &settings->all[which];
  const uint32_t bit = UINT32_C(1) << which;
  if (*value == '\0')
    return wk_fail(at->why, WK_ERR_MALFORMED, "%s:%u: %s needs a value",
                   at->where, at->line, setting->name);
  if ((at->seen & bit) != 0 && !setting->repeats)
    return wk_fail(at->why, WK_ERR_MALFORMED, "%s:%u: %s stands there twice",
                   at->where, at->line, setting->name);
  at->seen |= bit;
  const char *wrong = settings->take(settings->context, which, value);
  if (wrong)
    return wk_fail(at->why, WK_ERR_MALFORMED, "%s:%u: %s %s, not \"%s\"",
                   at->where, at->line, setting->name, wrong, value);
  return WK_OK;
}

static enum wk_err unknown(const struct place *at, const char *key) {
  const char *names[WK_SETTINGS_MAX] = {NULL};
  for (size_t i = 0; i < at->settings->count; i++)
    names[i] = at->settings->all[i].name;
  return wk_fail(at->why, WK_ERR_MALFORMED,
                 "%s:%u: unknown key \"%s\", did you mean \"%s\"?", at->where,
                 at->line, key, wk_nearest(key, names, at->settings->count));
}

static enum wk_err read_line(struct place *at, char *line) {
  char *key = trim(line);
  if (*key == '\0' || *key == '#')
    return WK_OK;
  char *value = key + strcspn(key, " \t");
  if (*value != '\0')
    *value++ = '\0';
  value = trim(value);
  for (size_t i = 0; i < at->settings->count; i++) {
    if (strcmp(at->settings->all[i].name, key) == 0)
      return take(at, i, value);
  }
  return unknown(at, key);
}

static enum wk_err require(const struct place *at) {
  for (size_t i = 0; i < at->settings->count; i++) {
    const struct wk_setting *setting = &at->settings->all[i];
    if (setting->required && (at->seen & UINT32_C(1) << i) == 0)
      return wk_fail(at->why, WK_ERR_MALFORMED,
                     "%s: the key \"%s\" is missing", at->where,
                     setting->name);
  }
  return WK_OK;
}

enum wk_err wk_settings_parse(const struct wk_settings *settings, char *text,
                              size_t len, const char *where,
                              struct wk_why *why) {
  struct place at = {.settings = settings, .where = where, .why = why};
  enum wk_err err = WK_OK;
  assert(settings->count > 0 && settings->count <= WK_SETTINGS_MAX);
  if (strlen(text) != len)
    return wk_fail(why, WK_ERR_MALFORMED, "%s: not a text file", where);
  for (char *line = text; line && err == WK_OK;) {
    char *next = strchr(line, '\n');
    if (next)
      *next++ = '\0';
    at.line++;
    err = read_line(&at, line);
    line = next;
  }
  return err == WK_OK ? require(&at) : err;
}

enum wk_err wk_settings_read(const struct wk_settings *settings,
                             const char *path, struct wk_why *why) {
  char *text = NULL;
  size_t len = 0;
  enum wk_err err = wk_file_read(&text, &len, path, WK_SETTINGS_FILE_MAX, why);
  if (err == WK_OK)
    err = wk_settings_parse(settings, text, len, path, why);
  wk_file_wipe(text, len);
  return err == WK_ERR_SPACE ? WK_ERR_MALFORMED : err;
}

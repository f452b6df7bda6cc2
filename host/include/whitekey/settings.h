/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - configuration files of our programs: lines of `key value` in
 * the manner of mosquitto.conf. A line that begins with # is a comment, a
 * value is the rest of its line. What is wrong is told with file, line and,
 * for an unknown key, the nearest known one.
 */
#ifndef WHITEKEY_SETTINGS_H
#define WHITEKEY_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include <whitekey/err.h>
#include <whitekey/why.h>

#define WK_SETTINGS_FILE_MAX 65536u
#define WK_SETTINGS_MAX 32u

struct wk_setting {
  const char *name;
  bool required;
  bool repeats; /* may stand there more than once */
};

struct wk_settings {
  const struct wk_setting *all; /* at most WK_SETTINGS_MAX */
  size_t count;
  /*
   * Takes the value of all[which], which it may not keep. NULL: taken; else
   * what is wrong, to stand behind the key: "must be a path".
   */
  const char *(*take)(void *context, size_t which, const char *value);
  void *context;
};

/* WK_ERR_MISSING, WK_ERR_IO, WK_ERR_MALFORMED (also larger than
 * WK_SETTINGS_FILE_MAX). What was taken before an error stays taken. */
WK_MUST_CHECK enum wk_err wk_settings_read(const struct wk_settings *settings,
                                           const char *path,
                                           struct wk_why *why);

/* The same from memory, NUL behind len bytes; where names the text in errors.
 * text is changed. */
WK_MUST_CHECK enum wk_err wk_settings_parse(const struct wk_settings *settings,
                                            char *text, size_t len,
                                            const char *where,
                                            struct wk_why *why);

#endif

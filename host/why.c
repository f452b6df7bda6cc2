/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/why.h>

#include <stdarg.h>
#include <stdio.h>

enum wk_err wk_fail(struct wk_why *why, enum wk_err err, const char *format,
                    ...) {
  if (why) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
  }
  return err;
}

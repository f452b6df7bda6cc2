/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/why.h>

#include <stdarg.h>
#include <stdio.h>

void wk_why_set(struct wk_why *why, const char *format, ...) {
  if (!why)
    return;
  va_list args;
  va_start(args, format);
  (void)vsnprintf(why->text, sizeof why->text, format, args);
  va_end(args);
}

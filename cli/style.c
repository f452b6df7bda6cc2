/* SPDX-License-Identifier: Apache-2.0 */
#include "style.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool coloured(void) {
  static int answer = -1;
  if (answer < 0) {
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    answer = isatty(STDOUT_FILENO) && (!no_color || no_color[0] == '\0') &&
             term && strcmp(term, "dumb") != 0;
  }
  return answer == 1;
}

void style_print(enum style style, const char *text, int width) {
  static const char *const codes[] = {"", "\033[1m", "\033[32m", "\033[33m",
                                      "\033[31m"};
  const int len = (int)strlen(text);
  const bool colour = style != STYLE_PLAIN && coloured();
  (void)printf("%s%s%s%*s", colour ? codes[style] : "", text,
               colour ? "\033[0m" : "", width > len ? width - len : 0, "");
}

void style_time(char text[STYLE_TIME_MAX], int64_t at) {
  const time_t when = (time_t)at;
  struct tm local;
  if (at == 0 || !localtime_r(&when, &local) ||
      strftime(text, STYLE_TIME_MAX, "%Y-%m-%d %H:%M", &local) == 0)
    (void)snprintf(text, STYLE_TIME_MAX, "never");
}

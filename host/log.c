/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/log.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_MAX_LEN 1024

static const char *program_name = "whitekey";
static enum wk_log_level most_level = WK_LOG_NOTICE;
static wk_log_sink *current_sink;
static bool under_systemd;

/* sd-daemon(3) priorities, one per level. */
static const char *const priority[] = {"<3>", "<4>", "<5>", "<7>"};
static const char *const word[] = {"error: ", "warning: ", "", "debug: "};

void wk_log_init(const char *program, enum wk_log_level most,
                 wk_log_sink *sink) {
  program_name = program;
  most_level = most;
  current_sink = sink;
  under_systemd = getenv("JOURNAL_STREAM") != NULL;
}

void wk_log(enum wk_log_level level, const char *format, ...) {
  if (level > most_level)
    return;
  char line[LINE_MAX_LEN];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(line, sizeof line, format, args);
  va_end(args);
  /* A peer's bytes may stand in the line: keep it one line of text. */
  for (char *c = line; *c != '\0'; c++) {
    if ((unsigned char)*c < 0x20 || *c == 0x7f)
      *c = '?';
  }
  if (current_sink)
    current_sink(level, line);
  else if (under_systemd)
    (void)fprintf(stderr, "%s%s\n", priority[level], line);
  else
    (void)fprintf(stderr, "%s: %s%s\n", program_name, word[level], line);
}

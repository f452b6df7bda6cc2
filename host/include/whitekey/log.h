/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - the one way our programs speak to whoever runs them. Lines go to
 * standard error with the sd-daemon priority prefix under systemd, plain and
 * named by program on a terminal; the plugin sends them to the broker's log.
 * Never a secret, never a password. One thread at a time may set the sink.
 */
#ifndef WHITEKEY_LOG_H
#define WHITEKEY_LOG_H

enum wk_log_level {
  WK_LOG_ERROR,
  WK_LOG_WARNING,
  WK_LOG_NOTICE,
  WK_LOG_DEBUG
};

typedef void wk_log_sink(enum wk_log_level level, const char *line);

/* program: shown before each line. sink NULL: standard error. */
void wk_log_init(const char *program, enum wk_log_level most,
                 wk_log_sink *sink);

void wk_log(enum wk_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

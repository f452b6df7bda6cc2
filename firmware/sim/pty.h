/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pty.h - a pseudo terminal whose other end a host program opens as it would
 * a dongle's serial port.
 */
#ifndef WHITEKEY_SIM_PTY_H
#define WHITEKEY_SIM_PTY_H

#include <stdbool.h>

#include <whitekey/why.h>

#include "serial.h"

struct pty {
  int master;
  int slave; /* held open, so that hosts may come and go */
  char name[64];
};

/* A new one, raw. WK_ERR_IO: there is none. */
WK_MUST_CHECK enum wk_err pty_open(struct pty *pty, struct wk_why *why);
void pty_close(struct pty *pty);

/* Waits for bytes from the host, ms at most; true: there are some. */
bool pty_wait(const struct pty *pty, int ms);

/* Carries bytes both ways, as far as there is room. */
void pty_carry(const struct pty *pty, struct wk_serial *serial);

#endif

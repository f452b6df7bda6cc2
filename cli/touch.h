/* SPDX-License-Identifier: Apache-2.0 */
/*
 * touch.h - a person who is asked to touch a dongle's sensor.
 *
 *   struct touch touch = {.port = port};
 *   do
 *     err = ...;
 *   while (touch_again(&touch, err));
 */
#ifndef WK_CLI_TOUCH_H
#define WK_CLI_TOUCH_H

#include <stdbool.h>
#include <stdint.h>

#include <whitekey/err.h>

struct touch {
  const char *port;
  const char *what; /* NULL, or which touch it is */
  int64_t until;
};

/* True after a while where err is WK_ERR_KEY, no finger, and a minute is not
 * over; the first time the person is asked, on standard error. */
bool touch_again(struct touch *touch, enum wk_err err);

#endif

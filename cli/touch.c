/* SPDX-License-Identifier: Apache-2.0 */
#include "touch.h"

#include <stdio.h>
#include <time.h>

#include <whitekey/steady.h>

#define PATIENCE_MS 60000
#define PAUSE_MS 200

bool touch_again(struct touch *touch, enum wk_err err) {
  const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
  if (err != WK_ERR_KEY)
    return false;
  if (touch->until == 0) {
    (void)fprintf(stderr, "%s: touch the sensor%s\n", touch->port,
                  touch->what ? touch->what : "");
    touch->until = wk_steady_ms() + PATIENCE_MS;
  }
  (void)nanosleep(&pause, NULL);
  return wk_steady_ms() < touch->until;
}

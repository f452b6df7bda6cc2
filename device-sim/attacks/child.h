/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.h - a mosquitto of our own, for attacks that need one stopped and
 * started. It does not outlive us, however we end.
 */
#ifndef WK_SIM_CHILD_H
#define WK_SIM_CHILD_H

#include <sys/types.h>

#include <whitekey/why.h>

#include "peer.h"

struct child {
  pid_t pid; /* 0: none runs */
};

/*
 * Starts `mosquitto -c config` from PATH and waits until it listens at that
 * place. WK_ERR_IO: it ended before, or somebody listens there already.
 */
WK_MUST_CHECK enum wk_err child_start(struct child *child, const char *config,
                                      const struct place *place,
                                      struct wk_why *why);

/* Ends it and waits for that; nothing where none runs. */
void child_stop(struct child *child);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool is_shown(const struct sim *sim) {
  return !sim->options->quiet && isatty(STDERR_FILENO);
}

void progress_show(const struct sim *sim) {
  const struct stats *s = &sim->stats;
  if (!is_shown(sim))
    return;
  const bool colour = !getenv("NO_COLOR");
  const char *red = colour && s->refused > 0 ? "\033[31m" : "";
  const char *plain = colour ? "\033[0m" : "";
  (void)fprintf(stderr,
                "\r%" PRIu32 "/%" PRIu32 " online  %" PRIu64
                " readings, %" PRIu64 " acknowledged  %s%" PRIu64
                " refused%s\033[K",
                sim_online(sim), sim->options->devices, s->published, s->acked,
                red, s->refused, plain);
}

void progress_end(const struct sim *sim) {
  if (is_shown(sim))
    (void)fputs("\r\033[K", stderr);
}

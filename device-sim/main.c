/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdlib.h>

#include <whitekey/log.h>

#include "attack.h"
#include "sim.h"

static void on_signal(int number) {
  (void)number;
  sim_interrupted = 1;
}

static void catch_signals(void) {
  const struct sigaction action = {.sa_handler = on_signal};
  (void)sigaction(SIGINT, &action, NULL);
  (void)sigaction(SIGTERM, &action, NULL);
}

/* All well: everybody got in at last, and every reading arrived; but for what
 * a lossy link held when the fleet ended. */
static bool went_well(const struct stats *s) {
  return s->connects > 0 && s->gave_up == 0 && s->unverified == 0 &&
         s->rejected == 0 && s->acked + s->unsettled == s->published;
}

static int run_fleet(const struct options *options) {
  static struct sim sim; /* the histograms are large */
  struct wk_why why;
  enum wk_err err = sim_run(&sim, options, &why);
  if (err == WK_OK)
    err = stats_write(&sim.stats, options, &why);
  if (err != WK_OK) {
    wk_log(WK_LOG_ERROR, "%s", why.text);
    return EXIT_FAILURE;
  }
  return went_well(&sim.stats) ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv) {
  struct options options;
  wk_log_init("whitekey-sim", WK_LOG_NOTICE, NULL);
  options_parse(&options, argc, argv);
  catch_signals();
  return options.attack ? attack_run(&options) : run_fleet(&options);
}

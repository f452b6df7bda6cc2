/* SPDX-License-Identifier: Apache-2.0 */
#include "flood.h"

#include <stdlib.h>

#include "figures.h"
#include "load.h"

#define TURNS 9u
#define HONEST_RATE 500u
#define FLOOD_RATE 20000u
#define SECONDS 2u
_Static_assert(2 * TURNS * SECONDS * HONEST_RATE == FLOOD_LOGINS, "flood.h");
#define CONCURRENCY 64u

static bool make_packets(struct load_packets *packets, struct fleet *fleet,
                         bool forged) {
  const size_t count = SECONDS * (forged ? FLOOD_RATE : HONEST_RATE);
  if (!fleet)
    return plain_packets(WK_MQTT_311, NULL, 0, NULL, count, packets);
  return forged ? fleet_forgeries(fleet, count, packets)
                : fleet_packets(fleet, WK_MQTT_311, count, packets);
}

/* One turn; with a rate, the flood goes beside it. */
static bool take_turn(struct flood *flood, uint16_t port, struct fleet *fleet,
                      double *p99, double *rate) {
  struct load_packets honest = {NULL, NULL, 0};
  struct load_packets forged = {NULL, NULL, 0};
  struct load_stream quiet = {
      .packets = &honest, .rate = HONEST_RATE, .concurrency = CONCURRENCY};
  struct load_stream loud = {
      .packets = &forged, .rate = FLOOD_RATE, .concurrency = CONCURRENCY};
  bool done = make_packets(&honest, fleet, false) &&
              (!rate || make_packets(&forged, fleet, true));
  done = done && (rate ? load_run_beside(port, &quiet, &loud)
                       : load_run(port, &quiet));
  if (done) {
    *p99 = load_quantile(&quiet, 0.99);
    flood->not_accepted += quiet.refused + quiet.failed;
  }
  if (done && rate)
    *rate = (double)loud.answered / loud.seconds;
  free(quiet.latencies);
  free(loud.latencies);
  packets_free(&honest);
  packets_free(&forged);
  return done;
}

bool flood_run(struct flood *flood, uint16_t port, struct fleet *fleet) {
  double quiet[TURNS];
  double flooded[TURNS];
  double rate[TURNS];
  *flood = (struct flood){0};
  for (unsigned i = 0; i < TURNS; i++) {
    if (!take_turn(flood, port, fleet, &quiet[i], NULL) ||
        !take_turn(flood, port, fleet, &flooded[i], &rate[i]))
      return false;
  }
  flood->quiet_p99 = figures_median(quiet, TURNS);
  flood->flooded_p99 = figures_median(flooded, TURNS);
  flood->rate = figures_median(rate, TURNS);
  return true;
}

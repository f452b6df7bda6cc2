/* SPDX-License-Identifier: Apache-2.0 */
#include "sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <whitekey/bytes.h>
#include <whitekey/log.h>

#include "fleet.h"

#define EVENTS 256
#define ROUND_MS 200u              /* for progress and signals */
#define GOODBYE_NS (5 * SECOND_NS) /* for what is still in flight */
#define WARNINGS_MAX 10u

volatile sig_atomic_t sim_interrupted;

void sim_warn(struct sim *sim, const char *text) {
  if (sim->warnings > WARNINGS_MAX)
    return;
  screen_clear(sim);
  wk_log(WK_LOG_WARNING, "%s",
         sim->warnings < WARNINGS_MAX ? text : "more warnings are not shown");
  sim->warnings++;
}

static void init_device(struct sim *sim, uint32_t number,
                        const struct profile *named) {
  struct device *device = &sim->devices[number];
  const uint64_t seed = sim->options->seed;
  const struct profile *profile =
      named ? named : profiles_turn(&sim->profiles, number);
  device->fd = -1;
  device->timer.place = TIMER_OFF;
  device->next_reading = profile->habits.rate > 0 ? 0 : UINT64_MAX;
  sensor_init(&device->sensor, profile, seed, number);
  rng_init(&device->pause, seed, number, RNG_PAUSE);
  rng_init(&device->chance, seed, number, RNG_CHANCE);
  clock_init(&device->clock, &profile->habits, seed, number,
             clock_machine_ms());
}

/* NULL: each in its turn. */
static enum wk_err find_profile(const struct profile **profile,
                                const struct sim *sim, struct wk_why *why) {
  const char *name = sim->options->profile;
  char known[160] = "";
  *profile = profiles_find(&sim->profiles, name);
  if (*profile || strcmp(name, PROFILE_MIX) == 0)
    return WK_OK;
  for (size_t i = 0; i < sim->profiles.count; i++) {
    const size_t at = strlen(known);
    (void)snprintf(known + at, sizeof known - at, "%s, ",
                   sim->profiles.all[i].name);
  }
  return wk_fail(why, WK_ERR_MISSING,
                 "--profile %s: must be %sor " PROFILE_MIX, name, known);
}

static enum wk_err init_devices(struct sim *sim, struct wk_why *why) {
  const struct options *o = sim->options;
  const struct profile *profile = NULL;
  enum wk_err err =
      profiles_open(&sim->profiles, o->profiles, &o->habits, why);
  if (err == WK_OK)
    err = find_profile(&profile, sim, why);
  if (err != WK_OK)
    return err;
  sim->devices = calloc(o->devices, sizeof *sim->devices);
  sim->timers.heap = calloc(o->devices, sizeof(struct timer *));
  if (!sim->devices || !sim->timers.heap)
    return wk_fail(why, WK_ERR_MEMORY, "out of memory for %u devices",
                   o->devices);
  for (uint32_t i = 0; i < o->devices; i++)
    init_device(sim, i, profile);
  sim->in_phase[PHASE_PAUSE] = o->devices;
  return WK_OK;
}

static enum wk_err enrol_batch(struct sim *sim, struct fleet *fleet,
                               uint32_t first, uint32_t count,
                               struct wk_why *why) {
  static struct wk_credential credentials[FLEET_BATCH_MAX];
  enum wk_err err = fleet_enrol_batch(fleet, first, count, credentials, why);
  for (uint32_t i = 0; i < count && err == WK_OK; i++) {
    struct device *device = &sim->devices[first + i];
    if (wk_client_new(&device->client, &credentials[i], clock_seconds,
                      &device->clock) != WK_OK)
      err = wk_fail(why, WK_ERR_MEMORY, "out of memory");
    sim->stats.enrolled++;
  }
  wk_wipe(credentials, sizeof credentials);
  return err;
}

static enum wk_err enrol(struct sim *sim, struct wk_why *why) {
  const uint32_t devices = sim->options->devices;
  struct fleet fleet;
  enum wk_err err = fleet_open(&fleet, sim->options, why);
  for (uint32_t i = 0; i < devices && err == WK_OK; i += FLEET_BATCH_MAX) {
    const uint32_t left = devices - i;
    err = sim_interrupted
              ? wk_fail(why, WK_ERR_IO, "interrupted while enrolling")
              : enrol_batch(sim, &fleet, i,
                            left < FLEET_BATCH_MAX ? left : FLEET_BATCH_MAX,
                            why);
    screen_show(sim);
  }
  fleet_close(&fleet);
  return err;
}

static enum wk_err trust(struct sim *sim, struct wk_why *why) {
  const struct wk_tls_trust authorities = {.cafile = sim->options->cafile};
  return sim->options->tls ? wk_tls_context_new(&sim->tls, &authorities, why)
                           : WK_OK;
}

static enum wk_err prepare(struct sim *sim, struct wk_why *why) {
  const struct options *o = sim->options;
  enum wk_err err = init_devices(sim, why);
  if (err == WK_OK)
    err = net_limit(o->devices, why);
  if (err == WK_OK)
    err = net_resolve(&sim->address, &sim->address_len, o->host, o->port, why);
  if (err == WK_OK)
    err = net_sources(sim, why);
  if (err == WK_OK)
    err = trust(sim, why);
  if (err == WK_OK)
    err = enrol(sim, why);
  sim->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (err == WK_OK && sim->epoll < 0)
    err = wk_fail(why, WK_ERR_IO, "epoll: %s", strerror(errno));
  return err;
}

static void clear(struct sim *sim) {
  for (uint32_t i = 0; sim->devices && i < sim->options->devices; i++) {
    net_close(&sim->devices[i]);
    wk_client_free(sim->devices[i].client);
  }
  if (sim->epoll >= 0)
    (void)close(sim->epoll);
  wk_tls_context_free(sim->tls);
  free(sim->timers.heap);
  free(sim->devices);
  profiles_close(&sim->profiles);
}

static int wait_ms(const struct sim *sim) {
  const struct timer *first = timers_first(&sim->timers);
  uint64_t due = device_next_start(sim);
  if (first && first->due < due)
    due = first->due;
  if (due <= sim->now)
    return 0;
  const uint64_t ms = (due - sim->now) / 1000000 + 1;
  return ms < ROUND_MS ? (int)ms : (int)ROUND_MS;
}

static void one_round(struct sim *sim) {
  struct epoll_event events[EVENTS];
  const int ready = epoll_wait(sim->epoll, events, EVENTS, wait_ms(sim));
  sim->now = net_now();
  for (int i = 0; i < ready; i++)
    device_ready(sim, events[i].data.ptr, events[i].events);
  for (;;) {
    struct timer *first = timers_first(&sim->timers);
    if (!first || first->due > sim->now || sim->failed)
      break;
    /* Only what is due now: each moves its own timer on. */
    device_due(sim, (struct device *)(void *)first);
  }
  device_start_queued(sim);
}

static void stop(struct sim *sim) {
  sim->stopping = true;
  sim->queue_head = NULL;
  for (uint32_t i = 0; i < sim->options->devices; i++)
    device_stop(sim, &sim->devices[i]);
}

static void loop(struct sim *sim) {
  const struct options *o = sim->options;
  uint64_t shown = 0;
  uint64_t end = o->duration_ns ? sim->now + o->duration_ns : UINT64_MAX;
  for (uint32_t i = 0; i < o->devices; i++)
    timers_set(&sim->timers, &sim->devices[i].timer, sim->now);
  sim->next_connect = sim->now;
  while (sim->in_phase[PHASE_DONE] < o->devices && !sim->failed) {
    one_round(sim);
    if (!sim->stopping && (sim_interrupted || sim->now >= end)) {
      stop(sim);
      end = sim->now + GOODBYE_NS;
    }
    if (sim->stopping && sim->now >= end)
      break;
    if (sim->now - shown > ROUND_MS * UINT64_C(1000000)) {
      screen_show(sim);
      shown = sim->now;
    }
  }
  screen_clear(sim);
}

enum wk_err sim_run(struct sim *sim, const struct options *options,
                    struct wk_why *why) {
  memset(sim, 0, sizeof *sim);
  sim->options = options;
  sim->epoll = -1;
  sim->stats.enrolling = net_now();
  enum wk_err err = prepare(sim, why);
  if (err == WK_OK) {
    sim->now = net_now();
    sim->stats.started = sim->now;
    sim->screen.since = sim->now;
    loop(sim);
    sim->stats.ended = net_now();
    if (sim->failed)
      err = wk_fail(why, WK_ERR_IO, "%s", sim->why.text);
  }
  clear(sim);
  return err;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of one device:
 *
 *   PAUSE -timer-> QUEUED -turn-> OPENING -TCP-> SECURING -TLS-> GREETING
 *   GREETING -CONNACK-> PROVING
 *   PROVING -X4-> ONLINE -all readings-> DONE
 *   ONLINE -its habit-> ASLEEP -timer-> QUEUED, or QUEUED at once
 *   GREETING, PROVING, ONLINE -lost packet-> CUT -time-> as if lost
 *   any of them -lost, refused or silent-> PAUSE, longer each time; or DONE
 *   after REFUSALS_MAX explicit refusals in a row or without a login left
 */
#include "sim.h"

#include <math.h>
#include <string.h>
#include <sys/epoll.h>

#define PING_NS (30 * SECOND_NS)     /* half of the keep alive */
#define CATCH_UP_NS (SECOND_NS / 10) /* of connections that are late */
#define PAUSE_MIN_MS 100
#define PAUSE_MAX_MS 5000
/* Section 2's skip-ahead takes 7, an open key update twice that and a few. */
#define REFUSALS_QUICK 17u
#define REFUSALS_MAX 20u

static bool is_opening(const struct device *device) {
  return device->phase == PHASE_OPENING || device->phase == PHASE_SECURING ||
         device->phase == PHASE_GREETING;
}

static bool is_online(const struct device *device) {
  return device->phase == PHASE_PROVING || device->phase == PHASE_ONLINE;
}

static uint32_t opening(const struct sim *sim) {
  return sim->in_phase[PHASE_OPENING] + sim->in_phase[PHASE_SECURING] +
         sim->in_phase[PHASE_GREETING];
}

void device_enter(struct sim *sim, struct device *device, enum phase phase) {
  struct stats *stats = &sim->stats;
  sim->in_phase[device->phase]--;
  sim->in_phase[phase]++;
  device->phase = (uint8_t)phase;
  if (sim_online(sim) <= stats->online_most)
    return;
  stats->online_most = sim_online(sim);
  stats->online_most_at = sim->now;
}

/* Sets the timer to what the device waits for in its phase. */
static void rearm(struct sim *sim, struct device *device) {
  const uint64_t timeout = sim->options->timeout_ns;
  uint64_t due = device->spoke + PING_NS;
  if (is_opening(device))
    due = device->began + timeout;
  else if (device->phase == PHASE_PROVING)
    due = device->began + timeout / 2;
  else if (device->phase == PHASE_CUT)
    due = device->spoke + timeout;
  else if (device->in_flight)
    due = device->sent + timeout;
  else if (device->has_reading) /* of a connection that was lost */
    due = sim->now;
  else if (device->next_reading < due)
    due = device->next_reading;
  if (device->release != 0 && device->release < due)
    due = device->release;
  timers_set(&sim->timers, &device->timer, due);
}

static void leave(struct device *device) {
  net_close(device);
  device->in_flight = false;
  device->release = 0;
}

static void retire(struct sim *sim, struct device *device) {
  leave(device);
  timers_clear(&sim->timers, &device->timer);
  device_enter(sim, device, PHASE_DONE);
}

/* Give or take a half. */
static void wait_in(struct sim *sim, struct device *device, enum phase phase,
                    uint64_t ns) {
  const double about = rng_below(&device->pause, (double)ns);
  device_enter(sim, device, phase);
  timers_set(&sim->timers, &device->timer,
             sim->now + ns / 2 + (uint64_t)about);
}

/* 0.1 s, then twice as long each time up to 5 s. */
static void take_pause(struct sim *sim, struct device *device) {
  leave(device);
  uint32_t ms = PAUSE_MAX_MS;
  if (device->failures < 6)
    ms = PAUSE_MIN_MS << device->failures;
  /* The skip-ahead is soon through: its refusals are no reason to wait. */
  if (device->failures < UINT8_MAX &&
      (device->refusals == 0 || device->refusals > REFUSALS_QUICK))
    device->failures++;
  wait_in(sim, device, PHASE_PAUSE, ms * UINT64_C(1000000));
}

/* The connection is of no use any more. */
static void lost(struct sim *sim, struct device *device) {
  const bool is_cut = device->phase == PHASE_CUT;
  if (device->phase == PHASE_ONLINE || (is_cut && device->let_in))
    sim->stats.disconnects++;
  if ((is_opening(device) || (is_cut && !device->let_in)) && !device->answered)
    sim->stats.unanswered++;
  if (device->spent || device->refusals >= REFUSALS_MAX) {
    sim->stats.gave_up++;
    retire(sim, device);
  } else if (sim->stopping)
    retire(sim, device);
  else
    take_pause(sim, device);
}

void device_cut(struct sim *sim, struct device *device) {
  net_ignore(sim, device);
  sim->stats.cut++;
  device->cut = true;
  device->out_len = 0;
  device->release = 0;
  device->spoke = sim->now;
  device_enter(sim, device, PHASE_CUT);
}

/* Nobody ever got in: a wrong address rather than a restart. */
static void unreachable(struct sim *sim, struct device *device,
                        const char *reason) {
  if (sim->stats.connects == 0) {
    sim->failed = true;
    (void)wk_fail(&sim->why, WK_ERR_IO, "%s port %u: %s", sim->options->host,
                  sim->options->port, reason);
  }
  lost(sim, device);
}

uint64_t device_next_start(const struct sim *sim) {
  return sim->queue_head && isfinite(sim->options->connrate)
             ? sim->next_connect
             : UINT64_MAX;
}

/* With --connrate so many a second, without as many as are answered. */
static bool take_turn(struct sim *sim) {
  const double connrate = sim->options->connrate;
  if (!isfinite(connrate))
    return opening(sim) < OPENING_MAX;
  if (sim->next_connect > sim->now)
    return false;
  if (sim->next_connect + CATCH_UP_NS < sim->now)
    sim->next_connect = sim->now - CATCH_UP_NS;
  sim->next_connect += (uint64_t)((double)SECOND_NS / connrate);
  return true;
}

void device_start_queued(struct sim *sim) {
  while (sim->queue_head && !sim->failed && take_turn(sim)) {
    struct device *device = sim->queue_head;
    sim->queue_head = device->next;
    device_enter(sim, device, PHASE_OPENING);
    device->began = sim->now;
    device->spoke = sim->now;
    device->intent = INTENT_STAY;
    device->let_in = false;
    device->answered = false;
    const int error = net_open(sim, device);
    if (!error)
      rearm(sim, device);
    else if (!sim->failed)
      unreachable(sim, device, strerror(error));
  }
}

static void enqueue(struct sim *sim, struct device *device) {
  device_enter(sim, device, PHASE_QUEUED);
  device->next = NULL;
  timers_clear(&sim->timers, &device->timer);
  if (sim->queue_head)
    sim->queue_tail->next = device;
  else
    sim->queue_head = device;
  sim->queue_tail = device;
}

/* What a device does by itself after a reading. */
static void follow_intent(struct sim *sim, struct device *device) {
  if (device->intent == INTENT_SLEEP) {
    const double sleep = device->sensor.profile->habits.sleep;
    session_goodbye(sim, device);
    leave(device);
    sim->stats.slept++;
    device->awake = 0;
    wait_in(sim, device, PHASE_ASLEEP, (uint64_t)(sleep * SECOND_NS));
  } else {
    leave(device);
    sim->stats.left++;
    enqueue(sim, device);
  }
}

/* What comes next on a connection that is good. */
static void go_on(struct sim *sim, struct device *device) {
  if (session_finished(sim, device) ||
      (sim->stopping && is_online(device) && !device->in_flight)) {
    session_goodbye(sim, device);
    retire(sim, device);
  } else if (is_online(device) && device->intent != INTENT_STAY)
    follow_intent(sim, device);
  else
    rearm(sim, device);
}

/* After anything that happened on an open connection. */
static void carry_on(struct sim *sim, struct device *device, bool good) {
  if (!good)
    lost(sim, device);
  else if (device->phase == PHASE_CUT)
    rearm(sim, device);
  else
    go_on(sim, device);
  device_start_queued(sim);
}

static void secure(struct sim *sim, struct device *device) {
  struct wk_why why;
  const enum wk_tls_wants wants = net_secure(sim, device, &why);
  if (wants == WK_TLS_FAILED) {
    if (sim->stats.connects > 0)
      sim_warn(sim, why.text);
    unreachable(sim, device, why.text);
    device_start_queued(sim);
  } else if (wants == WK_TLS_DONE) {
    device_enter(sim, device, PHASE_GREETING);
    carry_on(sim, device, session_begin(sim, device));
  }
}

static void opened(struct sim *sim, struct device *device) {
  const int error = net_opened(device);
  if (error) {
    unreachable(sim, device, strerror(error));
    device_start_queued(sim);
  } else if (sim->tls) {
    device_enter(sim, device, PHASE_SECURING);
    secure(sim, device);
  } else {
    device_enter(sim, device, PHASE_GREETING);
    carry_on(sim, device, session_begin(sim, device));
  }
}

static bool read_all(struct sim *sim, struct device *device) {
  bool good = true;
  do {
    good = net_read(device);
    /* What came before the end still counts: a refusal, for one. */
    good = session_read(sim, device) && good;
  } while (good && net_pending(device));
  return good;
}

void device_ready(struct sim *sim, struct device *device, uint32_t events) {
  bool good = true;
  if (device->fd < 0 || device->phase == PHASE_CUT)
    return;
  if (device->phase == PHASE_OPENING) {
    opened(sim, device);
    return;
  }
  if (device->phase == PHASE_SECURING) {
    secure(sim, device);
    return;
  }
  if (events & EPOLLOUT)
    good = net_flush(sim, device);
  if (good && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
    good = read_all(sim, device);
  carry_on(sim, device, good);
}

static bool online_due(struct sim *sim, struct device *device) {
  if (device->in_flight)
    return false; /* no PUBACK in time */
  if (device->has_reading || device->next_reading <= sim->now)
    return session_publish(sim, device);
  return session_ping(sim, device);
}

void device_due(struct sim *sim, struct device *device) {
  if (device->release != 0 && device->release <= sim->now) {
    carry_on(sim, device, net_flush(sim, device));
    return;
  }
  switch ((enum phase)device->phase) {
  case PHASE_PAUSE:
  case PHASE_ASLEEP:
    enqueue(sim, device);
    device_start_queued(sim);
    return;
  case PHASE_OPENING:
  case PHASE_SECURING:
  case PHASE_GREETING:
  case PHASE_CUT:
    carry_on(sim, device, false);
    return;
  case PHASE_PROVING:
    /* Section 6.5: an X4 may be lost; the password was spent all the same. */
    sim->stats.unverified++;
    device_enter(sim, device, PHASE_ONLINE);
    device->refusals = 0;
    carry_on(sim, device, true);
    return;
  case PHASE_ONLINE:
    carry_on(sim, device, online_due(sim, device));
    return;
  case PHASE_QUEUED:
  case PHASE_DONE:
    return;
  }
}

void device_stop(struct sim *sim, struct device *device) {
  const bool is_cut = device->phase == PHASE_CUT;
  if (device->phase == PHASE_DONE || (device->in_flight && !is_cut))
    return;
  if (device->has_reading && device->was_sent && device->cut)
    sim->stats.unsettled++;
  if (is_online(device))
    session_goodbye(sim, device);
  retire(sim, device);
}

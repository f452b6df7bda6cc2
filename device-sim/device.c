/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of one device:
 *
 *   PAUSE -timer-> QUEUED -place-> OPENING -TCP-> GREETING -CONNACK-> PROVING
 *   PROVING -X4-> ONLINE -all readings-> DONE
 *   any of them -lost, refused or silent-> PAUSE, longer each time; or DONE
 *   after REFUSALS_MAX explicit refusals in a row or without a login left
 */
#include "sim.h"

#include <string.h>
#include <sys/epoll.h>

#define ANSWER_NS (10 * SECOND_NS) /* for CONNACK and PUBACK */
#define PROOF_NS (5 * SECOND_NS)   /* for the X4 of a password login */
#define PING_NS (30 * SECOND_NS)   /* half of the keep alive */
#define PAUSE_MIN_MS 100
#define PAUSE_MAX_MS 5000
/* Section 2's skip-ahead takes 7, an open key update twice that and a few. */
#define REFUSALS_QUICK 17u
#define REFUSALS_MAX 20u

static bool is_opening(const struct device *device) {
  return device->phase == PHASE_OPENING || device->phase == PHASE_GREETING;
}

static bool is_online(const struct device *device) {
  return device->phase == PHASE_PROVING || device->phase == PHASE_ONLINE;
}

/* Sets the timer to what the device waits for in its phase. */
static void rearm(struct sim *sim, struct device *device) {
  uint64_t due = device->spoke + PING_NS;
  if (is_opening(device))
    due = device->began + ANSWER_NS;
  else if (device->phase == PHASE_PROVING)
    due = device->began + PROOF_NS;
  else if (device->in_flight)
    due = device->sent + ANSWER_NS;
  else if (device->has_reading) /* of a connection that was lost */
    due = sim->now;
  else if (device->next_reading < due)
    due = device->next_reading;
  timers_set(&sim->timers, &device->timer, due);
}

static void leave(struct sim *sim, struct device *device) {
  if (is_opening(device))
    sim->opening--;
  if (is_online(device))
    sim->online--;
  net_close(device);
  device->in_flight = false;
}

static void retire(struct sim *sim, struct device *device) {
  leave(sim, device);
  timers_clear(&sim->timers, &device->timer);
  device->phase = PHASE_DONE;
  sim->done++;
}

/* 0.1 s, then twice as long each time up to 5 s, give or take a half. */
static void take_pause(struct sim *sim, struct device *device) {
  leave(sim, device);
  int32_t ms = PAUSE_MAX_MS;
  if (device->failures < 6)
    ms = PAUSE_MIN_MS << device->failures;
  /* The skip-ahead is soon through: its refusals are no reason to wait. */
  if (device->failures < UINT8_MAX &&
      (device->refusals == 0 || device->refusals > REFUSALS_QUICK))
    device->failures++;
  ms = rng_range(&device->pause, ms / 2, ms * 3 / 2);
  device->phase = PHASE_PAUSE;
  timers_set(&sim->timers, &device->timer,
             sim->now + (uint64_t)ms * UINT64_C(1000000));
}

/* The connection is of no use any more. */
static void lost(struct sim *sim, struct device *device) {
  if (device->phase == PHASE_ONLINE)
    sim->stats.disconnects++;
  if (is_opening(device) && !device->answered)
    sim->stats.unanswered++;
  if (device->spent || device->refusals >= REFUSALS_MAX) {
    sim->stats.gave_up++;
    retire(sim, device);
  } else if (sim->stopping)
    retire(sim, device);
  else
    take_pause(sim, device);
}

/* Nobody ever got in: a wrong address rather than a restart. */
static void unreachable(struct sim *sim, struct device *device, int error) {
  if (sim->stats.connects == 0) {
    sim->failed = true;
    (void)wk_fail(&sim->why, WK_ERR_IO, "%s port %u: %s", sim->options->host,
                  sim->options->port, strerror(error));
  }
  lost(sim, device);
}

static void start_queued(struct sim *sim) {
  while (sim->opening < OPENING_MAX && sim->queue_head && !sim->failed) {
    struct device *device = sim->queue_head;
    sim->queue_head = device->next;
    device->phase = PHASE_OPENING;
    device->began = sim->now;
    device->spoke = sim->now;
    sim->opening++;
    const int error = net_open(sim, device);
    if (!error)
      rearm(sim, device);
    else if (!sim->failed)
      unreachable(sim, device, error);
  }
}

static void enqueue(struct sim *sim, struct device *device) {
  device->phase = PHASE_QUEUED;
  device->next = NULL;
  timers_clear(&sim->timers, &device->timer);
  if (sim->queue_head)
    sim->queue_tail->next = device;
  else
    sim->queue_head = device;
  sim->queue_tail = device;
}

/* After anything that happened on an open connection. */
static void carry_on(struct sim *sim, struct device *device, bool good) {
  if (!good) {
    lost(sim, device);
  } else if (session_finished(sim, device) ||
             (sim->stopping && is_online(device) && !device->in_flight)) {
    session_goodbye(sim, device);
    retire(sim, device);
  } else
    rearm(sim, device);
  start_queued(sim);
}

void device_ready(struct sim *sim, struct device *device, uint32_t events) {
  bool good = true;
  if (device->fd < 0)
    return;
  if (device->phase == PHASE_OPENING) {
    const int error = net_opened(device);
    if (error) {
      unreachable(sim, device, error);
      start_queued(sim);
      return;
    }
    device->phase = PHASE_GREETING;
    good = session_begin(sim, device);
  } else if (events & EPOLLOUT)
    good = net_flush(sim, device);
  if (good && events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
    good = net_read(device);
    /* What came before the end still counts: a refusal, for one. */
    good = session_read(sim, device) && good;
  }
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
  switch ((enum phase)device->phase) {
  case PHASE_PAUSE:
    enqueue(sim, device);
    start_queued(sim);
    return;
  case PHASE_OPENING:
  case PHASE_GREETING:
    carry_on(sim, device, false);
    return;
  case PHASE_PROVING:
    /* Section 6.5: an X4 may be lost; the password was spent all the same. */
    sim->stats.unverified++;
    device->phase = PHASE_ONLINE;
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
  if (device->phase == PHASE_DONE || device->in_flight)
    return;
  if (is_online(device))
    session_goodbye(sim, device);
  retire(sim, device);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim.h - the running fleet: one process, one thread, one epoll. A device is
 * one fixed-size struct beside its client; nothing is allocated while the
 * fleet runs but what TLS needs for each connection.
 */
#ifndef WK_SIM_SIM_H
#define WK_SIM_SIM_H

#include <signal.h>
#include <sys/socket.h>

#include <whitekey/client.h>
#include <whitekey/tls.h>

#include "clock.h"
#include "options.h"
#include "screen.h"
#include "sensor.h"
#include "stats.h"
#include "timers.h"

#define PACKET_MAX 512u /* the longest we take, and all we have under way */
#define OPENING_MAX 64u /* connections opened at a time without --connrate */
#define SOURCES_MAX 64u /* addresses of --bind */

enum phase {
  PHASE_PAUSE,    /* until its timer, then it connects */
  PHASE_ASLEEP,   /* the same, by its own will */
  PHASE_QUEUED,   /* for its turn to connect */
  PHASE_OPENING,  /* TCP */
  PHASE_SECURING, /* TLS, if at all */
  PHASE_GREETING, /* CONNECT sent */
  PHASE_PROVING,  /* let in; a password login waits for its X4 */
  PHASE_ONLINE,
  PHASE_CUT, /* a packet was lost, and it will hear nothing more */
  PHASE_DONE
};
#define PHASES (PHASE_DONE + 1)

/* What a device does when its reading has been acknowledged. */
enum intent { INTENT_STAY, INTENT_SLEEP, INTENT_LEAVE };

struct device {
  struct timer timer; /* first: a timer is its device */
  struct wk_client *client;
  struct wk_tls *tls;  /* of this connection, or NULL */
  struct device *next; /* in the queue */
  struct sensor sensor;
  struct rng pause;
  struct rng chance;
  struct clock clock;
  uint64_t began;        /* this connection */
  uint64_t sent;         /* the reading in flight */
  uint64_t spoke;        /* last packet to the broker */
  uint64_t release;      /* what is in out waits until then; 0: not at all */
  uint64_t next_reading; /* when it is due, UINT64_MAX: never */
  uint32_t seq;          /* of the current reading */
  uint32_t awake;        /* readings acknowledged since it slept */
  int fd;                /* -1: none */
  uint8_t phase;
  uint8_t intent;
  uint8_t failures; /* in a row, for the pause */
  uint8_t refusals; /* explicit ones in a row */
  bool has_reading; /* made and not yet acknowledged */
  bool was_sent;    /* it left once before */
  bool in_flight;   /* it was sent on this connection */
  bool waits_to_write;
  bool let_in;   /* by this connection's CONNACK */
  bool answered; /* this login got a definite answer */
  bool cut;      /* since its last login: a lost packet, not the broker */
  bool spent;    /* its chain has no login left */
  uint16_t packet_id;
  uint16_t in_len;
  uint16_t out_len;
  uint16_t reading_len;
  char reading[READING_MAX];
  uint8_t in[PACKET_MAX];
  uint8_t out[PACKET_MAX];
};

struct sim {
  const struct options *options;
  struct profiles profiles;
  struct device *devices;
  struct timers timers;
  struct stats stats;
  struct sockaddr_storage address;
  socklen_t address_len;
  struct sockaddr_storage source[SOURCES_MAX];
  uint32_t sources;           /* 0: the kernel picks */
  struct wk_tls_context *tls; /* NULL: without TLS */
  int epoll;
  uint64_t now;              /* monotonic, ns; read once per round */
  uint64_t next_connect;     /* by --connrate */
  uint32_t in_phase[PHASES]; /* devices */
  struct screen screen;
  uint32_t warnings;
  struct device *queue_head;
  struct device *queue_tail;
  bool stopping; /* no new readings, no new connections */
  bool failed;   /* why says it: the run makes no sense */
  struct wk_why why;
};

#define SECOND_NS UINT64_C(1000000000)

/* Devices whose login was accepted and whose link is up. */
static inline uint32_t sim_online(const struct sim *sim) {
  return sim->in_phase[PHASE_PROVING] + sim->in_phase[PHASE_ONLINE];
}

/* ---- net.c: sockets ---------------------------------------------------- */

uint64_t net_now(void);

WK_MUST_CHECK enum wk_err net_resolve(struct sockaddr_storage *address,
                                      socklen_t *len, const char *host,
                                      uint16_t port, struct wk_why *why);

/* The addresses of --bind. */
WK_MUST_CHECK enum wk_err net_sources(struct sim *sim, struct wk_why *why);

/* Room for that many sockets, or a clear error. */
WK_MUST_CHECK enum wk_err net_limit(uint32_t sockets, struct wk_why *why);

/* Begins to connect: 0 or an errno, sim->failed where that cannot go on. */
int net_open(struct sim *sim, struct device *device);
void net_close(struct device *device);

/* 0, or the errno that the opening of the connection ended with. */
int net_opened(const struct device *device);

/* Goes on with the handshake; WK_TLS_FAILED: why says it. */
WK_MUST_CHECK enum wk_tls_wants
net_secure(struct sim *sim, struct device *device, struct wk_why *why);
/* Tells the peer that nothing follows. */
void net_end(const struct device *device);

/* Sends what is in device->out once it may leave, the rest later; false:
 * connection lost. */
bool net_flush(struct sim *sim, struct device *device);

/* From now on nothing comes in. */
void net_ignore(const struct sim *sim, const struct device *device);

/* Reads into device->in; false: connection lost. */
bool net_read(struct device *device);
/* More is here that no event will tell of. */
bool net_pending(const struct device *device);

/* ---- device.c: what a device does -------------------------------------- */

void device_ready(struct sim *sim, struct device *device, uint32_t events);
void device_due(struct sim *sim, struct device *device);
/* Connects those whose turn it is. */
void device_start_queued(struct sim *sim);
/* When the next one may connect; UINT64_MAX: none waits for that. */
uint64_t device_next_start(const struct sim *sim);
void device_enter(struct sim *sim, struct device *device, enum phase phase);
/* Its link is dead; what the broker makes of it is open. */
void device_cut(struct sim *sim, struct device *device);
/* No new readings: says goodbye as soon as nothing is in flight. */
void device_stop(struct sim *sim, struct device *device);

/* ---- session.c: bytes in, reaction ------------------------------------- */

/* Writes the CONNECT; false where the device has no login left. */
bool session_begin(struct sim *sim, struct device *device);
/* Handles every whole packet in device->in; false: close the connection. */
bool session_read(struct sim *sim, struct device *device);
bool session_publish(struct sim *sim, struct device *device);
bool session_ping(struct sim *sim, struct device *device);
void session_goodbye(struct sim *sim, struct device *device);
/* The device's readings are all acknowledged. */
bool session_finished(const struct sim *sim, const struct device *device);

/* ---- run.c ------------------------------------------------------------- */

/* Set by SIGINT and SIGTERM. */
extern volatile sig_atomic_t sim_interrupted;

/* A warning about a device; only the first few are shown. */
void sim_warn(struct sim *sim, const char *text);

/* Enrols, runs and counts. WK_OK also when devices were refused. */
WK_MUST_CHECK enum wk_err
sim_run(struct sim *sim, const struct options *options, struct wk_why *why);

#endif

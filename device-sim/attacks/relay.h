/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay.h - somebody on the path: a port that a device takes for the broker's,
 * and a connection onwards. What either side says goes to the other, until the
 * relay is halted; then it speaks for itself.
 */
#ifndef WK_SIM_RELAY_H
#define WK_SIM_RELAY_H

#include <pthread.h>

#include "mask.h"
#include "peer.h"

#define RELAY_HEARD_MAX 8192u

struct relay {
  struct place place; /* where the device comes to */
  int listener;
  struct place onwards; /* to the broker: with TLS of its own, or without */
  struct mask *mask;    /* NULL: bytes are passed on as they come */
  pthread_t thread;
  int halt[2]; /* a pipe */
  /* Once it is halted: */
  int victim;         /* the device's connection, -1: none came */
  struct peer broker; /* the relay's own */
  size_t len;
  uint8_t heard[RELAY_HEARD_MAX]; /* from the device, in clear if masked */
};

/* Opens a port, and waits there for the device. False: not to be had. */
bool relay_open(struct relay *relay, const struct place *onwards,
                struct mask *mask);

/* From now on nothing is passed on. */
void relay_halt(struct relay *relay);

/* Whether the device said that, readable for the relay. */
bool relay_heard(const struct relay *relay, const char *text);

/* After relay_halt(). */
void relay_close(struct relay *relay);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fleet.h - a registry with many devices, and their CONNECT packets.
 *
 * A device's chain is cut short: its value x[DEPTH] is made up and the anchor
 * walked from there, instead of from a seed at n. The server cannot tell, and
 * does the same work; making a million whole chains would take minutes.
 */
#ifndef WHITEKEY_BENCH_FLEET_H
#define WHITEKEY_BENCH_FLEET_H

#include <stdint.h>

#include <whitekey/mqtt.h>
#include <whitekey/why.h>

#include "load.h"

struct fleet {
  char db[128];
  char key[128];
  uint32_t devices;
  uint32_t depth; /* logins each device can make */
  uint8_t realm[16];
  uint8_t master[32];
  uint64_t next; /* logins made: device next % devices, index next / devices */
};

/* Makes the two files in folder and enrols everybody. */
WK_MUST_CHECK enum wk_err fleet_make(struct fleet *fleet, const char *folder,
                                     uint32_t devices, uint32_t depth,
                                     struct wk_why *why);

/* The next `count` logins, sealed with the present time. */
bool fleet_packets(struct fleet *fleet, enum wk_mqtt_version version,
                   size_t count, struct load_packets *packets);

/* Messages of enrolled devices under a wrong key: the costliest refusal. */
bool fleet_forgeries(struct fleet *fleet, size_t count,
                     struct load_packets *packets);

/* The same for plain names and passwords; NULL name: anonymous. */
bool plain_packets(enum wk_mqtt_version version, const char *name_format,
                   unsigned names, const char *password, size_t count,
                   struct load_packets *packets);

void packets_free(struct load_packets *packets);

#endif

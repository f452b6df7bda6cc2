/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - what the command line asks for.
 */
#ifndef WK_SIM_OPTIONS_H
#define WK_SIM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <whitekey/client.h>
#include <whitekey/mqtt.h>

#include "habits.h"

#define PROFILE_MIX "mix" /* one after the other */

struct options {
  const char *attack; /* a name of attack.h, "all", "list"; NULL: a fleet */
  const char *broker; /* attacks: the configuration of one to start; NULL */
  const char *host;
  uint16_t port;
  uint16_t port_tls; /* attacks: where it listens with TLS; 0: nowhere */
  enum wk_mqtt_version version;
  bool tls;
  const char *cafile;  /* PEM; NULL: Debian's authorities */
  const char *bind;    /* numeric addresses, commas between; NULL: any */
  uint64_t timeout_ns; /* for the broker's answers */
  uint32_t devices;
  double connrate; /* connections a second, INFINITY: as fast as it goes */
  uint32_t length; /* of each chain */
  enum wk_update_when update;
  uint64_t duration_ns; /* 0: no limit */
  uint32_t count;       /* readings of each device, 0: no limit */
  const char *profile;  /* a name, or PROFILE_MIX */
  const char *profiles; /* a file of them, NULL: our own */
  struct habits habits; /* where a profile does not say otherwise */
  uint64_t seed;
  const char *registry;
  const char *master;
  const char *json; /* NULL: standard output */
  bool quiet;
};

/* Ends the process after --help, and with status 2 after a usage error. */
void options_parse(struct options *options, int argc, char **argv);

#endif

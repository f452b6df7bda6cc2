/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats.h - what happened, counted: the summary of
 * schemas/sim-summary.schema.json.
 */
#ifndef WK_SIM_STATS_H
#define WK_SIM_STATS_H

#include <whitekey/why.h>

#include "hist.h"
#include "options.h"

struct stats {
  uint64_t enrolled;
  uint64_t connects;    /* accepted logins */
  uint64_t verified;    /* of them: the broker proved itself by X4 */
  uint64_t unverified;  /* a wrong X4, or none in time */
  uint64_t updates;     /* X3 sent */
  uint64_t switches;    /* logins that changed to the new chain */
  uint64_t refused;     /* explicit refusals */
  uint64_t code[256];   /* of them: by CONNACK's code */
  uint64_t unanswered;  /* no CONNACK: unreachable, closed, busy or silent */
  uint64_t disconnects; /* open sessions that were lost */
  uint64_t gave_up;     /* devices that were refused too often */
  uint64_t left;        /* sessions that devices ended without a word */
  uint64_t slept;       /* sessions that they ended to sleep */
  uint64_t cut;         /* connections that died of a lost packet */
  uint64_t published;   /* readings handed to the broker, each once */
  uint64_t resent;      /* handed over again after a lost connection */
  uint64_t acked;
  uint64_t rejected;  /* acknowledged as refused (MQTT 5) */
  uint64_t unsettled; /* lost on the link, and then the fleet ended */
  uint32_t online_most;
  uint64_t online_most_at; /* monotonic, ns; as are: */
  uint64_t enrolling;      /* since */
  uint64_t started;
  uint64_t ended;
  struct hist connect; /* start of the connection to CONNACK */
  struct hist publish; /* PUBLISH to PUBACK */
};

/* "not authorized" .. for a CONNACK's code of that version. */
const char *stats_code_name(enum wk_mqtt_version version, uint8_t code);

/* ---- summary.c ---------------------------------------------------------- */

/* The summary as text; the caller frees it. NULL: out of memory. */
char *stats_json(const struct stats *stats, const struct options *options);

/* Writes the summary to options->json, or to standard output. */
WK_MUST_CHECK enum wk_err stats_write(const struct stats *stats,
                                      const struct options *options,
                                      struct wk_why *why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.h - what is counted, and the numbers as Prometheus text. No broker.
 */
#ifndef WHITEKEY_PLUGIN_METRICS_H
#define WHITEKEY_PLUGIN_METRICS_H

#include <whitekey/audit.h>
#include <whitekey/server.h>

#define WK_METRICS_BUCKETS 12u /* of the login histogram, without +Inf */
#define WK_METRICS_ALARMS 5u   /* enum wk_alarm */

struct wk_metrics {
  uint64_t logins[2][WK_REASON_COUNT]; /* [1]: the reason is about the user */
  uint64_t alarms[WK_METRICS_ALARMS];
  uint64_t held; /* alarms that were raised and not published */
  uint64_t control_refused;
  uint64_t within[WK_METRICS_BUCKETS + 1]; /* logins by bucket, +Inf last */
  uint64_t nanoseconds;                    /* all logins took together */
};

/* Upper bounds of the buckets in seconds, as they are written. */
extern const char *const wk_metrics_bounds[WK_METRICS_BUCKETS];

/* A decision and what it took. */
void wk_metrics_login(struct wk_metrics *metrics,
                      const struct wk_verdict *verdict, uint64_t nanoseconds);

/* An alarm that is counted, and told to nobody: there are too many. */
void wk_metrics_held(struct wk_metrics *metrics);

/* A request for administration that was refused. */
void wk_metrics_control_refused(struct wk_metrics *metrics);

/* Whose state is told beside what was counted. */
struct wk_metrics_of {
  struct wk_server *server;
  struct wk_audit *audit;
};

/*
 * Calls each() for every number: family ("logins", "devices" ..), label's
 * value ("" where there is none) and value.
 */
typedef void wk_metrics_each(void *context, const char *family,
                             const char *label, double value);
void wk_metrics_walk(const struct wk_metrics *metrics,
                     const struct wk_metrics_of *of, wk_metrics_each *each,
                     void *context);

/* The text format of Prometheus, version 0.0.4, for free(); NULL: no memory.
 */
char *wk_metrics_print(const struct wk_metrics *metrics,
                       const struct wk_metrics_of *of);

#endif

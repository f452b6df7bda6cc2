/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const wk_metrics_bounds[WK_METRICS_BUCKETS] = {
    "0.00001", "0.000025", "0.00005", "0.0001", "0.00025", "0.0005",
    "0.001",   "0.0025",   "0.01",    "0.025",  "0.1",     "0.5"};

static const uint64_t bound_ns[WK_METRICS_BUCKETS] = {
    10000,   25000,   50000,    100000,   250000,    500000,
    1000000, 2500000, 10000000, 25000000, 100000000, 500000000};

/* ---- counting -------------------------------------------------------------
 */

void wk_metrics_login(struct wk_metrics *metrics,
                      const struct wk_verdict *verdict, uint64_t nanoseconds) {
  size_t bucket = 0;
  while (bucket < WK_METRICS_BUCKETS && nanoseconds > bound_ns[bucket])
    bucket++;
  metrics->within[bucket]++;
  metrics->nanoseconds += nanoseconds;
  metrics->logins[verdict->user ? 1 : 0][verdict->reason]++;
  for (size_t i = 0; i < WK_METRICS_ALARMS; i++)
    metrics->alarms[i] += verdict->alarms >> i & 1u;
}

void wk_metrics_held(struct wk_metrics *metrics) {
  metrics->held++;
}

void wk_metrics_control_refused(struct wk_metrics *metrics) {
  metrics->control_refused++;
}

/* ---- telling --------------------------------------------------------------
 */

static void walk_logins(const struct wk_metrics *metrics,
                        wk_metrics_each *each, void *context) {
  static const char *const alarms[WK_METRICS_ALARMS] = {
      "clone", "chain", "suspect", "epoch", "vouch"};
  for (int user = 0; user < 2; user++) {
    for (int r = WK_REASON_OK; r < WK_REASON_COUNT; r++) {
      const uint64_t count = metrics->logins[user][r];
      if (user == 0 || count > 0) /* few devices have users */
        each(context, "logins", wk_reason_name((enum wk_reason)r, user == 1),
             (double)count);
    }
  }
  for (size_t i = 0; i < WK_METRICS_ALARMS; i++)
    each(context, "alarms", alarms[i], (double)metrics->alarms[i]);
  each(context, "alarms_held", "", (double)metrics->held);
}

static void walk_duration(const struct wk_metrics *metrics,
                          wk_metrics_each *each, void *context) {
  uint64_t count = 0;
  for (size_t i = 0; i < WK_METRICS_BUCKETS; i++) {
    count += metrics->within[i];
    each(context, "login_duration_bucket", wk_metrics_bounds[i],
         (double)count);
  }
  count += metrics->within[WK_METRICS_BUCKETS];
  each(context, "login_duration_bucket", "+Inf", (double)count);
  each(context, "login_duration_sum", "", (double)metrics->nanoseconds / 1e9);
  each(context, "login_duration_count", "", (double)count);
}

void wk_metrics_walk(const struct wk_metrics *metrics,
                     const struct wk_metrics_of *of, wk_metrics_each *each,
                     void *context) {
  struct wk_server_gauges gauges;
  wk_server_gauges(of->server, &gauges);
  walk_logins(metrics, each, context);
  each(context, "control_refused", "", (double)metrics->control_refused);
  walk_duration(metrics, each, context);
  for (int s = WK_DEVICE_ENABLED; s <= WK_DEVICE_REVOKED; s++)
    each(context, "devices", wk_device_state_name((enum wk_device_state)s),
         gauges.devices[s]);
  each(context, "audit_lost", "", (double)wk_audit_lost(of->audit));
  each(context, "audit_healthy", "",
       wk_audit_healthy(of->audit, NULL) ? 1 : 0);
  each(context, "store_unwritten", "", gauges.unwritten);
  each(context, "store_lag", "", gauges.lag_ms / 1e3);
  each(context, "store_healthy", "",
       wk_server_healthy(of->server, NULL) ? 1 : 0);
}

/* ---- Prometheus -----------------------------------------------------------
 */

static const struct family {
  const char *family, *name, *label, *head;
} families[] = {
    {"logins", "whitekey_logins_total", "reason",
     "# HELP whitekey_logins_total Login decisions by reason.\n"
     "# TYPE whitekey_logins_total counter\n"},
    {"alarms", "whitekey_alarms_total", "alarm",
     "# HELP whitekey_alarms_total Alarms raised.\n"
     "# TYPE whitekey_alarms_total counter\n"},
    {"alarms_held", "whitekey_alarms_held_total", NULL,
     "# HELP whitekey_alarms_held_total Alarms not published: too many.\n"
     "# TYPE whitekey_alarms_held_total counter\n"},
    {"control_refused", "whitekey_control_refused_total", NULL,
     "# HELP whitekey_control_refused_total Requests for administration that "
     "were refused.\n"
     "# TYPE whitekey_control_refused_total counter\n"},
    {"login_duration_bucket", "whitekey_login_duration_seconds_bucket", "le",
     "# HELP whitekey_login_duration_seconds What a login decision took.\n"
     "# TYPE whitekey_login_duration_seconds histogram\n"},
    {"login_duration_sum", "whitekey_login_duration_seconds_sum", NULL, ""},
    {"login_duration_count", "whitekey_login_duration_seconds_count", NULL,
     ""},
    {"devices", "whitekey_devices", "state",
     "# HELP whitekey_devices Devices in the registry by state.\n"
     "# TYPE whitekey_devices gauge\n"},
    {"audit_lost", "whitekey_audit_lost_total", NULL,
     "# HELP whitekey_audit_lost_total Events that the audit file did not "
     "get.\n"
     "# TYPE whitekey_audit_lost_total counter\n"},
    {"audit_healthy", "whitekey_audit_healthy", NULL,
     "# HELP whitekey_audit_healthy 0 while the audit file cannot be "
     "written.\n"
     "# TYPE whitekey_audit_healthy gauge\n"},
    {"store_unwritten", "whitekey_store_unwritten", NULL,
     "# HELP whitekey_store_unwritten Devices whose last login is not on disk "
     "yet.\n"
     "# TYPE whitekey_store_unwritten gauge\n"},
    {"store_lag", "whitekey_store_lag_seconds", NULL,
     "# HELP whitekey_store_lag_seconds How long one of them has waited.\n"
     "# TYPE whitekey_store_lag_seconds gauge\n"},
    {"store_healthy", "whitekey_store_healthy", NULL,
     "# HELP whitekey_store_healthy 0 while the registry refuses to write.\n"
     "# TYPE whitekey_store_healthy gauge\n"},
};

struct printing {
  FILE *out;
  const char *family; /* whose head was printed last */
};

static void print_one(void *context, const char *family, const char *label,
                      double value) {
  struct printing *printing = context;
  const struct family *f = families;
  while (strcmp(f->family, family) != 0)
    f++;
  if (!printing->family || strcmp(printing->family, family) != 0)
    (void)fputs(f->head, printing->out);
  printing->family = family;
  (void)fputs(f->name, printing->out);
  if (f->label)
    (void)fprintf(printing->out, "{%s=\"%s\"}", f->label, label);
  (void)fprintf(printing->out, " %.17g\n", value);
}

char *wk_metrics_print(const struct wk_metrics *metrics,
                       const struct wk_metrics_of *of) {
  char *text = NULL;
  size_t len = 0;
  struct printing printing = {.out = open_memstream(&text, &len)};
  if (!printing.out)
    return NULL;
  wk_metrics_walk(metrics, of, print_one, &printing);
  const bool failed = ferror(printing.out) != 0;
  if (fclose(printing.out) == 0 && !failed)
    return text;
  free(text);
  return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared.h - what the plugins of several listeners have in common when their
 * registry is the same: with per_listener_settings the broker loads one for
 * each. Joined and left on the broker's one thread.
 */
#ifndef WHITEKEY_PLUGIN_SHARED_H
#define WHITEKEY_PLUGIN_SHARED_H

#include <whitekey/audit.h>
#include <whitekey/server.h>

#include "metrics.h"
#include "sessions.h"
#include "throttle.h"
#include "waker.h"

/* What cannot be written. */
struct wk_trouble {
  bool told;
  int64_t told_at; /* monotonic milliseconds, 0: never */
};

struct wk_shared {
  struct wk_server *server;
  struct wk_audit *audit;
  struct wk_metrics metrics;
  struct wk_sessions *sessions;
  struct wk_throttle *throttle;
  struct wk_waker *waker;
  uint64_t version;  /* of the registry, last caught up with */
  int64_t looked_at; /* monotonic milliseconds */
  struct wk_trouble store_trouble, audit_trouble;

  struct wk_shared *next; /* of this process */
  unsigned users;
};

/*
 * Opens a registry, or finds it open; the master key must be its own. Errors
 * as wk_server_open() and wk_audit_open(); *shared is NULL then.
 */
WK_MUST_CHECK enum wk_err wk_shared_join(struct wk_shared **shared,
                                         const char *registry,
                                         const char *master,
                                         struct wk_why *why);

/* The last to leave closes everything. NULL is allowed. */
void wk_shared_leave(struct wk_shared *shared);

#endif

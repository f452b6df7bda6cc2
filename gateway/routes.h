/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes.h - which topics the gateway reads and which it writes. They may not
 * overlap: what it publishes would come in again, for ever.
 */
#ifndef WHITEKEY_GATEWAY_ROUTES_H
#define WHITEKEY_GATEWAY_ROUTES_H

#include <stdbool.h>

#include "config.h"
#include "policy.h"

struct wk_routes {
  const struct wk_config *config;
  char *base;  /* without a trailing slash */
  char *state; /* `BASE/bridge/state` */
  char *x3;    /* where our key updates go */
  char *x4;    /* where the server's proofs arrive */
};

/*
 * Topics for the device did. WK_ERR_ARGUMENT: something published could match
 * a subscription; why names both. WK_ERR_MEMORY. routes needs
 * wk_routes_free() after WK_OK and keeps pointers to config.
 */
WK_MUST_CHECK enum wk_err wk_routes_init(struct wk_routes *routes,
                                         const struct wk_config *config,
                                         const struct wk_policy_rules *policy,
                                         const char *did, struct wk_why *why);
void wk_routes_free(struct wk_routes *routes);

/* True when a subscription covers the topic. A persistent session may still
 * bring topics that an older configuration subscribed to. */
bool wk_routes_reads(const struct wk_routes *routes, const char *topic);

/* The device that a topic names by the first subscription it matches: a run
 * of topic, *len is 0 where there is none. */
const char *wk_routes_device(const struct wk_routes *routes, const char *topic,
                             size_t *len);

#endif

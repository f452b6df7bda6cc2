/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fleet.h - enrols simulated devices in a registry, as their owner would.
 */
#ifndef WK_SIM_FLEET_H
#define WK_SIM_FLEET_H

#include <whitekey/audit.h>
#include <whitekey/client.h>
#include <whitekey/registry.h>

#include "options.h"

/* The registry that the options name, open for enrolment. */
struct fleet {
  const struct options *options;
  struct wk_registry *registry;
  struct wk_audit *audit;
};

/* fleet_close() is due even after a failure. */
WK_MUST_CHECK enum wk_err fleet_open(struct fleet *fleet,
                                     const struct options *options,
                                     struct wk_why *why);
void fleet_close(struct fleet *fleet);

/*
 * Enrols a device by that name, again if there is one already, and gives the
 * credential (wipe it). Seed and bio_id depend on --seed, name and generation
 * alone.
 */
WK_MUST_CHECK enum wk_err fleet_enrol(struct fleet *fleet, const char *did,
                                      struct wk_credential *credential,
                                      struct wk_why *why);

#endif

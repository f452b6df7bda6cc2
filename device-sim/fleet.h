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

#define FLEET_NAME_MAX 16u   /* "sim-50000" */
#define FLEET_BATCH_MAX 256u /* enrolled in one transaction */

/* The registry that the options name, open for enrolment. */
struct fleet {
  const struct options *options;
  struct wk_registry *registry;
  struct wk_audit *audit;
  uint8_t master[WK_MASTER_LEN];
};

/* "sim-0001" for device 0. */
void fleet_name(char did[FLEET_NAME_MAX], uint32_t device);

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

/*
 * The same for devices first, first + 1 .. in one transaction: count is at
 * most FLEET_BATCH_MAX. The disk is asked once for all of them, and a broker
 * on the same registry does not wait for a whole fleet.
 */
WK_MUST_CHECK enum wk_err fleet_enrol_batch(struct fleet *fleet,
                                            uint32_t first, uint32_t count,
                                            struct wk_credential *credentials,
                                            struct wk_why *why);

#endif

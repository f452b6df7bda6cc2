/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setup.h - everything that the configuration file names, read and checked.
 */
#ifndef WHITEKEY_GATEWAY_SETUP_H
#define WHITEKEY_GATEWAY_SETUP_H

#include <whitekey/client.h>

#include "key.h"
#include "routes.h"

struct wk_setup {
  struct wk_config config;
  struct wk_policy_rules *policy;
  struct wk_client *client;
  struct wk_data_key key;
  struct wk_routes routes;
};

/*
 * Reads configuration, policy, credential and key; nothing is made or changed.
 * Errors as those functions give them. setup needs wk_setup_close() always.
 */
WK_MUST_CHECK enum wk_err wk_setup_open(struct wk_setup *setup,
                                        const char *path, struct wk_why *why);
void wk_setup_close(struct wk_setup *setup);

#endif

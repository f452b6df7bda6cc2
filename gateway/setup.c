/* SPDX-License-Identifier: Apache-2.0 */
#include "setup.h"

#include <string.h>

#include <whitekey/bytes.h>

enum wk_err wk_setup_open(struct wk_setup *setup, const char *path,
                          struct wk_why *why) {
  memset(setup, 0, sizeof *setup);
  enum wk_err err = wk_config_read(&setup->config, path, why);
  if (err == WK_OK)
    err = wk_policy_read(&setup->policy, setup->config.policy, why);
  if (err == WK_OK)
    err = wk_data_key_read(&setup->key, setup->config.key, why);
  if (err == WK_OK)
    err = wk_client_open(&setup->client, setup->config.credential,
                         wk_clock_system, NULL, why);
  if (err == WK_OK)
    err = wk_routes_init(&setup->routes, &setup->config, setup->policy,
                         wk_client_id(setup->client)->did, why);
  return err;
}

void wk_setup_close(struct wk_setup *setup) {
  wk_routes_free(&setup->routes);
  wk_client_free(setup->client);
  wk_policy_free(setup->policy);
  wk_config_free(&setup->config);
  wk_wipe(setup, sizeof *setup);
}

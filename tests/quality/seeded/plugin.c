/* SPDX-License-Identifier: Apache-2.0 */
/* A broker's plugin whose one option, fault, names what it does wrong. */
#include <string.h>

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

#include "fault.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT int mosquitto_plugin_version(int count, const int *versions) {
  (void)count;
  (void)versions;
  return MOSQ_PLUGIN_VERSION;
}

EXPORT int mosquitto_plugin_init(mosquitto_plugin_id_t *id, void **data,
                                 struct mosquitto_opt *options, int count) {
  (void)id;
  *data = NULL;
  for (int i = 0; i < count; i++)
    fault_make(options[i].value);
  return MOSQ_ERR_SUCCESS;
}

EXPORT int mosquitto_plugin_cleanup(void *data, struct mosquitto_opt *options,
                                    int count) {
  (void)data;
  (void)options;
  (void)count;
  return MOSQ_ERR_SUCCESS;
}

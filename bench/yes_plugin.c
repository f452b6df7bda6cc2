/* SPDX-License-Identifier: Apache-2.0 */
/* The cheapest plugin there can be: what asking a plugin costs by itself. */
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

#define EXPORT __attribute__((visibility("default")))

static mosquitto_plugin_id_t *own_id;

static int yes(int event, void *event_data, void *userdata) {
  (void)event;
  (void)event_data;
  (void)userdata;
  return MOSQ_ERR_SUCCESS;
}

EXPORT int mosquitto_plugin_version(int count, const int *versions) {
  (void)count;
  (void)versions;
  return MOSQ_PLUGIN_VERSION;
}

EXPORT int mosquitto_plugin_init(mosquitto_plugin_id_t *id, void **userdata,
                                 struct mosquitto_opt *options, int count) {
  (void)userdata;
  (void)options;
  (void)count;
  own_id = id;
  return mosquitto_callback_register(id, MOSQ_EVT_BASIC_AUTH, yes, NULL, NULL);
}

EXPORT int mosquitto_plugin_cleanup(void *userdata,
                                    struct mosquitto_opt *options, int count) {
  (void)userdata;
  (void)options;
  (void)count;
  return mosquitto_callback_unregister(own_id, MOSQ_EVT_BASIC_AUTH, yes, NULL);
}

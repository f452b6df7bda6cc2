/* SPDX-License-Identifier: Apache-2.0 */
#include "broker.h"

#include <dlfcn.h>
#include <stddef.h>

#include <mosquitto.h>

/* Of 2.1, whose names our headers do not know. */
#define ERR_PLUGIN_IGNORE 32 /* as if there were no such plugin */
#define EVT_CLIENT_OFFLINE 28

#define LOGIN                                                                 \
  {                                                                           \
    MOSQ_ERR_SUCCESS, MOSQ_ERR_AUTH, MOSQ_ERR_AUTH_CONTINUE,                  \
        MOSQ_ERR_PLUGIN_DEFER                                                 \
  }
#define MESSAGE                                                               \
  { MOSQ_ERR_SUCCESS, MOSQ_ERR_ACL_DENIED }

/* After RELOAD it asks the next plugin only where this one defers. */
const struct wk_broker wk_broker_2_0 = {
    .login = LOGIN,
    .topic = {.allow = MOSQ_ERR_SUCCESS,
              .deny = MOSQ_ERR_ACL_DENIED,
              .else_allow = MOSQ_ERR_PLUGIN_DEFER,
              .else_deny = MOSQ_ERR_PLUGIN_DEFER},
    .message = MESSAGE,
    .control = MOSQ_ERR_SUCCESS,
    .reload = MOSQ_ERR_PLUGIN_DEFER,
    .tick = MOSQ_ERR_SUCCESS,
    .disconnect = MOSQ_ERR_SUCCESS,
    .asks_us_last = true};

/* After RELOAD it ends where anything but success is returned. */
const struct wk_broker wk_broker_2_1 = {
    .login = LOGIN,
    .topic = {.allow = MOSQ_ERR_SUCCESS,
              .deny = MOSQ_ERR_ACL_DENIED,
              .else_allow = ERR_PLUGIN_IGNORE,
              .else_deny = MOSQ_ERR_PLUGIN_DEFER},
    .message = MESSAGE,
    .control = MOSQ_ERR_SUCCESS,
    .reload = MOSQ_ERR_SUCCESS,
    .tick = MOSQ_ERR_SUCCESS,
    .disconnect = MOSQ_ERR_SUCCESS,
    .one_control = true,
    .offline_event = EVT_CLIENT_OFFLINE,
    .tick_is_asked_for = true,
    .web_id = "http-api"};

const struct wk_broker *wk_broker_find(void) {
  return dlsym(RTLD_DEFAULT, "mosquitto_complete_basic_auth") ? &wk_broker_2_1
                                                              : &wk_broker_2_0;
}

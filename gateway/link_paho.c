/* SPDX-License-Identifier: Apache-2.0 */
#include "link_paho.h"

#include <string.h>

#include <whitekey/bytes.h>
#include <whitekey/log.h>

#define KEEPALIVE_S 30
#define CONNECT_S 10

void link_lock(struct wk_link *link) {
  (void)pthread_mutex_lock(&link->mutex);
}

void link_unlock(struct wk_link *link) {
  (void)pthread_mutex_unlock(&link->mutex);
}

/* ---- on Paho's thread ----------------------------------------------------
 */

static void on_connected(void *context, MQTTAsync_successData5 *data) {
  struct wk_link *link = context;
  (void)data;
  link_lock(link);
  link->connected = true;
  link_unlock(link);
  wk_link_kick(link);
}

static void set_broken(struct wk_link *link, int code) {
  link_lock(link);
  link->broken = true;
  link->code = code;
  link_unlock(link);
  wk_link_kick(link);
}

static void on_refused(void *context, MQTTAsync_failureData5 *data) {
  set_broken(context, data ? data->code : 0);
}

static void on_lost(void *context, char *cause) {
  (void)cause;
  set_broken(context, 0);
}

/* The broker's DISCONNECT; Paho does not call on_lost() after it. */
static void on_ended(void *context, MQTTProperties *properties,
                     enum MQTTReasonCodes reason) {
  (void)properties;
  set_broken(context, (int)reason);
}

static void on_granted(void *context, MQTTAsync_successData5 *data) {
  struct wk_link *link = context;
  (void)data;
  link_lock(link);
  link->granted++;
  link_unlock(link);
  wk_link_kick(link);
}

static void on_denied(void *context, MQTTAsync_failureData5 *data) {
  wk_log(WK_LOG_ERROR, "the broker denied a subscription (reason 0x%02x)",
         data ? (unsigned)data->reasonCode : 0u);
  set_broken(context, 0);
}

static void land(struct flight *flight, enum flight_state state, int code) {
  struct wk_link *link = flight->link;
  link_lock(link);
  flight->state = state;
  flight->code = code;
  link_unlock(link);
  wk_link_kick(link);
}

static void on_sent(void *context, MQTTAsync_successData5 *data) {
  (void)data;
  land(context, ACKNOWLEDGED, 0);
}

static void on_not_sent(void *context, MQTTAsync_failureData5 *data) {
  land(context, FAILED, data ? (int)data->reasonCode : 0);
}

/* The client is the main thread's. Of more than it can take the latest
 * count: older ones are of earlier logins that waited in the session. */
static void keep_x4(struct wk_link *link, const MQTTAsync_message *m) {
  uint8_t x4[WK_X4_LEN];
  if (m->payloadlen < 0 ||
      wk_b64_parse(x4, sizeof x4, m->payload, (size_t)m->payloadlen) != WK_OK)
    return;
  link_lock(link);
  if (link->x4s == LINK_X4S)
    memmove(link->x4[0], link->x4[1], --link->x4s * sizeof link->x4[0]);
  memcpy(link->x4[link->x4s++], x4, sizeof x4);
  link_unlock(link);
  wk_link_kick(link);
}

static int on_message(void *context, char *topic, int topic_len,
                      MQTTAsync_message *m) {
  struct wk_link *link = context;
  (void)topic_len;
  if (strcmp(topic, link->routes->x4) == 0)
    keep_x4(link, m);
  else
    link->arrived(link->context, topic, m->payload ? m->payload : "",
                  m->payloadlen > 0 ? (size_t)m->payloadlen : 0);
  MQTTAsync_freeMessage(&m);
  MQTTAsync_free(topic);
  return 1;
}

/* ---- on the main thread --------------------------------------------------
 */

static int create(struct wk_link *link) {
  const struct wk_config *config = link->routes->config;
  MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer5;
  options.maxBufferedMessages = (int)(2 * WK_LINK_FLIGHTS);
  int rc = MQTTAsync_createWithOptions(
      &link->paho, config->broker, wk_client_id(link->client)->did,
      MQTTCLIENT_PERSISTENCE_NONE, NULL, &options);
  if (rc == MQTTASYNC_SUCCESS)
    rc = MQTTAsync_setCallbacks(link->paho, link, on_lost, on_message, NULL);
  if (rc == MQTTASYNC_SUCCESS)
    rc = MQTTAsync_setDisconnected(link->paho, link, on_ended);
  return rc;
}

static int connect_with(struct wk_link *link, const char *password) {
  const struct wk_config *config = link->routes->config;
  MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer5;
  MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
  MQTTAsync_SSLOptions tls = MQTTAsync_SSLOptions_initializer;
  MQTTProperties properties = MQTTProperties_initializer;
  MQTTProperty expiry = {.identifier =
                             MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL};
  expiry.value.integer4 = UINT32_MAX; /* never */
  int rc = MQTTProperties_add(&properties, &expiry);
  will.topicName = link->routes->state;
  will.message = "offline";
  will.retained = 1;
  will.qos = 1;
  tls.trustStore = config->cafile;
  tls.enableServerCertAuth = 1;
  tls.verify = 1; /* the name in the certificate too */
  options.keepAliveInterval = KEEPALIVE_S;
  options.connectTimeout = CONNECT_S;
  options.maxInflight = (int)WK_LINK_FLIGHTS;
  options.cleanstart = 0;
  options.username = wk_client_id(link->client)->did;
  options.password = password;
  options.will = &will;
  if (strncmp(config->broker, "mqtts:", 6) == 0)
    options.ssl = &tls;
  options.connectProperties = &properties;
  options.onSuccess5 = on_connected;
  options.onFailure5 = on_refused;
  options.context = link;
  if (rc == 0)
    rc = MQTTAsync_connect(link->paho, &options);
  MQTTProperties_free(&properties);
  return rc;
}

bool paho_connect(struct wk_link *link, const char *password) {
  link->connected = link->broken = false;
  link->x4s = 0;
  link->code = 0;
  link->granted = 0;
  int rc = create(link);
  if (rc == MQTTASYNC_SUCCESS)
    rc = connect_with(link, password);
  if (rc != MQTTASYNC_SUCCESS)
    wk_log(WK_LOG_ERROR, "connecting failed: %s", MQTTAsync_strerror(rc));
  return rc == MQTTASYNC_SUCCESS;
}

void paho_end(struct wk_link *link) {
  if (link->paho)
    MQTTAsync_destroy(&link->paho); /* says DISCONNECT where it can */
  link->paho = NULL;
  for (size_t i = 0; i < WK_LINK_FLIGHTS; i++)
    link->flights[i].state = FREE;
}

/* no_local: the broker does not send back what we published ourselves. */
bool paho_subscribe(struct wk_link *link, const char *filter) {
  MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
  MQTTSubscribe_options options = MQTTSubscribe_options_initializer;
  options.noLocal = 1;
  options.retainHandling = 1; /* retained readings once, not at every login */
  response.subscribeOptions = options;
  response.onSuccess5 = on_granted;
  response.onFailure5 = on_denied;
  response.context = link;
  const int rc = MQTTAsync_subscribe(link->paho, filter, 1, &response);
  if (rc != MQTTASYNC_SUCCESS)
    wk_log(WK_LOG_WARNING, "%s: cannot subscribe: %s", filter,
           MQTTAsync_strerror(rc));
  return rc == MQTTASYNC_SUCCESS;
}

static struct flight *take_flight(struct wk_link *link) {
  struct flight *found = NULL;
  link_lock(link);
  for (size_t i = 0; !found && i < WK_LINK_FLIGHTS; i++) {
    if (link->flights[i].state == FREE) {
      found = &link->flights[i];
      found->state = SENT;
    }
  }
  link_unlock(link);
  return found;
}

enum wk_err paho_publish(struct wk_link *link, int64_t id, const char *topic,
                         const void *payload, size_t len, bool retained) {
  MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
  struct flight *flight = take_flight(link);
  if (!flight)
    return WK_ERR_BUSY;
  flight->link = link;
  flight->id = id;
  response.onSuccess5 = on_sent;
  response.onFailure5 = on_not_sent;
  response.context = flight;
  if (MQTTAsync_send(link->paho, topic, (int)len, payload, 1, retained,
                     &response) == MQTTASYNC_SUCCESS)
    return WK_OK;
  link_lock(link);
  flight->state = FREE;
  link_unlock(link);
  return WK_ERR_IO;
}

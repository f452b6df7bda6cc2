/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mqtt_protocol.h>

#include <whitekey/bytes.h>
#include <whitekey/file.h>

#define PATIENCE_S 10
#define KEEPALIVE_S 60
#define TURN_MS 100

/* ---- what the broker says -------------------------------------------------
 */

static void on_connect(struct mosquitto *mqtt, void *context, int code,
                       int flags, const mosquitto_property *properties) {
  struct cli_remote *remote = context;
  void *data = NULL;
  uint16_t len = 0;
  (void)mqtt;
  (void)flags;
  remote->answered = true;
  remote->code = code;
  if (!mosquitto_property_read_binary(
          properties, MQTT_PROP_AUTHENTICATION_DATA, &data, &len, false))
    return;
  if (len <= sizeof remote->x4) {
    memcpy(remote->x4, data, len);
    remote->x4_len = len;
  }
  free(data);
}

static void on_disconnect(struct mosquitto *mqtt, void *context, int code) {
  struct cli_remote *remote = context;
  (void)mqtt;
  (void)code;
  remote->lost = true;
}

static void on_publish(struct mosquitto *mqtt, void *context, int id, int code,
                       const mosquitto_property *properties) {
  struct cli_remote *remote = context;
  (void)mqtt;
  (void)id;
  (void)properties;
  remote->refused = code >= MQTT_RC_UNSPECIFIED ? code : 0;
}

static void on_message(struct mosquitto *mqtt, void *context,
                       const struct mosquitto_message *message) {
  struct cli_remote *remote = context;
  (void)mqtt;
  if (remote->response ||
      strcmp(message->topic, LINK_CONTROL "/response") != 0)
    return;
  remote->response = malloc((size_t)message->payloadlen + 1);
  if (!remote->response)
    return;
  remote->response_len = (size_t)message->payloadlen;
  memcpy(remote->response, message->payload, remote->response_len);
  remote->response[remote->response_len] = '\0';
}

/* OpenSSL's words come last: "OpenSSL Error[0]: error:0A000086:SSL routines::
 * certificate verify failed". */
static void on_log(struct mosquitto *mqtt, void *context, int level,
                   const char *text) {
  struct cli_remote *remote = context;
  const char *colon = strrchr(text, ':');
  (void)mqtt;
  if (level == MOSQ_LOG_ERR && remote->trouble[0] == '\0')
    (void)snprintf(remote->trouble, sizeof remote->trouble, "%s",
                   colon ? colon + 1 : text);
}

/* ---- connecting -----------------------------------------------------------
 */

/* mqtt[s]://HOST[:PORT], an IPv6 address in brackets. */
static enum wk_err parse_url(struct cli_remote *remote, struct wk_why *why) {
  const char *rest = strstr(remote->url, "://");
  remote->tls = strncmp(remote->url, "mqtts://", 8) == 0;
  const bool known = remote->tls || strncmp(remote->url, "mqtt://", 7) == 0;
  const char *host = known && rest ? rest + 3 : "";
  const bool bracket = host[0] == '[';
  host += bracket ? 1 : 0;
  const size_t len = strcspn(host, bracket ? "]" : ":/");
  const char *end = host + len + (bracket && host[len] == ']' ? 1 : 0);
  char *stop = NULL;
  unsigned long port = remote->tls ? 8883 : 1883;
  if (*end == ':' && end[1] >= '0' && end[1] <= '9') {
    port = strtoul(end + 1, &stop, 10);
    end = stop;
  }
  if (len == 0 || len >= sizeof remote->host || *end != '\0' || port == 0 ||
      port > 65535)
    return wk_fail(why, WK_ERR_ARGUMENT,
                   "--broker %s: not mqtt://HOST[:PORT] or "
                   "mqtts://HOST[:PORT]",
                   remote->url);
  (void)snprintf(remote->host, sizeof remote->host, "%.*s", (int)len, host);
  remote->port = (int)port;
  return WK_OK;
}

static enum wk_err failed(const struct cli_remote *remote, int code,
                          struct wk_why *why) {
  const char *trouble = remote->trouble + strspn(remote->trouble, " ");
  return wk_fail(why, WK_ERR_IO, "%s: %s", remote->url,
                 trouble[0] != '\0' ? trouble : mosquitto_strerror(code));
}

static enum wk_err prepare(struct cli_remote *remote, const char *cafile,
                           struct wk_why *why) {
  remote->mqtt = mosquitto_new(NULL, true, remote);
  if (!remote->mqtt)
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  int code = mosquitto_int_option(remote->mqtt, MOSQ_OPT_PROTOCOL_VERSION,
                                  MQTT_PROTOCOL_V5);
  /* Or a small packet waits until the one before is acknowledged. */
  if (code == MOSQ_ERR_SUCCESS)
    code = mosquitto_int_option(remote->mqtt, MOSQ_OPT_TCP_NODELAY, 1);
  if (code == MOSQ_ERR_SUCCESS && remote->tls)
    code =
        mosquitto_tls_set(remote->mqtt, cafile,
                          cafile ? NULL : "/etc/ssl/certs", NULL, NULL, NULL);
  mosquitto_log_callback_set(remote->mqtt, on_log);
  mosquitto_connect_v5_callback_set(remote->mqtt, on_connect);
  mosquitto_disconnect_callback_set(remote->mqtt, on_disconnect);
  mosquitto_publish_v5_callback_set(remote->mqtt, on_publish);
  mosquitto_message_callback_set(remote->mqtt, on_message);
  return code == MOSQ_ERR_SUCCESS ? WK_OK : failed(remote, code, why);
}

enum wk_err link_wait(struct cli_remote *remote,
                      bool (*done)(const struct cli_remote *),
                      struct wk_why *why) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  const time_t limit = now.tv_sec + PATIENCE_S;
  while (!done(remote)) {
    const int code = mosquitto_loop(remote->mqtt, TURN_MS, 1);
    if (done(remote))
      return WK_OK;
    if (code != MOSQ_ERR_SUCCESS)
      return failed(remote, code, why);
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (remote->lost || now.tv_sec > limit)
      return wk_fail(why, WK_ERR_IO, "%s: %s", remote->url,
                     remote->lost ? "the broker closed the connection"
                                  : "no answer in time");
  }
  return WK_OK;
}

static bool is_answered(const struct cli_remote *remote) {
  return remote->answered;
}

static enum wk_err send_login(struct cli_remote *remote,
                              const struct wk_otp *otp, struct wk_why *why) {
  uint8_t data[WK_OTP_BINARY_MAX];
  mosquitto_property *properties = NULL;
  const size_t len = wk_otp_binary(otp, wk_client_id(remote->client), data);
  int code = mosquitto_property_add_string(
      &properties, MQTT_PROP_AUTHENTICATION_METHOD, "WHITEKEY");
  if (code == MOSQ_ERR_SUCCESS)
    code = mosquitto_property_add_binary(
        &properties, MQTT_PROP_AUTHENTICATION_DATA, data, (uint16_t)len);
  if (code == MOSQ_ERR_SUCCESS)
    code = mosquitto_connect_bind_v5(remote->mqtt, remote->host, remote->port,
                                     KEEPALIVE_S, NULL, properties);
  mosquitto_property_free_all(&properties);
  wk_wipe(data, sizeof data);
  return code == MOSQ_ERR_SUCCESS ? WK_OK : failed(remote, code, why);
}

/* A refusal that is a broker's, not a server's that is busy (section 2). */
static bool is_refusal(int code) {
  return code != 0 && code != MQTT_RC_SERVER_UNAVAILABLE &&
         code != MQTT_RC_SERVER_BUSY;
}

enum wk_err link_publish(struct cli_remote *remote, const char *topic,
                         const char *text, struct wk_why *why) {
  const int code = mosquitto_publish(remote->mqtt, NULL, topic,
                                     (int)strlen(text), text, 1, false);
  return code == MOSQ_ERR_SUCCESS ? WK_OK : failed(remote, code, why);
}

/*
 * An admin's chain lasts longer than the patience of who asks for metrics each
 * minute. What the server says of it is heard at the next login.
 */
static enum wk_err update_keys(struct cli_remote *remote, struct wk_why *why) {
  uint8_t x3[WK_X3_LEN];
  char text[WK_B64_LEN(WK_X3_LEN) + 1];
  char topic[64];
  (void)snprintf(topic, sizeof topic, "whitekey/v1/%s/x3",
                 wk_client_id(remote->client)->did);
  enum wk_err err = WK_OK;
  while (err == WK_OK) {
    err = wk_client_update(remote->client, WK_UPDATE_QUARTER, x3, why);
    if (err == WK_OK) {
      wk_b64_write(text, x3, sizeof x3);
      err = link_publish(remote, topic, text, why);
    }
  }
  return err == WK_ERR_MISSING ? WK_OK : err;
}

static enum wk_err login(struct cli_remote *remote, struct wk_why *why) {
  struct wk_otp otp;
  struct wk_reply reply;
  enum wk_err err = wk_client_next(remote->client, NULL, &otp, why);
  if (err == WK_OK)
    err = send_login(remote, &otp, why);
  wk_wipe(&otp, sizeof otp);
  if (err == WK_OK)
    err = link_wait(remote, is_answered, why);
  if (err != WK_OK)
    return err;
  if (is_refusal(remote->code))
    wk_client_refused(remote->client);
  if (remote->code != 0)
    return wk_fail(why, WK_ERR_IO, "%s: the login of %s was refused: %s",
                   remote->url, wk_client_id(remote->client)->did,
                   mosquitto_reason_string(remote->code));
  struct wk_why cause;
  err = wk_client_check(remote->client, remote->x4, remote->x4_len, &reply,
                        &cause);
  if (err == WK_OK)
    return update_keys(remote, why);
  if (err == WK_ERR_CHAIN) /* it did, and the key was stolen */
    return wk_fail(why, err, "%s: %.200s", remote->url, cause.text);
  return wk_fail(why, err, "%s: the broker did not prove itself: %.200s",
                 remote->url, cause.text);
}

enum wk_err cli_remote_open(struct cli_remote **remote,
                            const struct cli_place *place,
                            struct wk_why *why) {
  *remote = NULL;
  struct cli_remote *made = calloc(1, sizeof *made);
  if (!made)
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  (void)mosquitto_lib_init();
  made->url = place->broker;
  enum wk_err err = parse_url(made, why);
  if (err == WK_OK)
    err = wk_client_open(&made->client, place->credential, wk_clock_system,
                         NULL, why);
  if (err == WK_OK)
    err = prepare(made, place->cafile, why);
  if (err == WK_OK)
    err = login(made, why);
  if (err != WK_OK) {
    cli_remote_close(made);
    return err;
  }
  *remote = made;
  return WK_OK;
}

void link_forget(struct cli_remote *remote) {
  wk_file_wipe(remote->response, remote->response_len);
  remote->response = NULL;
  remote->response_len = 0;
}

void cli_remote_close(struct cli_remote *remote) {
  if (!remote)
    return;
  if (remote->mqtt) {
    (void)mosquitto_disconnect(remote->mqtt);
    mosquitto_destroy(remote->mqtt);
  }
  (void)mosquitto_lib_cleanup();
  wk_client_free(remote->client);
  link_forget(remote);
  free(remote);
}

const uint8_t *cli_remote_realm(const struct cli_remote *remote) {
  return wk_client_id(remote->client)->realm;
}

bool cli_remote_is_private(const struct cli_remote *remote) {
  uint8_t address[4];
  return remote->tls || strcmp(remote->host, "localhost") == 0 ||
         strcmp(remote->host, "::1") == 0 ||
         (inet_pton(AF_INET, remote->host, address) == 1 && address[0] == 127);
}

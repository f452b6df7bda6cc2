/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmosquitto with a loop of one's own. MQTT 5 and enhanced authentication:
 * the broker proves itself within its CONNACK, no topic is needed for that.
 *
 *   cc libmosquitto_loop.c $(pkg-config --cflags --libs whitekey-client)
 *     -lmosquitto
 *   ./a.out localhost 1883 thermo-1.json
 *
 * It publishes a reading whenever it is connected, says what happens, one
 * word a line, and ends by SIGTERM.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include <whitekey/device.h>

#define RETRY_MIN_S 1u
#define RETRY_MAX_S 60u

struct program {
  struct mosquitto *mqtt;
  struct wk_device *device;
  const char *host;
  int port;
  unsigned pause; /* seconds before the next attempt */
  bool proven;
};

static volatile sig_atomic_t ended;

static void on_signal(int number) {
  (void)number;
  ended = 1;
}

static void say(const char *word) {
  (void)puts(word);
  (void)fflush(stdout);
}

static void publish(struct program *program, const char *topic,
                    const char *text) {
  (void)mosquitto_publish(program->mqtt, NULL, topic, (int)strlen(text), text,
                          1, false);
}

/* The X4 of CONNACK; what is not proven gets no reading. */
static bool check(struct program *program,
                  const mosquitto_property *properties) {
  struct wk_device_error error = {"the broker sent no proof of its own"};
  enum wk_device_result result = WK_DEVICE_NOT_PROVEN;
  void *data = NULL;
  uint16_t len = 0;
  if (mosquitto_property_read_binary(properties, MQTT_PROP_AUTHENTICATION_DATA,
                                     &data, &len, false))
    result = wk_device_check(program->device, data, len, &error);
  free(data);
  if (result != WK_DEVICE_OK)
    (void)fprintf(stderr, "%s\n", error.text);
  return result == WK_DEVICE_OK;
}

static void on_connect(struct mosquitto *mqtt, void *context, int code,
                       int flags, const mosquitto_property *properties) {
  struct program *program = context;
  char topic[64];
  char x3[WK_DEVICE_UPDATE_SIZE];
  (void)flags;
  if (code == MQTT_RC_NOT_AUTHORIZED || code == MQTT_RC_BANNED ||
      code == MQTT_RC_BAD_USERNAME_OR_PASSWORD)
    wk_device_refused(program->device);
  program->proven = code == 0 && check(program, properties);
  if (!program->proven) {
    say("refused");
    (void)mosquitto_disconnect(mqtt);
    return;
  }
  say("proven");
  program->pause = RETRY_MIN_S;
  /* No X4 is awaited for it: the next login's tells what became of it. */
  if (wk_device_update(program->device, x3, NULL) == WK_DEVICE_OK)
    publish(program, wk_device_x3_topic(program->device), x3);
  (void)snprintf(topic, sizeof topic, "sensors/%s/temperature",
                 wk_device_name(program->device));
  publish(program, topic, "21.5");
}

/* A connection with a login of its own: mosquitto_reconnect() would repeat
 * the last one's. */
static int open_connection(struct program *program) {
  uint8_t data[WK_DEVICE_AUTH_SIZE];
  size_t len = 0;
  struct wk_device_error error;
  mosquitto_property *properties = NULL;
  if (wk_device_auth_data(program->device, data, &len, &error) !=
      WK_DEVICE_OK) {
    (void)fprintf(stderr, "%s\n", error.text);
    return MOSQ_ERR_AUTH;
  }
  int rc = mosquitto_property_add_string(
      &properties, MQTT_PROP_AUTHENTICATION_METHOD, "WHITEKEY");
  if (rc == MOSQ_ERR_SUCCESS)
    rc = mosquitto_property_add_binary(
        &properties, MQTT_PROP_AUTHENTICATION_DATA, data, (uint16_t)len);
  if (rc == MOSQ_ERR_SUCCESS)
    rc = mosquitto_connect_bind_v5(program->mqtt, program->host, program->port,
                                   30, NULL, properties);
  mosquitto_property_free_all(&properties);
  return rc;
}

/* Turns the connection until it ends, then waits, longer each time. */
static void run(struct program *program) {
  while (!ended) {
    int rc = open_connection(program);
    while (rc == MOSQ_ERR_SUCCESS && !ended)
      rc = mosquitto_loop(program->mqtt, 500, 1);
    if (program->proven)
      say("lost");
    program->proven = false;
    if (!ended)
      (void)sleep(program->pause); /* a signal ends it */
    if (program->pause < RETRY_MAX_S)
      program->pause *= 2;
  }
}

int main(int argc, char **argv) {
  const struct sigaction action = {.sa_handler = on_signal};
  struct program program = {.pause = RETRY_MIN_S};
  struct wk_device_error error;
  if (argc != 4 ||
      wk_device_open(&program.device, argv[3], NULL, &error) != WK_DEVICE_OK) {
    (void)fprintf(stderr, "%s\n",
                  argc == 4 ? error.text : "HOST PORT CREDENTIAL");
    return 1;
  }
  (void)sigaction(SIGTERM, &action, NULL);
  (void)sigaction(SIGINT, &action, NULL);
  (void)mosquitto_lib_init();
  program.host = argv[1];
  program.port = (int)strtol(argv[2], NULL, 10);
  program.mqtt = mosquitto_new(wk_device_name(program.device), true, &program);
  if (program.mqtt) {
    (void)mosquitto_int_option(program.mqtt, MOSQ_OPT_PROTOCOL_VERSION,
                               MQTT_PROTOCOL_V5);
    mosquitto_connect_v5_callback_set(program.mqtt, on_connect);
    run(&program);
    mosquitto_destroy(program.mqtt);
  }
  (void)mosquitto_lib_cleanup();
  wk_device_close(program.device);
  return 0;
}

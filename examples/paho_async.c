/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paho C, asynchronous, that reconnects by itself with a fresh password:
 *
 *   cc paho_async.c $(pkg-config --cflags --libs whitekey-client)
 *     -lpaho-mqtt3as
 *   ./a.out mqtt://localhost:1883 thermo-1.json
 *
 * It publishes a reading whenever it is connected, says what happens, one
 * word a line, and ends by SIGTERM.
 */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <MQTTAsync.h>

#include <whitekey/device.h>

struct program {
  MQTTAsync mqtt;
  struct wk_device *device;
  /* Paho calls back on threads of its own; a device is for one at a time. */
  pthread_mutex_t mutex;
  char password[WK_DEVICE_PASSWORD_SIZE];
  bool stood;  /* Paho reconnects by itself only what stood once */
  bool failed; /* the last attempt */
};

static void say(const char *word) {
  (void)puts(word);
  (void)fflush(stdout);
}

static enum wk_device_result next_password(struct program *program) {
  struct wk_device_error error;
  (void)pthread_mutex_lock(&program->mutex);
  const enum wk_device_result result =
      wk_device_password(program->device, program->password, &error);
  (void)pthread_mutex_unlock(&program->mutex);
  if (result != WK_DEVICE_OK)
    (void)fprintf(stderr, "%s\n", error.text);
  return result;
}

/*
 * Paho asks here before each attempt to connect again. While the broker is
 * away each attempt spends a password, so maxRetryInterval is a minute: a day
 * costs 1440 of 65536.
 */
static int refresh(void *context, MQTTAsync_connectData *data) {
  struct program *program = context;
  if (next_password(program) != WK_DEVICE_OK)
    return 0; /* goes on with the old one, which is refused */
  data->username = wk_device_name(program->device);
  data->binarypwd.data = program->password;
  data->binarypwd.len = (int)strlen(program->password);
  return 1;
}

static void publish(struct program *program, const char *topic,
                    const char *text) {
  MQTTAsync_responseOptions none = MQTTAsync_responseOptions_initializer;
  (void)MQTTAsync_send(program->mqtt, topic, (int)strlen(text), text, 1, 0,
                       &none);
}

static void publish_reading(struct program *program) {
  char topic[64];
  (void)snprintf(topic, sizeof topic, "sensors/%s/temperature",
                 wk_device_name(program->device));
  publish(program, topic, "21.5");
}

/* Each time the connection stands: ask the broker for its proof. */
static void on_connected(void *context, char *cause) {
  struct program *program = context;
  MQTTAsync_responseOptions none = MQTTAsync_responseOptions_initializer;
  (void)cause;
  (void)pthread_mutex_lock(&program->mutex);
  program->stood = true;
  (void)pthread_mutex_unlock(&program->mutex);
  say("connected");
  (void)MQTTAsync_subscribe(program->mqtt, wk_device_x4_topic(program->device),
                            1, &none);
}

/* The broker's proof; then a new key where one is due, and the reading. */
static void on_x4(struct program *program, const MQTTAsync_message *m) {
  char x3[WK_DEVICE_UPDATE_SIZE];
  struct wk_device_error error;
  (void)pthread_mutex_lock(&program->mutex);
  const enum wk_device_result proof = wk_device_check_text(
      program->device, m->payload, (size_t)m->payloadlen, &error);
  enum wk_device_result update = WK_DEVICE_NOTHING;
  if (proof == WK_DEVICE_OK)
    update = wk_device_update(program->device, x3, NULL);
  (void)pthread_mutex_unlock(&program->mutex);
  if (proof != WK_DEVICE_OK) {
    (void)fprintf(stderr, "%s\n", error.text);
    return;
  }
  say("proven");
  if (update == WK_DEVICE_OK)
    publish(program, wk_device_x3_topic(program->device), x3);
  publish_reading(program);
}

static int on_message(void *context, char *topic, int topic_len,
                      MQTTAsync_message *m) {
  struct program *program = context;
  (void)topic_len;
  if (strcmp(topic, wk_device_x4_topic(program->device)) == 0)
    on_x4(program, m);
  MQTTAsync_freeMessage(&m);
  MQTTAsync_free(topic);
  return 1;
}

static void on_lost(void *context, char *cause) {
  (void)context;
  (void)cause;
  say("lost");
}

/* Each attempt that failed, the first one and Paho's own. */
static void on_failure(void *context, MQTTAsync_failureData *data) {
  struct program *program = context;
  (void)pthread_mutex_lock(&program->mutex);
  if (data && (data->code == 4 || data->code == 5)) /* by CONNACK */
    wk_device_refused(program->device);
  program->failed = true;
  (void)pthread_mutex_unlock(&program->mutex);
  say("failed");
}

static int connect_first(struct program *program) {
  MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
  if (next_password(program) != WK_DEVICE_OK)
    return -1;
  options.username = wk_device_name(program->device);
  options.password = program->password;
  options.automaticReconnect = 1;
  options.minRetryInterval = 1;
  options.maxRetryInterval = 60;
  options.onFailure = on_failure;
  options.context = program;
  return MQTTAsync_connect(program->mqtt, &options);
}

/* Once a second until a signal ends it. */
static void run(struct program *program, const sigset_t *ends) {
  const struct timespec second = {.tv_sec = 1};
  while (sigtimedwait(ends, NULL, &second) < 0) {
    (void)pthread_mutex_lock(&program->mutex);
    const bool again = program->failed && !program->stood;
    program->failed = false;
    (void)pthread_mutex_unlock(&program->mutex);
    if (again)
      (void)connect_first(program);
  }
}

static int start(struct program *program, const char *uri) {
  int rc =
      MQTTAsync_create(&program->mqtt, uri, wk_device_name(program->device),
                       MQTTCLIENT_PERSISTENCE_NONE, NULL);
  if (rc == MQTTASYNC_SUCCESS)
    rc = MQTTAsync_setCallbacks(program->mqtt, program, on_lost, on_message,
                                NULL);
  if (rc == MQTTASYNC_SUCCESS)
    rc = MQTTAsync_setConnected(program->mqtt, program, on_connected);
  if (rc == MQTTASYNC_SUCCESS)
    rc = MQTTAsync_setUpdateConnectOptions(program->mqtt, program, refresh);
  return rc == MQTTASYNC_SUCCESS ? connect_first(program) : rc;
}

int main(int argc, char **argv) {
  struct program program = {.mutex = PTHREAD_MUTEX_INITIALIZER};
  /* The file is this program's alone, written once for 16 logins. */
  const struct wk_device_options options = {.size = sizeof options,
                                            .reserve = 16};
  struct wk_device_error error;
  sigset_t ends;
  (void)sigemptyset(&ends);
  (void)sigaddset(&ends, SIGTERM);
  (void)sigaddset(&ends, SIGINT);
  (void)pthread_sigmask(SIG_BLOCK, &ends, NULL); /* Paho's threads inherit */
  if (argc != 3 || wk_device_open(&program.device, argv[2], &options,
                                  &error) != WK_DEVICE_OK) {
    (void)fprintf(stderr, "%s\n", argc == 3 ? error.text : "URI CREDENTIAL");
    return 1;
  }
  const int rc = start(&program, argv[1]);
  if (rc == MQTTASYNC_SUCCESS)
    run(&program, &ends);
  MQTTAsync_destroy(&program.mqtt);
  wk_device_close(program.device);
  return rc == MQTTASYNC_SUCCESS ? 0 : 1;
}

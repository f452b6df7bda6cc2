/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the broker loads: start, end, and the events that are not about one
 * login or one topic.
 */
#include "plugin.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <whitekey/log.h>
#include <whitekey/random.h>

#define EXPORT __attribute__((visibility("default")))

#define TICK_MS 100 /* as often as 2.0 ticks without work */

/* All of this process, on the broker's one thread. */
static struct wk_plugin *plugins;

static void log_to_broker(enum wk_log_level level, const char *line) {
  static const int levels[] = {MOSQ_LOG_ERR, MOSQ_LOG_WARNING, MOSQ_LOG_NOTICE,
                               MOSQ_LOG_DEBUG};
  mosquitto_log_printf(levels[level], "whitekey: %s", line);
}

static const struct {
  int event;
  MOSQ_FUNC_generic_callback handler;
  const char *topic; /* CONTROL's */
} handlers[] = {
    {MOSQ_EVT_BASIC_AUTH, wk_on_basic_auth, NULL},
    {MOSQ_EVT_EXT_AUTH_START, wk_on_auth_start, NULL},
    {MOSQ_EVT_EXT_AUTH_CONTINUE, wk_on_auth_continue, NULL},
    {MOSQ_EVT_ACL_CHECK, wk_on_acl, NULL},
    {MOSQ_EVT_CONTROL, wk_on_control, WK_CONTROL_TOPIC},
    {MOSQ_EVT_MESSAGE, wk_on_message, NULL},
    {MOSQ_EVT_RELOAD, wk_on_reload, NULL},
    {MOSQ_EVT_TICK, wk_on_tick, NULL},
    {MOSQ_EVT_DISCONNECT, wk_on_disconnect, NULL},
};
#define HANDLERS (sizeof handlers / sizeof *handlers)

struct wk_plugin *wk_plugin_of(struct wk_plugin *asked,
                               const struct mosquitto *client) {
  struct wk_plugin *plugin = plugins;
  while (plugin && !wk_sessions_find(plugin->sessions, client))
    plugin = plugin->next;
  return plugin ? plugin : asked;
}

bool wk_is_web(const struct wk_plugin *plugin,
               const struct mosquitto *client) {
  const char *web_id = plugin->broker->web_id;
  const char *client_id = web_id ? mosquitto_client_id(client) : NULL;
  return client_id && strcmp(client_id, web_id) == 0;
}

static void step_out(struct wk_plugin *plugin) {
  if (plugin->default_is_asked)
    (void)mosquitto_callback_unregister(plugin->id, MOSQ_EVT_ACL_CHECK,
                                        wk_on_default_acl, NULL);
  plugin->default_is_asked = false;
}

/* The tick that follows a reload must come before the next login. */
static void tick_at_once(struct wk_plugin *plugin) {
  if (!plugin->broker->tick_is_asked_for)
    return;
  (void)mosquitto_callback_unregister(plugin->id, MOSQ_EVT_TICK, wk_on_tick,
                                      NULL);
  plugin->ticks = mosquitto_callback_register(plugin->id, MOSQ_EVT_TICK,
                                              wk_on_tick, NULL, plugin) == 0;
}

int wk_on_reload(int event, void *event_data, void *userdata) {
  struct wk_plugin *plugin = userdata;
  (void)event;
  (void)event_data;
  step_out(plugin);
  tick_at_once(plugin);
  wk_audit_reopen(plugin->audit);
  plugin->reloading = true;
  return plugin->broker->reload;
}

void wk_turn(struct wk_plugin *plugin, const struct mosquitto *busy) {
  wk_sweep(plugin, busy);
  wk_control_respond(plugin);
  wk_telemetry(plugin);
  wk_alarm_tick(plugin);
}

void wk_turn_unasked(struct wk_plugin *plugin, const struct mosquitto *busy) {
  if (plugin->ticks)
    return;
  wk_waker_start(plugin->shared->waker);
  wk_turn(plugin, busy);
}

/*
 * 2.1 ticks when the time asked for has come, but forgets to wake for it where
 * another event was first. A time whose seconds are past, and which is in the
 * future only by its too many milliseconds, makes it tick in every turn of its
 * loop, and turn soon. 2.0 does not look.
 */
static void ask_for_ticks(struct mosquitto_evt_tick *tick) {
  tick->next_s = -2;
  tick->next_ns =
      2000 + TICK_MS; /* milliseconds in 2.1, in spite of its name */
}

int wk_on_tick(int event, void *event_data, void *userdata) {
  struct wk_plugin *plugin = userdata;
  struct mosquitto_evt_tick *tick = event_data;
  (void)event;
  ask_for_ticks(tick);
  plugin->ticks = true;
  plugin->reloading = false;
  wk_turn(plugin, NULL);
  return plugin->broker->tick;
}

/* Also CLIENT_OFFLINE, whose event_data looks the same. */
int wk_on_disconnect(int event, void *event_data, void *userdata) {
  struct wk_plugin *plugin = userdata;
  const struct mosquitto_evt_disconnect *ended = event_data;
  struct wk_session *session =
      wk_sessions_find(plugin->sessions, ended->client);
  (void)event;
  wk_challenges_forget(plugin->challenges, ended->client);
  /* It never said CONNECT, so the broker is not at work on any session. */
  if (!mosquitto_client_id(ended->client))
    wk_turn_unasked(plugin, NULL);
  if (!session)
    return plugin->broker->disconnect;
  /* Version 5 may keep a session however it began; nobody can ask. */
  const bool may_persist =
      !mosquitto_client_clean_session(ended->client) ||
      mosquitto_client_protocol_version(ended->client) == 5;
  wk_sessions_ended(plugin->sessions, session, may_persist);
  return plugin->broker->disconnect;
}

static void plugin_free(struct wk_plugin *plugin) {
  struct wk_plugin **link = &plugins;
  while (*link != plugin)
    link = &(*link)->next;
  *link = plugin->next;
  wk_challenges_free(plugin->challenges);
  wk_office_free(plugin->office);
  wk_shared_leave(plugin->shared);
  wk_wipe(&plugin->token_key, sizeof plugin->token_key);
  free(plugin);
}

/*
 * A broker that cannot go on after its plugins were loaded, because a port is
 * taken or a certificate missing, ends without a cleanup. That is no crash:
 * it would bar every device's next passwords (protocol section 7).
 */
__attribute__((destructor)) static void end_without_cleanup(void) {
  while (plugins)
    plugin_free(plugins);
}

static void make_token_key(struct wk_plugin *plugin) {
  uint8_t key[WK_AES_KEY_LEN];
  wk_random(key, sizeof key);
  wk_port_aes_init(&plugin->token_key, key);
  wk_wipe(key, sizeof key);
}

/*
 * Nobody cancels the broker's thread. But once a process has threads, glibc
 * before 2.41 enters with two locked instructions around each call to the
 * kernel that it may be cancelled there, unless that is so all the time:
 * some 1.2 of the 40 microseconds of a login.
 */
static void never_cancelled(void) {
  (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
  /* NOLINTNEXTLINE(bugprone-*,cert-pos47-c,concurrency-*): it is disabled */
  (void)pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
}

static enum wk_err plugin_open(struct wk_plugin *plugin,
                               const struct mosquitto_opt *options, int count,
                               struct wk_why *why) {
  enum wk_err err = wk_options_parse(&plugin->options, options, count, why);
  if (err != WK_OK)
    return err;
  err = wk_shared_join(&plugin->shared, plugin->options.registry,
                       plugin->options.master_key_file, why);
  if (err != WK_OK)
    return err;
  plugin->server = plugin->shared->server;
  plugin->audit = plugin->shared->audit;
  plugin->metrics = &plugin->shared->metrics;
  plugin->sessions = plugin->shared->sessions;
  plugin->throttle = plugin->shared->throttle;
  plugin->challenges = wk_challenges_new();
  plugin->office =
      wk_office_new(plugin->options.registry, plugin->options.master_key_file,
                    plugin->audit);
  if (!plugin->challenges || !plugin->office)
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  make_token_key(plugin);
  never_cancelled();
  return WK_OK;
}

static void handlers_unregister(struct wk_plugin *plugin) {
  step_out(plugin);
  for (size_t i = 0; i < HANDLERS; i++)
    (void)mosquitto_callback_unregister(
        plugin->id, handlers[i].event, handlers[i].handler, handlers[i].topic);
  if (plugin->broker->offline_event != 0)
    (void)mosquitto_callback_unregister(
        plugin->id, plugin->broker->offline_event, wk_on_disconnect, NULL);
}

static int handler_register(struct wk_plugin *plugin, int event,
                            MOSQ_FUNC_generic_callback handler,
                            const char *topic) {
  const int err =
      mosquitto_callback_register(plugin->id, event, handler, topic, plugin);
  /* Another listener's plugin is asked, and finds ours: wk_plugin_of(). */
  return err == MOSQ_ERR_ALREADY_EXISTS && event == MOSQ_EVT_CONTROL &&
                 plugin->broker->one_control
             ? MOSQ_ERR_SUCCESS
             : err;
}

static enum wk_err handlers_register(struct wk_plugin *plugin,
                                     struct wk_why *why) {
  const int offline = plugin->broker->offline_event;
  int event = 0;
  for (size_t i = 0; i < HANDLERS && event == 0; i++) {
    if (handler_register(plugin, handlers[i].event, handlers[i].handler,
                         handlers[i].topic) != MOSQ_ERR_SUCCESS)
      event = handlers[i].event;
  }
  if (event == 0 && offline != 0 &&
      handler_register(plugin, offline, wk_on_disconnect, NULL) !=
          MOSQ_ERR_SUCCESS)
    event = offline;
  if (event == 0)
    return WK_OK;
  handlers_unregister(plugin);
  return wk_fail(why, WK_ERR_IO, "the broker takes no handler of event %d",
                 event);
}

EXPORT int mosquitto_plugin_version(int count, const int *versions) {
  for (int i = 0; i < count; i++) {
    if (versions[i] == MOSQ_PLUGIN_VERSION)
      return MOSQ_PLUGIN_VERSION;
  }
  return -1;
}

EXPORT int mosquitto_plugin_init(mosquitto_plugin_id_t *id, void **userdata,
                                 struct mosquitto_opt *options, int count) {
  struct wk_why why;
  wk_log_init("whitekey", WK_LOG_DEBUG, log_to_broker);
  struct wk_plugin *plugin = calloc(1, sizeof *plugin);
  if (!plugin)
    return MOSQ_ERR_NOMEM;
  plugin->id = id;
  plugin->broker = wk_broker_find();
  plugin->next = plugins;
  plugins = plugin;
  if (plugin_open(plugin, options, count, &why) != WK_OK ||
      handlers_register(plugin, &why) != WK_OK) {
    wk_log(WK_LOG_ERROR, "%s", why.text);
    plugin_free(plugin);
    return MOSQ_ERR_INVAL;
  }
  *userdata = plugin;
  return MOSQ_ERR_SUCCESS;
}

EXPORT int mosquitto_plugin_cleanup(void *userdata,
                                    struct mosquitto_opt *options, int count) {
  struct wk_plugin *plugin = userdata;
  (void)options;
  (void)count;
  if (!plugin)
    return MOSQ_ERR_SUCCESS;
  handlers_unregister(plugin);
  plugin_free(plugin);
  return MOSQ_ERR_SUCCESS;
}

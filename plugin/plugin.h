/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plugin.h - one loaded plugin and its handlers of the broker's events.
 *
 * The broker runs all of them on one thread. With per_listener_settings it
 * loads the plugin once per listener: everything lives in struct wk_plugin,
 * but for the owners of client ids (sessions.c).
 */
#ifndef WHITEKEY_PLUGIN_PLUGIN_H
#define WHITEKEY_PLUGIN_PLUGIN_H

#include <whitekey/audit.h>
#include <whitekey/server.h>

#include "broker.h"
#include "challenges.h"
#include "limit.h"
#include "office.h"
#include "options.h"
#include "shared.h"
#include "token.h"

struct wk_plugin {
  struct wk_plugin *next; /* of this process */
  mosquitto_plugin_id_t *id;
  const struct wk_broker *broker;
  struct wk_options options;
  struct wk_shared *shared; /* what the registry's listeners have together: */
  struct wk_server *server;
  struct wk_audit *audit;
  struct wk_metrics *metrics;
  struct wk_sessions *sessions;
  struct wk_throttle *throttle;
  struct wk_office *office; /* administration; from here on this one's own */
  struct wk_challenges *challenges;
  struct wk_port_aes token_key; /* of this run */
  struct wk_limit refusals;
  struct wk_limit cheap_alarms, key_alarms; /* by what they take to raise */
  int64_t told_at;     /* metrics, monotonic milliseconds */
  int metrics_trouble; /* errno of the metrics file, last time */
  int64_t throttle_looked_at;
  bool ticks;            /* this broker tells us when it is idle */
  bool reloading;        /* between RELOAD and the next TICK */
  bool default_is_asked; /* wk_on_default_acl() is registered */
};

/* The type of every handler is the broker's MOSQ_FUNC_generic_callback. */
int wk_on_basic_auth(int event, void *event_data, void *userdata);
int wk_on_auth_start(int event, void *event_data, void *userdata);
int wk_on_auth_continue(int event, void *event_data, void *userdata);
int wk_on_acl(int event, void *event_data, void *userdata);
int wk_on_default_acl(int event, void *event_data, void *userdata);
int wk_on_control(int event, void *event_data, void *userdata);
int wk_on_message(int event, void *event_data, void *userdata);
int wk_on_reload(int event, void *event_data, void *userdata);
int wk_on_tick(int event, void *event_data, void *userdata);
int wk_on_disconnect(int event, void *event_data, void *userdata);

/* The plugin that let this client in, or else the one that was asked. */
struct wk_plugin *wk_plugin_of(struct wk_plugin *asked,
                               const struct mosquitto *client);

/* True for the broker's web pages, or a client that calls itself so. */
bool wk_is_web(const struct wk_plugin *plugin, const struct mosquitto *client);

/*
 * All that is to be done without a packet; busy as in wk_sweep(). For every
 * tick, and wk_turn_unasked() for every event of brokers that do not tick.
 */
void wk_turn(struct wk_plugin *plugin, const struct mosquitto *busy);
void wk_turn_unasked(struct wk_plugin *plugin, const struct mosquitto *busy);

#define WK_CONTROL_TOPIC "$CONTROL/whitekey/v1"

/* Publishes what administration answered meanwhile; for every tick. */
void wk_control_respond(struct wk_plugin *plugin);

/* Publishes and writes the metrics when it is time; for every tick. */
void wk_telemetry(struct wk_plugin *plugin);

/* Prometheus text for free(); context is the plugin. NULL: out of memory. */
char *wk_metrics_text(void *context);

/* Alarms on whitekey/v1/events/<d_id>: a decision's. */
void wk_alarm_login(struct wk_plugin *plugin, const struct wk_attempt *attempt,
                    const struct wk_verdict *verdict, const char *method,
                    const char *address);

/* A refusal of that address. True: it is told, false: only counted. */
bool wk_alarm_refusal(struct wk_plugin *plugin, const char *address);

/* An address's refusals: from now on counted (0), or so many were. */
void wk_alarm_throttle(struct wk_plugin *plugin, const char *address,
                       unsigned count);

/* What has to be told without a login; for every tick. */
void wk_alarm_tick(struct wk_plugin *plugin);
#define WK_THROTTLE_LOOK_MS 5000

/* A device's name as it is shown: "-" where there is none. */
const char *wk_shown_did(const char *did);

/*
 * Decides one attempt, then audits, reports and raises alarms. Fills in what
 * the broker knows of the client.
 */
enum wk_reason wk_login(struct wk_plugin *plugin, struct mosquitto *client,
                        struct wk_attempt *attempt, const char *method,
                        struct wk_verdict *verdict);

/*
 * True when a client that names no device has a device's client id: it would
 * get its session, and what waits there. Audited and reported.
 */
bool wk_refuse_nameless(struct wk_plugin *plugin,
                        const struct mosquitto *client);

/*
 * The username of a connection between CONNECT and its answer to a challenge:
 * no device's, since '#' is in no d_id, and a comment in a password_file; the
 * broker's own acl_file check refuses it too. When such a connection vanishes
 * Mosquitto 2.0 asks whether its last will may be published, and has forgotten
 * all else of it.
 */
#define WK_HALF_OPEN "#half-open"

/* The session of an accepted login; NULL when out of memory. */
struct wk_session *wk_admit(struct wk_plugin *plugin,
                            const struct mosquitto *client,
                            const struct wk_attempt *attempt,
                            const struct wk_verdict *verdict);

/*
 * Hands every M(X4) that waits to the broker, for whom wk_x4_read() lets read
 * it: its own session, once.
 */
void wk_x4_publish(struct wk_plugin *plugin, struct wk_session *session);
/* After a login: a resumed session may have the subscription already. */
void wk_x4_publish_resumed(struct wk_plugin *plugin,
                           struct wk_session *session);
bool wk_x4_read(const struct wk_plugin *plugin, struct wk_session *session,
                const struct mosquitto_evt_acl_check *asked);

/* The same for the X4 that answers an X3 of this session. */
void wk_x4_answer(struct wk_session *session, const uint8_t x4[WK_X4_LEN]);

/* Wall clock in seconds. */
int64_t wk_now(void);

/*
 * Another process changed the registry: marks the sessions that may no longer
 * stay, and closes none.
 */
void wk_look(struct wk_plugin *plugin);

/*
 * Closes what must not go on: sessions marked for it, and those whose device
 * another process revoked, disabled or enrolled again. Not `busy`, whose
 * packet the broker is working on. NULL: none.
 */
void wk_sweep(struct wk_plugin *plugin, const struct mosquitto *busy);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login.h - the conversation with the broker from a local client's CONNECT to
 * the moment when both may be left alone with each other. An engine without
 * I/O: bytes in, bytes out.
 *
 * MQTT 5: enhanced authentication, the proof is in the CONNACK. MQTT 3.1.1:
 * a password; then the agent subscribes to the device's X4, QoS 0, takes the
 * proof from there, and unsubscribes; not in a session that is resumed one
 * day, where the broker sends X4 at once for that subscription, and for one of
 * the client's to # only behind its backlog. A key update goes out before the
 * client is heard, too. So the agent's packets are all answered before the
 * client's first one, none of its packet ids is in use then, and nobody has to
 * look at packets afterwards.
 *
 * The client is told of the connection only when the broker has proven
 * itself; what the broker sent before, of a session that it resumed, waits.
 */
#ifndef WK_AGENT_LOGIN_H
#define WK_AGENT_LOGIN_H

#include <whitekey/client.h>
#include <whitekey/mqtt.h>

#include "buffer.h"

/* Of the local client's CONNECT, and of what a resumed session may send before
 * the broker has proven itself. */
#define LOGIN_CONNECT_MAX ((size_t)1 << 18)
#define LOGIN_HELD_MAX ((size_t)1 << 24)

enum login_method {
  LOGIN_PLAIN,    /* WHITEKEY; a password in 3.1.1 */
  LOGIN_CHALLENGE /* WHITEKEY-CHALLENGE; nothing in 3.1.1 */
};

enum login_step {
  LOGIN_DRAWING, /* of the password */
  LOGIN_ASKED,   /* CONNECT is out */
  LOGIN_PROVING, /* 3.1.1: accepted, X4 is awaited */
  LOGIN_TIDYING, /* X3 and UNSUBSCRIBE are out */
  LOGIN_DONE,
  LOGIN_REFUSED, /* by the broker */
  LOGIN_FAILED   /* no answer that makes sense, or no proof */
};

struct login {
  struct wk_client *client;
  enum login_method method;
  enum wk_update_when when;
  enum wk_mqtt_version version;
  enum login_step step;
  bool waits;        /* for the dongle, see login_resume() */
  uint8_t code;      /* REFUSED, FAILED: what the local client is told */
  bool denied;       /* REFUSED, MQTT 5: this login was not good enough */
  bool busy;         /* REFUSED: the broker has no time for anybody */
  bool lasting;      /* 3.1.1: the session outlives its connection */
  bool unsubscribed; /* or nothing to unsubscribe */
  bool subscribed;
  bool proven;
  unsigned updates; /* X3 without PUBACK */
  unsigned answers; /* and without X4, where that is subscribed to */
  struct buffer to_broker;
  struct buffer to_client; /* its CONNACK first */
  struct wk_why why;
};

/* What a local client asks for. WK_ERR_MALFORMED: no CONNECT of 3.1.1 or 5;
 * WK_ERR_ARGUMENT: it brings credentials of its own; WK_ERR_SPACE: it takes no
 * packet as large as the broker's proof. why says it. */
WK_MUST_CHECK enum wk_err login_ask(struct wk_mqtt_connect *asked,
                                    const struct wk_mqtt_frame *frame,
                                    struct wk_why *why);

/*
 * Spends a login (LOGIN_PLAIN; the other one when the challenge comes) and
 * writes the CONNECT. login's client, method and when are set, the rest is
 * zero. As wk_client_next(), and WK_ERR_ARGUMENT: the method is not for this
 * version.
 */
WK_MUST_CHECK enum wk_err login_begin(struct login *login,
                                      const struct wk_mqtt_connect *asked);

/* One whole packet of the broker. False: it has to wait for the dongle, and
 * is due again. */
WK_MUST_CHECK bool login_packet(struct login *login,
                                const struct wk_mqtt_frame *frame,
                                const uint8_t *packet);

/*
 * Goes on where login->waits was set: wk_client_wait() tells what for. As
 * login_begin(). No packet may be taken before it is unset again.
 */
WK_MUST_CHECK enum wk_err login_resume(struct login *login,
                                       const struct wk_mqtt_connect *asked);

/* What is missing where the broker says nothing more. */
const char *login_missing(const struct login *login);

/* Wipes and frees its buffers. */
void login_end(struct login *login);

/* A CONNACK that refuses; how the versions say that the broker is not to be
 * had now (3, 0x88) and that credentials are not for here (4, 0x86). */
#define LOGIN_REFUSAL_MAX 5u
#define LOGIN_TOO_LARGE 0x95u
size_t login_refusal(uint8_t out[LOGIN_REFUSAL_MAX],
                     enum wk_mqtt_version version, uint8_t code);
uint8_t login_unavailable(enum wk_mqtt_version version);
uint8_t login_busy(enum wk_mqtt_version version);
uint8_t login_credentials(enum wk_mqtt_version version);

#endif

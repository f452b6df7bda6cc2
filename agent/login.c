/* SPDX-License-Identifier: Apache-2.0 */
#include "login.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "own.h"

#define PROOF_MAX 128u /* a CONNACK with an X4 and little else */

/* ---- the local client's side -------------------------------------------- */

enum wk_err login_ask(struct wk_mqtt_connect *asked,
                      const struct wk_mqtt_frame *frame, struct wk_why *why) {
  struct wk_mqtt_prop prop;
  if (frame->type != WK_MQTT_CONNECT ||
      wk_mqtt_connect_parse(asked, frame) != WK_OK)
    return wk_fail(why, WK_ERR_MALFORMED, "no CONNECT of MQTT 3.1.1 or 5");
  if (asked->has_username || asked->has_password)
    return wk_fail(why, WK_ERR_ARGUMENT,
                   "a user name or a password of its own; clients of the "
                   "agent have none");
  if (wk_mqtt_prop_find(&asked->props, WK_MQTT_AUTH_METHOD, &prop))
    return wk_fail(why, WK_ERR_ARGUMENT,
                   "an authentication method of its own; clients of the "
                   "agent have none");
  if (wk_mqtt_prop_find(&asked->props, WK_MQTT_MAX_PACKET, &prop) &&
      prop.number < PROOF_MAX)
    return wk_fail(why, WK_ERR_SPACE,
                   "a maximum packet size below %u: no proof of the broker's "
                   "fits into that",
                   PROOF_MAX);
  return WK_OK;
}

size_t login_refusal(uint8_t out[LOGIN_REFUSAL_MAX],
                     enum wk_mqtt_version version, uint8_t code) {
  const struct wk_mqtt_connack connack = {.code = code};
  struct wk_writer w;
  wk_writer_init(&w, out, LOGIN_REFUSAL_MAX);
  return wk_mqtt_connack_write(&w, version, &connack) == WK_OK ? w.used : 0;
}

uint8_t login_unavailable(enum wk_mqtt_version version) {
  return version == WK_MQTT_5 ? 0x88 : 3;
}

uint8_t login_busy(enum wk_mqtt_version version) {
  return version == WK_MQTT_5 ? 0x89 : 3;
}

uint8_t login_credentials(enum wk_mqtt_version version) {
  return version == WK_MQTT_5 ? 0x86 : 4;
}

/* ---- the broker's side -------------------------------------------------- */

static void fail(struct login *login, const char *sentence) {
  wk_why_set(&login->why, "%s", sentence);
  login->step = LOGIN_FAILED;
  login->code = login_unavailable(login->version);
}

enum wk_err login_begin(struct login *login,
                        const struct wk_mqtt_connect *asked) {
  login->version = asked->version;
  login->lasting = asked->version != WK_MQTT_5 && !asked->clean;
  login->unsubscribed = true;
  login->code = login_unavailable(login->version);
  if (login->version != WK_MQTT_5 && login->method == LOGIN_CHALLENGE)
    return wk_fail(&login->why, WK_ERR_ARGUMENT,
                   "MQTT 3.1.1 knows no challenge");
  login->step = LOGIN_DRAWING;
  return login_resume(login, asked);
}

/* The dongle is asked, and others are looked after meanwhile. */
static bool waits(struct login *login, enum wk_err err) {
  login->waits = err == WK_ERR_AGAIN;
  return login->waits;
}

static void hold(struct login *login, const uint8_t *packet, size_t len) {
  if (!buffer_add(&login->to_client, packet, len, LOGIN_HELD_MAX))
    fail(login, "the broker sent more than 16 MB before its proof");
}

/* What is left to be answered decides when the client's turn comes. */
static void go_on(struct login *login) {
  if (login->step == LOGIN_PROVING && login->subscribed && login->proven) {
    const enum wk_err err = own_updates(login);
    if (waits(login, err))
      return;
    login->step = LOGIN_TIDYING;
    if (err != WK_OK || own_unsubscribe(login) != WK_OK)
      login->step = LOGIN_FAILED;
  }
  if (login->step == LOGIN_TIDYING && login->updates == 0 &&
      login->answers == 0 && login->unsubscribed)
    login->step = LOGIN_DONE;
}

/* Not this login's fault, or not the agent's: told as it is. */
static bool is_for_client(enum wk_mqtt_version version, uint8_t code) {
  if (version == WK_MQTT_311)
    return code == 1 || code == 2 || code == 3;
  return code != 0x86 && code != 0x87 && code != 0x8a && code != 0x8c;
}

/* The reason is the broker's secret; the commonest one can be seen here. */
static void tell_refusal(struct login *login, uint8_t code) {
  const time_t now = time(NULL);
  char text[sizeof "0000-00-00 00:00 UTC"] = "?";
  struct tm utc;
  if (gmtime_r(&now, &utc))
    (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &utc);
  if (is_for_client(login->version, code))
    wk_why_set(&login->why, "the broker refused the login: CONNACK 0x%02x",
               code);
  else
    wk_why_set(&login->why,
               "the broker refused the login: CONNACK 0x%02x (its audit says "
               "why; this machine's clock says %s)",
               code, text);
}

static void refused(struct login *login,
                    const struct wk_mqtt_connack *connack) {
  login->busy = login->version == WK_MQTT_5
                    ? connack->code == 0x88 || connack->code == 0x89
                    : connack->code == 3;
  login->step = LOGIN_REFUSED;
  tell_refusal(login, connack->code);
  if (!login->busy) /* protocol section 2 */
    wk_client_refused(login->client);
  login->denied = login->version == WK_MQTT_5 && connack->code == 0x87;
  if (is_for_client(login->version, connack->code))
    login->code = connack->code;
}

static void on_connack(struct login *login,
                       const struct wk_mqtt_frame *frame) {
  struct wk_mqtt_connack connack;
  if (wk_mqtt_connack_parse(&connack, login->version, frame) != WK_OK) {
    fail(login, "the broker's CONNACK is malformed");
    return;
  }
  if (connack.code != 0) {
    refused(login, &connack);
    return;
  }
  const enum wk_err err = own_connack(login, &connack);
  if (waits(login, err))
    return;
  if (err != WK_OK) {
    login->step = LOGIN_FAILED;
    return;
  }
  login->step = LOGIN_PROVING;
  /* In 3.1.1 nobody has proven anything yet: X4 tells of the success. */
  if (login->version == WK_MQTT_5)
    login->subscribed = true;
  else if (own_subscribe(login) != WK_OK)
    login->step = LOGIN_FAILED;
  go_on(login);
}

static void on_auth(struct login *login, const struct wk_mqtt_frame *frame) {
  const enum wk_err err = login->method == LOGIN_CHALLENGE
                              ? own_answer(login, frame)
                              : WK_ERR_MALFORMED;
  if (!waits(login, err) && err != WK_OK)
    login->step = LOGIN_FAILED;
}

static void on_asked(struct login *login, const struct wk_mqtt_frame *frame) {
  if (frame->type == WK_MQTT_CONNACK)
    on_connack(login, frame);
  else if (frame->type == WK_MQTT_AUTH)
    on_auth(login, frame);
  else
    fail(login, "the broker answers CONNECT with another packet");
}

bool login_packet(struct login *login, const struct wk_mqtt_frame *frame,
                  const uint8_t *packet) {
  if (login->step == LOGIN_ASKED) {
    on_asked(login, frame);
    return login->step != LOGIN_ASKED || !login->waits;
  }
  if (!own_packet(login, frame))
    hold(login, packet, frame->len);
  else if (login->waits)
    return false;
  else
    go_on(login);
  return true;
}

enum wk_err login_resume(struct login *login,
                         const struct wk_mqtt_connect *asked) {
  login->waits = false;
  if (login->step != LOGIN_DRAWING) {
    go_on(login);
    return WK_OK;
  }
  const enum wk_err err = own_connect(login, asked);
  if (!waits(login, err))
    login->step = LOGIN_ASKED;
  return err;
}

const char *login_missing(const struct login *login) {
  if (login->waits)
    return "no answer of the dongle";
  if (login->step == LOGIN_ASKED)
    return "no answer to CONNECT";
  if (login->step == LOGIN_TIDYING)
    return "no answer to a key update";
  return login->lasting && login->subscribed
             ? "no proof, or behind a backlog: the next try has it in front"
             : "no proof";
}

void login_end(struct login *login) {
  buffer_end(&login->to_broker);
  buffer_end(&login->to_client);
}

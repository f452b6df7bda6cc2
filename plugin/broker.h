/* SPDX-License-Identifier: Apache-2.0 */
/*
 * broker.h - what the generations of Mosquitto want to be told by a plugin's
 * handlers. One binary serves them all: which table holds is found out when
 * the plugin is loaded.
 */
#ifndef WHITEKEY_PLUGIN_BROKER_H
#define WHITEKEY_PLUGIN_BROKER_H

#include <stdbool.h>

struct wk_broker {
  /* What handlers return, by event and by what it means. */
  struct {      /* BASIC_AUTH, EXT_AUTH_START, EXT_AUTH_CONTINUE */
    int let_in; /* also: this session may stay */
    int refuse;
    int go_on;    /* a challenge waits for its answer */
    int not_ours; /* others decide, the broker at last */
  } login;
  struct { /* ACL_CHECK */
    int allow;
    int deny;
    int else_allow; /* others decide; where nobody does it is allowed */
    int else_deny;  /* others decide; where nobody does it is denied */
  } topic;
  struct { /* MESSAGE */
    int pass;
    int deny;
  } message;
  int control; /* obeyed or not: anything else ends the connection */
  int reload;  /* heard, and the next plugin is told too */
  int tick;
  int disconnect;

  /* else_allow needs a handler of ours that is asked after all others. */
  bool asks_us_last;
  /* One handler of $CONTROL serves all listeners. */
  bool one_control;
  /* A session that lives on without its connection has an event of its own,
   * which we register for; 0: DISCONNECT tells that too. */
  int offline_event;
  /* Its TICK comes when it was asked for, and not in every turn of the loop;
   * one that was registered anew comes at once. */
  bool tick_is_asked_for;
  /* Its web pages ask for logins and topics, from a thread of their own, under
   * this client id, which MQTT clients may use too; NULL: it has none. */
  const char *web_id;
};

extern const struct wk_broker wk_broker_2_0;
extern const struct wk_broker wk_broker_2_1;

/* The generation that loaded us. */
const struct wk_broker *wk_broker_find(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own.h - the agent's own packets within a login, and the broker's answers to
 * them. Everything that fails says so in login->why. WK_ERR_AGAIN: the dongle
 * has to answer first; nothing was done yet, and the same call is due again.
 */
#ifndef WK_AGENT_OWN_H
#define WK_AGENT_OWN_H

#include "login.h"

/* The client's CONNECT with a login in it. */
WK_MUST_CHECK enum wk_err own_connect(struct login *login,
                                      const struct wk_mqtt_connect *asked);

/* MQTT 5: the AUTH that carries a challenge, answered. */
WK_MUST_CHECK enum wk_err own_answer(struct login *login,
                                     const struct wk_mqtt_frame *frame);

/* The CONNACK without what the client did not ask for; MQTT 5: checks the
 * proof in it first. */
WK_MUST_CHECK enum wk_err own_connack(struct login *login,
                                      const struct wk_mqtt_connack *connack);

/* WK_ERR_FORGED, and why. */
enum wk_err own_unproven(struct login *login, const struct wk_why *cause);

WK_MUST_CHECK enum wk_err own_subscribe(struct login *login);
WK_MUST_CHECK enum wk_err own_unsubscribe(struct login *login);

/* Every X3 that is due. WK_ERR_AGAIN: not all of them yet. */
WK_MUST_CHECK enum wk_err own_updates(struct login *login);

/* Takes an answer to one of these; false: the packet is the client's. Sets
 * login->waits where it has not been taken yet. */
bool own_packet(struct login *login, const struct wk_mqtt_frame *frame);

#endif

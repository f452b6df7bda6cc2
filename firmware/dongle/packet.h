/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet.h - MQTT packets on the serial line: which of those that come get the
 * room there is. What they say is core's codec's.
 */
#ifndef WHITEKEY_DONGLE_PACKET_H
#define WHITEKEY_DONGLE_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include <whitekey/id.h>
#include <whitekey/mqtt.h>

#include "frame.h"

/* From the server, without and with the header: an X4 as text on the topic of
 * the longest name. */
#define WK_PACKET_BODY (2u + 12u + WK_DID_MAX + 3u + 2u + 1u + 86u)
#define WK_PACKET_MAX (WK_PACKET_BODY + 3u)

/* Bytes come in here, in the interrupt. */
void wk_packet_receive(uint8_t byte);

/* A new connection: nothing came yet. */
void wk_packet_restart(void);

/* The first packet since the last wk_packet_done() that is more than an
 * acknowledgement; false: there is none. */
bool wk_packet_take(struct wk_mqtt_frame *frame);
void wk_packet_done(void);

/* A whole packet of any kind came since the last time this was asked. */
bool wk_packet_heard(void);

/* Sends what the writer holds, or nothing where it failed. */
void wk_packet_send(const struct wk_writer *w);

#endif

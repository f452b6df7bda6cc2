/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mqtt.h - the dongle as an MQTT 5 client of its own, over a pipe that carries
 * bytes to a broker and tells nothing (docs/dongle.md, MQTT by itself).
 */
#ifndef WHITEKEY_DONGLE_MQTT_H
#define WHITEKEY_DONGLE_MQTT_H

#include <stdbool.h>

/* PC0 is bridged to ground. */
bool wk_mqtt_is_wanted(void);

/* Does what is to be done now; false: there was nothing. Needs clock.h, and
 * what comes on the line for packet.h. */
bool wk_mqtt_work(void);

#endif

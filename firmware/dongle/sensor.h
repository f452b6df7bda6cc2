/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sensor.h - a fingerprint sensor of the ZFM-20 and R307 family, command by
 * command.
 *
 * Every call asks and waits for the answer, two seconds at most. What the
 * sensor says is believed only in a packet that is right from its header to
 * its sum.
 */
#ifndef WHITEKEY_DONGLE_SENSOR_H
#define WHITEKEY_DONGLE_SENSOR_H

#include <stdbool.h>
#include <stdint.h>

#include <whitekey/port.h>

#include "lock.h"

#define WK_SENSOR_PASSWORD_LEN 4u

/* Listens to the sensor, and to nobody else until wk_sensor_close(). */
void wk_sensor_open(void);
void wk_sensor_close(void);

/* Who does not give the sensor its password is not served. */
enum wk_touch wk_sensor_verify(const uint8_t word[WK_SENSOR_PASSWORD_LEN]);
enum wk_touch
wk_sensor_set_password(const uint8_t word[WK_SENSOR_PASSWORD_LEN]);

/* Takes a look at the finger, into buffer 1 or 2. */
enum wk_touch wk_sensor_look(uint8_t buffer);

/* Which of `count` pages from `first` on has the finger of buffer 1. */
enum wk_touch wk_sensor_search(uint8_t first, uint8_t count, uint8_t *page);

/* Makes a template of both buffers and stores it. */
enum wk_touch wk_sensor_store(uint8_t page);

enum wk_touch wk_sensor_delete(uint8_t first, uint8_t count);

/* H("whitekey/1/bio" || the template stored on that page). */
enum wk_touch wk_sensor_hash(uint8_t hash[WK_HASH_LEN], uint8_t page);

#endif

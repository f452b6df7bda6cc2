/* SPDX-License-Identifier: Apache-2.0 */
/*
 * topic.h - MQTT topic names and filters (MQTT 5 section 4.7). Names and
 * filters are NUL-terminated UTF-8.
 */
#ifndef WHITEKEY_GATEWAY_TOPIC_H
#define WHITEKEY_GATEWAY_TOPIC_H

#include <stdbool.h>
#include <stddef.h>

#define WK_TOPIC_MAX 65535u /* bytes, by the protocol */

/* A name to publish on: 1..WK_TOPIC_MAX bytes of UTF-8 without + and #. */
bool wk_topic_valid(const char *topic);

/* A filter to subscribe to: + and # stand alone in their level, # ends it. */
bool wk_filter_valid(const char *filter);

/* filter and topic must be valid. */
bool wk_filter_matches(const char *filter, const char *topic);

/* True when some topic may match both filters. */
bool wk_filter_overlaps(const char *a, const char *b);

/*
 * The level of topic where the filter it matches has its first +; how readings
 * name their device. *len is 0 when the filter has no +.
 */
const char *wk_topic_device(const char *filter, const char *topic,
                            size_t *len);

#endif

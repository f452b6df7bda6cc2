/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet_json.h - a packet's fields as JSON, for comparing with what another
 * codec makes of the same bytes. Texts and data are hex; properties are
 * [id, number], [id, "hex"] or [0x26, "name", "value"].
 */
#ifndef WHITEKEY_TESTS_PACKET_JSON_H
#define WHITEKEY_TESTS_PACKET_JSON_H

#include <cjson/cJSON.h>

#include <whitekey/mqtt.h>

#define PACKET_MAX ((size_t)1 << 19)

/* The fields of data[len], one whole packet; NULL: it is refused. The
 * caller's for cJSON_Delete(). */
cJSON *packet_json(enum wk_mqtt_version v, const uint8_t *data, size_t len);

/* Lower-case hex up to what is none, PACKET_MAX bytes at most; their count. */
size_t packet_unhex(uint8_t *out, const char *text);

/* Writes the packet with these fields; what the writer says. */
enum wk_err json_packet(struct wk_writer *w, enum wk_mqtt_version v,
                        const cJSON *fields);

#endif

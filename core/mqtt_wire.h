/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mqtt_wire.h - what the packets of MQTT are made of: core's own, not for
 * other rooms.
 */
#ifndef WHITEKEY_CORE_MQTT_WIRE_H
#define WHITEKEY_CORE_MQTT_WIRE_H

#include <whitekey/mqtt.h>

/* The AVR would copy constant tables to its 2 KB of RAM. */
#if defined(__AVR__)
#define WK_FLASH const __flash
#else
#define WK_FLASH const
#endif

/* Where a property or a reason code may stand: a set of packets. */
#define WK_MQTT_IN(type) ((uint16_t)((uint16_t)1u << (unsigned)(type)))
#define WK_MQTT_IN_WILL ((uint16_t)1u) /* no packet has type 0 */

/* A packet is parsed between these two; it was well, or out is zeroed. */
void wk_mqtt_open(struct wk_reader *r, void *out, size_t size,
                  const struct wk_mqtt_frame *frame);
WK_MUST_CHECK enum wk_err wk_mqtt_parsed(void *out, size_t size, bool well);

/* Readers fail (r->ok false) on what is malformed and give an empty span. */
uint32_t wk_mqtt_read_varint(struct wk_reader *r);
struct wk_span wk_mqtt_read_data(struct wk_reader *r); /* be16 length */
struct wk_span wk_mqtt_read_text(struct wk_reader *r); /* and it is UTF-8 */
struct wk_span wk_mqtt_read_name(struct wk_reader *r); /* and no wildcard */
struct wk_span wk_mqtt_read_rest(struct wk_reader *r);
/* Length and properties, each allowed in a packet of the set where. */
struct wk_span wk_mqtt_read_props(struct wk_reader *r, uint16_t where);
uint16_t wk_mqtt_read_id(struct wk_reader *r); /* not 0 */
uint8_t wk_mqtt_read_code(struct wk_reader *r, uint16_t where);

/* True when that reason code of MQTT 5 may stand in a packet of where. */
bool wk_mqtt_code_valid(uint8_t code, uint16_t where);

/* The reader is at its end and all was well. */
bool wk_mqtt_read_done(const struct wk_reader *r);

/* A variable byte integer can hold it. */
bool wk_mqtt_len_valid(size_t len);

void wk_mqtt_write_varint(struct wk_writer *w, uint32_t value);
void wk_mqtt_write_data(struct wk_writer *w, const struct wk_span *data);
/* Length and properties. */
void wk_mqtt_write_props(struct wk_writer *w, const struct wk_span *props);
/* A packet's end, MQTT 5 only: code and properties where they are needed. */
void wk_mqtt_write_reason(struct wk_writer *w, enum wk_mqtt_version v,
                          uint8_t code, const struct wk_span *props);

/* One byte more of a variable byte integer, of which `taken` are in value. */
enum wk_mqtt_framed wk_mqtt_varint_take(uint32_t *value, uint8_t taken,
                                        uint8_t byte);

/*
 * A packet is put between begin, which gives where it starts, and end, which
 * puts the header's length in.
 */
size_t wk_mqtt_begin(struct wk_writer *w, enum wk_mqtt_type type,
                     uint8_t flags);
void wk_mqtt_end(struct wk_writer *w, size_t start);

/* What was put since the writer was as before, for reading it back; finish
 * takes it back off the writer after a failure. */
enum wk_err wk_mqtt_written(struct wk_mqtt_frame *frame,
                            const struct wk_writer *w,
                            const struct wk_writer *before);
enum wk_err wk_mqtt_finish(struct wk_writer *w, const struct wk_writer *before,
                           enum wk_err err);

#endif

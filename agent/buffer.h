/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buffer.h - bytes on their way, first in first out, in memory that grows up
 * to a limit. Zero it before first use.
 */
#ifndef WK_AGENT_BUFFER_H
#define WK_AGENT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
  uint8_t *data;
  size_t start; /* of what waits, within data */
  size_t len;
  size_t cap;
};

/* The bytes that wait. */
const uint8_t *buffer_at(const struct buffer *buffer);

/* Appends; false, and nothing is, where more than limit would wait or memory
 * is out. */
bool buffer_add(struct buffer *buffer, const void *data, size_t len,
                size_t limit);

/* Room for len more bytes behind the last one, NULL as above; the caller adds
 * what it wrote to buffer->len. */
uint8_t *buffer_room(struct buffer *buffer, size_t len, size_t limit);

/* Takes len bytes off the front. */
void buffer_drop(struct buffer *buffer, size_t len);

/* Wipes and frees. */
void buffer_end(struct buffer *buffer);

#endif

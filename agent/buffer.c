/* SPDX-License-Identifier: Apache-2.0 */
#include "buffer.h"

#include <stdlib.h>
#include <string.h>

#include <whitekey/bytes.h>

#define FIRST_CAP 512u

const uint8_t *buffer_at(const struct buffer *buffer) {
  return buffer->data ? buffer->data + buffer->start : NULL;
}

/* Not realloc(): there may be passwords in what it would leave behind. */
static bool grow(struct buffer *buffer, size_t need) {
  size_t cap = buffer->cap ? buffer->cap : FIRST_CAP;
  while (cap < need)
    cap *= 2;
  uint8_t *data = malloc(cap);
  if (!data)
    return false;
  if (buffer->len > 0)
    memcpy(data, buffer_at(buffer), buffer->len);
  if (buffer->data)
    wk_wipe(buffer->data, buffer->cap);
  free(buffer->data);
  buffer->data = data;
  buffer->start = 0;
  buffer->cap = cap;
  return true;
}

uint8_t *buffer_room(struct buffer *buffer, size_t len, size_t limit) {
  if (len > limit || buffer->len > limit - len)
    return NULL;
  if (buffer->len + len > buffer->cap) {
    if (!grow(buffer, buffer->len + len))
      return NULL;
  } else if (buffer->start + buffer->len + len > buffer->cap) {
    memmove(buffer->data, buffer_at(buffer), buffer->len);
    buffer->start = 0;
  }
  return buffer->data + buffer->start + buffer->len;
}

bool buffer_add(struct buffer *buffer, const void *data, size_t len,
                size_t limit) {
  if (len == 0)
    return true;
  uint8_t *room = buffer_room(buffer, len, limit);
  if (!room)
    return false;
  memcpy(room, data, len);
  buffer->len += len;
  return true;
}

void buffer_drop(struct buffer *buffer, size_t len) {
  buffer->start += len;
  buffer->len -= len;
  if (buffer->len == 0)
    buffer->start = 0;
}

void buffer_end(struct buffer *buffer) {
  if (buffer->data)
    wk_wipe(buffer->data, buffer->cap);
  free(buffer->data);
  memset(buffer, 0, sizeof *buffer);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.h - the frames of a dongle's serial line (docs/dongle.md): SLIP
 * (RFC 1055), a version byte in front, a CRC behind. Bytes in, bytes out.
 */
#ifndef WK_CLIENT_FRAME_H
#define WK_CLIENT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_CONTENT_MAX 132u /* between version and CRC */
#define FRAME_WIRE_MAX (2u + 2u * (FRAME_CONTENT_MAX + 3u))

/* len: 1..FRAME_CONTENT_MAX. Gives the number of bytes for the wire. */
size_t frame_write(uint8_t wire[FRAME_WIRE_MAX], const uint8_t *content,
                   size_t len);

/* A frame as it comes in; zeroed at first. */
struct frame {
  bool escaped;
  bool spoilt; /* until the next end */
  size_t len;
  uint8_t data[FRAME_CONTENT_MAX + 3u];
};

/*
 * Takes one byte. True: a frame ended that is whole and right; its content is
 * *content, *len bytes of f that the next call overwrites. What is damaged,
 * too long, empty or of another version is passed over.
 */
bool frame_take(struct frame *f, uint8_t byte, const uint8_t **content,
                size_t *len);

#endif

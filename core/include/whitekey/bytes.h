/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bytes.h - secrets compared and wiped, integers on the wire, a bounded
 * reader and writer, and base64url.
 *
 * Reader and writer never pass their end: after the first overrun `ok` is
 * false, reads give zero and writes do nothing. Check `ok` once at the end.
 */
#ifndef WHITEKEY_BYTES_H
#define WHITEKEY_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <whitekey/err.h>

/* Overwrites len bytes in a way the compiler may not remove. */
void wk_wipe(void *data, size_t len);

/* True when the len bytes are equal; time depends on len alone. */
bool wk_equal(const void *a, const void *b, size_t len);

/* Big-endian integers (protocol be32). */
void wk_put_be32(uint8_t out[4], uint32_t value);
uint32_t wk_get_be32(const uint8_t in[4]);

struct wk_reader {
  const uint8_t *at;
  size_t left;
  bool ok;
};

void wk_reader_init(struct wk_reader *r, const uint8_t *data, size_t len);
uint8_t wk_read_u8(struct wk_reader *r);
uint16_t wk_read_be16(struct wk_reader *r);
uint32_t wk_read_be32(struct wk_reader *r);
/* Copies len bytes; out is zeroed when fewer are left. */
void wk_read_bytes(struct wk_reader *r, uint8_t *out, size_t len);
/* The next len bytes in place, or NULL when fewer are left. */
const uint8_t *wk_read_view(struct wk_reader *r, size_t len);

struct wk_writer {
  uint8_t *start;
  size_t used;
  size_t cap;
  bool ok;
};

void wk_writer_init(struct wk_writer *w, uint8_t *out, size_t cap);
void wk_write_u8(struct wk_writer *w, uint8_t value);
void wk_write_be16(struct wk_writer *w, uint16_t value);
void wk_write_be32(struct wk_writer *w, uint32_t value);
void wk_write_bytes(struct wk_writer *w, const void *data, size_t len);
/* An ASCII string without its terminator (protocol's quoted strings). */
void wk_write_text(struct wk_writer *w, const char *text);

/*
 * base64url without padding (RFC 4648 section 5).
 * Text of len bytes needs WK_B64_LEN(len) characters plus a terminator.
 */
#define WK_B64_LEN(len) (((len)*4u + 2u) / 3u)

/* Writes WK_B64_LEN(len) characters and a NUL; text holds at least that. */
void wk_b64_write(char *text, const uint8_t *data, size_t len);

/*
 * Decodes exactly len bytes from text_len characters.
 * WK_ERR_MALFORMED: another length, a character outside the alphabet
 * (white space and padding included), or non-zero unused bits; out is zeroed.
 */
WK_MUST_CHECK enum wk_err wk_b64_parse(uint8_t *out, size_t len,
                                       const char *text, size_t text_len);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nv.h - the chip's EEPROM, byte by byte, and records in it (layout.h).
 *
 * A write is begun and goes on by itself for 1.8 or 3.4 ms; the next access
 * waits for its end. Writes happen in the order of the calls.
 */
#ifndef WHITEKEY_DONGLE_NV_H
#define WHITEKEY_DONGLE_NV_H

#include <stdbool.h>
#include <stdint.h>

uint8_t wk_nv_read(uint16_t at);
void wk_nv_read_bytes(uint8_t *out, uint16_t at, uint8_t len);

/* Nothing is written where the byte is there already. */
void wk_nv_write(uint16_t at, uint8_t value);
void wk_nv_write_bytes(uint16_t at, const uint8_t *data, uint8_t len);

/* The last write is over, and until it is. */
bool wk_nv_is_idle(void);
void wk_nv_wait(void);

/* A record's first byte: see layout.h. */
bool wk_nv_valid(uint16_t record);
void wk_nv_invalidate(uint16_t record);
void wk_nv_validate(uint16_t record);

/*
 * A record that is being written, a byte at a time: the first write makes what
 * stands there invalid, the last one makes it valid. Zeroed: there is none.
 */
#define WK_NV_PUT_MAX 45u
struct wk_nv_put {
  uint16_t record;
  uint8_t len;                 /* 0: nothing is to be written */
  uint8_t done;                /* writes */
  uint8_t data[WK_NV_PUT_MAX]; /* its first byte does not matter */
};

/* One of its writes, begun; false: none is left. */
bool wk_nv_put_work(struct wk_nv_put *put);

#endif

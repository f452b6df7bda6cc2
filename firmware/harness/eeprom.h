/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eeprom.h - the ATmega328P's EEPROM as it is: simavr's own takes no time to
 * write, knows one of the three write modes and never loses power.
 *
 * Takes the registers EECR, EEDR and EEAR of a simulated chip over. A write
 * takes 3.4 ms, an erasure or a write that only clears bits 1.8 ms (data
 * sheet, table 8-1 and section 8.6.3). What a program must not do, such as
 * reading while a write goes on, is a fault: the run ends there.
 */
#ifndef WHITEKEY_HARNESS_EEPROM_H
#define WHITEKEY_HARNESS_EEPROM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <simavr/sim_avr.h>

#define WK_EEPROM_LEN 1024u

/* What a cell holds when power fails while it is written. */
enum wk_cut {
  WK_CUT_OLD,
  WK_CUT_NEW,
  WK_CUT_ERASED,
  WK_CUT_MIXED /* each bit old, erased or new, by the seed */
};

/* A write that was made, and how many bytes the chip had sent before. */
struct wk_eeprom_write {
  uint16_t at;
  uint8_t old;
  uint8_t new;
  uint32_t sent;
};
#define WK_EEPROM_HISTORY 8192u

struct wk_eeprom {
  avr_t *avr;
  uint8_t *cell; /* WK_EEPROM_LEN bytes, the caller's or own */
  uint8_t own[WK_EEPROM_LEN];
  uint32_t wear[WK_EEPROM_LEN]; /* writes and erasures of each cell */
  uint64_t writes;              /* of all cells */
  struct wk_eeprom_write history[WK_EEPROM_HISTORY]; /* later ones are not */
  size_t history_len;
  const uint32_t *sent; /* the serial line counts */
  uint64_t armed_until; /* EEMPE counts until this cycle */
  uint64_t busy_until;
  uint64_t cut_at; /* power fails in this write; 0: never */
  enum wk_cut cut_kind;
  uint32_t cut_seed;
  bool cut;          /* power has failed */
  const char *fault; /* what the program did wrong, or NULL */
};

/* No cell is worn. cells: what keeps them; NULL: here, every one 0xff. */
void wk_eeprom_new(struct wk_eeprom *e, uint8_t *cells);

/* Wired to a chip that has just been switched on; cells and wear stay. */
void wk_eeprom_init(struct wk_eeprom *e, avr_t *avr, const uint32_t *sent);

#endif

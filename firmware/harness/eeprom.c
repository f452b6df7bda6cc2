/* SPDX-License-Identifier: Apache-2.0 */
#include "eeprom.h"

#include <string.h>

/* Addresses in data memory, as simavr counts. */
enum { EECR = 0x3f, EEDR = 0x40, EEARL = 0x41, EEARH = 0x42 };
enum { EERE = 0x01, EEPE = 0x02, EEMPE = 0x04, EEPM = 0x30 };
enum mode { ERASE_AND_WRITE = 0x00, ERASE = 0x10, WRITE = 0x20 };

static uint64_t cycles_of(const avr_t *avr, uint64_t us) {
  return us * avr->frequency / 1000000u;
}

static uint8_t mixed(uint32_t seed, uint8_t old, uint8_t new) {
  uint8_t result = 0;
  for (unsigned bit = 0; bit < 8; bit++) {
    seed = seed * UINT32_C(1664525) + UINT32_C(1013904223);
    const uint8_t from[] = {old, 0xff, new};
    result |= (uint8_t)(from[(seed >> 16) % 3] & 1u << bit);
  }
  return result;
}

static uint8_t torn(const struct wk_eeprom *e, uint8_t old, uint8_t new) {
  switch (e->cut_kind) {
  case WK_CUT_OLD:
    return old;
  case WK_CUT_NEW:
    return new;
  case WK_CUT_ERASED:
    return 0xff;
  case WK_CUT_MIXED:
    break;
  }
  return mixed(e->cut_seed, old, new);
}

static uint8_t after(enum mode mode, uint8_t old, uint8_t value) {
  switch (mode) {
  case ERASE_AND_WRITE:
    return value;
  case ERASE:
    return 0xff;
  case WRITE:
    break;
  }
  return old & value;
}

static unsigned address(const struct wk_eeprom *e) {
  return (e->avr->data[EEARL] | (unsigned)e->avr->data[EEARH] << 8) %
         WK_EEPROM_LEN;
}

static void note(struct wk_eeprom *e, unsigned at, uint8_t new) {
  if (e->history_len == WK_EEPROM_HISTORY)
    return;
  e->history[e->history_len++] =
      (struct wk_eeprom_write){(uint16_t)at, e->cell[at], new, *e->sent};
}

static void program(struct wk_eeprom *e, enum mode mode) {
  avr_t *avr = e->avr;
  const unsigned at = address(e);
  const uint8_t new = after(mode, e->cell[at], avr->data[EEDR]);
  note(e, at, new);
  e->writes++;
  e->wear[at]++;
  e->cut = e->writes == e->cut_at;
  e->cell[at] = e->cut ? torn(e, e->cell[at], new) : new;
  if (e->cut)
    avr->state = cpu_Done;
  e->busy_until =
      avr->cycle + cycles_of(avr, mode == ERASE_AND_WRITE ? 3400 : 1800);
  avr->cycle += 2; /* the processor is halted */
}

static void wrong(struct wk_eeprom *e, const char *fault) {
  e->fault = fault;
  e->avr->state = cpu_Done;
}

static bool busy(const struct wk_eeprom *e) {
  return e->avr->cycle < e->busy_until;
}

static void control(struct avr_t *avr, avr_io_addr_t addr, uint8_t value,
                    void *param) {
  struct wk_eeprom *e = param;
  avr->data[addr] = value & EEPM;
  if ((value & (EERE | EEPE)) != 0 && busy(e)) {
    wrong(e, "EEPROM used while it was being written");
    return;
  }
  if ((value & EERE) != 0) {
    avr->data[EEDR] = e->cell[address(e)];
    avr->cycle += 4; /* the processor is halted */
  }
  if ((value & EEPE) != 0) {
    if (avr->cycle > e->armed_until || (value & EEPM) == EEPM)
      wrong(e, "EEPE without EEMPE, or in a reserved mode");
    else
      program(e, (enum mode)(value & EEPM));
    e->armed_until = 0;
  } else if ((value & EEMPE) != 0) {
    e->armed_until = avr->cycle + 5; /* four cycles after this one */
  }
}

static uint8_t status(struct avr_t *avr, avr_io_addr_t addr, void *param) {
  const struct wk_eeprom *e = param;
  const unsigned flags =
      (busy(e) ? EEPE : 0u) | (avr->cycle <= e->armed_until ? EEMPE : 0u);
  avr->data[addr] = (uint8_t)((avr->data[addr] & EEPM) | flags);
  return avr->data[addr];
}

void wk_eeprom_new(struct wk_eeprom *e, uint8_t *cells) {
  memset(e, 0, sizeof *e);
  memset(e->own, 0xff, sizeof e->own);
  e->cell = cells ? cells : e->own;
}

void wk_eeprom_init(struct wk_eeprom *e, avr_t *avr, const uint32_t *sent) {
  e->sent = sent;
  e->armed_until = 0;
  e->busy_until = 0;
  e->cut_at = 0;
  e->cut = false;
  e->fault = NULL;
  e->avr = avr;
  /* Not avr_register_io_write(): simavr's own model must not act as well. */
  avr->io[AVR_DATA_TO_IO(EECR)].w.c = control;
  avr->io[AVR_DATA_TO_IO(EECR)].w.param = e;
  avr->io[AVR_DATA_TO_IO(EECR)].r.c = status;
  avr->io[AVR_DATA_TO_IO(EECR)].r.param = e;
}

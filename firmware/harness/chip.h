/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chip.h - a simulated ATmega328P at 16 MHz that runs a real image.
 *
 * simavr counts cycles as the chip does, so that a run gives figures. Power
 * on leaves garbage in RAM. The chip's memory is read and written from
 * outside at will; functions of the image can be called one by one.
 */
#ifndef WHITEKEY_HARNESS_CHIP_H
#define WHITEKEY_HARNESS_CHIP_H

#include <stddef.h>
#include <stdint.h>

#include <whitekey/why.h>

#include "eeprom.h"
#include "noise.h"
#include "sensor.h"
#include "serial.h"

#define WK_CHIP_HZ 16000000u
#define WK_CHIP_DATA_LEN 0x900u /* registers, I/O and 2 KB of RAM */

/* Why a run ended. */
enum wk_end {
  WK_END_REACHED, /* it is where it was to go */
  WK_END_TIME,    /* the cycles are used up */
  WK_END_SENT,    /* it sent the byte that was waited for */
  WK_END_CUT,     /* power failed, see eeprom.h */
  WK_END_FAULT    /* it did what no program may do: see wk_chip_fault() */
};

struct wk_chip;

/*
 * Switches a chip with the image in the ELF file on. eeprom: WK_EEPROM_LEN
 * bytes that outlive the chip and change with each of its writes, or NULL.
 * sensor: the same for the sensor at its pins.
 * WK_ERR_IO: there is no such file, or it is none; *out is NULL.
 */
WK_MUST_CHECK enum wk_err wk_chip_new(struct wk_chip **out, const char *elf,
                                      uint8_t *eeprom,
                                      struct wk_sensor_memory *sensor,
                                      struct wk_why *why);
void wk_chip_free(struct wk_chip *chip); /* NULL is nothing to do */

avr_t *wk_chip_avr(struct wk_chip *chip);
struct wk_eeprom *wk_chip_eeprom(struct wk_chip *chip);
struct wk_serial *wk_chip_serial(struct wk_chip *chip);
struct wk_noise *wk_chip_noise(struct wk_chip *chip);
struct wk_sensor *wk_chip_sensor(struct wk_chip *chip);

/* Bridges PC0 to ground, or not: the firmware looks when it starts. */
void wk_chip_strap(struct wk_chip *chip, bool strapped);

/*
 * Off and on again: the EEPROM's cells and their wear are kept.
 * WK_ERR_MEMORY: the chip is off for good and may only be freed.
 */
WK_MUST_CHECK enum wk_err wk_chip_power_cycle(struct wk_chip *chip);

/* The sentence that belongs to WK_END_FAULT. */
const char *wk_chip_fault(const struct wk_chip *chip);

/*
 * Address of a symbol: of code in bytes of flash, of data in data memory.
 * WK_ERR_MISSING: the image has none of that name; *address is 0.
 */
WK_MUST_CHECK enum wk_err wk_chip_symbol(const struct wk_chip *chip,
                                         const char *name, uint32_t *address);

#define WK_NOWHERE UINT32_MAX

/* Runs until the program counter is at pc, for `cycles` at most. */
enum wk_end wk_chip_run(struct wk_chip *chip, uint32_t pc, uint64_t cycles);

/* Runs until the chip has sent this byte, for `cycles` at most. */
enum wk_end wk_chip_run_until_sent(struct wk_chip *chip, uint8_t byte,
                                   uint64_t cycles);

/* What a call cost; right while the chip is watched. */
struct wk_cost {
  uint64_t cycles; /* from the first instruction to its return */
  uint32_t stack;  /* bytes, its return address included */
};

/*
 * Calls the function at pc with the registers as they are in data memory, and
 * comes back with its results there. Interrupts stay off.
 */
enum wk_end wk_chip_call(struct wk_chip *chip, uint32_t pc, uint64_t cycles,
                         struct wk_cost *cost);

/* The deepest the stack was since the chip was switched on, or since clear. */
uint16_t wk_chip_stack_low(const struct wk_chip *chip);
void wk_chip_stack_clear(struct wk_chip *chip);

/* Whether it sleeps until something comes from outside. */
bool wk_chip_sleeps(const struct wk_chip *chip);

/* Watched, as a chip is at first, its stack is looked at after each
 * instruction; unwatched it runs three times as fast. */
void wk_chip_watch(struct wk_chip *chip, bool watched);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "chip.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <simavr/avr_adc.h>
#include <simavr/avr_ioport.h>
#include <simavr/sim_elf.h>

struct wk_chip {
  avr_t *avr;
  elf_firmware_t elf;
  struct wk_eeprom eeprom;
  struct wk_sensor sensor;
  struct wk_serial serial;
  bool watched;
  struct wk_noise noise;
  bool strapped;
  uint16_t stack_low;
};

/* Cycles that pass unseen when nobody watches the stack: a millisecond. */
#define STRIDE 16000u

static const char crashed[] = "it crashed: no such instruction or address";
static const char asleep[] = "it sleeps and nothing can wake it";

/* What simavr has to say is for its own developers. */
static void quiet(struct avr_t *avr, const int level, const char *format,
                  va_list args) {
  (void)avr;
  (void)level;
  (void)format;
  (void)args;
}

/* Simulated time passes as fast as it can. */
static void no_wait(avr_t *avr, avr_cycle_count_t cycles) {
  (void)avr;
  (void)cycles;
}

static void free_elf(elf_firmware_t *elf) {
  for (uint32_t i = 0; i < elf->symbolcount; i++)
    free(elf->symbol[i]);
  free(elf->symbol);
  free(elf->flash);
  free(elf->eeprom);
  free(elf->fuse);
  free(elf->lockbits);
}

/* PC0 is pulled up by the chip, or bridged to ground. */
static void set_strap(struct wk_chip *chip) {
  avr_ioport_external_t pins = {
      .name = 'C', .mask = 1, .value = !chip->strapped};
  (void)avr_ioctl(chip->avr, AVR_IOCTL_IOPORT_SET_EXTERNAL('C'), &pins);
}

/* 5 V, and half of them at PC1. */
static void supply(avr_t *avr) {
  avr->vcc = avr->avcc = avr->aref = 5000;
  avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_ADC1), 2500);
}

/* False: simavr cannot. */
static bool power_on(struct wk_chip *chip) {
  avr_t *avr = avr_make_mcu_by_name("atmega328p");
  chip->avr = avr;
  if (!avr)
    return false;
  avr_init(avr);
  avr_load_firmware(avr, &chip->elf);
  avr->frequency = WK_CHIP_HZ;
  avr->log = LOG_NONE;
  avr->sleep = no_wait;
  for (size_t i = 0x100; i < WK_CHIP_DATA_LEN; i++)
    avr->data[i] = (uint8_t)(i * 167 ^ i >> 3);
  wk_eeprom_init(&chip->eeprom, avr, &chip->serial.sent);
  wk_serial_init(&chip->serial, avr);
  wk_sensor_init(&chip->sensor, avr);
  wk_noise_init(&chip->noise, avr);
  set_strap(chip);
  supply(avr);
  wk_chip_stack_clear(chip);
  return true;
}

static void power_off(struct wk_chip *chip) {
  if (!chip->avr)
    return;
  avr_terminate(chip->avr);
  free(chip->avr->flash);
  free(chip->avr->data);
  free(chip->avr);
  chip->avr = NULL;
}

enum wk_err wk_chip_new(struct wk_chip **out, const char *elf, uint8_t *eeprom,
                        struct wk_sensor_memory *sensor, struct wk_why *why) {
  *out = NULL;
  struct wk_chip *chip = calloc(1, sizeof *chip);
  if (!chip)
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  avr_global_logger_set(quiet);
  if (access(elf, R_OK) != 0 || elf_read_firmware(elf, &chip->elf) != 0) {
    free(chip);
    return wk_fail(why, WK_ERR_IO, "%s: no image for the chip", elf);
  }
  wk_eeprom_new(&chip->eeprom, eeprom);
  wk_sensor_new(&chip->sensor, sensor);
  if (!power_on(chip)) {
    free_elf(&chip->elf);
    free(chip);
    return wk_fail(why, WK_ERR_IO, "simavr knows no ATmega328P");
  }
  chip->watched = true;
  *out = chip;
  return WK_OK;
}

void wk_chip_free(struct wk_chip *chip) {
  if (!chip)
    return;
  power_off(chip);
  free_elf(&chip->elf);
  free(chip);
}

void wk_chip_strap(struct wk_chip *chip, bool strapped) {
  chip->strapped = strapped;
  set_strap(chip);
}

enum wk_err wk_chip_power_cycle(struct wk_chip *chip) {
  power_off(chip);
  return power_on(chip) ? WK_OK : WK_ERR_MEMORY;
}

avr_t *wk_chip_avr(struct wk_chip *chip) {
  return chip->avr;
}

struct wk_eeprom *wk_chip_eeprom(struct wk_chip *chip) {
  return &chip->eeprom;
}

struct wk_serial *wk_chip_serial(struct wk_chip *chip) {
  return &chip->serial;
}

struct wk_noise *wk_chip_noise(struct wk_chip *chip) {
  return &chip->noise;
}

struct wk_sensor *wk_chip_sensor(struct wk_chip *chip) {
  return &chip->sensor;
}

const char *wk_chip_fault(const struct wk_chip *chip) {
  if (chip->eeprom.fault)
    return chip->eeprom.fault;
  return chip->avr->state == cpu_Done ? asleep : crashed;
}

enum wk_err wk_chip_symbol(const struct wk_chip *chip, const char *name,
                           uint32_t *address) {
  *address = 0;
  for (uint32_t i = 0; i < chip->elf.symbolcount; i++) {
    const avr_symbol_t *symbol = chip->elf.symbol[i];
    if (strcmp(symbol->symbol, name) != 0)
      continue;
    *address = symbol->addr & 0xffffu; /* data stands at 0x800000 in an ELF */
    return WK_OK;
  }
  return WK_ERR_MISSING;
}

static uint16_t stack_pointer(const avr_t *avr) {
  return (uint16_t)(avr->data[R_SPL] | avr->data[R_SPH] << 8);
}

static void look_at_stack(struct wk_chip *chip) {
  const uint16_t sp = stack_pointer(chip->avr);
  if (sp < chip->stack_low)
    chip->stack_low = sp;
}

/* An instruction, or many where nobody watches; WK_END_TIME: it goes on. */
static enum wk_end step(struct wk_chip *chip) {
  const int state = avr_run(chip->avr);
  look_at_stack(chip);
  if (chip->eeprom.cut)
    return WK_END_CUT;
  if (chip->eeprom.fault || state == cpu_Done || state == cpu_Crashed)
    return WK_END_FAULT;
  return WK_END_TIME;
}

enum wk_end wk_chip_run(struct wk_chip *chip, uint32_t pc, uint64_t cycles) {
  avr_t *avr = chip->avr;
  const uint64_t until = avr->cycle + cycles;
  const bool each = chip->watched || pc != WK_NOWHERE;
  avr->run_cycle_limit = each ? 1 : STRIDE;
  while (avr->cycle < until) {
    const enum wk_end end = step(chip);
    if (end != WK_END_TIME)
      return end;
    if (avr->pc == pc)
      return WK_END_REACHED;
  }
  return WK_END_TIME;
}

enum wk_end wk_chip_run_until_sent(struct wk_chip *chip, uint8_t byte,
                                   uint64_t cycles) {
  avr_t *avr = chip->avr;
  const struct wk_serial *s = &chip->serial;
  const uint64_t until = avr->cycle + cycles;
  avr->run_cycle_limit = chip->watched ? 1 : STRIDE;
  size_t seen = s->received;
  while (avr->cycle < until) {
    const enum wk_end end = step(chip);
    if (end != WK_END_TIME)
      return end;
    while (seen < s->received) {
      if (s->from_chip[seen++] == byte)
        return WK_END_SENT;
    }
  }
  return WK_END_TIME;
}

/*
 * The last word of flash holds a `sleep`, from which nothing wakes a chip
 * whose interrupts are off: a call comes back to it.
 */
#define BACK 0x7ffeu
static const uint8_t sleep_instruction[2] = {0x88, 0x95};

static void push_back_address(avr_t *avr) {
  const uint16_t sp = stack_pointer(avr);
  memcpy(avr->flash + BACK, sleep_instruction, sizeof sleep_instruction);
  avr->data[sp] = (uint8_t)(BACK >> 1);
  avr->data[sp - 1] = (uint8_t)(BACK >> 9);
  avr->data[R_SPL] = (uint8_t)(sp - 2);
  avr->data[R_SPH] = (uint8_t)((sp - 2) >> 8);
}

/* Whether the call is over: an unwatched one went to sleep at the end. */
static bool is_back(const struct wk_chip *chip, enum wk_end end) {
  const avr_t *avr = chip->avr;
  if (chip->eeprom.fault)
    return false;
  return end == WK_END_REACHED ||
         (avr->state == cpu_Done && avr->pc == BACK + 2);
}

enum wk_end wk_chip_call(struct wk_chip *chip, uint32_t pc, uint64_t cycles,
                         struct wk_cost *cost) {
  avr_t *avr = chip->avr;
  const uint16_t sp = stack_pointer(avr);
  const uint16_t low = chip->stack_low;
  const uint64_t begin = avr->cycle;
  push_back_address(avr);
  chip->stack_low = sp;
  avr->data[1] = 0; /* the compiler's zero register */
  avr->sreg[S_I] = 0;
  avr->state = cpu_Running; /* it may have slept */
  avr->pc = pc;
  const enum wk_end end =
      wk_chip_run(chip, chip->watched ? BACK : WK_NOWHERE, cycles);
  cost->cycles = avr->cycle - begin;
  cost->stack = (uint32_t)(sp - chip->stack_low);
  if (low < chip->stack_low)
    chip->stack_low = low;
  if (!is_back(chip, end))
    return end;
  avr->state = cpu_Running;
  return WK_END_REACHED;
}

uint16_t wk_chip_stack_low(const struct wk_chip *chip) {
  return chip->stack_low;
}

void wk_chip_stack_clear(struct wk_chip *chip) {
  chip->stack_low = chip->avr->ramend;
}

bool wk_chip_sleeps(const struct wk_chip *chip) {
  return chip->avr->state == cpu_Sleeping;
}

void wk_chip_watch(struct wk_chip *chip, bool watched) {
  chip->watched = watched;
}

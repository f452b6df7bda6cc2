/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>

#include "layout.h"

#define LOCK_SIZE (2 * WK_LOCK_SIZE)

struct part {
  const char *name;
  unsigned at;
  unsigned size;
};

static const struct part unattended = {"vault key", WK_AT_VAULT,
                                       WK_VAULT_SIZE};

static const struct part lock[] = {
    {"lock", WK_AT_LOCK, LOCK_SIZE},
    {"password", WK_AT_SENSOR, WK_AT_WRAPPED_0 - WK_AT_SENSOR},
    {"wrapped 0", WK_AT_WRAPPED_0, WK_WRAPPED_SIZE},
    {"wrapped 1", WK_AT_WRAPPED_1, WK_WRAPPED_SIZE},
};

static const struct part parts[] = {
    {"device", WK_AT_DEVICE, WK_DEVICE_SIZE},
    {"seeds", WK_AT_EPOCHS, 2 * WK_EPOCH_SIZE},
    {"key update", WK_AT_UPDATE, WK_UPDATE_SIZE},
    {"counters", WK_AT_COUNTER, 4 * WK_COUNTER_SIZE},
    {"Ks", WK_AT_KS, WK_KS_SIZE},
    {"slots", WK_AT_SLOTS, WK_SLOTS *WK_SLOT_SIZE},
};

static void print_part(const struct wk_eeprom *e, const struct part *part) {
  uint32_t most = 0;
  uint64_t all = 0;
  for (unsigned i = part->at; i < part->at + part->size; i++) {
    all += e->wear[i];
    if (e->wear[i] > most)
      most = e->wear[i];
  }
  printf("%4u..%-4u  %-10s %8" PRIu64 " %14" PRIu32 "\n", part->at,
         part->at + part->size - 1, part->name, all, most);
}

void report_print(struct wk_chip *chip, bool attended) {
  const struct wk_eeprom *e = wk_chip_eeprom(chip);
  puts("EEPROM      what         writes   busiest cell");
  if (!attended)
    print_part(e, &unattended);
  for (size_t i = 0; attended && i < sizeof lock / sizeof *lock; i++)
    print_part(e, &lock[i]);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    print_part(e, &parts[i]);
  printf("stack: %u bytes deep, %" PRIu64 " ms of the chip's time\n",
         (unsigned)(wk_chip_avr(chip)->ramend - wk_chip_stack_low(chip)),
         (uint64_t)wk_chip_avr(chip)->cycle / (WK_CHIP_HZ / 1000));
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * whitekey-chip ELF: a simulated chip for tests to play with. Reads a command
 * a line, answers "= RESULT..." or "! SENTENCE". Numbers are decimal.
 *
 *   symbol NAME            address
 *   peek ADDRESS LENGTH    bytes of data memory in hex
 *   poke ADDRESS HEX
 *   run CYCLES [NAME]      how it ended: reached (NAME), time, cut, fault
 *   cycles                 since power-on
 *   call NAME CYCLES       its cycles, its bytes of stack
 *   watch 0|1              0: faster, figures are not exact
 *   talk CYCLES HEX        sends bytes; how it ended (sent: a byte 0xc0 came),
 *                          cycles, and what was received
 *   lag                    cycles from the sensor's last byte to the chip's
 *                          last byte 0xc0
 *   sent                   how many bytes the chip sent since power-on
 *   stack                  the lowest address that the stack reached
 *   power                  off and on again
 *   eeprom                 all of it in hex
 *   burn HEX               the other way round
 *   cut N KIND SEED        power fails in the N-th write from now, 0: never;
 *                          KIND: 0 old, 1 new, 2 erased, 3 mixed (eeprom.h)
 *   writes                 to the EEPROM so far
 *   wear                   of each of its cells
 *   history                its writes since the last time this was asked:
 *                          address, old, new, bytes sent before, each in turn
 *   finger N               lies on the sensor; 0: none, 65535: a smudge
 *   sensor MOOD BAUD PACKET
 *                          MOOD as in sensor.h, bytes of a template in one
 *   template PAGE          of the sensor, in hex
 *   change PAGE            another template is there from now on
 *   memory [HEX]           what the sensor keeps without power
 *   jumper 0|1             1: PB1 is bridged to ground
 *   strap 0|1              1: PC0 is, when it starts the next time
 *   noise DRIFT STUCK      of the watchdog's oscillator, see noise.h; of the
 *                          open pin, 1: none
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <simavr/avr_ioport.h>

#include "chip.h"

#define LINE_MAX_LEN 8192u

/* What follows the command's word; strtok_r() has it. */
struct args {
  char *rest;
  bool missing;
};

static const char *word(struct args *args) {
  const char *found = strtok_r(NULL, " \n", &args->rest);
  if (!found)
    args->missing = true;
  return found ? found : "";
}

static uint64_t number(struct args *args) {
  char *end = NULL;
  const char *text = word(args);
  const uint64_t value = strtoull(text, &end, 10);
  if (*end != '\0')
    args->missing = true;
  return value;
}

static const char *end_name(enum wk_end end) {
  static const char *const names[] = {"reached", "time", "sent", "cut",
                                      "fault"};
  return names[end];
}

static void answer_end(const struct wk_chip *chip, enum wk_end end) {
  if (end == WK_END_FAULT)
    printf("! %s\n", wk_chip_fault(chip));
  else
    printf("= %s\n", end_name(end));
}

static bool address_of(const struct wk_chip *chip, const char *name,
                       uint32_t *address) {
  if (wk_chip_symbol(chip, name, address) == WK_OK)
    return true;
  printf("! no symbol %s\n", name);
  return false;
}

static void do_symbol(struct wk_chip *chip, struct args *args) {
  uint32_t address = 0;
  if (address_of(chip, word(args), &address))
    printf("= %" PRIu32 "\n", address);
}

static bool in_memory(uint64_t at, uint64_t len) {
  return at <= WK_CHIP_DATA_LEN && len <= WK_CHIP_DATA_LEN - at;
}

static void print_hex(const uint8_t *data, size_t len) {
  for (size_t i = 0; i < len; i++)
    printf("%02x", data[i]);
  putchar('\n');
}

/* Gives the number of bytes, cap at most. */
static size_t parse_hex(uint8_t *out, size_t cap, const char *hex) {
  size_t len = 0;
  for (; len < cap && hex[2 * len] != '\0' && hex[2 * len + 1] != '\0';
       len++) {
    const char digits[] = {hex[2 * len], hex[2 * len + 1], '\0'};
    out[len] = (uint8_t)strtoul(digits, NULL, 16);
  }
  return len;
}

static void do_peek(struct wk_chip *chip, struct args *args) {
  const uint64_t at = number(args);
  const uint64_t len = number(args);
  if (args->missing || !in_memory(at, len)) {
    puts("! peek ADDRESS LENGTH");
    return;
  }
  fputs("= ", stdout);
  print_hex(wk_chip_avr(chip)->data + at, len);
}

static void do_poke(struct wk_chip *chip, struct args *args) {
  const uint64_t at = number(args);
  const char *hex = word(args);
  const size_t len = strlen(hex) / 2;
  if (args->missing || !in_memory(at, len)) {
    puts("! poke ADDRESS HEX");
    return;
  }
  (void)parse_hex(wk_chip_avr(chip)->data + at, len, hex);
  puts("=");
}

static void do_run(struct wk_chip *chip, struct args *args) {
  const uint64_t cycles = number(args);
  const char *name = strtok_r(NULL, " \n", &args->rest);
  uint32_t pc = WK_NOWHERE;
  if (args->missing)
    puts("! run CYCLES [NAME]");
  else if (!name || address_of(chip, name, &pc))
    answer_end(chip, wk_chip_run(chip, pc, cycles));
}

static void do_cycles(struct wk_chip *chip, struct args *args) {
  (void)args;
  printf("= %" PRIu64 "\n", (uint64_t)wk_chip_avr(chip)->cycle);
}

static void do_call(struct wk_chip *chip, struct args *args) {
  const char *name = word(args);
  const uint64_t cycles = number(args);
  uint32_t pc = 0;
  struct wk_cost cost;
  if (args->missing) {
    puts("! call NAME CYCLES");
    return;
  }
  if (!address_of(chip, name, &pc))
    return;
  const enum wk_end end = wk_chip_call(chip, pc, cycles, &cost);
  if (end == WK_END_REACHED)
    printf("= %" PRIu64 " %" PRIu32 "\n", cost.cycles, cost.stack);
  else if (end == WK_END_FAULT)
    printf("! %s\n", wk_chip_fault(chip));
  else
    printf("! %s: %s\n", name, end_name(end));
}

static void do_watch(struct wk_chip *chip, struct args *args) {
  wk_chip_watch(chip, number(args) != 0);
  puts("=");
}

static void do_talk(struct wk_chip *chip, struct args *args) {
  struct wk_serial *serial = wk_chip_serial(chip);
  static uint8_t bytes[WK_SERIAL_ROOM];
  const uint64_t cycles = number(args);
  const uint64_t begin = wk_chip_avr(chip)->cycle;
  const char *hex = strtok_r(NULL, " \n", &args->rest);
  const size_t len = parse_hex(bytes, sizeof bytes, hex ? hex : "");
  (void)wk_serial_send(serial, bytes, len);
  const enum wk_end end = wk_chip_run_until_sent(chip, 0xc0, cycles);
  if (end == WK_END_FAULT) {
    printf("! %s\n", wk_chip_fault(chip));
    return;
  }
  const uint64_t now =
      end == WK_END_SENT ? serial->end_at : wk_chip_avr(chip)->cycle;
  printf("= %s %" PRIu64 " ", end_name(end), now - begin);
  print_hex(bytes, wk_serial_receive(serial, bytes, sizeof bytes));
}

static void do_lag(struct wk_chip *chip, struct args *args) {
  (void)args;
  printf("= %" PRIu64 "\n",
         wk_chip_serial(chip)->end_at - wk_chip_sensor(chip)->out.end_at);
}

static void do_sent(struct wk_chip *chip, struct args *args) {
  (void)args;
  printf("= %" PRIu32 "\n", wk_chip_serial(chip)->sent);
}

static void do_stack(struct wk_chip *chip, struct args *args) {
  (void)args;
  printf("= %u\n", (unsigned)wk_chip_stack_low(chip));
}

static void do_power(struct wk_chip *chip, struct args *args) {
  (void)args;
  puts(wk_chip_power_cycle(chip) == WK_OK ? "=" : "! out of memory");
}

static void do_eeprom(struct wk_chip *chip, struct args *args) {
  (void)args;
  fputs("= ", stdout);
  print_hex(wk_chip_eeprom(chip)->cell, WK_EEPROM_LEN);
}

static void do_burn(struct wk_chip *chip, struct args *args) {
  (void)parse_hex(wk_chip_eeprom(chip)->cell, WK_EEPROM_LEN, word(args));
  puts("=");
}

static void do_cut(struct wk_chip *chip, struct args *args) {
  struct wk_eeprom *e = wk_chip_eeprom(chip);
  const uint64_t from_now = number(args);
  const uint64_t kind = number(args);
  const uint64_t seed = number(args);
  if (args->missing || kind > WK_CUT_MIXED) {
    puts("! cut N KIND SEED");
    return;
  }
  e->cut_at = from_now == 0 ? 0 : e->writes + from_now;
  e->cut_kind = (enum wk_cut)kind;
  e->cut_seed = (uint32_t)seed;
  puts("=");
}

static void do_writes(struct wk_chip *chip, struct args *args) {
  (void)args;
  printf("= %" PRIu64 "\n", wk_chip_eeprom(chip)->writes);
}

static void do_wear(struct wk_chip *chip, struct args *args) {
  (void)args;
  putchar('=');
  for (size_t i = 0; i < WK_EEPROM_LEN; i++)
    printf(" %" PRIu32, wk_chip_eeprom(chip)->wear[i]);
  putchar('\n');
}

static void do_history(struct wk_chip *chip, struct args *args) {
  struct wk_eeprom *e = wk_chip_eeprom(chip);
  (void)args;
  putchar('=');
  for (size_t i = 0; i < e->history_len; i++) {
    const struct wk_eeprom_write *w = &e->history[i];
    printf(" %u %u %u %" PRIu32, (unsigned)w->at, (unsigned)w->old,
           (unsigned)w->new, w->sent);
  }
  putchar('\n');
  e->history_len = 0;
}

static void do_finger(struct wk_chip *chip, struct args *args) {
  wk_chip_sensor(chip)->finger = (uint16_t)number(args);
  puts("=");
}

static void do_sensor(struct wk_chip *chip, struct args *args) {
  struct wk_sensor *s = wk_chip_sensor(chip);
  const uint64_t mood = number(args);
  const uint64_t baud = number(args);
  const uint64_t packet = number(args);
  if (args->missing || mood > WK_SENSOR_FICKLE || baud == 0 || packet == 0 ||
      WK_SENSOR_TEMPLATE_LEN % packet != 0) {
    puts("! sensor MOOD BAUD PACKET");
    return;
  }
  s->mood = (enum wk_sensor_mood)mood;
  s->baud = (uint32_t)baud;
  s->packet = (uint16_t)packet;
  puts("=");
}

static void do_template(struct wk_chip *chip, struct args *args) {
  uint8_t data[WK_SENSOR_TEMPLATE_LEN];
  const uint64_t page = number(args);
  if (page >= WK_SENSOR_PAGES) {
    puts("! template PAGE");
    return;
  }
  wk_sensor_template(data, &wk_chip_sensor(chip)->memory->page[page]);
  fputs("= ", stdout);
  print_hex(data, sizeof data);
}

static void do_change(struct wk_chip *chip, struct args *args) {
  wk_sensor_change(wk_chip_sensor(chip), (unsigned)number(args));
  puts("=");
}

static void do_memory(struct wk_chip *chip, struct args *args) {
  uint8_t *memory = (uint8_t *)wk_chip_sensor(chip)->memory;
  const char *hex = strtok_r(NULL, " \n", &args->rest);
  if (hex)
    (void)parse_hex(memory, sizeof(struct wk_sensor_memory), hex);
  fputs("= ", stdout);
  print_hex(memory, sizeof(struct wk_sensor_memory));
}

static void do_jumper(struct wk_chip *chip, struct args *args) {
  avr_ioport_external_t pins = {'B', 1u << 1, number(args) == 0 ? 1u << 1 : 0};
  (void)avr_ioctl(wk_chip_avr(chip), AVR_IOCTL_IOPORT_SET_EXTERNAL('B'),
                  &pins);
  puts("=");
}

static void do_strap(struct wk_chip *chip, struct args *args) {
  wk_chip_strap(chip, number(args) != 0);
  puts("=");
}

static void do_noise(struct wk_chip *chip, struct args *args) {
  const uint64_t drift = number(args);
  const bool stuck = number(args) != 0;
  if (args->missing || drift > WK_DRIFT_BIASED) {
    puts("! noise DRIFT STUCK");
    return;
  }
  wk_chip_noise(chip)->drift = (enum wk_drift)drift;
  wk_chip_noise(chip)->pin_stuck = stuck;
  puts("=");
}

static const struct command {
  const char *name;
  void (*run)(struct wk_chip *chip, struct args *args);
} commands[] = {
    {"symbol", do_symbol}, {"peek", do_peek},         {"poke", do_poke},
    {"run", do_run},       {"call", do_call},         {"cycles", do_cycles},
    {"watch", do_watch},   {"talk", do_talk},         {"sent", do_sent},
    {"stack", do_stack},   {"power", do_power},       {"eeprom", do_eeprom},
    {"burn", do_burn},     {"cut", do_cut},           {"writes", do_writes},
    {"wear", do_wear},     {"history", do_history},   {"finger", do_finger},
    {"sensor", do_sensor}, {"template", do_template}, {"change", do_change},
    {"memory", do_memory}, {"jumper", do_jumper},     {"strap", do_strap},
    {"noise", do_noise},   {"lag", do_lag},
};

static void obey(struct wk_chip *chip, char *line) {
  struct args args = {0};
  const char *name = strtok_r(line, " \n", &args.rest);
  for (size_t i = 0; name && i < sizeof commands / sizeof *commands; i++) {
    if (strcmp(name, commands[i].name) == 0) {
      commands[i].run(chip, &args);
      return;
    }
  }
  printf("! no command %s\n", name ? name : "");
}

int main(int argc, char **argv) {
  static char line[LINE_MAX_LEN];
  struct wk_chip *chip = NULL;
  struct wk_why why;
  if (argc != 2) {
    (void)fputs("usage: whitekey-chip ELF\n", stderr);
    return 2;
  }
  if (wk_chip_new(&chip, argv[1], NULL, NULL, &why) != WK_OK) {
    (void)fprintf(stderr, "whitekey-chip: %s\n", why.text);
    return 1;
  }
  while (fgets(line, sizeof line, stdin)) {
    obey(chip, line);
    (void)fflush(stdout);
  }
  wk_chip_free(chip);
  return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * whitekey-chip ELF: a simulated chip for tests to play with. Reads a command
 * a line, answers "= RESULT..." or "! SENTENCE". Numbers are decimal.
 *
 *   symbol NAME            address
 *   peek ADDRESS LENGTH    bytes of data memory in hex
 *   poke ADDRESS HEX
 *   run CYCLES [NAME]      how it ended: reached (NAME), time, cut, fault
 *   call NAME CYCLES       its cycles, its bytes of stack
 *   watch 0|1              0: faster, figures are not exact
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chip.h"

#define LINE_MAX_LEN 4096u

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
  static const char *const names[] = {"reached", "time", "cut", "fault"};
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

static void do_peek(struct wk_chip *chip, struct args *args) {
  const uint64_t at = number(args);
  const uint64_t len = number(args);
  if (args->missing || !in_memory(at, len)) {
    puts("! peek ADDRESS LENGTH");
    return;
  }
  fputs("= ", stdout);
  for (uint64_t i = at; i < at + len; i++)
    printf("%02x", wk_chip_avr(chip)->data[i]);
  putchar('\n');
}

static void do_poke(struct wk_chip *chip, struct args *args) {
  const uint64_t at = number(args);
  const char *hex = word(args);
  const size_t len = strlen(hex) / 2;
  if (args->missing || !in_memory(at, len)) {
    puts("! poke ADDRESS HEX");
    return;
  }
  for (size_t i = 0; i < len; i++) {
    const char digits[] = {hex[2 * i], hex[2 * i + 1], '\0'};
    wk_chip_avr(chip)->data[at + i] = (uint8_t)strtoul(digits, NULL, 16);
  }
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

static const struct command {
  const char *name;
  void (*run)(struct wk_chip *chip, struct args *args);
} commands[] = {
    {"symbol", do_symbol}, {"peek", do_peek}, {"poke", do_poke},
    {"run", do_run},       {"call", do_call}, {"watch", do_watch},
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
  if (wk_chip_new(&chip, argv[1], &why) != WK_OK) {
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

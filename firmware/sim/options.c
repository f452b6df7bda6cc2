/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: whitekey-dongle-sim [--eeprom FILE] [--fast] [--image ELF]\n"
    "\n"
    "Runs the dongle's firmware on a simulated ATmega328P and prints the "
    "name\n"
    "of a serial port that leads to it. Ends with a report of what its "
    "EEPROM\n"
    "went through on SIGINT and SIGTERM.\n"
    "\n"
    "  --eeprom FILE  keeps the EEPROM there; any end is a power failure\n"
    "  --fast         as fast as this machine can instead of at 16 MHz\n"
    "  --image ELF    the firmware, if not the one that was built with this\n";

void options_parse(struct options *options, int argc, char **argv) {
  static const struct option known[] = {
      {"eeprom", required_argument, NULL, 'e'},
      {"fast", no_argument, NULL, 'f'},
      {"image", required_argument, NULL, 'i'},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0},
  };
  *options = (struct options){.image = WK_IMAGE};
  int found = 0;
  while ((found = getopt_long(argc, argv, "", known, NULL)) != -1) {
    switch (found) {
    case 'e':
      options->eeprom = optarg;
      break;
    case 'f':
      options->fast = true;
      break;
    case 'i':
      options->image = optarg;
      break;
    case 'h':
      (void)fputs(usage, stdout);
      exit(EXIT_SUCCESS);
    default:
      (void)fputs(usage, stderr);
      exit(2);
    }
  }
  if (optind < argc) {
    (void)fprintf(stderr, "%s: what is \"%s\"?\n", argv[0], argv[optind]);
    exit(2);
  }
}

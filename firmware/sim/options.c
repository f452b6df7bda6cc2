/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: whitekey-dongle-sim [--eeprom FILE] [--fast [--haste N]] "
    "[--image ELF]\n"
    "         [--finger NUMBER | --no-finger | --mqtt] [--sensor FILE]\n"
    "\n"
    "Runs the dongle's firmware on a simulated ATmega328P and prints the "
    "name\n"
    "of a serial port that leads to it. Ends with a report of what its "
    "EEPROM\n"
    "went through on SIGINT and SIGTERM.\n"
    "\n"
    "  --eeprom FILE    keeps the EEPROM there; any end is a power failure\n"
    "  --fast           works as fast as this machine can, not at 16 MHz\n"
    "  --haste N        and waits only an N-th of the time, 1 to 100\n"
    "  --mqtt           PC0 bridged to ground: an MQTT client by itself\n"
    "  --finger NUMBER  the firmware that asks a sensor, on which this "
    "finger\n"
    "                   lies (1..65534); SIGUSR1 lifts it, or puts it back\n"
    "  --no-finger      the same, and nothing lies there; SIGUSR1: finger 1\n"
    "  --image ELF      the firmware, if not one that was built with this\n"
    "  --sensor FILE    keeps the sensor's templates and password there\n";

#define FINGER_MAX 65534
#define HASTE_MAX 100u

static void set_finger(struct options *options, const char *text) {
  char *end = NULL;
  const long number = strtol(text, &end, 10);
  if (*end != '\0' || number < 1 || number > FINGER_MAX) {
    (void)fprintf(stderr, "\"%s\" is no finger: 1 to %d\n", text, FINGER_MAX);
    exit(2);
  }
  options->attended = options->finger_there = true;
  options->finger = (uint16_t)number;
}

static void set_haste(struct options *options, const char *text) {
  char *end = NULL;
  const unsigned long n = strtoul(text, &end, 10);
  if (*text < '0' || *text > '9' || *end != '\0' || n < 1 || n > HASTE_MAX) {
    (void)fprintf(stderr, "\"%s\" is no haste: 1 to %u\n", text, HASTE_MAX);
    exit(2);
  }
  options->haste = (unsigned)n;
}

static const struct option known[] = {
    {"eeprom", required_argument, NULL, 'e'},
    {"fast", no_argument, NULL, 'f'},
    {"finger", required_argument, NULL, 'F'},
    {"haste", required_argument, NULL, 'H'},
    {"mqtt", no_argument, NULL, 'm'},
    {"no-finger", no_argument, NULL, 'N'},
    {"image", required_argument, NULL, 'i'},
    {"sensor", required_argument, NULL, 's'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* False: getopt_long() has said what is wrong. */
static bool take(struct options *options, int found) {
  switch (found) {
  case 'e':
    options->eeprom = optarg;
    break;
  case 'f':
    options->fast = true;
    break;
  case 'F':
    set_finger(options, optarg);
    break;
  case 'N':
    options->attended = true;
    options->finger_there = false;
    break;
  case 'H':
    set_haste(options, optarg);
    break;
  case 'm':
    options->mqtt = true;
    break;
  case 's':
    options->sensor = optarg;
    break;
  case 'i':
    options->image = optarg;
    break;
  case 'h':
    (void)fputs(usage, stdout);
    exit(EXIT_SUCCESS);
  default:
    return false;
  }
  return true;
}

void options_parse(struct options *options, int argc, char **argv) {
  *options = (struct options){.finger = 1, .haste = 1};
  int found = 0;
  while ((found = getopt_long(argc, argv, "", known, NULL)) != -1) {
    if (!take(options, found)) {
      (void)fputs(usage, stderr);
      exit(2);
    }
  }
  if (optind < argc) {
    (void)fprintf(stderr, "%s: what is \"%s\"?\n", argv[0], argv[optind]);
    exit(2);
  }
  if (options->mqtt && options->attended) {
    (void)fprintf(stderr, "%s: --mqtt: not with a sensor\n", argv[0]);
    exit(2);
  }
  if (!options->image)
    options->image = options->attended ? WK_IMAGE_FINGER : WK_IMAGE_UNATTENDED;
}

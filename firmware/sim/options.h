/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WHITEKEY_SIM_OPTIONS_H
#define WHITEKEY_SIM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct options {
  const char *image;  /* the firmware's ELF file */
  const char *eeprom; /* NULL: a new one, forgotten at the end */
  const char *sensor; /* the same of the sensor */
  bool attended;      /* the image asks a sensor */
  bool finger_there;  /* at first */
  uint16_t finger;    /* which one is put on the sensor */
  bool fast;          /* as fast as this machine can, not at 16 MHz */
  unsigned haste;     /* its waiting passes so many times as fast */
  bool mqtt;          /* the strap that makes it an MQTT client */
};

/* Exits with 2 and a sentence where the arguments make no sense. */
void options_parse(struct options *options, int argc, char **argv);

#endif

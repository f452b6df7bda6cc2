/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sensor.h - a fingerprint sensor of the ZFM-20 and R307 family at two pins of
 * a simulated chip: it reads PD3 bit by bit at 57600 baud, and drives PD2.
 *
 * Fingers are numbers. A template is made of the finger and of when it was
 * made: no two are alike, and a stored one stays as it is.
 */
#ifndef WHITEKEY_HARNESS_SENSOR_H
#define WHITEKEY_HARNESS_SENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <simavr/sim_avr.h>

#define WK_SENSOR_PAGES 8u
#define WK_SENSOR_BAUD 57600u
#define WK_SENSOR_TEMPLATE_LEN 512u
#define WK_SENSOR_OUT_MAX 1024u

#define WK_NO_FINGER 0u
#define WK_SMUDGE UINT16_MAX /* a finger of which no image is good enough */

/* A template, or what a look at a finger gave: birth 0. */
struct wk_print {
  uint16_t finger;
  uint32_t birth;
};

/* What outlives the power. All zeros: as it comes from the factory. */
struct wk_sensor_memory {
  uint8_t password[4];
  uint32_t births;
  struct wk_print page[WK_SENSOR_PAGES];
};

enum wk_sensor_mood {
  WK_SENSOR_WELL,
  WK_SENSOR_SILENT, /* unplugged */
  WK_SENSOR_NOISY,  /* answers are bytes by chance */
  WK_SENSOR_BENT,   /* a bit of each answer is turned over */
  WK_SENSOR_FICKLE  /* no upload is like the one before */
};

struct wk_sensor {
  avr_t *avr;
  avr_irq_t *to_chip;
  struct wk_sensor_memory *memory;
  struct wk_sensor_memory own;
  uint16_t finger; /* what lies on it */
  enum wk_sensor_mood mood;
  uint32_t baud;
  uint16_t packet; /* bytes of a template in one */
  uint32_t chance; /* of NOISY and FICKLE */
  bool verified;
  struct wk_print buffer[2];
  struct {
    bool level;
    uint8_t bits; /* of the byte that comes, its start bit included; 0: idle */
    uint8_t byte;
    uint64_t start; /* the cycle of its edge */
    uint8_t data[64];
    size_t len;
  } in;
  struct {
    uint8_t data[WK_SENSOR_OUT_MAX];
    size_t len;
    size_t bit; /* the next, ten a byte */
    uint64_t start;
    uint64_t end_at; /* the cycle in which its last byte was over */
  } out;
};

/* memory: what keeps its pages; NULL: here, a new one. Nothing lies on it. */
void wk_sensor_new(struct wk_sensor *s, struct wk_sensor_memory *memory);

/* Wired to a chip that has just been switched on, as the sensor has. */
void wk_sensor_init(struct wk_sensor *s, avr_t *avr);

/* The template of page `number` changes, as if somebody had stored another
 * one. */
void wk_sensor_change(struct wk_sensor *s, unsigned number);

/* A template's bytes. */
void wk_sensor_template(uint8_t out[WK_SENSOR_TEMPLATE_LEN],
                        const struct wk_print *print);

#endif

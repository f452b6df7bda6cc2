/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seeded.h - numbers from a seed. wk_random() gives them too here, from a
 * stream of its own, so that the same seed makes the same keys.
 */
#ifndef WHITEKEY_SCHEDULES_SEEDED_H
#define WHITEKEY_SCHEDULES_SEEDED_H

#include <stdint.h>

/* The next number of a stream; *state is the stream. */
uint64_t seeded_next(uint64_t *state);

/* 0..below - 1. */
uint32_t seeded_below(uint64_t *state, uint32_t below);

/* Begins wk_random()'s stream. */
void seeded_random(uint64_t seed);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rng.h - reproducible numbers for a simulation: xoshiro256** (Blackman and
 * Vigna, 2018), its state filled by splitmix64. One stream for each device
 * and purpose, so that what one device does never changes another's numbers.
 *
 * Nothing here is secret. The chain seeds of simulated devices come from the
 * same --seed too (rng_secret), so that a run can be repeated: whoever knows
 * the seed has their credentials. That is right for a simulation alone.
 */
#ifndef WK_SIM_RNG_H
#define WK_SIM_RNG_H

#include <stddef.h>
#include <stdint.h>

enum rng_stream {
  RNG_SENSOR = 1,
  RNG_PAUSE,  /* how long, which decides nothing else */
  RNG_CHANCE, /* whether */
  RNG_CLOCK
};

struct rng {
  uint64_t s[4];
};

void rng_init(struct rng *rng, uint64_t seed, uint32_t device,
              enum rng_stream stream);

uint64_t rng_next(struct rng *rng);

/* Evenly min..max, both included. */
int32_t rng_range(struct rng *rng, int32_t min, int32_t max);

/* Evenly 0..below, without below itself. */
double rng_below(struct rng *rng, double below);

/*
 * 32 bytes for one purpose of one device and generation:
 * SHA-256("whitekey-sim/1/" || label || 0 || be64 seed || name || 0 ||
 * be32 generation).
 */
void rng_secret(uint8_t out[32], uint64_t seed, const char *label,
                const char *name, uint32_t generation);

#endif

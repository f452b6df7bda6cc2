/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.h - one run of the crash test: a disk that forgets, a registry on it,
 * honest devices, an attacker who heard everything, and what was accepted. All
 * in memory that outlives the server's process.
 */
#ifndef WK_TEST_WORLD_H
#define WK_TEST_WORLD_H

#include "device.h"
#include "disk.h"

#define WORLD_DEVICES 4u
#define WORLD_EPOCHS 64u
#define WORLD_INDICES 2048u
#define WORLD_LOG 8192u

struct tally {
  uint32_t runs, lives, kills, kills_at_start, power_losses, faults;
  uint32_t accepted, refused, replays, copies, updates;
  uint32_t worst; /* refusals until a device was in again */
};

struct world {
  struct disk *disk;
  char folder[64], db[96], key[96];
  struct wk_policy policy;
  int64_t now; /* the one clock, Unix seconds */
  struct device device[WORLD_DEVICES];
  /* Every accepted index of both roles, by epoch. */
  bool spent[WORLD_DEVICES][2][WORLD_EPOCHS][WORLD_INDICES + 1];
  /* Everything that went over the network; ok: and was accepted. */
  uint32_t sent_count;
  struct sent sent[WORLD_LOG];
  bool ok[WORLD_LOG];
  bool faulty;     /* the disk refuses, or the server has not yet noticed */
  bool kill_close; /* this life ends while it closes */
  bool threaded;   /* this life has the server's own writer */
  struct tally tally;
  char complaint[256]; /* the invariant that broke; "": none */
};

/* One life of the server, in a process of its own; never returns. */
_Noreturn void world_life(struct world *world);

/* Makes the registry and enrols the devices; in a process of its own. */
_Noreturn void world_begin(struct world *world);

#endif

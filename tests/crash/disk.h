/* SPDX-License-Identifier: Apache-2.0 */
/*
 * disk.h - a disk that forgets. An SQLite VFS over the real one, for one
 * database: it knows of every 512-byte sector whether it was synced, and after
 * a power loss leaves only what had to survive, plus what happened to.
 *
 * What it promises, and what not:
 * - A sector is written whole or not at all. Without a sync each sector that
 *   was written shows its old or its new content, independently of all others
 *   and of their order; a file's length likewise. Now and then a sector
 *   reaches the disk early, as a kernel does it.
 * - A sync makes the file's sectors and length durable, and the name of a file
 *   that was made since (SQLite syncs the folder when it first syncs a new
 *   journal or WAL). A file removed without a sync of the folder may come
 *   back with its old content, one made may be gone.
 * - A failed sync drops sectors as Linux does: they count as clean although
 *   they were not written, and a later sync does not write them.
 * - The WAL's index (-shm) is memory and does not survive a power loss.
 *
 * The state lies in memory shared with forked children, so that it outlives
 * the one that is killed.
 */
#ifndef WK_TEST_DISK_H
#define WK_TEST_DISK_H

#include <stdbool.h>
#include <stdint.h>

#define DISK_SECTOR 512u
#define DISK_FILE_MAX (4u << 20)
#define DISK_FILES 3u /* database, -wal, -journal */

enum disk_fault {
  DISK_WORKS,
  DISK_FULL,      /* nothing can grow */
  DISK_BROKEN,    /* every write fails, as on a disk turned read-only */
  DISK_SYNC_FAILS /* writes are taken, syncs fail */
};

struct disk_image {
  bool exists;
  uint32_t len;
  uint8_t data[DISK_FILE_MAX];
};

struct disk_file {
  char path[128];
  bool exists;              /* what programs see */
  bool named;               /* the name is durable */
  struct disk_image synced; /* of the file that programs see */
  struct disk_image former; /* what the name shows while it is not durable */
  uint8_t dirty[DISK_FILE_MAX / DISK_SECTOR];
};

/* Atomic is what the server's threads and the world ask at once. */
struct disk {
  _Atomic uint64_t random;  /* the state of disk_random() */
  _Atomic uint32_t calls;   /* so far: writes, syncs, truncations, removals */
  _Atomic uint32_t kill_at; /* SIGKILL to ourselves at that call; 0: never */
  bool lies;                /* syncs do nothing: for the harness's own test */
  _Atomic enum disk_fault fault; /* in force between these two calls */
  _Atomic uint32_t fault_from, fault_until;
  struct disk_file file[DISK_FILES];
};

/* In shared memory; NULL when there is none. disk_free() gives it back. */
struct disk *disk_new(uint64_t seed);
void disk_free(struct disk *disk);

/* Below `below`; a fixed sequence for each seed. */
uint32_t disk_random(struct disk *disk, uint32_t below);

/* Takes the database at path as it stands, all of it durable. */
void disk_mount(struct disk *disk, const char *path);

/* From now on SQLite of this process opens files through it. */
void disk_register(struct disk *disk);

/* Power loss: rewrites the real files with what survived. */
void disk_power_loss(struct disk *disk);

#endif

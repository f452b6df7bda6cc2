/* SPDX-License-Identifier: Apache-2.0 */
#include "disk.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vfs.h"

/* Our own faults end the test, in every build. */
static void must(bool right) {
  if (!right)
    abort();
}

struct disk *disk_new(uint64_t seed) {
  void *memory = mmap(NULL, sizeof(struct disk), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return NULL;
  struct disk *disk = memory;
  disk->random = seed;
  return disk;
}

void disk_free(struct disk *disk) {
  (void)munmap(disk, sizeof *disk);
}

/* splitmix64. */
uint32_t disk_random(struct disk *disk, uint32_t below) {
  const uint64_t step = UINT64_C(0x9e3779b97f4a7c15);
  uint64_t z = atomic_fetch_add(&disk->random, step) + step;
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (uint32_t)((z ^ (z >> 31)) % below);
}

/* ---- the real files ----------------------------------------------------- */

static uint32_t real_len(const struct disk_file *file) {
  struct stat st;
  if (stat(file->path, &st) != 0)
    return 0;
  must(st.st_size <= DISK_FILE_MAX);
  return (uint32_t)st.st_size;
}

/* The sector as programs see it; zeros beyond the end. */
static void read_sector(int fd, uint32_t sector, uint8_t *out) {
  memset(out, 0, DISK_SECTOR);
  const ssize_t got =
      pread(fd, out, DISK_SECTOR, (off_t)sector * (off_t)DISK_SECTOR);
  must(got >= 0);
}

static uint32_t sectors(uint32_t len) {
  return (len + DISK_SECTOR - 1) / DISK_SECTOR;
}

static void cut(struct disk_image *image, uint32_t len) {
  if (len < image->len)
    memset(image->data + len, 0, image->len - len);
  image->len = len;
}

/*
 * Lets dirty sectors of first..end reach the image: one in `odds`, all of them
 * with odds 1.
 */
static void write_out(struct disk *disk, struct disk_file *file,
                      uint32_t first, uint32_t end, uint32_t odds) {
  const int fd = open(file->path, O_RDONLY | O_CLOEXEC);
  must(fd >= 0);
  for (uint32_t s = first; s < end; s++) {
    if (!file->dirty[s] || disk_random(disk, odds) != 0)
      continue;
    read_sector(fd, s, file->synced.data + (size_t)s * DISK_SECTOR);
    file->dirty[s] = 0;
  }
  (void)close(fd);
}

static void replace(const char *path, const struct disk_image *image) {
  if (!image || !image->exists) {
    (void)unlink(path);
    return;
  }
  const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  must(fd >= 0);
  const ssize_t put = write(fd, image->data, image->len);
  must(put == (ssize_t)image->len);
  (void)close(fd);
}

/* ---- what the VFS tells ------------------------------------------------- */

struct disk_file *disk_file(struct disk *disk, const char *path) {
  for (uint32_t i = 0; path && i < DISK_FILES; i++) {
    if (strcmp(disk->file[i].path, path) == 0)
      return &disk->file[i];
  }
  return NULL;
}

enum disk_fault disk_call(struct disk *disk) {
  const uint32_t call = ++disk->calls;
  if (call == disk->kill_at)
    (void)kill(getpid(), SIGKILL);
  const bool faulty = call >= disk->fault_from && call < disk->fault_until;
  return faulty ? disk->fault : DISK_WORKS;
}

void disk_made(struct disk_file *file) {
  if (file->exists)
    return;
  file->exists = true;
  file->named = false;
  memset(file->dirty, 0, sizeof file->dirty);
  cut(&file->synced, 0);
  file->synced.exists = true;
}

void disk_wrote(struct disk *disk, struct disk_file *file, uint64_t offset,
                uint32_t len) {
  must(offset + len <= DISK_FILE_MAX);
  const uint32_t first = (uint32_t)offset / DISK_SECTOR;
  const uint32_t end = sectors((uint32_t)offset + len);
  memset(file->dirty + first, 1, end - first);
  if (!disk->lies && disk_random(disk, 8) == 0) {
    write_out(disk, file, first, end, 2);
    if (file->synced.len < offset + len && disk_random(disk, 2) == 0)
      file->synced.len = (uint32_t)offset + len;
  }
}

void disk_truncated(struct disk_file *file, uint64_t len) {
  const uint32_t first = (uint32_t)len / DISK_SECTOR;
  const uint32_t end = sectors(file->synced.len);
  if (first < end)
    memset(file->dirty + first, 1, end - first);
}

void disk_synced(struct disk *disk, struct disk_file *file) {
  if (disk->lies)
    return;
  write_out(disk, file, 0, DISK_FILE_MAX / DISK_SECTOR, 1);
  cut(&file->synced, real_len(file));
  file->named = true;
  file->former.exists = false;
}

/* Some sectors were written, the rest is lost though it counts as clean. */
void disk_sync_failed(struct disk *disk, struct disk_file *file) {
  write_out(disk, file, 0, DISK_FILE_MAX / DISK_SECTOR, 2);
  memset(file->dirty, 0, sizeof file->dirty);
}

/* Before it is removed. */
void disk_removing(struct disk *disk, struct disk_file *file, bool synced) {
  if (file->exists && file->named) {
    write_out(disk, file, 0, DISK_FILE_MAX / DISK_SECTOR, 2);
    cut(&file->former, 0);
    memcpy(file->former.data, file->synced.data, file->synced.len);
    file->former.len = file->synced.len;
    file->former.exists = true;
  }
  file->exists = false;
  file->named = false;
  if (synced && !disk->lies)
    file->former.exists = false;
}

/* ---- whole disks -------------------------------------------------------- */

static void adopt(struct disk_file *file) {
  struct stat st;
  file->exists = stat(file->path, &st) == 0;
  file->named = file->exists;
  file->former.exists = false;
  file->synced.exists = file->exists;
  cut(&file->synced, 0);
  memset(file->dirty, 1, sizeof file->dirty);
}

static void mount(struct disk *disk) {
  for (uint32_t i = 0; i < DISK_FILES; i++) {
    struct disk_file *file = &disk->file[i];
    adopt(file);
    if (file->exists) {
      write_out(disk, file, 0, sectors(real_len(file)), 1);
      cut(&file->synced, real_len(file));
    }
    memset(file->dirty, 0, sizeof file->dirty);
  }
}

void disk_mount(struct disk *disk, const char *path) {
  static const char *const suffix[DISK_FILES] = {"", "-wal", "-journal"};
  for (uint32_t i = 0; i < DISK_FILES; i++) {
    struct disk_file *file = &disk->file[i];
    (void)snprintf(file->path, sizeof file->path, "%s%s", path, suffix[i]);
  }
  mount(disk);
}

/* What the name shows after a power loss; NULL: nothing. */
static const struct disk_image *survivor(struct disk *disk,
                                         struct disk_file *file) {
  if (!file->exists || (!file->named && disk_random(disk, 2) == 0))
    return disk_random(disk, 2) == 0 ? &file->former : NULL;
  const uint32_t len = real_len(file);
  write_out(disk, file, 0, DISK_FILE_MAX / DISK_SECTOR, 2);
  if (disk_random(disk, 2) == 0)
    cut(&file->synced, len);
  return &file->synced;
}

void disk_power_loss(struct disk *disk) {
  char shm[160];
  for (uint32_t i = 0; i < DISK_FILES; i++) {
    struct disk_file *file = &disk->file[i];
    replace(file->path, survivor(disk, file));
  }
  (void)snprintf(shm, sizeof shm, "%s-shm", disk->file[0].path);
  (void)unlink(shm);
  mount(disk);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The SQLite side of the disk: the real VFS does the work, the disk listens.
 */
#include "vfs.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

/* Ours, with the real VFS's file behind it. */
struct handle {
  sqlite3_file base;
  struct disk_file *file; /* NULL: none of the disk's */
};

static struct disk *disk;
static sqlite3_vfs *real_vfs;
static sqlite3_vfs vfs;
/* The server's writer and its logins are two threads. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static sqlite3_file *real(sqlite3_file *file) {
  return (sqlite3_file *)(void *)((char *)file + sizeof(struct handle));
}

static struct disk_file *tracked(sqlite3_file *file) {
  return ((struct handle *)(void *)file)->file;
}

/* ---- what changes a file ------------------------------------------------ */

static bool grows(sqlite3_file *file, sqlite3_int64 end) {
  sqlite3_int64 size = 0;
  return real(file)->pMethods->xFileSize(real(file), &size) != SQLITE_OK ||
         end > size;
}

static int write_file(sqlite3_file *file, const void *data, int len,
                      sqlite3_int64 offset) {
  const sqlite3_io_methods *to = real(file)->pMethods;
  if (!tracked(file))
    return to->xWrite(real(file), data, len, offset);
  (void)pthread_mutex_lock(&lock);
  const enum disk_fault fault = disk_call(disk);
  int code = SQLITE_OK;
  if (fault == DISK_BROKEN)
    code = SQLITE_IOERR_WRITE;
  else if (fault == DISK_FULL && grows(file, offset + len))
    code = SQLITE_FULL;
  else
    code = to->xWrite(real(file), data, len, offset);
  if (code == SQLITE_OK)
    disk_wrote(disk, tracked(file), (uint64_t)offset, (uint32_t)len);
  (void)pthread_mutex_unlock(&lock);
  return code;
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size) {
  const sqlite3_io_methods *to = real(file)->pMethods;
  if (!tracked(file))
    return to->xTruncate(real(file), size);
  (void)pthread_mutex_lock(&lock);
  int code = SQLITE_IOERR_TRUNCATE;
  if (disk_call(disk) != DISK_BROKEN)
    code = to->xTruncate(real(file), size);
  if (code == SQLITE_OK)
    disk_truncated(tracked(file), (uint64_t)size);
  (void)pthread_mutex_unlock(&lock);
  return code;
}

/* The real file need not be synced: the disk knows what survives. */
static int sync_file(sqlite3_file *file, int flags) {
  if (!tracked(file))
    return real(file)->pMethods->xSync(real(file), flags);
  (void)pthread_mutex_lock(&lock);
  const enum disk_fault fault = disk_call(disk);
  const bool fails = fault == DISK_BROKEN || fault == DISK_SYNC_FAILS;
  if (fails)
    disk_sync_failed(disk, tracked(file));
  else
    disk_synced(disk, tracked(file));
  (void)pthread_mutex_unlock(&lock);
  return fails ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int delete_file(sqlite3_vfs *self, const char *path, int sync) {
  (void)self;
  (void)pthread_mutex_lock(&lock);
  struct disk_file *file = disk_file(disk, path);
  int code = SQLITE_OK;
  if (file && disk_call(disk) == DISK_BROKEN)
    code = SQLITE_IOERR_DELETE;
  else if (file && file->exists)
    disk_removing(disk, file, sync != 0);
  if (code == SQLITE_OK)
    code = real_vfs->xDelete(real_vfs, path, 0);
  (void)pthread_mutex_unlock(&lock);
  return code;
}

/* ---- what does not ------------------------------------------------------ */

static int close_file(sqlite3_file *file) {
  return real(file)->pMethods->xClose(real(file));
}

static int read_file(sqlite3_file *file, void *out, int len,
                     sqlite3_int64 offset) {
  return real(file)->pMethods->xRead(real(file), out, len, offset);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
  return real(file)->pMethods->xFileSize(real(file), size);
}

static int lock_file(sqlite3_file *file, int level) {
  return real(file)->pMethods->xLock(real(file), level);
}

static int unlock_file(sqlite3_file *file, int level) {
  return real(file)->pMethods->xUnlock(real(file), level);
}

static int check_lock(sqlite3_file *file, int *taken) {
  return real(file)->pMethods->xCheckReservedLock(real(file), taken);
}

static int control(sqlite3_file *file, int op, void *arg) {
  return real(file)->pMethods->xFileControl(real(file), op, arg);
}

static int sector_size(sqlite3_file *file) {
  return real(file)->pMethods->xSectorSize(real(file));
}

static int characteristics(sqlite3_file *file) {
  return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int shm_map(sqlite3_file *file, int page, int size, int extend,
                   void volatile **out) {
  return real(file)->pMethods->xShmMap(real(file), page, size, extend, out);
}

static int shm_lock(sqlite3_file *file, int offset, int n, int flags) {
  return real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}

static void shm_barrier(sqlite3_file *file) {
  real(file)->pMethods->xShmBarrier(real(file));
}

static int shm_unmap(sqlite3_file *file, int delete) {
  return real(file)->pMethods->xShmUnmap(real(file), delete);
}

/* Version 2: without xFetch every read and write comes this way. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = file_size,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_lock,
    .xFileControl = control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

static int open_file(sqlite3_vfs *self, const char *path, sqlite3_file *file,
                     int flags, int *out_flags) {
  struct handle *handle = (struct handle *)(void *)file;
  (void)self;
  (void)pthread_mutex_lock(&lock);
  handle->file = disk_file(disk, path);
  const int code =
      real_vfs->xOpen(real_vfs, path, real(file), flags, out_flags);
  handle->base.pMethods = real(file)->pMethods ? &methods : NULL;
  if (code == SQLITE_OK && handle->file)
    disk_made(handle->file);
  (void)pthread_mutex_unlock(&lock);
  return code;
}

void disk_register(struct disk *the_disk) {
  real_vfs = sqlite3_vfs_find("unix");
  if (!real_vfs)
    abort();
  disk = the_disk;
  vfs = *real_vfs;
  vfs.pNext = NULL;
  vfs.zName = "forgetful";
  vfs.szOsFile += (int)sizeof(struct handle);
  vfs.xOpen = open_file;
  vfs.xDelete = delete_file;
  if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
    abort();
}

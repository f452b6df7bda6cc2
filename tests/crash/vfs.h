/* SPDX-License-Identifier: Apache-2.0 */
/* vfs.h - what the VFS (vfs.c) tells the disk (disk.c). */
#ifndef WK_TEST_VFS_H
#define WK_TEST_VFS_H

#include "disk.h"

/* The file of that path if it is one of the disk's, else NULL. */
struct disk_file *disk_file(struct disk *disk, const char *path);

/* A change begins: counts it, dies here if it is time, gives the fault. */
enum disk_fault disk_call(struct disk *disk);

void disk_made(struct disk_file *file);
void disk_wrote(struct disk *disk, struct disk_file *file, uint64_t offset,
                uint32_t len);
void disk_truncated(struct disk_file *file, uint64_t len);
void disk_synced(struct disk *disk, struct disk_file *file);
void disk_sync_failed(struct disk *disk, struct disk_file *file);
void disk_removing(struct disk *disk, struct disk_file *file, bool synced);

#endif

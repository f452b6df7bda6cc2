/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_store.h - registry/store.h in memory, linked instead of the SQLite
 * store. There is one; it outlives the servers that open it, and keeps what
 * was committed and nothing else.
 */
#ifndef WHITEKEY_SCHEDULES_MEMORY_STORE_H
#define WHITEKEY_SCHEDULES_MEMORY_STORE_H

#include "store.h"

/* How the store fails until it is told otherwise. */
enum outage {
  OUTAGE_NONE,
  OUTAGE_BEGIN,  /* no transaction begins */
  OUTAGE_COMMIT, /* commits fail, and nothing of them stays */
  OUTAGE_ANSWER  /* commits fail, and all of them stays */
};
#define OUTAGE_COUNT 4u

void memory_store_outage(enum outage outage);

/* Forgets everything. */
void memory_store_clear(void);

/* Anchors ever kept of the one device there is. */
uint32_t memory_store_anchors(void);

/* Keeps a copy of what is stored of the one device there is; puts it back. */
void memory_store_backup(void);
void memory_store_restore(void);

#endif

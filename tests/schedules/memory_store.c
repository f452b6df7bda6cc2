/* SPDX-License-Identifier: Apache-2.0 */
#include "memory_store.h"

#include <stdlib.h>
#include <string.h>

struct anchor {
  uint8_t value[WK_VALUE_LEN];
};

/* A device; rows stand in the order of names. */
struct row {
  struct wk_record record;
  struct anchor *anchors;
  uint32_t anchor_count, anchor_room;
  int64_t change; /* number of the newest change, 0: taken in */
};

/* What a rollback restores. */
struct undo {
  uint32_t row;
  struct wk_record record;
  uint32_t anchor_count;
  int64_t change;
};

struct wk_store {
  struct wk_store_head head;
  int64_t seq;    /* changes ever noted */
  int64_t newest; /* of those that stand, 0: none */
};

static struct {
  bool there;
  struct wk_store store; /* as it is within a transaction */
  struct wk_store before;
  struct row *rows;
  uint32_t count, room;
  struct undo *undo;
  uint32_t undo_count, undo_room;
  uint32_t begun_with; /* rows, when the transaction began */
  bool busy;           /* a transaction is open */
  enum outage outage;
  struct { /* a copy; its row has no anchors of its own */
    bool there;
    struct wk_store store;
    struct row row;
  } backup;
} disk;

void memory_store_outage(enum outage outage) {
  disk.outage = outage;
}

void memory_store_clear(void) {
  for (uint32_t i = 0; i < disk.count; i++)
    free(disk.rows[i].anchors);
  free(disk.rows);
  free(disk.undo);
  memset(&disk, 0, sizeof disk);
}

uint32_t memory_store_anchors(void) {
  return disk.rows[0].anchor_count;
}

void memory_store_backup(void) {
  disk.backup.there = true;
  disk.backup.store = disk.store;
  disk.backup.row = disk.rows[0];
}

/* Anchors are only ever added: those of then are the first ones. */
void memory_store_restore(void) {
  struct row *row = &disk.rows[0];
  if (!disk.backup.there)
    return;
  disk.store = disk.backup.store;
  row->record = disk.backup.row.record;
  row->anchor_count = disk.backup.row.anchor_count;
  row->change = disk.backup.row.change;
}

static void *grown(void *array, uint32_t count, uint32_t *room, size_t size) {
  if (count < *room)
    return array;
  *room = *room == 0 ? 4 : *room * 2;
  void *bigger = realloc(array, *room * size);
  if (!bigger)
    abort();
  return bigger;
}

static enum wk_err refuse(struct wk_why *why) {
  return wk_fail(why, WK_ERR_IO, "an outage");
}

/* ---- rows --------------------------------------------------------------- */

/* The first row whose name is not below did. */
static uint32_t place_of(const char *did) {
  uint32_t low = 0;
  uint32_t high = disk.count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (strcmp(disk.rows[middle].record.id.did, did) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static struct row *find(const char *did) {
  const uint32_t at = place_of(did);
  return at < disk.count && strcmp(disk.rows[at].record.id.did, did) == 0
             ? &disk.rows[at]
             : NULL;
}

static void remember(const struct row *row) {
  disk.undo =
      grown(disk.undo, disk.undo_count, &disk.undo_room, sizeof *disk.undo);
  disk.undo[disk.undo_count++] =
      (struct undo){(uint32_t)(row - disk.rows), row->record,
                    row->anchor_count, row->change};
}

/* Rows are only ever made in the order of names, by an enrolment: so a
 * rollback cuts them off at the end. */
static struct row *find_or_add(const char *did) {
  struct row *row = find(did);
  if (row)
    return row;
  if (place_of(did) != disk.count)
    abort();
  disk.rows = grown(disk.rows, disk.count, &disk.room, sizeof *disk.rows);
  row = &disk.rows[disk.count++];
  memset(row, 0, sizeof *row);
  memcpy(row->record.id.did, did, strlen(did) + 1);
  return row;
}

/* ---- life and transactions ---------------------------------------------- */

enum wk_err wk_store_create(const char *path, const struct wk_store_head *head,
                            struct wk_why *why) {
  (void)path;
  (void)why;
  memory_store_clear();
  disk.there = true;
  disk.store.head = *head;
  return WK_OK;
}

enum wk_err wk_store_open(struct wk_store **store, const char *path,
                          struct wk_store_head *head, struct wk_why *why) {
  *store = NULL;
  if (!disk.there)
    return wk_fail(why, WK_ERR_MISSING, "%s: no registry", path);
  *store = &disk.store;
  *head = disk.store.head;
  return WK_OK;
}

void wk_store_set_patience(struct wk_store *store, int ms) {
  (void)store;
  (void)ms;
}

void wk_store_close(struct wk_store *store) {
  if (store)
    wk_store_rollback(store);
}

enum wk_err wk_store_begin(struct wk_store *store, struct wk_why *why) {
  if (disk.outage == OUTAGE_BEGIN)
    return refuse(why);
  disk.before = *store;
  disk.undo_count = 0;
  disk.begun_with = disk.count;
  disk.busy = true;
  return WK_OK;
}

enum wk_err wk_store_commit(struct wk_store *store, struct wk_why *why) {
  if (disk.outage == OUTAGE_COMMIT || disk.outage == OUTAGE_BEGIN) {
    wk_store_rollback(store);
    return refuse(why);
  }
  disk.busy = false;
  return disk.outage == OUTAGE_ANSWER ? refuse(why) : WK_OK;
}

void wk_store_rollback(struct wk_store *store) {
  if (!disk.busy)
    return;
  disk.busy = false;
  *store = disk.before;
  while (disk.undo_count > 0) {
    const struct undo *undo = &disk.undo[--disk.undo_count];
    struct row *row = &disk.rows[undo->row];
    row->record = undo->record;
    row->anchor_count = undo->anchor_count;
    row->change = undo->change;
  }
  while (disk.count > disk.begun_with)
    free(disk.rows[--disk.count].anchors);
}

/* ---- records ------------------------------------------------------------ */

/* Section 7's barrier is the server's, not the store's. */
static void write_record(struct row *row, const struct wk_record *record) {
  row->record = *record;
  row->record.c.barrier = 0;
  row->record.d.barrier = 0;
}

enum wk_err wk_store_get(struct wk_store *store, const char *did,
                         struct wk_record *record, struct wk_why *why) {
  (void)store;
  const struct row *row = find(did);
  memset(record, 0, sizeof *record);
  if (!row)
    return wk_fail(why, WK_ERR_MISSING, "no device \"%s\"", did);
  *record = row->record;
  return WK_OK;
}

enum wk_err wk_store_put(struct wk_store *store,
                         const struct wk_record *record, struct wk_why *why) {
  struct row *row = find_or_add(record->id.did);
  (void)why;
  remember(row);
  write_record(row, record);
  store->newest = ++store->seq;
  row->change = store->newest;
  return WK_OK;
}

enum wk_err wk_store_update(struct wk_store *store,
                            const struct wk_record *record,
                            struct wk_why *why) {
  struct row *row = find(record->id.did);
  (void)store;
  (void)why;
  if (!row || row->record.generation != record->generation ||
      row->record.state == WK_DEVICE_REVOKED)
    return WK_OK;
  remember(row);
  write_record(row, record);
  return WK_OK;
}

/* An enrolment's anchors come before its record. */
enum wk_err wk_store_anchor(struct wk_store *store, const char *did,
                            const uint8_t anchor[WK_VALUE_LEN],
                            struct wk_why *why) {
  struct row *row = find_or_add(did);
  (void)store;
  for (uint32_t i = 0; i < row->anchor_count; i++)
    if (memcmp(row->anchors[i].value, anchor, WK_VALUE_LEN) == 0)
      return wk_fail(why, WK_ERR_EXISTS, "had this anchor");
  remember(row);
  row->anchors = grown(row->anchors, row->anchor_count, &row->anchor_room,
                       sizeof *row->anchors);
  memcpy(row->anchors[row->anchor_count++].value, anchor, WK_VALUE_LEN);
  return WK_OK;
}

enum wk_err wk_store_next(struct wk_store *store, const char *after,
                          struct wk_record *record, struct wk_why *why) {
  uint32_t at = place_of(after);
  if (at < disk.count && strcmp(disk.rows[at].record.id.did, after) == 0)
    at++;
  if (at == disk.count)
    return wk_fail(why, WK_ERR_MISSING, "no more devices");
  return wk_store_get(store, disk.rows[at].record.id.did, record, why);
}

enum wk_err wk_store_load(struct wk_store *store,
                          bool (*each)(void *context,
                                       const struct wk_record *record),
                          void *context, struct wk_why *why) {
  (void)store;
  for (uint32_t i = 0; i < disk.count; i++)
    if (!each(context, &disk.rows[i].record))
      return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  return WK_OK;
}

/* ---- runs and changes --------------------------------------------------- */

enum wk_err wk_store_head(struct wk_store *store, struct wk_store_head *head,
                          struct wk_why *why) {
  (void)why;
  *head = store->head;
  return WK_OK;
}

enum wk_err wk_store_forget_changes(struct wk_store *store, int64_t seq,
                                    struct wk_why *why) {
  (void)why;
  if (store->newest == 0)
    return WK_OK;
  if (store->newest <= seq)
    store->newest = 0;
  for (uint32_t i = 0; i < disk.count; i++) {
    struct row *row = &disk.rows[i];
    if (row->change == 0 || row->change > seq)
      continue;
    remember(row);
    row->change = 0;
  }
  return WK_OK;
}

enum wk_err wk_store_begin_run(struct wk_store *store,
                               struct wk_store_head *head,
                               struct wk_why *why) {
  enum wk_err err = wk_store_begin(store, why);
  if (err != WK_OK)
    return err;
  if (!store->head.clean)
    store->head.unclean_run = store->head.run;
  store->head.run++;
  store->head.clean = false;
  err = wk_store_forget_changes(store, INT64_MAX, why);
  *head = store->head;
  return err == WK_OK ? wk_store_commit(store, why) : err;
}

enum wk_err wk_store_end_run(struct wk_store *store, struct wk_why *why) {
  if (disk.outage != OUTAGE_NONE)
    return refuse(why);
  store->head.clean = true;
  return WK_OK;
}

enum wk_err wk_store_probe(struct wk_store *store, struct wk_why *why) {
  (void)store;
  return disk.outage == OUTAGE_NONE ? WK_OK : refuse(why);
}

enum wk_err wk_store_not_before(struct wk_store *store, int64_t not_before,
                                struct wk_why *why) {
  (void)why;
  store->head.not_before = not_before;
  return WK_OK;
}

enum wk_err wk_store_next_change(struct wk_store *store, int64_t *seq,
                                 char did[WK_DID_MAX + 1],
                                 struct wk_why *why) {
  const struct row *next = NULL;
  for (uint32_t i = 0; store->newest > *seq && i < disk.count; i++) {
    const struct row *row = &disk.rows[i];
    if (row->change > *seq && (!next || row->change < next->change))
      next = row;
  }
  if (!next)
    return wk_fail(why, WK_ERR_MISSING, "no change");
  *seq = next->change;
  memcpy(did, next->record.id.did, WK_DID_MAX + 1);
  return WK_OK;
}

/* ---- the watch: it needs no connection of its own ----------------------- */

enum wk_err wk_watch_open(struct wk_watch **watch, const char *path,
                          struct wk_why *why) {
  (void)path;
  (void)why;
  *watch = NULL;
  return WK_OK;
}

void wk_watch_close(struct wk_watch *watch) {
  (void)watch;
}

/* Only an operator's change that is committed can be seen: the server looks
 * while no transaction of its own is open. */
bool wk_watch_changed(struct wk_watch *watch, int64_t seq) {
  (void)watch;
  return disk.store.newest > seq;
}

bool wk_watch_changed_device(struct wk_watch *watch, int64_t seq,
                             const char *did) {
  const struct row *row = find(did);
  return row && wk_watch_changed(watch, seq) && row->change > seq;
}

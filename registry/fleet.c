/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE 2097152u     /* bytes of a huge page */
#define WORD 64u          /* dirty marks in a word */
#define FIRST_SLOTS 1024u /* a power of two */

/* struct wk_record, packed; times as 32-bit Unix seconds (until 2106). */
struct device {
  char did[WK_DID_MAX + 1];
  uint8_t did_len;
  uint8_t state;
  uint8_t role;
  bool released : 1;
  bool barred : 1; /* chain C's promise is a barrier */
  bool keyed : 1;  /* keys are those of this generation and epoch */
  uint32_t generation;
  uint32_t long_walk_at, enrolled_at, login_at;
  uint8_t bio_wrapped[WK_WRAP_LEN];
  uint32_t epoch, n, last, promise, promise_run;
  int64_t t_max;
  uint8_t value[WK_VALUE_LEN];
  uint8_t hash[WK_HASH_LEN];
  struct wk_fleet_keys keys;
  struct wk_chain_record *d;
  struct wk_pending *pending;
  struct wk_previous *previous;
};

/* Devices that fill a huge page; a whole number of words of marks. */
#define PAGE ((uint32_t)(HUGE / sizeof(struct device) / WORD * WORD))

/* The hash stands here too, so that a name that is not there, and one whose
 * slot another took, need no look at a device. */
struct slot {
  uint32_t hash;
  uint32_t number; /* plus 1; 0: free */
};

struct wk_fleet {
  struct device **pages;
  uint32_t page_count, page_cap;
  uint32_t count;
  struct slot *slots; /* open addressing */
  uint32_t slot_count;
  uint64_t *dirty;
  uint32_t dirty_count;
  uint64_t marks;
  uint32_t cursor;
  uint32_t states[WK_DEVICE_REVOKED + 1];
};

/*
 * Zeroed memory, to be freed with free(), in huge pages where it fills them:
 * logins look at devices in any order, and a walk through the page tables
 * costs them more than the device itself.
 */
static void *zeroed(size_t bytes) {
  const size_t whole = (bytes + HUGE - 1) / HUGE * HUGE;
  if (whole - bytes > HUGE / 16)
    return calloc(1, bytes);
  void *memory = aligned_alloc(HUGE, whole);
  if (!memory)
    return NULL;
  (void)madvise(memory, whole, MADV_HUGEPAGE); /* or small ones, as before */
  return memset(memory, 0, bytes);
}

struct wk_fleet *wk_fleet_new(void) {
  struct wk_fleet *fleet = calloc(1, sizeof *fleet);
  if (!fleet)
    return NULL;
  fleet->slots = calloc(FIRST_SLOTS, sizeof *fleet->slots);
  fleet->slot_count = FIRST_SLOTS;
  if (fleet->slots)
    return fleet;
  free(fleet);
  return NULL;
}

static struct device *at(const struct wk_fleet *fleet, uint32_t number) {
  return &fleet->pages[number / PAGE][number % PAGE];
}

void wk_fleet_free(struct wk_fleet *fleet) {
  if (!fleet)
    return;
  for (uint32_t i = 0; i < fleet->count; i++) {
    free(at(fleet, i)->d);
    free(at(fleet, i)->pending);
    free(at(fleet, i)->previous);
    wk_wipe(at(fleet, i), sizeof **fleet->pages);
  }
  for (uint32_t i = 0; i < fleet->page_count; i++)
    free(fleet->pages[i]);
  free(fleet->pages);
  free(fleet->slots);
  free(fleet->dirty);
  free(fleet);
}

/*
 * FNV-1a: names come from operators (enrolment), never from a peer, so nobody
 * outside can choose them to collide.
 */
static uint32_t hash_of(const char *did) {
  uint32_t hash = UINT32_C(2166136261);
  for (; *did != '\0'; did++)
    hash = (hash ^ (uint8_t)*did) * UINT32_C(16777619);
  return hash;
}

/* The slot of that name, or the free one where it would stand. */
static struct slot *slot_of(const struct wk_fleet *fleet, uint32_t hash,
                            const char *did) {
  const uint32_t mask = fleet->slot_count - 1;
  uint32_t i = hash & mask;
  for (; fleet->slots[i].number != 0; i = (i + 1) & mask) {
    const struct slot *slot = &fleet->slots[i];
    if (slot->hash == hash &&
        strcmp(at(fleet, slot->number - 1)->did, did) == 0)
      break;
  }
  return &fleet->slots[i];
}

uint32_t wk_fleet_find(const struct wk_fleet *fleet, const char *did) {
  const struct slot *slot = slot_of(fleet, hash_of(did), did);
  return slot->number == 0 ? WK_FLEET_NONE : slot->number - 1;
}

static bool grow_slots(struct wk_fleet *fleet) {
  const uint32_t count = fleet->slot_count * 2;
  struct slot *bigger = zeroed(count * sizeof *bigger);
  if (!bigger)
    return false;
  for (uint32_t i = 0; i < fleet->slot_count; i++) {
    const struct slot *slot = &fleet->slots[i];
    uint32_t to = slot->hash & (count - 1);
    while (slot->number != 0 && bigger[to].number != 0)
      to = (to + 1) & (count - 1);
    if (slot->number != 0)
      bigger[to] = *slot;
  }
  free(fleet->slots);
  fleet->slots = bigger;
  fleet->slot_count = count;
  return true;
}

static bool grow_pages(struct wk_fleet *fleet) {
  if (fleet->page_count == fleet->page_cap) {
    const uint32_t cap = fleet->page_cap == 0 ? 16 : fleet->page_cap * 2;
    struct device **pages = realloc(fleet->pages, cap * sizeof *pages);
    if (!pages)
      return false;
    fleet->pages = pages;
    const size_t words = (size_t)cap * PAGE / WORD;
    uint64_t *dirty = realloc(fleet->dirty, words * sizeof *dirty);
    if (!dirty)
      return false;
    const size_t used = (size_t)fleet->page_cap * PAGE / WORD;
    memset(dirty + used, 0, (words - used) * sizeof *dirty);
    fleet->dirty = dirty;
    fleet->page_cap = cap;
  }
  const size_t bytes = PAGE * sizeof(struct device);
  /* The first one is for few devices: it grows as they come. */
  struct device *page =
      fleet->page_count == 0 ? calloc(1, bytes) : zeroed(bytes);
  if (!page)
    return false;
  fleet->pages[fleet->page_count++] = page;
  return true;
}

/* A zeroed device of that name; NULL when out of memory. */
static struct device *add(struct wk_fleet *fleet, const char *did) {
  if (fleet->count == fleet->page_count * PAGE && !grow_pages(fleet))
    return NULL;
  if ((fleet->count + 1) * 2 > fleet->slot_count && !grow_slots(fleet))
    return NULL;
  const uint32_t number = fleet->count++;
  const uint32_t hash = hash_of(did);
  *slot_of(fleet, hash, did) = (struct slot){hash, number + 1};
  fleet->states[WK_DEVICE_ENABLED]++; /* what a zeroed device is */
  return at(fleet, number);
}

/* Keeps *from in *kept where it is wanted, frees it where it is not. */
static bool keep(void **kept, const void *from, size_t len, bool wanted) {
  if (!wanted) {
    free(*kept);
    *kept = NULL;
    return true;
  }
  if (!*kept)
    *kept = malloc(len);
  if (!*kept)
    return false;
  memcpy(*kept, from, len);
  return true;
}

static bool keep_rare(struct device *device, const struct wk_record *record) {
  void *d = device->d;
  void *pending = device->pending;
  void *previous = device->previous;
  const bool kept =
      keep(&d, &record->d, sizeof record->d, record->d.present) &&
      keep(&pending, &record->c.pending, sizeof record->c.pending,
           record->c.pending.state != WK_PENDING_NONE) &&
      keep(&previous, &record->c.previous, sizeof record->c.previous,
           record->c.previous.present);
  device->d = d;
  device->pending = pending;
  device->previous = previous;
  return kept;
}

static void pack(struct device *device, const struct wk_record *record) {
  const struct wk_chain_record *c = &record->c;
  device->keyed = device->keyed && device->generation == record->generation &&
                  device->epoch == c->epoch;
  memcpy(device->did, record->id.did, sizeof device->did);
  device->did_len = record->id.did_len;
  device->state = (uint8_t)record->state;
  device->role = record->role;
  device->released = record->released;
  device->barred = c->barrier != 0;
  device->generation = record->generation;
  device->long_walk_at = (uint32_t)record->long_walk_at;
  device->enrolled_at = (uint32_t)record->enrolled_at;
  device->login_at = (uint32_t)record->login_at;
  memcpy(device->bio_wrapped, record->bio_wrapped, WK_WRAP_LEN);
  device->epoch = c->epoch;
  device->n = c->n;
  device->last = c->last;
  device->promise = c->promise;
  device->promise_run = c->promise_run;
  device->t_max = c->t_max;
  memcpy(device->value, c->value, WK_VALUE_LEN);
  memcpy(device->hash, c->hash, WK_HASH_LEN);
}

static bool set(struct wk_fleet *fleet, struct device *device,
                const struct wk_record *record) {
  fleet->states[device->state]--;
  fleet->states[record->state]++;
  pack(device, record);
  return keep_rare(device, record);
}

uint32_t wk_fleet_put(struct wk_fleet *fleet, const struct wk_record *record) {
  uint32_t number = wk_fleet_find(fleet, record->id.did);
  struct device *device =
      number == WK_FLEET_NONE ? add(fleet, record->id.did) : at(fleet, number);
  if (!device)
    return WK_FLEET_NONE;
  if (number == WK_FLEET_NONE)
    number = fleet->count - 1;
  return set(fleet, device, record) ? number : WK_FLEET_NONE;
}

bool wk_fleet_set(struct wk_fleet *fleet, uint32_t number,
                  const struct wk_record *record) {
  return set(fleet, at(fleet, number), record);
}

void wk_fleet_get(const struct wk_fleet *fleet, uint32_t number,
                  struct wk_record *record) {
  const struct device *device = at(fleet, number);
  struct wk_chain_record *c = &record->c;
  memset(record, 0, sizeof *record);
  memcpy(record->id.did, device->did, sizeof record->id.did);
  record->id.did_len = device->did_len;
  record->state = (enum wk_device_state)device->state;
  record->role = device->role;
  record->released = device->released;
  record->generation = device->generation;
  record->long_walk_at = device->long_walk_at;
  record->enrolled_at = device->enrolled_at;
  record->login_at = device->login_at;
  memcpy(record->bio_wrapped, device->bio_wrapped, WK_WRAP_LEN);
  c->present = device->n != 0;
  c->epoch = device->epoch;
  c->n = device->n;
  c->last = device->last;
  c->promise = device->promise;
  c->promise_run = device->promise_run;
  c->barrier = device->barred ? device->promise : 0;
  c->t_max = device->t_max;
  memcpy(c->value, device->value, WK_VALUE_LEN);
  memcpy(c->hash, device->hash, WK_HASH_LEN);
  if (device->pending)
    c->pending = *device->pending;
  if (device->previous)
    c->previous = *device->previous;
  if (device->d)
    record->d = *device->d;
}

const struct wk_fleet_keys *wk_fleet_keys(const struct wk_fleet *fleet,
                                          uint32_t number) {
  const struct device *device = at(fleet, number);
  return device->keyed ? &device->keys : NULL;
}

void wk_fleet_remember(struct wk_fleet *fleet, uint32_t number,
                       const struct wk_fleet_keys *keys) {
  at(fleet, number)->keys = *keys;
  at(fleet, number)->keyed = true;
}

void wk_fleet_mark(struct wk_fleet *fleet, uint32_t number) {
  uint64_t *word = &fleet->dirty[number / WORD];
  const uint64_t bit = UINT64_C(1) << number % WORD;
  if ((*word & bit) == 0)
    fleet->dirty_count++;
  *word |= bit;
  fleet->marks++;
}

uint32_t wk_fleet_take_dirty(struct wk_fleet *fleet) {
  if (fleet->dirty_count == 0)
    return WK_FLEET_NONE;
  for (;; fleet->cursor++) {
    if (fleet->cursor >= fleet->count)
      fleet->cursor = 0;
    uint64_t *word = &fleet->dirty[fleet->cursor / WORD];
    const uint64_t bit = UINT64_C(1) << fleet->cursor % WORD;
    if (*word == 0) { /* on to the next word; the loop adds one */
      fleet->cursor |= WORD - 1;
    } else if ((*word & bit) != 0) {
      *word &= ~bit;
      fleet->dirty_count--;
      return fleet->cursor++;
    }
  }
}

uint8_t wk_fleet_role(const struct wk_fleet *fleet, uint32_t number) {
  const struct device *device = at(fleet, number);
  return device->state == WK_DEVICE_REVOKED ? 0 : device->role;
}

uint32_t wk_fleet_count(const struct wk_fleet *fleet) {
  return fleet->count;
}

uint64_t wk_fleet_marks(const struct wk_fleet *fleet) {
  return fleet->marks;
}

uint32_t wk_fleet_dirty_count(const struct wk_fleet *fleet) {
  return fleet->dirty_count;
}

uint32_t wk_fleet_state_count(const struct wk_fleet *fleet,
                              enum wk_device_state state) {
  return fleet->states[state];
}

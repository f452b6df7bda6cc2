/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing back: changed records go to the store in batches, on a thread of
 * its own, so that no login waits for a disk (protocol section 7).
 */
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <whitekey/steady.h>

#include "server_state.h"

#define BATCH 256u /* records a transaction */
/*
 * A batch would keep a processor for a millisecond; where that is the
 * broker's, and logins wait, all behind them would. So the thread rests again
 * and again: whoever sleeps is in nobody's way.
 */
#define PIECE 8u /* records between two rests */
#define REST_NS 20000L
/*
 * Between batches while devices log in: leaves the processor to them. Each
 * record covers WK_SKIP_MAX logins, so 1280 a second keep up with 80 000
 * logins, and more is written where nobody logs in.
 */
#define PAUSE_MS 200
#define RETRY_MS 500                     /* while the store refuses */
#define SKIP_WHOLE (2 * WK_SKIP_MAX + 2) /* over a barrier, section 2 */

struct batch {
  uint32_t count;
  int64_t taken_at;
  struct wk_record record[BATCH];
};

/*
 * A promise never shrinks, or a login decided meanwhile would lose its cover.
 * Near its end a chain gets no new one (each login waits for the disk): after
 * a crash the skip over it must still end within the chain.
 */
static void promise(struct wk_chain_record *chain, uint32_t run) {
  if (!chain->present || chain->barrier != 0 ||
      chain->n - chain->last < SKIP_WHOLE)
    return;
  chain->promise = chain->last + WK_SKIP_MAX;
  chain->promise_run = run;
}

void wk_server_promise(const struct wk_server *server,
                       struct wk_record *record) {
  promise(&record->c, server->head.run);
  promise(&record->d, server->head.run);
}

void wk_server_write_again(struct wk_server *server, uint32_t number) {
  (void)pthread_mutex_lock(&server->memory);
  wk_fleet_mark(server->fleet, number);
  (void)pthread_mutex_unlock(&server->memory);
}

static void take_batch(struct wk_server *server, struct batch *batch) {
  (void)pthread_mutex_lock(&server->memory);
  batch->count = 0;
  batch->taken_at = wk_steady_ms();
  while (batch->count < BATCH) {
    const uint32_t number = wk_fleet_take_dirty(server->fleet);
    if (number == WK_FLEET_NONE)
      break;
    struct wk_record *record = &batch->record[batch->count++];
    wk_fleet_get(server->fleet, number, record);
    wk_server_promise(server, record);
  }
  (void)pthread_mutex_unlock(&server->memory);
}

static bool in_trouble(struct wk_server *server) {
  (void)pthread_mutex_lock(&server->memory);
  const bool trouble = !server->healthy;
  (void)pthread_mutex_unlock(&server->memory);
  return trouble;
}

static void rest(void) {
  const struct timespec time = {.tv_nsec = REST_NS};
  (void)nanosleep(&time, NULL);
}

static enum wk_err write_batch(struct wk_server *server,
                               const struct batch *batch, bool rests,
                               struct wk_why *why) {
  struct wk_store *store = server->registry->store;
  enum wk_err err = WK_OK;
  for (uint32_t i = 0; err == WK_OK && i < batch->count; i++) {
    err = wk_store_update(store, &batch->record[i], why);
    if (rests && i % PIECE == PIECE - 1)
      rest();
  }
  /* A store in trouble must write something before it counts as well again:
   * a batch may be empty, and SQLite skips what stands there already. */
  if (err == WK_OK && in_trouble(server))
    err = wk_store_probe(store, why);
  return err;
}

/* The promise that is durable now; the chain may have moved on below it. */
static void kept(struct wk_chain_record *now,
                 const struct wk_chain_record *written) {
  if (now->barrier != 0 || now->epoch != written->epoch)
    return;
  now->promise = written->promise;
  now->promise_run = written->promise_run;
}

static void settle(struct wk_server *server, const struct batch *batch,
                   bool written) {
  (void)pthread_mutex_lock(&server->memory);
  for (uint32_t i = 0; i < batch->count; i++) {
    const struct wk_record *record = &batch->record[i];
    const uint32_t number = wk_fleet_find(server->fleet, record->id.did);
    struct wk_record now;
    wk_fleet_get(server->fleet, number, &now);
    if (!written) {
      wk_fleet_mark(server->fleet, number);
    } else if (now.generation == record->generation) {
      kept(&now.c, &record->c);
      kept(&now.d, &record->d);
      /* Replaces a record of the same shape, which needs no memory. */
      const bool same = wk_fleet_set(server->fleet, number, &now);
      (void)same;
    }
  }
  if (written && batch->count < BATCH) /* that was all there was */
    server->written_at = batch->taken_at;
  (void)pthread_mutex_unlock(&server->memory);
}

static bool idle(struct wk_server *server) {
  (void)pthread_mutex_lock(&server->memory);
  const bool none = server->healthy && !server->others_changed &&
                    wk_fleet_dirty_count(server->fleet) == 0;
  server->others_changed = false; /* or the next look says it again */
  if (wk_fleet_dirty_count(server->fleet) == 0)
    server->written_at = wk_steady_ms();
  (void)pthread_mutex_unlock(&server->memory);
  return none;
}

static enum wk_err flush(struct wk_server *server, bool rests,
                         struct wk_why *why) {
  struct wk_why own;
  if (idle(server))
    return wk_fail(why, WK_ERR_MISSING, "nothing to write");
  struct batch *batch = malloc(sizeof *batch);
  if (!batch)
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  batch->count = 0;
  batch->taken_at = 0;
  enum wk_err err = wk_server_enter(server, &own);
  if (err == WK_OK) {
    take_batch(server, batch);
    err = write_batch(server, batch, rests, &own);
  }
  err = wk_server_commit(server, err, &own);
  settle(server, batch, err == WK_OK);
  wk_server_store_result(server, err, &own);
  wk_server_leave(server);
  free(batch);
  if (err != WK_OK && why)
    *why = own;
  return err;
}

enum wk_err wk_server_flush(struct wk_server *server, struct wk_why *why) {
  return flush(server, false, why);
}

/* ---- the thread --------------------------------------------------------- */

/* Waits for milliseconds, or until there is a reason not to; memory is held.
 */
static void pause_for(struct wk_server *server, long ms) {
  const struct timespec until = wk_steady_after(ms);
  while (!server->stopping && !server->others_changed &&
         pthread_cond_timedwait(&server->wake, &server->memory, &until) == 0)
    continue;
}

/* There is more to write, and nobody was disturbed since; memory is held. */
static bool goes_on(const struct wk_server *server, uint64_t marks) {
  return server->healthy && wk_fleet_dirty_count(server->fleet) > 0 &&
         wk_fleet_marks(server->fleet) == marks;
}

static void *write_back(void *context) {
  struct wk_server *server = context;
  /* On Linux this is the thread's own: logins go first. */
  (void)setpriority(PRIO_PROCESS, (id_t)gettid(), 10);
  (void)pthread_mutex_lock(&server->memory);
  while (!server->stopping) {
    const long ms = server->healthy ? PAUSE_MS : RETRY_MS;
    const uint64_t marks = wk_fleet_marks(server->fleet);
    (void)pthread_mutex_unlock(&server->memory);
    const enum wk_err err = flush(server, true, NULL);
    const bool warming = wk_server_warm(server);
    (void)pthread_mutex_lock(&server->memory);
    /* What failed is told by wk_server_healthy(). */
    const bool more = err == WK_OK && goes_on(server, marks);
    if (!server->stopping && !warming && !more)
      pause_for(server, ms);
  }
  (void)pthread_mutex_unlock(&server->memory);
  return NULL;
}

enum wk_err wk_server_start_writer(struct wk_server *server,
                                   struct wk_why *why) {
  if (server->writing)
    return WK_OK;
  server->stopping = false;
  if (pthread_create(&server->writer, NULL, write_back, server) != 0)
    return wk_fail(why, WK_ERR_MEMORY, "%s: no thread for the writer",
                   server->path);
  server->writing = true;
  return WK_OK;
}

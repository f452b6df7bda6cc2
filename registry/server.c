/* SPDX-License-Identifier: Apache-2.0 */
/* A server's life: opened, caught up with others' changes, closed. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <whitekey/file.h>
#include <whitekey/random.h>
#include <whitekey/steady.h>

#include "keyring.h"
#include "server_state.h"

/* A broker's clients all wait meanwhile: longer is refused as `store`. */
#define PATIENCE_MS 20

/*
 * A broker with several listeners loads the plugin once for each; they share
 * one server per file. Opened and closed on the broker's one thread.
 */
static struct wk_server *open_servers;

/* ---- open --------------------------------------------------------------- */

static bool load_one(void *context, const struct wk_record *record) {
  struct wk_server *server = context;
  struct wk_record barred = *record;
  struct wk_chain_record *const chains[] = {&barred.c, &barred.d};
  for (size_t i = 0; i < 2; i++) {
    /* Section 7: what was promised before an unclean end may be spent. */
    const bool unclean = server->head.unclean_run != 0 &&
                         chains[i]->promise_run <= server->head.unclean_run;
    chains[i]->barrier = unclean && chains[i]->promise > chains[i]->last
                             ? chains[i]->promise
                             : 0;
  }
  return wk_fleet_put(server->fleet, &barred) != WK_FLEET_NONE;
}

/* Section 4, row 2: a name that is not enrolled takes the same work, and the
 * keys of those that are were derived ahead of time. */
static void derive_decoy_keys(struct wk_server *server) {
  struct wk_fleet_keys *keys = &server->decoy_keys;
  struct wk_keyring ring;
  wk_keyring_init(&ring, server->registry, &server->registry->decoy, NULL);
  wk_keyring_kx(&ring, 0, keys->kx);
  wk_keyring_salt(&ring, WK_ROLE_C, 0, keys->salt);
  wk_wipe(&ring, sizeof ring);
}

static enum wk_err open_files(struct wk_server *server, const char *path,
                              const char *master_path, struct wk_why *why) {
  enum wk_err err =
      wk_registry_open(&server->registry, path, master_path, why);
  if (err == WK_OK && !server->path)
    err = wk_fail(why, WK_ERR_MEMORY, "%s: out of memory", path);
  if (err == WK_OK)
    err = wk_file_try_lock(&server->lock, server->path, why);
  if (err == WK_OK)
    err = wk_store_begin_run(server->registry->store, &server->head, why);
  if (err == WK_OK)
    err = wk_watch_open(&server->watch, path, why);
  if (err == WK_OK)
    err = wk_server_load_roles(server, why);
  if (err == WK_OK)
    err = wk_store_load(server->registry->store, load_one, server, why);
  if (err != WK_OK)
    return err;
  derive_decoy_keys(server);
  wk_store_set_patience(server->registry->store, PATIENCE_MS);
  return WK_OK;
}

static struct wk_server *server_new(const char *path) {
  struct wk_server *server = calloc(1, sizeof *server);
  if (!server)
    return NULL;
  server->lock = -1;
  server->healthy = true;
  server->users = 1;
  server->written_at = wk_steady_ms();
  (void)pthread_mutex_init(&server->disk, NULL);
  (void)pthread_mutex_init(&server->memory, NULL);
  /* The writer's pauses do not depend on a clock that somebody sets. */
  wk_steady_cond(&server->wake);
  server->fleet = wk_fleet_new();
  server->path = realpath(path, NULL); /* one lock by whatever path */
  return server;
}

static void server_free(struct wk_server *server) {
  wk_watch_close(server->watch);
  wk_registry_close(server->registry);
  wk_file_unlock(server->lock);
  wk_server_free_roles(server);
  wk_fleet_free(server->fleet);
  wk_wipe(&server->decoy_keys, sizeof server->decoy_keys);
  (void)pthread_cond_destroy(&server->wake);
  (void)pthread_mutex_destroy(&server->memory);
  (void)pthread_mutex_destroy(&server->disk);
  free(server->path);
  free(server);
}

static struct wk_server *already_open(const char *path) {
  char real[PATH_MAX];
  if (!realpath(path, real))
    return NULL;
  struct wk_server *server = open_servers;
  while (server && strcmp(server->path, real) != 0)
    server = server->next;
  return server;
}

/* Shared only by who has the key, too. */
static enum wk_err open_again(struct wk_server **server,
                              struct wk_server *open, const char *master_path,
                              struct wk_why *why) {
  struct wk_registry *tried = NULL;
  *server = NULL;
  const enum wk_err err =
      wk_registry_open(&tried, open->path, master_path, why);
  wk_registry_close(tried);
  if (err != WK_OK)
    return err;
  open->users++;
  *server = open;
  return WK_OK;
}

enum wk_err wk_server_open(struct wk_server **server, const char *path,
                           const char *master_path, struct wk_why *why) {
  struct wk_server *open = already_open(path);
  if (open)
    return open_again(server, open, master_path, why);
  *server = NULL;
  struct wk_server *made = server_new(path);
  enum wk_err err = WK_OK;
  if (!made || !made->fleet)
    err = wk_fail(why, WK_ERR_MEMORY, "%s: out of memory", path);
  if (err == WK_OK)
    err = open_files(made, path, master_path, why);
  if (err != WK_OK) {
    if (made)
      server_free(made);
    return err;
  }
  made->next = open_servers;
  open_servers = made;
  *server = made;
  return WK_OK;
}

/* ---- close -------------------------------------------------------------- */

static void stop_writer(struct wk_server *server) {
  if (!server->writing)
    return;
  (void)pthread_mutex_lock(&server->memory);
  server->stopping = true;
  (void)pthread_cond_signal(&server->wake);
  (void)pthread_mutex_unlock(&server->memory);
  (void)pthread_join(server->writer, NULL);
  server->writing = false;
}

/* Clean only when everything was written: else the promises hold. */
static void write_all(struct wk_server *server) {
  enum wk_err err = WK_OK;
  while (err == WK_OK)
    err = wk_server_flush(server, NULL);
  if (err == WK_ERR_MISSING)
    err = wk_store_end_run(server->registry->store, NULL);
  (void)err; /* an unclean end is safe, and there is nobody left to tell */
}

void wk_server_close(struct wk_server *server) {
  if (!server || --server->users > 0)
    return;
  struct wk_server **link = &open_servers;
  while (*link != server)
    link = &(*link)->next;
  *link = server->next;
  stop_writer(server);
  write_all(server);
  server_free(server);
}

const uint8_t *wk_server_realm(const struct wk_server *server) {
  return wk_registry_realm(server->registry);
}

/* ---- others' changes ---------------------------------------------------- */

/* What the store says of a device that memory knows too. */
static void merge(struct wk_record *memory, const struct wk_record *store) {
  if (memory->generation != store->generation ||
      store->state == WK_DEVICE_REVOKED) {
    *memory = *store;
    return;
  }
  if (memory->state == WK_DEVICE_QUARANTINED)
    memory->released = store->released;
  memory->state = store->state;
  memory->role = store->role;
}

static enum wk_err take_in(struct wk_server *server, const char *did,
                           struct wk_why *why) {
  struct wk_record store;
  if (did[0] == '\0')
    return wk_server_load_roles(server, why);
  const enum wk_err err =
      wk_store_get(server->registry->store, did, &store, why);
  if (err != WK_OK)
    return err;
  (void)pthread_mutex_lock(&server->memory);
  const uint32_t number = wk_fleet_find(server->fleet, did);
  struct wk_record merged = store;
  if (number != WK_FLEET_NONE) {
    wk_fleet_get(server->fleet, number, &merged);
    merge(&merged, &store);
  }
  const bool kept = wk_fleet_put(server->fleet, &merged) != WK_FLEET_NONE;
  (void)pthread_mutex_unlock(&server->memory);
  return kept ? WK_OK : wk_fail(why, WK_ERR_MEMORY, "out of memory");
}

static enum wk_err take_in_all(struct wk_server *server, struct wk_why *why) {
  struct wk_store *store = server->registry->store;
  int64_t seq = server->change_seq;
  char did[WK_DID_MAX + 1];
  enum wk_err err = wk_store_next_change(store, &seq, did, why);
  if (err == WK_ERR_MISSING)
    return WK_OK;
  while (err == WK_OK) {
    err = take_in(server, did, why);
    if (err == WK_OK)
      err = wk_store_next_change(store, &seq, did, why);
  }
  if (err != WK_ERR_MISSING)
    return err;
  err = wk_store_forget_changes(store, seq, why);
  if (err == WK_OK) {
    (void)pthread_mutex_lock(&server->memory);
    server->change_seq = seq;
    (void)pthread_mutex_unlock(&server->memory);
  }
  return err;
}

void wk_server_store_result(struct wk_server *server, enum wk_err err,
                            const struct wk_why *why) {
  if (err == WK_ERR_BUSY)
    return; /* another process is writing: what is promised holds */
  (void)pthread_mutex_lock(&server->memory);
  server->healthy = err == WK_OK;
  if (err != WK_OK)
    server->trouble = *why;
  (void)pthread_mutex_unlock(&server->memory);
}

enum wk_err wk_server_enter(struct wk_server *server, struct wk_why *why) {
  (void)pthread_mutex_lock(&server->disk);
  const enum wk_err err = wk_store_begin(server->registry->store, why);
  return err == WK_OK ? take_in_all(server, why) : err;
}

enum wk_err wk_server_commit(struct wk_server *server, enum wk_err err,
                             struct wk_why *why) {
  if (err != WK_OK) {
    wk_store_rollback(server->registry->store);
    return err;
  }
  return wk_store_commit(server->registry->store, why);
}

void wk_server_leave(struct wk_server *server) {
  (void)pthread_mutex_unlock(&server->disk);
}

static bool is_behind(struct wk_server *server, uint64_t *at) {
  (void)pthread_mutex_lock(&server->memory);
  const bool behind = wk_watch_changed(server->watch, server->change_seq);
  *at = (uint64_t)server->change_seq;
  (void)pthread_mutex_unlock(&server->memory);
  return behind;
}

bool wk_server_moved_on(struct wk_server *server, uint64_t from) {
  uint64_t at;
  return is_behind(server, &at) || at != from;
}

uint64_t wk_server_catch_up(struct wk_server *server) {
  uint64_t now;
  if (is_behind(server, &now)) {
    struct wk_why why;
    enum wk_err err = wk_server_enter(server, &why);
    err = wk_server_commit(server, err, &why);
    if (err != WK_OK)
      wk_server_store_result(server, err, &why);
    wk_server_leave(server);
  }
  (void)pthread_mutex_lock(&server->memory);
  now = (uint64_t)server->change_seq;
  (void)pthread_mutex_unlock(&server->memory);
  return now;
}

uint64_t wk_server_catch_up_soon(struct wk_server *server) {
  uint64_t now;
  if (!server->writing)
    return wk_server_catch_up(server);
  if (is_behind(server, &now)) {
    (void)pthread_mutex_lock(&server->memory);
    server->others_changed = true;
    (void)pthread_cond_signal(&server->wake);
    (void)pthread_mutex_unlock(&server->memory);
  }
  return now;
}

/* ---- questions ---------------------------------------------------------- */

static bool state_of(struct wk_server *server, const char *did,
                     struct wk_record *record) {
  (void)pthread_mutex_lock(&server->memory);
  const uint32_t number = wk_fleet_find(server->fleet, did);
  if (number != WK_FLEET_NONE)
    wk_fleet_get(server->fleet, number, record);
  (void)pthread_mutex_unlock(&server->memory);
  return number != WK_FLEET_NONE;
}

bool wk_server_admits(struct wk_server *server, const char *did,
                      uint32_t generation) {
  struct wk_record record;
  return state_of(server, did, &record) && record.state == WK_DEVICE_ENABLED &&
         record.generation == generation;
}

bool wk_server_knows(struct wk_server *server, const char *name) {
  struct wk_record record;
  return state_of(server, name, &record) && record.state != WK_DEVICE_REVOKED;
}

bool wk_server_bars(struct wk_server *server, const char *did) {
  struct wk_record record;
  return state_of(server, did, &record) && record.state != WK_DEVICE_ENABLED;
}

bool wk_server_healthy(struct wk_server *server, struct wk_why *why) {
  (void)pthread_mutex_lock(&server->memory);
  const bool healthy = server->healthy;
  if (!healthy && why)
    *why = server->trouble;
  (void)pthread_mutex_unlock(&server->memory);
  return healthy;
}

void wk_server_gauges(struct wk_server *server,
                      struct wk_server_gauges *gauges) {
  (void)pthread_mutex_lock(&server->memory);
  for (int s = WK_DEVICE_ENABLED; s <= WK_DEVICE_REVOKED; s++)
    gauges->devices[s] =
        wk_fleet_state_count(server->fleet, (enum wk_device_state)s);
  gauges->unwritten = wk_fleet_dirty_count(server->fleet);
  gauges->lag_ms = gauges->unwritten == 0
                       ? 0
                       : (uint32_t)(wk_steady_ms() - server->written_at);
  (void)pthread_mutex_unlock(&server->memory);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_state.h - an open server, shared by its rooms: server.c (life),
 * login.c (logins), update.c (key updates), flush.c (writing back).
 *
 * Two locks. `disk` guards the store and is held during I/O; `memory` guards
 * the fleet and is held for microseconds, never during I/O. Who needs both
 * takes `disk` first. The login path takes `memory` alone, unless something
 * must be durable before the answer.
 *
 * What memory says of a device and the store does not yet is marked dirty.
 * Only chains move that way: states (enabled, quarantined ..) are written
 * before they count, so after wk_server_catch_up_locked() the store's state
 * of a device is the true one.
 */
#ifndef WHITEKEY_REGISTRY_SERVER_STATE_H
#define WHITEKEY_REGISTRY_SERVER_STATE_H

#include <pthread.h>

#include <whitekey/server.h>

#include "fleet.h"
#include "state.h"

#define WK_SERVER_NOISE 32u

struct wk_server {
  struct wk_server *next; /* servers open in this process */
  unsigned users;
  char *path;
  int lock;
  struct wk_registry *registry;
  struct wk_store_head head;
  struct wk_watch *watch;
  int64_t change_seq; /* changes up to it are taken in; guarded by memory */

  pthread_mutex_t disk;
  pthread_mutex_t memory;
  struct wk_fleet *fleet;
  struct wk_fleet_keys decoy_keys; /* so that no device costs what one does */
  struct wk_topic_role *roles[WK_ROLE_COUNT_MAX + 1]; /* by number */
  bool others_changed;   /* for the writer; guarded by memory */
  int64_t written_at;    /* all that was changed before is on disk; monotonic
                            milliseconds, guarded by memory */
  bool healthy;          /* guarded by memory, as is trouble */
  struct wk_why trouble; /* what the store last complained of */

  uint8_t noise[WK_SERVER_NOISE][16]; /* for nonces; the first ones are left */
  unsigned noise_left;

  uint32_t warm; /* devices below it have had their keys derived */
  pthread_t writer;
  bool writing; /* the thread runs */
  bool stopping;
  pthread_cond_t wake;
};

/* Loads a device's record, or the decoy; memory is held. True: enrolled. */
bool wk_server_record(const struct wk_server *server, const char *did,
                      struct wk_record *record, uint32_t *number);

/* Reads all roles anew; `disk` is held, or the server is not in use yet. */
WK_MUST_CHECK enum wk_err wk_server_load_roles(struct wk_server *server,
                                               struct wk_why *why);
void wk_server_free_roles(struct wk_server *server);

/* A write failed, and may have reached the disk all the same: memory's state
 * of the device, which is the answered one, is written again. */
void wk_server_write_again(struct wk_server *server, uint32_t number);

/* Before a write: promises indices up to last + R where no barrier stands. */
void wk_server_promise(const struct wk_server *server,
                       struct wk_record *record);

/*
 * Derives the keys of the next devices that have none, so that their first
 * login need not. False: there are none left.
 */
bool wk_server_warm(struct wk_server *server);

/*
 * After a try to write, before leave: logins are refused until a later try
 * succeeds. A transaction that wrote nothing has tried nothing.
 */
void wk_server_store_result(struct wk_server *server, enum wk_err err,
                            const struct wk_why *why);

/*
 * A store transaction: enter takes `disk`, begins, and takes in what others
 * changed; commit commits when err is WK_OK and else rolls back; between
 * commit and leave, which releases `disk`, memory follows the store. All three
 * are always called, whatever they return.
 */
WK_MUST_CHECK enum wk_err wk_server_enter(struct wk_server *server,
                                          struct wk_why *why);
WK_MUST_CHECK enum wk_err wk_server_commit(struct wk_server *server,
                                           enum wk_err err,
                                           struct wk_why *why);
void wk_server_leave(struct wk_server *server);

#endif

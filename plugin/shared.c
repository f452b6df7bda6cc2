/* SPDX-License-Identifier: Apache-2.0 */
#include "shared.h"

#include <stdlib.h>

static struct wk_shared *all;

static void shared_free(struct wk_shared *shared) {
  wk_waker_free(shared->waker);
  wk_throttle_free(shared->throttle);
  wk_sessions_free(shared->sessions);
  wk_audit_close(shared->audit);
  wk_server_close(shared->server);
  free(shared);
}

static enum wk_err open_rest(struct wk_shared *shared, const char *registry,
                             struct wk_why *why) {
  enum wk_err err = wk_server_start_writer(shared->server, why);
  if (err == WK_OK)
    err = wk_audit_open(&shared->audit, registry, why);
  if (err == WK_OK)
    err = wk_audit_start_writer(shared->audit, why);
  if (err != WK_OK)
    return err;
  shared->sessions = wk_sessions_new(wk_server_realm(shared->server));
  shared->throttle = wk_throttle_new();
  shared->waker = wk_waker_new(shared->server);
  if (!shared->sessions || !shared->throttle || !shared->waker)
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  return WK_OK;
}

enum wk_err wk_shared_join(struct wk_shared **shared, const char *registry,
                           const char *master, struct wk_why *why) {
  struct wk_server *server = NULL;
  *shared = NULL;
  enum wk_err err = wk_server_open(&server, registry, master, why);
  if (err != WK_OK)
    return err;
  struct wk_shared *found = all;
  while (found && found->server != server)
    found = found->next;
  if (found) {
    wk_server_close(server); /* counted: its first joiner keeps it open */
    found->users++;
    *shared = found;
    return WK_OK;
  }
  struct wk_shared *made = calloc(1, sizeof *made);
  if (!made) {
    wk_server_close(server);
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  }
  made->server = server;
  err = open_rest(made, registry, why);
  if (err != WK_OK) {
    shared_free(made);
    return err;
  }
  made->users = 1;
  made->next = all;
  all = made;
  *shared = made;
  return WK_OK;
}

void wk_shared_leave(struct wk_shared *shared) {
  if (!shared || --shared->users > 0)
    return;
  struct wk_shared **link = &all;
  while (*link != shared)
    link = &(*link)->next;
  *link = shared->next;
  shared_free(shared);
}

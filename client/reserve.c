/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client that holds its credential file and writes it ahead: `next` in the
 * file stands above every index given out, so a crash skips some and repeats
 * none. Nobody else may draw meanwhile: an index of ours below one of theirs
 * would look like a copy's.
 */
#include <string.h>

#include <whitekey/file.h>

#include "client_state.h"

/* An operator may put a new enrolment in the place of the file we hold. */
static bool is_own(const struct wk_client *client) {
  const struct stat *own = &client->held.own;
  struct stat now;
  return stat(client->path, &now) == 0 && now.st_dev == own->st_dev &&
         now.st_ino == own->st_ino && now.st_size == own->st_size &&
         now.st_mtim.tv_sec == own->st_mtim.tv_sec &&
         now.st_mtim.tv_nsec == own->st_mtim.tv_nsec;
}

static void note_file(struct wk_client *client, uint32_t c_next,
                      uint32_t d_next) {
  struct held *held = &client->held;
  held->c_next = c_next;
  held->d_next = d_next;
  if (stat(client->path, &held->own) != 0)
    memset(&held->own, 0, sizeof held->own);
}

static enum wk_err read_again(struct wk_credential *credential,
                              struct wk_client *client, struct wk_why *why) {
  const enum wk_err err = client_reload(credential, client, why);
  if (err == WK_OK)
    note_file(client, credential->c.next, credential->d.next);
  return err;
}

/* Puts up to count indices aside; gives how many. */
static uint32_t advance(struct wk_credential_chain *chain, uint32_t count) {
  if (!chain->present)
    return 0;
  const uint32_t left = chain->n + 1 - chain->next;
  const uint32_t taken = count < left ? count : left;
  chain->next += taken;
  return taken;
}

static enum wk_err save_ahead(const struct wk_credential *credential,
                              struct wk_client *client, uint32_t count,
                              struct wk_why *why) {
  struct wk_credential ahead = *credential;
  if (credential->c_update.chain.present || credential->d_update.chain.present)
    count = 0;
  const uint32_t c = advance(&ahead.c, count);
  const uint32_t d = advance(&ahead.d, count);
  ahead.reserved = c > d ? c : d;
  const enum wk_err err = client_save(&ahead, client->path, why);
  if (err == WK_OK)
    note_file(client, ahead.c.next, ahead.d.next);
  wk_credential_wipe(&ahead);
  return err;
}

enum wk_err reserve_edit(struct wk_credential *credential,
                         struct wk_client *client, client_change *change,
                         void *context, struct wk_why *why) {
  const struct held *held = &client->held;
  enum client_changed changed = CLIENT_SAME;
  enum wk_err err = WK_OK;
  if (!is_own(client))
    err = read_again(credential, client, why);
  if (err == WK_OK)
    err = change(credential, &changed, client, context, why);
  if (err != WK_OK || changed == CLIENT_SAME)
    return err;
  if (changed == CLIENT_DRAWN && credential->c.next <= held->c_next &&
      credential->d.next <= held->d_next)
    return WK_OK;
  return save_ahead(credential, client, held->ahead - 1, why);
}

enum wk_err wk_client_reserve(struct wk_client *client, uint32_t count,
                              struct wk_why *why) {
  struct wk_credential copy;
  int lock = -1;
  if (!client->path || count < 1 || count > WK_RESERVE_MAX)
    return wk_fail(why, WK_ERR_ARGUMENT,
                   "%s: 1 to %u indices of a file can be reserved",
                   client_where(client), WK_RESERVE_MAX);
  if (client->held.lock < 0) {
    enum wk_err err = client_lock(&lock, client->path, why);
    if (err == WK_OK)
      err = read_again(&copy, client, why);
    if (err != WK_OK) {
      wk_file_unlock(lock);
      return err;
    }
    client->credential = copy;
    client->held.lock = lock;
    wk_credential_wipe(&copy);
  }
  client->held.ahead = count;
  return WK_OK;
}

void reserve_end(struct wk_client *client) {
  const struct held *held = &client->held;
  if (held->lock < 0)
    return;
  const bool unspent = held->c_next != client->credential.c.next ||
                       held->d_next != client->credential.d.next;
  enum wk_err err = WK_OK;
  if (unspent && is_own(client))
    err = client_save(&client->credential, client->path, NULL);
  (void)err; /* what the disk does not take is skipped, as after a crash */
  wk_file_unlock(held->lock);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A client's credential, in its file or in memory, changed in one step. */
#include "client_state.h"

#include <string.h>
#include <time.h>

#include <whitekey/bytes.h>
#include <whitekey/file.h>

#define LOCK_PAUSE_MS 5
#define LOCK_TRIES 1000 /* five seconds */

const char *client_where(const struct wk_client *client) {
  return client->path ? client->path : client->credential.id.did;
}

/* An X2 names its X1, so a chain D alone makes no login. */
static enum wk_err need_chain(const struct wk_credential *credential,
                              const char *path, bool user,
                              struct wk_why *why) {
  if (user ? credential->d.present : credential->c.present)
    return WK_OK;
  return wk_fail(why, WK_ERR_ARGUMENT,
                 user ? "%s: holds no user's chain (D), only a device's"
                      : "%s: holds no device chain (C), only a user's",
                 path);
}

enum wk_err client_load(struct wk_credential *credential, const char *path,
                        bool user, struct wk_why *why) {
  char *text = NULL;
  size_t len = 0;
  enum wk_err err = wk_file_private(path, "credential", why);
  if (err == WK_OK)
    err = wk_file_read(&text, &len, path, WK_CREDENTIAL_FILE_MAX, why);
  if (err == WK_OK)
    err = wk_credential_parse(credential, text, len, path, why);
  wk_file_wipe(text, len);
  if (err == WK_OK)
    err = need_chain(credential, path, user, why);
  return err == WK_ERR_SPACE ? WK_ERR_MALFORMED : err;
}

enum wk_err client_save(const struct wk_credential *credential,
                        const char *path, struct wk_why *why) {
  char *text = NULL;
  size_t len = 0;
  enum wk_err err = wk_credential_write(&text, &len, credential);
  if (err != WK_OK)
    return wk_fail(why, err, "%s: out of memory", path);
  err = wk_file_replace(path, text, len, 0600, why);
  wk_file_wipe(text, len);
  return err;
}

/* A file that was exchanged for another device's is not what was opened. */
enum wk_err client_reload(struct wk_credential *credential,
                          const struct wk_client *client, struct wk_why *why) {
  enum wk_err err = client_load(credential, client->path, client->user, why);
  if (err == WK_OK &&
      strcmp(credential->id.did, client->credential.id.did) != 0)
    err = wk_fail(why, WK_ERR_CORRUPT, "%s: is of device %s now, was of %s",
                  client->path, credential->id.did, client->credential.id.did);
  return err;
}

/* Others hold it for the time of one write, or as long as they live. */
enum wk_err client_lock(int *lock, const char *path, struct wk_why *why) {
  const struct timespec pause = {.tv_nsec = LOCK_PAUSE_MS * 1000000L};
  enum wk_err err = wk_file_try_lock(lock, path, why);
  for (int i = 0; err == WK_ERR_BUSY && i < LOCK_TRIES; i++) {
    (void)nanosleep(&pause, NULL);
    err = wk_file_try_lock(lock, path, why);
  }
  if (err == WK_ERR_BUSY)
    return wk_fail(why, err, "%s: another program keeps this credential open",
                   path);
  return err;
}

static enum wk_err edit_file(struct wk_credential *credential,
                             const struct wk_client *client,
                             client_change *change, void *context,
                             struct wk_why *why) {
  enum client_changed changed = CLIENT_SAME;
  int lock = -1;
  enum wk_err err = client_lock(&lock, client->path, why);
  if (err != WK_OK)
    return err;
  err = client_reload(credential, client, why);
  if (err == WK_OK)
    err = change(credential, &changed, client, context, why);
  if (err == WK_OK && changed != CLIENT_SAME)
    err = client_save(credential, client->path, why);
  wk_file_unlock(lock);
  return err;
}

enum wk_err client_edit(struct wk_client *client, client_change *change,
                        void *context, struct wk_why *why) {
  struct wk_credential copy = client->credential;
  enum client_changed changed = CLIENT_SAME;
  enum wk_err err = WK_OK;
  if (!client->path)
    err = change(&copy, &changed, client, context, why);
  else if (client->held.lock >= 0)
    err = reserve_edit(&copy, client, change, context, why);
  else
    err = edit_file(&copy, client, change, context, why);
  if (err == WK_OK) {
    client->credential = copy;
    /* Values of a chain that was erased go with it. */
    values_forget(&client->c, &copy.c, &copy.c_update.chain);
    values_forget(&client->d, &copy.d, &copy.d_update.chain);
  }
  wk_credential_wipe(&copy);
  return err;
}

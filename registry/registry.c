/* SPDX-License-Identifier: Apache-2.0 */
/* The registry's two files: made, opened, closed. */
#include "state.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <whitekey/file.h>
#include <whitekey/random.h>

enum wk_err wk_registry_create(const char *path, const char *master_path,
                               struct wk_why *why) {
  struct wk_store_head head = {.clean = true};
  uint8_t master[WK_MASTER_LEN];
  if (access(path, F_OK) == 0)
    return wk_fail(why, WK_ERR_EXISTS, "%s: stands there already", path);
  wk_random(head.realm, sizeof head.realm);
  wk_random(master, sizeof master);
  wk_wrap_check(head.check, master, head.realm);
  enum wk_err err =
      wk_file_create(master_path, master, sizeof master, 0600, why);
  wk_wipe(master, sizeof master);
  if (err != WK_OK)
    return err;
  err = wk_store_create(path, &head, why);
  if (err != WK_OK)
    (void)unlink(master_path); /* ours: it was created just now */
  return err;
}

static enum wk_err read_master(uint8_t master[WK_MASTER_LEN], const char *path,
                               struct wk_why *why) {
  char *data = NULL;
  size_t len = 0;
  enum wk_err err = wk_file_private(path, "master key", why);
  if (err == WK_OK)
    err = wk_file_read(&data, &len, path, WK_MASTER_LEN, why);
  if (err == WK_ERR_SPACE || (err == WK_OK && len != WK_MASTER_LEN))
    err = wk_fail(why, WK_ERR_KEY, "%s: not a master key of %u bytes", path,
                  WK_MASTER_LEN);
  if (err == WK_OK)
    memcpy(master, data, WK_MASTER_LEN);
  wk_file_wipe(data, len);
  return err;
}

/* A record whose name no peer can give; its key material is random. */
static void decoy_init(struct wk_registry *registry) {
  struct wk_record *decoy = &registry->decoy;
  uint8_t bio_id[WK_BIO_LEN];
  memcpy(decoy->id.realm, registry->realm, WK_REALM_LEN);
  memcpy(decoy->id.did, "no such device", sizeof "no such device");
  decoy->id.did_len = (uint8_t)strlen(decoy->id.did);
  decoy->c.present = true;
  decoy->c.n = WK_CHAIN_LEN_DEFAULT;
  wk_random(bio_id, sizeof bio_id);
  wk_wrap_seal(decoy->bio_wrapped, registry->wrap_key, &decoy->id,
               decoy->generation, bio_id);
  wk_wipe(bio_id, sizeof bio_id);
}

static enum wk_err open_files(struct wk_registry *registry, const char *path,
                              const char *master_path, struct wk_why *why) {
  struct wk_store_head head;
  uint8_t check[WK_CHECK_LEN];
  enum wk_err err = wk_store_open(&registry->store, path, &head, why);
  if (err != WK_OK)
    return err;
  err = read_master(registry->master, master_path, why);
  if (err != WK_OK)
    return err;
  memcpy(registry->realm, head.realm, WK_REALM_LEN);
  wk_wrap_check(check, registry->master, head.realm);
  if (!wk_equal(check, head.check, sizeof check))
    return wk_fail(why, WK_ERR_KEY, "%s: is not the master key of %s",
                   master_path, path);
  wk_wrap_key(registry->wrap_key, registry->master, head.realm);
  decoy_init(registry);
  return WK_OK;
}

enum wk_err wk_registry_open(struct wk_registry **registry, const char *path,
                             const char *master_path, struct wk_why *why) {
  *registry = NULL;
  struct wk_registry *made = calloc(1, sizeof *made);
  if (!made)
    return wk_fail(why, WK_ERR_MEMORY, "%s: out of memory", path);
  const enum wk_err err = open_files(made, path, master_path, why);
  if (err != WK_OK) {
    wk_registry_close(made);
    return err;
  }
  *registry = made;
  return WK_OK;
}

void wk_registry_close(struct wk_registry *registry) {
  if (!registry)
    return;
  wk_store_close(registry->store);
  wk_wipe(registry, sizeof *registry);
  free(registry);
}

const uint8_t *wk_registry_realm(const struct wk_registry *registry) {
  return registry->realm;
}

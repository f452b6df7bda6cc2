/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/credential.h>

#include <stdio.h>
#include <string.h>

#include <whitekey/bytes.h>
#include <whitekey/json.h>
#include <whitekey/random.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define WHERE_MAX WK_WHY_MAX

static enum wk_err read_numbers(struct wk_credential_chain *chain,
                                const cJSON *entry, const char *where,
                                struct wk_why *why) {
  enum wk_err err =
      wk_json_u32(&chain->epoch, entry, "epoch", 0, UINT32_MAX, where, why);
  if (err == WK_OK)
    err = wk_json_u32(&chain->n, entry, "n", WK_CHAIN_LEN_MIN,
                      WK_CHAIN_LEN_MAX, where, why);
  if (err == WK_OK)
    err = wk_json_bytes(chain->seed, WK_SEED_LEN, entry, "seed", where, why);
  if (err == WK_OK)
    err =
        wk_json_u32(&chain->next, entry, "next", 1, chain->n + 1, where, why);
  if (err == WK_OK && cJSON_GetObjectItemCaseSensitive(entry, "refusals"))
    err = wk_json_u32(&chain->refusals, entry, "refusals", 0, WK_REFUSALS_MAX,
                      where, why);
  chain->present = err == WK_OK;
  return err;
}

/* The new chain of an open update stands inside the old one's entry. */
static enum wk_err read_update(struct wk_credential_update *update,
                               const struct wk_credential_chain *old,
                               const cJSON *entry, const char *where,
                               struct wk_why *why) {
  static const char *const names[] = {"epoch",    "n",     "seed", "next",
                                      "refusals", "after", "turn"};
  enum wk_err err = wk_json_only(entry, names, COUNT(names), where, why);
  if (err == WK_OK)
    err = read_numbers(&update->chain, entry, where, why);
  if (err == WK_OK &&
      (old->epoch == UINT32_MAX || update->chain.epoch != old->epoch + 1))
    err = wk_fail(why, WK_ERR_MALFORMED,
                  "%s: \"epoch\": not one above the chain's", where);
  if (err == WK_OK)
    err = wk_json_u32(&update->after, entry, "after", 1, old->n, where, why);
  if (err == WK_OK)
    err =
        wk_json_u32(&update->turn, entry, "turn", 0, WK_TURNS - 1, where, why);
  return err;
}

static enum wk_err read_chain(struct wk_credential_chain *chain,
                              struct wk_credential_update *update,
                              const cJSON *chains, const char *name,
                              const char *file, struct wk_why *why) {
  static const char *const names[] = {"epoch", "n",        "seed",
                                      "next",  "refusals", "update"};
  const cJSON *entry = NULL;
  char where[WHERE_MAX];
  (void)snprintf(where, sizeof where, "%s: chains.%s", file, name);
  if (!cJSON_GetObjectItemCaseSensitive(chains, name))
    return WK_OK;
  enum wk_err err = wk_json_object(&entry, chains, name, file, why);
  if (err == WK_OK)
    err = wk_json_only(entry, names, COUNT(names), where, why);
  if (err == WK_OK)
    err = read_numbers(chain, entry, where, why);
  if (err != WK_OK || !cJSON_GetObjectItemCaseSensitive(entry, "update"))
    return err;
  err = wk_json_object(&entry, entry, "update", where, why);
  (void)snprintf(where, sizeof where, "%s: chains.%s.update", file, name);
  if (err == WK_OK)
    err = read_update(update, chain, entry, where, why);
  return err;
}

static enum wk_err read_chains(struct wk_credential *credential,
                               const cJSON *tree, const char *where,
                               struct wk_why *why) {
  static const char *const names[] = {"C", "D"};
  const cJSON *chains = NULL;
  enum wk_err err = wk_json_object(&chains, tree, "chains", where, why);
  if (err != WK_OK)
    return err;
  err = wk_json_only(chains, names, COUNT(names), where, why);
  if (err == WK_OK)
    err = read_chain(&credential->c, &credential->c_update, chains, "C", where,
                     why);
  if (err == WK_OK)
    err = read_chain(&credential->d, &credential->d_update, chains, "D", where,
                     why);
  if (err == WK_OK && !credential->c.present && !credential->d.present)
    err = wk_fail(why, WK_ERR_MALFORMED, "%s: \"chains\": holds no chain",
                  where);
  return err;
}

static enum wk_err read_id(struct wk_id *id, const cJSON *tree,
                           const char *where, struct wk_why *why) {
  const char *did = NULL;
  uint8_t realm[WK_REALM_LEN];
  enum wk_err err = wk_json_text(&did, tree, "d_id", where, why);
  if (err == WK_OK)
    err = wk_json_bytes(realm, sizeof realm, tree, "realm", where, why);
  if (err != WK_OK)
    return err;
  if (wk_id_init(id, realm, did, strlen(did)) != WK_OK)
    return wk_fail(why, WK_ERR_MALFORMED,
                   "%s: \"d_id\": not 1 to %u of A-Z a-z 0-9 . _ -", where,
                   WK_DID_MAX);
  return WK_OK;
}

static enum wk_err read_tree(struct wk_credential *credential,
                             const cJSON *tree, const char *where,
                             struct wk_why *why) {
  static const char *const names[] = {"whitekey",   "d_id",     "realm",
                                      "generation", "ks",       "bio_id",
                                      "time",       "reserved", "chains"};
  uint32_t version = 0;
  /* The version first: another one may well have other members. */
  enum wk_err err = wk_json_u32(&version, tree, "whitekey", 1, 1, where, why);
  if (err == WK_OK)
    err = wk_json_only(tree, names, COUNT(names), where, why);
  if (err == WK_OK)
    err = read_id(&credential->id, tree, where, why);
  if (err == WK_OK)
    err = wk_json_u32(&credential->generation, tree, "generation", 0,
                      UINT32_MAX, where, why);
  if (err == WK_OK)
    err = wk_json_bytes(credential->ks, WK_KS_LEN, tree, "ks", where, why);
  if (err == WK_OK)
    err = wk_json_bytes(credential->bio_id, WK_BIO_LEN, tree, "bio_id", where,
                        why);
  if (err == WK_OK)
    err = wk_json_u32(&credential->time, tree, "time", 0, UINT32_MAX, where,
                      why);
  if (err == WK_OK && cJSON_GetObjectItemCaseSensitive(tree, "reserved"))
    err = wk_json_u32(&credential->reserved, tree, "reserved", 0,
                      WK_RESERVE_MAX, where, why);
  if (err == WK_OK)
    err = read_chains(credential, tree, where, why);
  return err;
}

enum wk_err wk_credential_parse(struct wk_credential *credential,
                                const char *text, size_t len,
                                const char *where, struct wk_why *why) {
  cJSON *tree = NULL;
  memset(credential, 0, sizeof *credential);
  enum wk_err err = wk_json_parse(&tree, text, len, where, why);
  if (err == WK_OK)
    err = read_tree(credential, tree, where, why);
  if (err != WK_OK)
    wk_credential_wipe(credential);
  wk_json_wipe(tree);
  return err;
}

void wk_credential_chain_new(struct wk_credential_chain *chain, uint32_t n) {
  memset(chain, 0, sizeof *chain);
  chain->present = true;
  chain->n = n;
  chain->next = 1;
  wk_random(chain->seed, sizeof chain->seed);
}

void wk_credential_anchor(uint8_t anchor[WK_VALUE_LEN], const struct wk_id *id,
                          enum wk_role role,
                          const struct wk_credential_chain *chain) {
  uint8_t salt[WK_SALT_LEN];
  wk_chain_salt(salt, id, role, chain->epoch);
  wk_chain_top(anchor, salt, chain->n, chain->seed);
  wk_chain_walk(anchor, salt, chain->n, 0);
}

void wk_credential_wipe(struct wk_credential *credential) {
  wk_wipe(credential, sizeof *credential);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Who has the server's data. */
#include "attacks.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <whitekey/file.h>
#include <whitekey/random.h>

#include "craft.h"

#define REGISTRY_FILE_MAX (256u << 20)

/* ---- the registry's file ------------------------------------------------
 */

/* The file, or what SQLite has not yet brought into it. */
static bool file_holds(const struct lab *lab, const char *suffix,
                       const void *secret, size_t len) {
  char path[4096];
  char *data = NULL;
  size_t size = 0;
  (void)snprintf(path, sizeof path, "%s%s", lab->options->registry, suffix);
  if (wk_file_read(&data, &size, path, REGISTRY_FILE_MAX, NULL) != WK_OK)
    return false;
  const bool found = memmem(data, size, secret, len) != NULL;
  wk_file_wipe(data, size);
  return found;
}

static bool holds(const struct lab *lab, const void *secret, size_t len) {
  return file_holds(lab, "", secret, len) ||
         file_holds(lab, "-wal", secret, len);
}

static void look(struct lab *lab, const char *what, const void *secret,
                 size_t len) {
  char text[64];
  const bool found = holds(lab, secret, len);
  (void)snprintf(text, sizeof text, "%s %s in the file", what,
                 found ? "stands" : "is not");
  if (found)
    lab_intruded(lab, text);
  else
    lab_say(lab, "%s", text);
}

/* A registry opens with its own master key alone. */
static void open_with_own_master(struct lab *lab) {
  char path[2 * LAB_PATH_MAX];
  uint8_t master[WK_MASTER_LEN];
  struct wk_registry *registry = NULL;
  wk_random(master, sizeof master);
  lab_path(lab, path, "master.key");
  if (lab->err == WK_OK)
    lab->err = wk_file_create(path, master, sizeof master, 0600, &lab->why);
  if (lab->err != WK_OK)
    return;
  if (wk_registry_open(&registry, lab->options->registry, path, NULL) ==
      WK_OK) {
    lab_intruded(lab, "opens the registry with a master of his own");
    wk_registry_close(registry);
  } else {
    lab_say(lab, "a master of his own does not open it");
  }
  (void)unlink(path);
}

/* What stands in the file in clear is the anchor, which anybody can make of
 * any password: he tries it as the first one. */
static void try_anchor(struct lab *lab, const uint8_t anchor[WK_VALUE_LEN]) {
  struct wk_credential guessed = lab->device;
  struct packet packet;
  uint8_t x1[WK_X1_LEN];
  wk_random(guessed.ks, sizeof guessed.ks);
  wk_random(guessed.bio_id, sizeof guessed.bio_id);
  craft_login(x1, &guessed, 2, lab_now(lab), anchor);
  lab_write_parts(lab, &packet, lab->device.id.did, x1, sizeof x1, NULL, 0);
  lab_attack(lab, "the anchor as a password", &packet);
  wk_credential_wipe(&guessed);
}

void attack_stolen_registry(struct lab *lab) {
  const struct wk_credential *device = &lab->device;
  uint8_t anchor[WK_VALUE_LEN];
  if (lab->err != WK_OK)
    return;
  wk_credential_anchor(anchor, &device->id, WK_ROLE_C, &device->c);
  if (!holds(lab, anchor, sizeof anchor))
    lab_fail(lab,
             "%s: the anchor is not where it should be: a search that "
             "proves nothing",
             lab->options->registry);
  lab_must(lab);
  look(lab, "the seed", device->c.seed, sizeof device->c.seed);
  look(lab, "Ks", device->ks, sizeof device->ks);
  look(lab, "bio_id", device->bio_id, sizeof device->bio_id);
  open_with_own_master(lab);
  try_anchor(lab, anchor);
  lab_still(lab);
}

/* ---- registry and master: Ks and bio_id, and each password once heard ----
 */

/* The device logs in; the attacker hears it, and opens what he heard. */
static void overhear(struct lab *lab, struct wk_header *header,
                     struct wk_login *body) {
  struct wk_otp otp;
  struct packet packet;
  if (lab->err == WK_OK)
    lab->err = wk_client_next(lab->client, NULL, &otp, &lab->why);
  if (lab->err != WK_OK)
    return;
  lab_write_parts(lab, &packet, lab->device.id.did, otp.x1, sizeof otp.x1,
                  NULL, 0);
  if (lab_send(lab, "the device", &packet, &lab->home) != ANSWER_ACCEPTED)
    lab_fail(lab, "the login that is to be overheard was not let in");
  if (!craft_open(header, body, &lab->device, otp.x1))
    lab_fail(lab, "stolen keys do not open it: this proves nothing");
  wk_client_accepted(lab->client);
  wk_wipe(&otp, sizeof otp);
  wk_wipe(&packet, sizeof packet);
}

/* Ks as the master gives it is the device's: the keys are really stolen. */
static void derive(struct lab *lab) {
  char *master = NULL;
  size_t len = 0;
  uint8_t ks[WK_KS_LEN];
  if (lab->err == WK_OK)
    lab->err =
        wk_file_read(&master, &len, lab->options->master, 4096, &lab->why);
  if (lab->err != WK_OK)
    return;
  if (len != WK_MASTER_LEN)
    lab_fail(lab, "%s: not a master key", lab->options->master);
  else {
    wk_key_server(ks, (const uint8_t *)master, &lab->device.id,
                  lab->device.generation);
    if (!wk_equal(ks, lab->device.ks, sizeof ks))
      lab_fail(lab, "the master key does not give Ks: this proves nothing");
  }
  wk_wipe(ks, sizeof ks);
  wk_file_wipe(master, len);
}

static void claim(struct lab *lab, const char *who, uint32_t index,
                  const uint8_t x[WK_VALUE_LEN]) {
  struct packet packet;
  uint8_t x1[WK_X1_LEN];
  craft_login(x1, &lab->device, index, lab_now(lab), x);
  lab_write_parts(lab, &packet, lab->device.id.did, x1, sizeof x1, NULL, 0);
  lab_attack(lab, who, &packet);
}

void attack_stolen_master(struct lab *lab) {
  struct wk_header header = {0};
  struct wk_login heard = {0};
  uint8_t x[WK_VALUE_LEN];
  uint8_t salt[WK_SALT_LEN];
  derive(lab);
  overhear(lab, &header, &heard);
  memcpy(x, heard.x, sizeof x);
  claim(lab, "the password heard, as the next one", header.index + 1, x);
  wk_chain_salt(salt, &lab->device.id, WK_ROLE_C, 0);
  wk_chain_step(x, salt, header.index + 1);
  claim(lab, "one step from it, as the next one", header.index + 1, x);
  wk_random(x, sizeof x);
  claim(lab, "a guess", header.index + 1, x);
  lab_alive(lab);
  lab_still(lab);
  wk_wipe(&heard, sizeof heard);
}

/* A long walk is done once a minute, for what is proven fresh: his clock is
 * a little ahead. */
void attack_chain_end(struct lab *lab) {
  struct wk_header header = {0};
  struct wk_login heard = {0};
  uint8_t x[WK_VALUE_LEN];
  overhear(lab, &header, &heard);
  wk_random(x, sizeof x);
  lab->ahead = 5;
  claim(lab, "a guess at the chain's last index", lab->device.c.n, x);
  claim(lab, "another one", lab->device.c.n, x);
  claim(lab, "one behind its end", lab->device.c.n + 1, x);
  claim(lab, "one within the window", header.index + 64, x);
  lab->ahead = 0;
  lab_alive(lab);
  lab_still(lab);
  wk_wipe(&heard, sizeof heard);
}

/* A spent password in a fresh envelope is what a copied device would send. */
void attack_false_clone(struct lab *lab) {
  struct wk_header header = {0};
  struct wk_login heard = {0};
  derive(lab);
  overhear(lab, &header, &heard);
  lab_next_second(lab);
  claim(lab, "the password heard, sealed anew", header.index, heard.x);
  if (lab_quarantined(lab))
    lab_harmed(lab, "the device is locked out, until an operator decides");
  wk_wipe(&heard, sizeof heard);
}

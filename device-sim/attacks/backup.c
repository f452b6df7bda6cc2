/* SPDX-License-Identifier: Apache-2.0 */
/* Files put back as they were. */
#include "attacks.h"

#include <time.h>
#include <unistd.h>

#include <whitekey/bytes.h>
#include <whitekey/file.h>

#define REGISTRY_FILE_MAX (256u << 20)

/* ---- the device's file --------------------------------------------------
 */

struct card {
  char path[2 * LAB_PATH_MAX];
  char *text; /* the credential as it was first */
  size_t len;
  struct wk_client *client;
};

static void card_make(struct lab *lab, struct card *card) {
  *card = (struct card){0};
  lab_path(lab, card->path, "credential");
  lab->err = wk_credential_write(&card->text, &card->len, &lab->device);
  if (lab->err == WK_OK)
    lab->err =
        wk_file_create(card->path, card->text, card->len, 0600, &lab->why);
  if (lab->err == WK_OK)
    lab->err = wk_client_open(&card->client, card->path, wk_clock_system, NULL,
                              &lab->why);
}

static void card_remove(const struct lab *lab, struct card *card) {
  wk_client_free(card->client);
  wk_file_wipe(card->text, card->len);
  (void)unlink(card->path);
  lab_path(lab, card->path, "credential.lock");
  (void)unlink(card->path);
}

/*
 * Who can put the device's file back makes it say again what it said: no
 * password is let in twice, and the second use of an index is told as a copy.
 */
void attack_rollback(struct lab *lab) {
  struct card card;
  card_make(lab, &card);
  if (lab_login(lab, "the device", card.client, &lab->home) != ANSWER_ACCEPTED)
    lab_fail(lab, "the device's first login was not let in");
  peer_close(&lab->home);
  lab_next_second(lab);
  if (lab->err == WK_OK)
    lab->err =
        wk_file_replace(card.path, card.text, card.len, 0600, &lab->why);
  (void)lab_attack_with(lab, "the device with its file put back", card.client);
  (void)lab_quarantined(lab);
  card_remove(lab, &card);
}

/* ---- the server's registry ----------------------------------------------
 */

struct backup {
  char *data;
  size_t len;
};

/* The broker and the lab let go of the file, as an operator would see to. */
static void stop(struct lab *lab) {
  if (lab->err != WK_OK)
    return;
  lab_close_registry(lab);
  child_stop(&lab->broker);
}

static void start(struct lab *lab) {
  lab_open_registry(lab);
  if (lab->err == WK_OK)
    lab->err = child_start(&lab->broker, lab->options->broker, &lab->place,
                           &lab->why);
}

static void put_back(struct lab *lab, const struct backup *backup) {
  if (lab->err == WK_OK)
    lab->err = wk_file_replace(lab->options->registry, backup->data,
                               backup->len, 0600, &lab->why);
}

/* `whitekey restore`, on a machine whose clocks agree. */
static void say_restored(struct lab *lab) {
  int64_t not_before;
  if (lab->err == WK_OK)
    lab->err = wk_registry_restore(lab->registry, (int64_t)time(NULL), 0,
                                   &not_before, &lab->why);
  lab_say(lab, "the operator: whitekey restore");
}

/* The backup does not know what was spent since, and takes it once more. */
static void forget(struct lab *lab, const struct backup *backup,
                   const struct packet *heard) {
  struct peer peer = {.fd = -1};
  stop(lab);
  put_back(lab, backup);
  start(lab);
  if (lab_send(lab, "replay without `whitekey restore`", heard, &peer) !=
      ANSWER_ACCEPTED)
    lab_fail(lab, "the backup knew of the login: this proves nothing");
  peer_close(&peer);
}

void attack_restored_backup(struct lab *lab) {
  struct backup backup = {0};
  struct packet heard;
  stop(lab);
  if (lab->err == WK_OK)
    lab->err = wk_file_read(&backup.data, &backup.len, lab->options->registry,
                            REGISTRY_FILE_MAX, &lab->why);
  start(lab);
  lab_write(lab, &heard, lab->client);
  if (lab_send(lab, "the device", &heard, &lab->home) != ANSWER_ACCEPTED)
    lab_fail(lab, "the login that is to be replayed was not let in");
  forget(lab, &backup, &heard);
  stop(lab);
  put_back(lab, &backup);
  lab_open_registry(lab);
  say_restored(lab);
  stop(lab);
  start(lab);
  lab_attack(lab, "replay after `whitekey restore`", &heard);
  /* Times count from the next second on, and must be later than it. */
  lab_next_second(lab);
  lab_next_second(lab);
  lab_still(lab);
  wk_file_wipe(backup.data, backup.len);
  wk_wipe(&heard, sizeof heard);
}

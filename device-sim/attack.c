/* SPDX-License-Identifier: Apache-2.0 */
#include "attack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <whitekey/bytes.h>
#include <whitekey/log.h>

#include "evidence.h"
#include "fleet.h"
#include "login.h"
#include "peer.h"

#define VICTIM "sim-victim"

enum verdict { VERDICT_STOPPED, VERDICT_NOTICED, VERDICT_NOT_STOPPED };
static const char *const verdict_name[] = {"stopped", "noticed",
                                           "not stopped"};

struct lab {
  struct sim sim; /* options and the broker's address */
  struct fleet fleet;
  struct evidence evidence;
  struct wk_credential victim;
  struct wk_why why;
};

struct packet {
  size_t len;
  uint8_t bytes[PACKET_MAX];
};

static enum wk_err lab_open(struct lab *lab, const struct options *options) {
  lab->sim.options = options;
  enum wk_err err = net_resolve(&lab->sim.address, &lab->sim.address_len,
                                options->host, options->port, &lab->why);
  if (err == WK_OK)
    err = fleet_open(&lab->fleet, options, &lab->why);
  if (err == WK_OK)
    err = fleet_enrol(&lab->fleet, VICTIM, &lab->victim, &lab->why);
  if (err == WK_OK)
    err = evidence_begin(&lab->evidence, options->registry, &lab->why);
  return err;
}

static void lab_close(struct lab *lab) {
  fleet_close(&lab->fleet);
  wk_credential_wipe(&lab->victim);
}

/* A device from the credential as it was enrolled: the victim or its copy. */
static enum wk_err lab_client(struct lab *lab, struct wk_client **client) {
  if (wk_client_new(client, &lab->victim, wk_clock_system, NULL) == WK_OK)
    return WK_OK;
  return wk_fail(&lab->why, WK_ERR_MEMORY, "out of memory");
}

static enum wk_err write_login(struct lab *lab, struct packet *packet,
                               struct wk_client *client) {
  struct wk_writer w;
  wk_writer_init(&w, packet->bytes, sizeof packet->bytes);
  const enum wk_err err = login_write(&w, client, lab->sim.options->version,
                                      PACKET_MAX, &lab->why);
  packet->len = w.used;
  return err;
}

/* Sends a login, says who did and what the answer was. */
static enum wk_err try_login(struct lab *lab, const char *who,
                             const struct packet *packet, struct peer *peer,
                             enum answer *answer) {
  const enum wk_err err = peer_login(peer, answer, &lab->sim, packet->bytes,
                                     packet->len, &lab->why);
  if (err == WK_OK)
    (void)printf("  %s: %s\n", who, peer->saw);
  return err;
}

static enum wk_err try_fresh_login(struct lab *lab, const char *who,
                                   struct wk_client *client, struct peer *peer,
                                   enum answer *answer) {
  struct packet packet;
  enum wk_err err = write_login(lab, &packet, client);
  if (err == WK_OK)
    err = try_login(lab, who, &packet, peer, answer);
  if (*answer == ANSWER_ACCEPTED)
    wk_client_accepted(client);
  wk_wipe(&packet, sizeof packet);
  return err;
}

static void show_evidence(struct lab *lab) {
  if (evidence_next(&lab->evidence, VICTIM))
    (void)printf("  audit: %s\n", lab->evidence.line);
  else
    (void)printf("  audit: no line in %s\n", lab->evidence.path);
}

/* The registry's word on the victim, printed too. */
static enum wk_err read_state(struct lab *lab, enum wk_device_state *state) {
  struct wk_device_info info;
  const enum wk_err err =
      wk_registry_get(lab->fleet.registry, VICTIM, &info, &lab->why);
  *state = info.state;
  if (err == WK_OK)
    (void)printf("  registry: %s is %s\n", VICTIM,
                 wk_device_state_name(info.state));
  return err;
}

/* Where even the honest login fails there is nothing to attack. */
static enum wk_err need_accepted(struct lab *lab, enum answer answer,
                                 const char *who) {
  if (answer == ANSWER_ACCEPTED)
    return WK_OK;
  return wk_fail(&lab->why, WK_ERR_KEY,
                 "%s: the first login was not let in: does the broker use "
                 "the registry %s?",
                 who, lab->sim.options->registry);
}

/*
 * The same bytes again, once while the victim is online and once after it
 * left. They must be refused, the victim must not be disturbed, and its next
 * login must work: else an eavesdropper could lock it out.
 */
static enum wk_err replay(struct lab *lab, struct wk_client *client,
                          enum verdict *verdict) {
  struct packet login;
  struct peer victim = {.fd = -1};
  struct peer thief[2] = {{.fd = -1}, {.fd = -1}};
  enum answer answer = ANSWER_NONE;
  enum answer stolen[2] = {ANSWER_NONE, ANSWER_NONE};
  enum wk_device_state state = WK_DEVICE_ENABLED;
  bool undisturbed = false;
  enum wk_err err = write_login(lab, &login, client);
  if (err == WK_OK)
    err = try_login(lab, "victim", &login, &victim, &answer);
  if (err == WK_OK)
    err = need_accepted(lab, answer, VICTIM);
  if (err == WK_OK)
    err = try_login(lab, "replay while it is online", &login, &thief[0],
                    &stolen[0]);
  if (err == WK_OK) {
    show_evidence(lab);
    undisturbed = peer_alive(&victim);
    (void)printf("  victim: %s\n", undisturbed ? "still online" : "lost");
    peer_close(&victim);
    err =
        try_login(lab, "replay after it left", &login, &thief[1], &stolen[1]);
  }
  if (err == WK_OK) {
    show_evidence(lab);
    err = read_state(lab, &state);
  }
  peer_close(&victim);
  if (err == WK_OK)
    err = try_fresh_login(lab, "victim with its next password", client,
                          &victim, &answer);
  *verdict = stolen[0] != ANSWER_ACCEPTED && stolen[1] != ANSWER_ACCEPTED &&
                     undisturbed && answer == ANSWER_ACCEPTED &&
                     state == WK_DEVICE_ENABLED
                 ? VERDICT_STOPPED
                 : VERDICT_NOT_STOPPED;
  peer_close(&victim);
  peer_close(&thief[0]);
  peer_close(&thief[1]);
  wk_wipe(&login, sizeof login);
  return err;
}

/* A message is proof only when its second is later than the last accepted. */
static void wait_next_second(void) {
  const struct timespec pause = {.tv_nsec = 10000000L};
  const uint32_t before = wk_clock_system(NULL);
  while (wk_clock_system(NULL) == before)
    (void)nanosleep(&pause, NULL);
}

/*
 * Two devices from one credential, one after the other. Who comes second must
 * be refused as a clone, and the device quarantined, so that who came first
 * is out too.
 */
static enum wk_err copy(struct lab *lab, struct wk_client *first,
                        struct wk_client *second, enum verdict *verdict) {
  const bool original_first = lab->sim.options->original_first;
  const char *const who[] = {original_first ? "original" : "copy",
                             original_first ? "copy" : "original"};
  struct peer peer = {.fd = -1};
  enum answer answer[3] = {ANSWER_NONE, ANSWER_NONE, ANSWER_NONE};
  enum wk_device_state state = WK_DEVICE_ENABLED;
  enum wk_err err = try_fresh_login(lab, who[0], first, &peer, &answer[0]);
  peer_close(&peer);
  if (err == WK_OK)
    err = need_accepted(lab, answer[0], who[0]);
  if (err == WK_OK) {
    wait_next_second();
    err = try_fresh_login(lab, who[1], second, &peer, &answer[1]);
    peer_close(&peer);
  }
  if (err == WK_OK) {
    show_evidence(lab);
    err = read_state(lab, &state);
  }
  const bool is_clone = strcmp(lab->evidence.reason, "clone") == 0 ||
                        lab->evidence.reason[0] == '\0';
  if (err == WK_OK)
    err = try_fresh_login(lab, who[0], first, &peer, &answer[2]);
  peer_close(&peer);
  const bool caught = answer[1] != ANSWER_ACCEPTED &&
                      answer[2] != ANSWER_ACCEPTED && is_clone &&
                      state == WK_DEVICE_QUARANTINED;
  *verdict = !caught          ? VERDICT_NOT_STOPPED
             : original_first ? VERDICT_STOPPED
                              : VERDICT_NOTICED;
  return err;
}

static enum wk_err attack(struct lab *lab, enum verdict *verdict) {
  struct wk_client *first = NULL;
  struct wk_client *second = NULL;
  enum wk_err err = lab_client(lab, &first);
  if (err == WK_OK)
    err = lab_client(lab, &second);
  if (err == WK_OK)
    err = lab->sim.options->attack == ATTACK_REPLAY
              ? replay(lab, first, verdict)
              : copy(lab, first, second, verdict);
  wk_client_free(first);
  wk_client_free(second);
  return err;
}

int attack_run(const struct options *options) {
  static struct lab lab; /* holds histograms too */
  enum verdict verdict = VERDICT_NOT_STOPPED;
  const char *name = options->attack == ATTACK_REPLAY ? "replay" : "copy";
  enum wk_err err = lab_open(&lab, options);
  if (err == WK_OK) {
    (void)printf("attack %s, MQTT %s\n", name,
                 options->version == WK_MQTT_5 ? "5" : "3.1.1");
    err = attack(&lab, &verdict);
  }
  lab_close(&lab);
  if (err != WK_OK) {
    wk_log(WK_LOG_ERROR, "%s", lab.why.text);
    return EXIT_FAILURE;
  }
  (void)printf("verdict: %s\n", verdict_name[verdict]);
  return verdict == VERDICT_NOT_STOPPED ? EXIT_FAILURE : EXIT_SUCCESS;
}

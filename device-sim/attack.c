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

/* ---- replay --------------------------------------------------------------
 */

struct replay {
  struct packet login;
  struct peer victim;
  struct peer thief;
  enum answer online;  /* the thief's, while the victim is online */
  enum answer offline; /* and after it left */
  enum answer again;   /* the victim's, with its next password */
  bool disturbed;
  enum wk_device_state state;
};

static enum wk_err replay_online(struct lab *lab, struct wk_client *client,
                                 struct replay *r) {
  enum answer answer = ANSWER_NONE;
  enum wk_err err = write_login(lab, &r->login, client);
  if (err == WK_OK)
    err = try_login(lab, "victim", &r->login, &r->victim, &answer);
  if (err == WK_OK)
    err = need_accepted(lab, answer, VICTIM);
  if (err == WK_OK)
    err = try_login(lab, "replay while it is online", &r->login, &r->thief,
                    &r->online);
  if (err != WK_OK)
    return err;
  show_evidence(lab);
  r->disturbed = !peer_alive(&r->victim);
  (void)printf("  victim: %s\n", r->disturbed ? "lost" : "still online");
  return WK_OK;
}

static enum wk_err replay_offline(struct lab *lab, struct wk_client *client,
                                  struct replay *r) {
  peer_close(&r->victim);
  peer_close(&r->thief);
  enum wk_err err = try_login(lab, "replay after it left", &r->login,
                              &r->thief, &r->offline);
  if (err != WK_OK)
    return err;
  show_evidence(lab);
  err = read_state(lab, &r->state);
  if (err == WK_OK)
    err = try_fresh_login(lab, "victim with its next password", client,
                          &r->victim, &r->again);
  return err;
}

/*
 * The same bytes again, once while the victim is online and once after it
 * left. They must be refused, the victim must not be disturbed, and its next
 * login must work: else an eavesdropper could lock it out.
 */
static enum wk_err replay(struct lab *lab, struct wk_client *client,
                          enum verdict *verdict) {
  struct replay r = {.victim = {.fd = -1}, .thief = {.fd = -1}};
  enum wk_err err = replay_online(lab, client, &r);
  if (err == WK_OK)
    err = replay_offline(lab, client, &r);
  const bool refused =
      r.online != ANSWER_ACCEPTED && r.offline != ANSWER_ACCEPTED;
  const bool unharmed = !r.disturbed && r.again == ANSWER_ACCEPTED &&
                        r.state == WK_DEVICE_ENABLED;
  *verdict = refused && unharmed ? VERDICT_STOPPED : VERDICT_NOT_STOPPED;
  peer_close(&r.victim);
  peer_close(&r.thief);
  wk_wipe(&r.login, sizeof r.login);
  return err;
}

/* ---- copy ----------------------------------------------------------------
 */

/* A message is proof only when its second is later than the last accepted. */
static void wait_next_second(void) {
  const struct timespec pause = {.tv_nsec = 10000000L};
  const uint32_t before = wk_clock_system(NULL);
  while (wk_clock_system(NULL) == before)
    (void)nanosleep(&pause, NULL);
}

struct copied {
  const char *who[2]; /* in their order */
  struct peer peer[2];
  enum answer answer[2];
  enum answer again; /* the first one's next login */
  bool cut;          /* the first one's session was closed */
  enum wk_device_state state;
};

/* One logs in and stays, in the next second the other comes. */
static enum wk_err copy_meet(struct lab *lab, struct wk_client *client[2],
                             struct copied *c) {
  enum wk_err err =
      try_fresh_login(lab, c->who[0], client[0], &c->peer[0], &c->answer[0]);
  if (err == WK_OK)
    err = need_accepted(lab, c->answer[0], c->who[0]);
  if (err != WK_OK)
    return err;
  wait_next_second();
  err = try_fresh_login(lab, c->who[1], client[1], &c->peer[1], &c->answer[1]);
  if (err != WK_OK)
    return err;
  show_evidence(lab);
  err = read_state(lab, &c->state);
  c->cut = peer_is_cut(&c->peer[0]);
  (void)printf("  %s: %s\n", c->who[0],
               c->cut ? "its session was closed" : "still online");
  peer_close(&c->peer[0]);
  if (err == WK_OK)
    err = try_fresh_login(lab, c->who[0], client[0], &c->peer[0], &c->again);
  return err;
}

/*
 * Two devices from one credential. Who comes second must be refused as a
 * clone, and the device quarantined, so that who came first is out too.
 */
static enum wk_err copy(struct lab *lab, struct wk_client *client[2],
                        enum verdict *verdict) {
  const bool original_first = lab->sim.options->original_first;
  struct copied c = {.who = {"copy", "original"},
                     .peer = {{.fd = -1}, {.fd = -1}}};
  if (original_first) {
    c.who[0] = "original";
    c.who[1] = "copy";
  }
  const enum wk_err err = copy_meet(lab, client, &c);
  peer_close(&c.peer[0]);
  peer_close(&c.peer[1]);
  /* Where the audit file cannot be read the quarantine has to do. */
  const char *reason = lab->evidence.reason;
  const bool is_clone = strcmp(reason, "clone") == 0 || reason[0] == '\0';
  const bool caught = c.answer[1] != ANSWER_ACCEPTED && is_clone && c.cut &&
                      c.state == WK_DEVICE_QUARANTINED &&
                      c.again != ANSWER_ACCEPTED;
  *verdict = VERDICT_NOT_STOPPED;
  if (caught)
    *verdict = original_first ? VERDICT_STOPPED : VERDICT_NOTICED;
  return err;
}

static enum wk_err attack(struct lab *lab, enum verdict *verdict) {
  struct wk_client *client[2] = {NULL, NULL};
  enum wk_err err = lab_client(lab, &client[0]);
  if (err == WK_OK)
    err = lab_client(lab, &client[1]);
  if (err == WK_OK)
    err = lab->sim.options->attack == ATTACK_REPLAY
              ? replay(lab, client[0], verdict)
              : copy(lab, client, verdict);
  wk_client_free(client[0]);
  wk_client_free(client[1]);
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

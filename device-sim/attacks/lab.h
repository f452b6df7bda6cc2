/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lab.h - where one attack after the other is tried: a broker, its registry,
 * and for each attack a device of its own, freshly enrolled.
 *
 * An attack is a list of steps. The first failure stays in lab->err, and the
 * steps after it do nothing: an attack need not look at each. Failures are
 * what keeps an attack from being tried; what the broker answers never is.
 */
#ifndef WK_SIM_LAB_H
#define WK_SIM_LAB_H

#include <cjson/cJSON.h>

#include <whitekey/client.h>
#include <whitekey/registry.h>

#include "attack.h"
#include "child.h"
#include "evidence.h"
#include "peer.h"

#define LAB_CLIENTS 6u
#define LAB_DEVICES 2u /* the attacked one, and one beside it */
#define LAB_PATH_MAX 256u

struct lab {
  const struct options *options;
  struct place place;
  struct place secure; /* the same broker's port with TLS, where it has one */
  struct wk_tls_context *tls;
  struct child broker;       /* where we started it */
  char folder[LAB_PATH_MAX]; /* for files of an attack, which removes them */
  struct wk_registry *registry;
  struct wk_audit *audit;
  /* Of the attack that is tried: */
  bool aloud;  /* steps are printed */
  bool hushed; /* for the moment they are not even kept */
  cJSON *steps;
  struct evidence evidence;
  char answer[96]; /* the broker's, where no audit line shows it */
  char enrolled[LAB_DEVICES][WK_DID_MAX + 1]; /* revoked in the end */
  struct wk_credential device; /* as it was enrolled: a thief's copy */
  struct wk_client *client;    /* the honest one */
  struct wk_client *clients[LAB_CLIENTS];
  struct peer home;  /* the honest device's connection */
  struct peer thief; /* the attacker's */
  int64_t ahead;     /* seconds that every device's clock is */
  bool no_clock;     /* devices have none */
  unsigned intruded; /* so often the attacker got what he wanted */
  bool harmed;       /* somebody else was */
  bool caught;       /* the device is quarantined, nobody is in any more */
  enum wk_err err;
  struct wk_why why;
};

/* lab_close() is due even after a failure, which lab->err holds. */
void lab_open(struct lab *lab, const struct options *options);
void lab_close(struct lab *lab);

/* Opens and closes the registry: nobody else may have it while its file is
 * replaced. */
void lab_open_registry(struct lab *lab);
void lab_close_registry(struct lab *lab);

/* The path of a file in the lab's folder; path holds 2 * LAB_PATH_MAX. */
void lab_path(const struct lab *lab, char path[2 * LAB_PATH_MAX],
              const char *name);

/* A fresh device, and the end of all that the attack made: its devices are
 * revoked. */
void lab_begin(struct lab *lab, const struct attack *attack);
void lab_end(struct lab *lab);

/* Enrols a device, until the end of the attack. */
void lab_enrol(struct lab *lab, struct wk_credential *credential,
               const char *did, uint32_t length, bool user);

/* A device from the credential; NULL after a failure. It lives as long as the
 * attack. */
struct wk_client *lab_client(struct lab *lab,
                             const struct wk_credential *credential);

/* One step, told to the reader. */
void lab_say(struct lab *lab, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The attacker got in, or what he wanted; somebody was harmed. */
void lab_intruded(struct lab *lab, const char *how);
void lab_harmed(struct lab *lab, const char *how);

/* The attack itself is not worth anything: it would prove nothing. */
void lab_fail(struct lab *lab, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Seconds by the devices' clocks, and a wait for the next one: only a message
 * from a later second than the last accepted one is proof of a copy. */
uint32_t lab_now(const struct lab *lab);
void lab_next_second(struct lab *lab);

/* ---- logins ------------------------------------------------------------- */

/* The next login of a client, not sent yet. */
void lab_write(struct lab *lab, struct packet *packet,
               struct wk_client *client);

/* One of messages that somebody made; x2 may be NULL. */
void lab_write_parts(struct lab *lab, struct packet *packet, const char *did,
                     const uint8_t *x1, size_t x1_len, const uint8_t *x2,
                     size_t x2_len);

/* Sends it and says what came of it. */
enum answer lab_send(struct lab *lab, const char *who,
                     const struct packet *packet, struct peer *peer);

/* The same with a client's next login, which hears of the answer. */
enum answer lab_login(struct lab *lab, const char *who,
                      struct wk_client *client, struct peer *peer);

/* The honest device logs in, at home: else there is nothing to attack. */
void lab_must(struct lab *lab);
/* It logs in after the attack: else it was harmed. */
void lab_still(struct lab *lab);
/* Its open session still answers: else it was harmed. */
void lab_alive(struct lab *lab);

/* The attacker sends a login and goes. */
void lab_attack(struct lab *lab, const char *who, const struct packet *packet);
/* He logs in with a device's copy and stays; true: he was let in. */
bool lab_attack_with(struct lab *lab, const char *who,
                     struct wk_client *client);

/* Whether the registry has quarantined the device, and says so. */
bool lab_quarantined(struct lab *lab);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.h - one server, a device, perhaps its copy, and the network between
 * them, within which messages are lost, withheld and repeated. The server and
 * the clients are the real ones; time is a number.
 */
#ifndef WHITEKEY_SCHEDULES_WORLD_H
#define WHITEKEY_SCHEDULES_WORLD_H

#include <whitekey/server.h>

#include "client_state.h"
#include "memory_store.h"
#include "schedule.h"

#define DID "d"
#define BEGIN_OF_TIME INT64_C(1790000000)
#define CHALLENGE_LIFE 30 /* seconds */
#define MESSAGES 24u
#define EPOCHS 32u
#define TRACKS 4u

/* A login's messages as the network saw them. */
struct message {
  uint64_t number; /* from 1, in the order they were made; 0: none here */
  unsigned who;
  struct wk_attempt attempt;
  struct wk_challenge challenge;
  bool challenged;
  bool withheld;
  int64_t made;  /* server's time */
  uint32_t time; /* the device's then; 0: none */
  struct spent c, d;
  unsigned deliveries;
};

/* An X3 that was withheld, and the session it belongs to. */
struct letter {
  bool there;
  struct wk_accepted session;
  uint8_t x3[WK_X3_LEN];
};

/* Who has the device's Ks and bio_id, and no seed: and his own chain, for
 * which he sends an X3. */
struct forger {
  uint8_t seed[WK_SEED_LEN];
  uint32_t epoch; /* of the chain that he tried to bring in; 0: none */
};

/* What a sender may spend: see judge_draw(). */
struct track {
  uint8_t seed[WK_SEED_LEN];
  uint32_t last, base, draws;
};

struct device {
  struct wk_client *client; /* NULL: there is no such device */
  unsigned who;
  bool clock;
  int64_t off; /* its clock's error, seconds */
  bool exhausted;
  struct track c[TRACKS], d[TRACKS];
};

/* What the judge remembers. */
struct judge {
  char broken[160];
  /* By chain, epoch and index. 0: not accepted; else twice the number of
   * messages made until then, and 1 more where the copy's was. */
  uint16_t accepted[2][EPOCHS][CHAIN_MAX + 1];
  bool copy_made;
  bool restored;          /* from a backup: the server forgot something */
  uint64_t restarted;     /* messages made when the server last started */
  bool released;          /* and nothing was accepted since */
  uint64_t last_accepted; /* number of the message */
  uint64_t last_before;   /* the same, of the epoch before */
  uint32_t epoch;         /* of the last accepted one */
  int64_t long_walk_at;   /* server's time; 0: none since it started */
  uint32_t anchors;       /* kept when the last login was accepted */
  uint64_t copy_accepted; /* number of the copy's last accepted message that
                             the original has not answered to; 0: none */
  unsigned last_who, switches;
};

struct world {
  const struct setup *setup;
  bool trace;
  int64_t now;
  enum outage outage;
  struct wk_policy policy;
  struct wk_server *server;
  struct wk_registry *registry; /* an operator's */
  struct device device[2];
  struct message message[MESSAGES];
  uint64_t made; /* messages ever */
  bool session_open;
  struct wk_accepted session; /* the last accepted login's */
  struct wk_accepted before;  /* and the one before, which may be open still */
  struct letter letter;
  struct forger forger;
  struct judge judge;
};

/* ---- world.c: life ------------------------------------------------------ */

void world_begin(struct world *world, const struct schedule *schedule);
void world_end(struct world *world);
void world_break(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void world_say(const struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void world_set_outage(struct world *world, enum outage outage);
/* Clean, or as kill -9: memory is lost, what was committed stays. */
void world_restart_server(struct world *world, bool clean);
/* An operator's; false: there was nothing to release. */
bool world_release(struct world *world);
/* What the server's writer would do by and by. */
void world_flush(struct world *world);
/* The client forgets what its file would not hold. */
void world_crash_device(struct world *world, struct device *device);
void world_copy_device(struct world *world);
/* The server ends as killed and starts with the backup, if there is one. */
void world_restore(struct world *world);

/* The server's memory of the device. */
void world_record(const struct world *world, struct wk_record *record);

/* ---- network.c ---------------------------------------------------------- */

/* A new login, by luck's choice with a challenge; NULL: the chain is spent. */
struct message *network_draw(struct world *world, struct device *device,
                             bool challenged);
/* The server's decision, and what it cost. */
void network_ask(struct world *world, const struct wk_attempt *attempt,
                 struct wk_verdict *verdict);
enum wk_reason network_deliver(struct world *world, struct message *message,
                               struct wk_verdict *verdict);
/* Any message that fits, by luck; NULL: there is none. */
struct message *network_find(struct world *world, bool delivered,
                             uint32_t luck);
/* What a server's end closes. */
void network_cut(struct world *world);

/* ---- session.c: what comes after CONNACK ---------------------------------
 */

enum x3_fate { X3_ANSWERED, X3_TWICE, X3_UNHEARD, X3_LOST, X3_WITHHELD };

void session_begin(struct world *world, const struct wk_accepted *accepted);
/* X4s of its login arrive. */
void session_hear(struct world *world, struct device *device, bool second_x4);
/* The device updates what is due, or crashes when its seed is durable. */
void session_update(struct world *world, struct device *device,
                    enum x3_fate fate, bool crash);
/* A withheld X3 arrives, in its own session or in the last one. */
void session_deliver_letter(struct world *world, bool in_last);

/* ---- forge.c ------------------------------------------------------------ */

void forge(struct world *world, uint32_t luck);

/* ---- act.c -------------------------------------------------------------- */

void act(struct world *world, const struct step *step);
/* A login of which nothing is lost. True: accepted. */
bool act_login_well(struct world *world, struct device *device);

/* ---- judge.c: the invariants -------------------------------------------- */

/* A sender never repeats an index, and burns at most one ladder. */
void judge_draw(struct world *world, struct device *device,
                const struct spent *c, const struct spent *d);
void judge_success(struct device *device);
/* I6: of what the server did for a message, in steps of a chain. */
void judge_cost(struct world *world, const struct wk_verdict *verdict,
                uint64_t steps);
/* The server knows less than it did. */
void judge_restored(struct world *world);
/* A forger gets in nowhere, and harms nobody. */
void judge_forged(struct world *world, const struct wk_verdict *verdict);
/* I1, I2 and I4, of what a message led to. */
void judge_verdict(struct world *world, const struct message *message,
                   const struct wk_verdict *verdict);
/* I2: the device believes that its key was stolen. */
void judge_theft(struct world *world, const struct device *device);
/* I5 and I6, after every step. */
void judge_step(struct world *world);
bool judge_shares(struct world *world, const struct device *device);
/* I3: all faults end. */
void judge_end(struct world *world);

#endif

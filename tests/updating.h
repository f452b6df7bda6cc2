/* SPDX-License-Identifier: Apache-2.0 */
/*
 * updating.h - one device after another that updates its keys at a real
 * server, and what may go wrong at each step. Every index that is drawn is
 * checked: none comes twice. No login may ever be called clone or chain.
 */
#ifndef WHITEKEY_TESTS_UPDATING_H
#define WHITEKEY_TESTS_UPDATING_H

#include "served.h"

/* How a message and its answer fare. */
enum luck {
  LUCK_GOOD,
  LUCK_SENT_NOT,   /* X1 or X3 is lost: the server knows nothing of it */
  LUCK_ANSWER_NOT, /* CONNACK or the X3's X4 is lost */
  LUCK_X4_NOT,     /* let in, but X4 is lost; an X3 is delivered twice */
  LUCK_X4_D_NOT    /* only chain D's X4 is lost */
};
#define LUCKS 5u

/* What becomes of the server after the step. */
enum fate { FATE_LIVES, FATE_RESTARTS, FATE_DIES, FATE_FLUSHES_AND_DIES };
#define FATES 4u

struct fault {
  enum luck luck;
  bool client_dies; /* with all that is not in its file */
  enum fate fate;
};

/* Who holds the chains. */
enum holder { HOLDER_C, HOLDER_BOTH, HOLDER_PHONE };

/* A registry and its server in a folder of their own. */
void updating_begin(void);
void updating_end(void);

/* A new device, offline; the one before is done with. */
void updating_enrol(enum holder holder);

/* The device's client, on its file; the phone's is apart where it has one. */
struct wk_client *updating_client(void);

/* The most attempts that one login needed so far. */
unsigned updating_attempts(void);

/* The next login goes to the server; its answer goes to nobody. */
void updating_ask(struct served_login *login);

/* One step with its fault. */
enum wk_reason updating_log_in(const struct fault *fault);
void updating_update(enum wk_update_when when, const struct fault *fault);

/* One X3 of that client; false: none is due. */
bool updating_send(struct wk_client *client, enum luck luck);

/* Both ends have the same epochs and no update is open. tale: who failed. */
void updating_agree(const char *tale);

/* Nothing goes wrong any more: each login is let in within the bound of
 * section 2, both ends agree soon, and a later update goes through. */
void updating_settle(const char *tale);

#endif

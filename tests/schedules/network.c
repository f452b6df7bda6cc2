/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "toy.h"
#include "world.h"

/* The oldest one makes room. */
static struct message *room_for(struct world *world) {
  struct message *oldest = &world->message[0];
  for (unsigned i = 1; i < MESSAGES; i++)
    if (world->message[i].number < oldest->number)
      oldest = &world->message[i];
  memset(oldest, 0, sizeof *oldest);
  return oldest;
}

static void address(struct message *message, const struct wk_otp *otp) {
  struct wk_attempt *attempt = &message->attempt;
  memcpy(attempt->did, DID, sizeof DID);
  memcpy(attempt->x1, otp->x1, WK_X1_LEN);
  attempt->x1_len = WK_X1_LEN;
  attempt->has_x2 = otp->has_x2;
  if (otp->has_x2) {
    memcpy(attempt->x2, otp->x2, WK_X2_LEN);
    attempt->x2_len = WK_X2_LEN;
  }
}

struct message *network_draw(struct world *world, struct device *device,
                             bool challenged) {
  struct wk_challenge challenge;
  struct wk_otp otp;
  if (challenged)
    wk_server_challenge(world->server, DID, &challenge);
  const enum wk_err err = wk_client_next(
      device->client, challenged ? challenge.bytes : NULL, &otp, NULL);
  if (err != WK_OK) {
    device->exhausted = true;
    if (err != WK_ERR_EXHAUSTED)
      world_break(world, "a client fails with error %d", (int)err);
    return NULL;
  }
  struct message *message = room_for(world);
  message->number = ++world->made;
  message->who = device->who;
  message->made = world->now;
  message->time = device->clock ? (uint32_t)(world->now + device->off) : 0;
  message->challenged = challenged;
  if (challenged)
    message->challenge = challenge;
  message->c = device->client->request.c;
  message->d = device->client->request.d;
  address(message, &otp);
  judge_draw(world, device, &message->c, &message->d);
  return message;
}

void network_ask(struct world *world, const struct wk_attempt *attempt,
                 struct wk_verdict *verdict) {
  const uint64_t before = toy_steps;
  (void)wk_server_login(world->server, &world->policy, attempt, verdict);
  world_say(world, " -> %s%s%s",
            wk_reason_name(verdict->reason, verdict->user),
            verdict->alarms != 0 ? ", alarm" : "",
            verdict->quarantined ? ", quarantined" : "");
  judge_cost(world, verdict, toy_steps - before);
}

enum wk_reason network_deliver(struct world *world, struct message *message,
                               struct wk_verdict *verdict) {
  struct wk_attempt attempt = message->attempt;
  attempt.now = world->now;
  /* Another connection has another challenge: only its own one opens it. */
  attempt.challenge = message->challenged ? &message->challenge : NULL;
  message->deliveries++;
  network_ask(world, &attempt, verdict);
  judge_verdict(world, message, verdict);
  return verdict->reason;
}

/* A challenge serves one message, on a connection that still lives. */
static bool can_come(const struct world *world, const struct message *message,
                     bool delivered) {
  if (message->number == 0 || (message->deliveries > 0) != delivered)
    return false;
  return !message->challenged ||
         (!delivered && world->now - message->made <= CHALLENGE_LIFE);
}

struct message *network_find(struct world *world, bool delivered,
                             uint32_t luck) {
  for (unsigned i = 0; i < MESSAGES; i++) {
    struct message *message = &world->message[(luck + i) % MESSAGES];
    if (can_come(world, message, delivered))
      return message;
  }
  return NULL;
}

void network_cut(struct world *world) {
  world->letter.there = false;
  world->session_open = false;
  memset(&world->before, 0, sizeof world->before);
  world->judge.long_walk_at = 0;
  world->judge.restarted = world->made;
  for (unsigned i = 0; i < MESSAGES; i++)
    if (world->message[i].challenged)
      world->message[i].number = 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A hash index over a list in the order of issue, the oldest at its head. */
#include "challenges.h"

#include <stdlib.h>
#include <string.h>

#include <whitekey/bytes.h>

#define BUCKETS 4096u

struct open_challenge {
  const struct mosquitto *client;
  int64_t issued;
  char did[WK_DID_MAX + 1];
  struct wk_challenge challenge;
  struct open_challenge *in_bucket;
  struct open_challenge *before, *after;
};

struct wk_challenges {
  struct open_challenge *buckets[BUCKETS];
  struct open_challenge *head, *tail;
  unsigned count;
};

/* Fibonacci hashing: allocators give pointers with few differing bits. */
static struct open_challenge **bucket(struct wk_challenges *challenges,
                                      const struct mosquitto *client) {
  const uint64_t h =
      (uint64_t)(uintptr_t)client * UINT64_C(11400714819323198485);
  return &challenges->buckets[(h >> 32) % BUCKETS];
}

static struct open_challenge **place(struct wk_challenges *challenges,
                                     const struct mosquitto *client) {
  struct open_challenge **at = bucket(challenges, client);
  while (*at && (*at)->client != client)
    at = &(*at)->in_bucket;
  return at;
}

static void drop(struct wk_challenges *challenges,
                 struct open_challenge *open) {
  *place(challenges, open->client) = open->in_bucket;
  *(open->before ? &open->before->after : &challenges->head) = open->after;
  *(open->after ? &open->after->before : &challenges->tail) = open->before;
  challenges->count--;
  wk_wipe(open, sizeof *open);
  free(open);
}

struct wk_challenges *wk_challenges_new(void) {
  return calloc(1, sizeof(struct wk_challenges));
}

void wk_challenges_free(struct wk_challenges *challenges) {
  if (!challenges)
    return;
  while (challenges->head)
    drop(challenges, challenges->head);
  free(challenges);
}

static bool is_late(const struct open_challenge *open, int64_t now) {
  return now - open->issued >= WK_CHALLENGE_MS;
}

bool wk_challenges_add(struct wk_challenges *challenges,
                       const struct mosquitto *client, const char *did,
                       const struct wk_challenge *challenge, int64_t now) {
  wk_challenges_forget(challenges, client);
  while (challenges->head && (challenges->count >= WK_CHALLENGES_MAX ||
                              is_late(challenges->head, now)))
    drop(challenges, challenges->head);
  struct open_challenge *open = calloc(1, sizeof *open);
  if (!open)
    return false;
  open->client = client;
  open->issued = now;
  memcpy(open->did, did, strnlen(did, WK_DID_MAX));
  open->challenge = *challenge;
  struct open_challenge **first = bucket(challenges, client);
  open->in_bucket = *first;
  *first = open;
  open->before = challenges->tail;
  *(challenges->tail ? &challenges->tail->after : &challenges->head) = open;
  challenges->tail = open;
  challenges->count++;
  return true;
}

enum wk_challenge_state wk_challenges_take(struct wk_challenges *challenges,
                                           const struct mosquitto *client,
                                           int64_t now,
                                           char did[WK_DID_MAX + 1],
                                           struct wk_challenge *challenge) {
  struct open_challenge *open = *place(challenges, client);
  if (!open)
    return WK_CHALLENGE_NONE;
  const bool late = is_late(open, now);
  memcpy(did, open->did, sizeof open->did);
  *challenge = open->challenge;
  drop(challenges, open);
  return late ? WK_CHALLENGE_LATE : WK_CHALLENGE_GOOD;
}

void wk_challenges_forget(struct wk_challenges *challenges,
                          const struct mosquitto *client) {
  struct open_challenge *open = *place(challenges, client);
  if (open)
    drop(challenges, open);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "world.h"

/* Section 2's skip-ahead, 1 + 2 + 4 .. + R in place of 1 each. */
#define LADDER (2 * WK_SKIP_MAX - 1 - WK_REFUSALS_MAX)
#define SWITCHES_MAX 7u
#define PAUSE 60 /* seconds between long walks */

static bool lone(const struct world *world) {
  return !world->judge.copy_made;
}

/* ---- the sender --------------------------------------------------------- */

static struct track *track_of(struct track tracks[TRACKS],
                              const uint8_t seed[WK_SEED_LEN],
                              uint32_t index) {
  for (unsigned i = 0; i < TRACKS; i++)
    if (memcmp(tracks[i].seed, seed, WK_SEED_LEN) == 0)
      return &tracks[i];
  memmove(&tracks[1], &tracks[0], (TRACKS - 1) * sizeof *tracks);
  memset(&tracks[0], 0, sizeof *tracks);
  memcpy(tracks[0].seed, seed, WK_SEED_LEN);
  tracks[0].base = index;
  return &tracks[0];
}

static void judge_index(struct world *world, struct device *device,
                        enum wk_role role, const struct spent *spent) {
  const struct wk_credential_chain *chain =
      spend_chain(&device->client->credential, role, spent->epoch);
  struct track *track = track_of(role == WK_ROLE_C ? device->c : device->d,
                                 chain->seed, spent->index);
  if (spent->index <= track->last)
    world_break(world, "I1: %u/%u is spent twice by its own device",
                (unsigned)spent->epoch, (unsigned)spent->index);
  if (track->draws == 0)
    track->base = spent->index;
  if (spent->index - track->base > track->draws + LADDER)
    world_break(world, "I3: %u logins without success went from %u to %u",
                (unsigned)track->draws, (unsigned)track->base,
                (unsigned)spent->index);
  track->last = spent->index;
  track->draws++;
}

void judge_draw(struct world *world, struct device *device,
                const struct spent *c, const struct spent *d) {
  judge_index(world, device, WK_ROLE_C, c);
  if (d->present)
    judge_index(world, device, WK_ROLE_D, d);
}

void judge_success(struct device *device) {
  for (unsigned i = 0; i < TRACKS; i++) {
    device->c[i].draws = 0;
    device->d[i].draws = 0;
  }
}

/* ---- I1 ----------------------------------------------------------------- */

static void judge_accepted_once(struct world *world, unsigned role,
                                const struct spent *spent,
                                const struct message *message) {
  /* A restored server knows neither of a copy nor of a chain: but no message
   * counts twice. */
  const bool forgotten = world->judge.restored && message->deliveries == 1;
  if (spent->epoch >= EPOCHS || spent->index > CHAIN_MAX)
    return;
  uint16_t *accepted =
      &world->judge.accepted[role][spent->epoch][spent->index];
  if (*accepted && !forgotten)
    world_break(world, "I1: %u/%u of chain %c is accepted twice",
                (unsigned)spent->epoch, (unsigned)spent->index,
                role == 0 ? 'C' : 'D');
  *accepted = (uint16_t)(2 * world->made + message->who);
}

/* ---- I2 ----------------------------------------------------------------- */

/* Section 9: its clock ran more than max_skew ahead when it made a message
 * that was delivered at the right minute, when that time had come. */
static bool is_the_exception(const struct world *world,
                             const struct message *message,
                             const struct wk_verdict *verdict) {
  const int64_t ahead = (int64_t)message->time - message->made;
  const int64_t off = (int64_t)message->time - world->now;
  const int64_t max = (int64_t)world->policy.max_skew;
  return verdict->evidence == WK_EVIDENCE_TIME && world->now > message->made &&
         ahead > max && off <= max && off >= -max;
}

static void judge_clone(struct world *world, const struct message *message,
                        const struct wk_verdict *verdict) {
  if ((verdict->alarms & WK_ALARM_CLONE) == 0 || !lone(world))
    return;
  if (!is_the_exception(world, message, verdict))
    world_break(world, "I2: a lone device is called clone");
}

/* A network that delivers twice is no thief. */
static void judge_repeat(struct world *world, const struct message *message,
                         const struct wk_verdict *verdict) {
  const struct judge *judge = &world->judge;
  if (lone(world) && message->deliveries > 1 &&
      (message->number == judge->last_accepted ||
       message->number == judge->last_before) &&
      verdict->alarms != 0)
    world_break(world, "I2: a repeat of the last message raises an alarm");
}

void judge_theft(struct world *world, const struct device *device) {
  (void)device;
  if (lone(world) && !world->judge.restored)
    world_break(world, "I2: a lone device is told that its key was stolen");
}

/* ---- I4 ----------------------------------------------------------------- */

/* Refusals that say nothing of who else has logged in. */
static bool says_nothing(const struct world *world,
                         const struct wk_verdict *verdict) {
  struct wk_record record;
  world_record(world, &record);
  const struct wk_chain_record *chain = verdict->user ? &record.d : &record.c;
  switch ((int)verdict->reason) {
  case WK_REASON_STORE:
  case WK_REASON_CLOCK:
  case WK_REASON_QUARANTINED:
  case WK_REASON_EXHAUSTED:
  case WK_REASON_GAP:
    return true;
  case WK_REASON_RESERVED:
    return verdict->index > chain->last;
  case WK_REASON_EPOCH:
    /* A new chain that the server never got, or does not have any more. */
    return verdict->epoch > chain->epoch;
  default:
    return false;
  }
}

static void judge_contact(struct world *world, const struct message *message,
                          const struct wk_verdict *verdict) {
  struct judge *judge = &world->judge;
  if (judge->copy_accepted == 0 || message->who != 0 ||
      message->deliveries > 1 || message->number < judge->copy_accepted ||
      says_nothing(world, verdict))
    return;
  judge->copy_accepted = 0;
  if (verdict->reason != WK_REASON_OK && verdict->alarms == 0)
    world_break(world, "I4: after its copy the device is refused silently");
}

/* What a challenge proves, once a release is forgotten. */
static void judge_proof(struct world *world, const struct message *message,
                        const struct wk_verdict *verdict) {
  const struct judge *judge = &world->judge;
  const struct spent *c = &message->c;
  if (!message->challenged || message->withheld || judge->released ||
      world->policy.window < CHAIN_MAX || judge->restored ||
      c->epoch >= EPOCHS || c->index > CHAIN_MAX ||
      verdict->reason == WK_REASON_CLONE ||
      verdict->reason == WK_REASON_CHAIN || /* theirs differ meanwhile */
      says_nothing(world, verdict))
    return;
  const uint16_t accepted = judge->accepted[0][c->epoch][c->index];
  if (accepted / 2 > judge->restarted && accepted / 2 < message->number &&
      accepted % 2 != message->who)
    world_break(world,
                "I4: a challenge proves a copy, which is not called so");
}

static void judge_turns(struct world *world, const struct message *message,
                        const struct wk_verdict *verdict) {
  struct judge *judge = &world->judge;
  if (verdict->alarms != 0)
    judge->switches = 0;
  if (verdict->reason != WK_REASON_OK || !judge->copy_made)
    return;
  if (message->who != judge->last_who)
    judge->switches++;
  judge->last_who = message->who;
  if (message->who == 1)
    judge->copy_accepted = message->number;
  if (judge->switches > SWITCHES_MAX)
    world_break(world, "I4: the two took turns and nobody noticed");
}

static void judge_accepted(struct world *world,
                           const struct message *message) {
  struct judge *judge = &world->judge;
  /* Across a restart and a switch nobody knows the old chain's last one. */
  if (message->c.epoch != judge->epoch)
    judge->last_before =
        judge->last_accepted > judge->restarted ? judge->last_accepted : 0;
  judge->epoch = message->c.epoch;
  judge->last_accepted = message->number;
  judge->anchors = memory_store_anchors();
  judge->released = false;
  judge_accepted_once(world, 0, &message->c, message);
  if (message->d.present)
    judge_accepted_once(world, 1, &message->d, message);
}

void judge_verdict(struct world *world, const struct message *message,
                   const struct wk_verdict *verdict) {
  judge_repeat(world, message, verdict);
  judge_proof(world, message, verdict);
  /* Refused, but perhaps stored all the same: nobody knows the last one. */
  if (verdict->reason == WK_REASON_STORE)
    world->judge.last_accepted = world->judge.last_before = 0;
  if (verdict->reason == WK_REASON_OK)
    judge_accepted(world, message);
  judge_clone(world, message, verdict);
  judge_contact(world, message, verdict);
  judge_turns(world, message, verdict);
}

void judge_restored(struct world *world) {
  struct judge *judge = &world->judge;
  judge->restored = true;
  judge->last_accepted = judge->last_before = judge->copy_accepted = 0;
  judge->switches = 0;
  judge->anchors = memory_store_anchors();
}

/* ---- a forger ----------------------------------------------------------- */

void judge_forged(struct world *world, const struct wk_verdict *verdict) {
  if (verdict->reason == WK_REASON_OK)
    world_break(world, "I5: a forger who has no chain is let in");
  if ((verdict->alarms & WK_ALARM_CLONE) != 0)
    world_break(world, "I2: a forger has a device called clone");
}

/* ---- I5 ----------------------------------------------------------------- */

static bool makes(const struct wk_credential_chain *chain,
                  const struct wk_id *id, enum wk_role role, uint32_t epoch,
                  uint32_t index, const uint8_t value[WK_VALUE_LEN]) {
  uint8_t salt[WK_SALT_LEN];
  uint8_t x[WK_VALUE_LEN];
  if (!chain->present || chain->epoch != epoch || index > chain->n)
    return false;
  wk_chain_salt(salt, id, role, epoch);
  wk_chain_top(x, salt, chain->n, chain->seed);
  wk_chain_walk(x, salt, chain->n, index);
  return memcmp(x, value, sizeof x) == 0;
}

static bool shares(const struct wk_chain_record *record,
                   const struct wk_credential_chain *old,
                   const struct wk_credential_chain *new,
                   const struct wk_id *id, enum wk_role role) {
  const struct wk_pending *pending = &record->pending;
  if (makes(old, id, role, record->epoch, record->last, record->value) ||
      makes(new, id, role, record->epoch, record->last, record->value))
    return true;
  return pending->state == WK_PENDING_VERIFIED &&
         (makes(old, id, role, record->epoch + 1, 0, pending->anchor) ||
          makes(new, id, role, record->epoch + 1, 0, pending->anchor));
}

bool judge_shares(struct world *world, const struct device *device) {
  const struct wk_credential *credential = &device->client->credential;
  struct wk_record record;
  world_record(world, &record);
  return shares(&record.c, &credential->c, &credential->c_update.chain,
                &credential->id, WK_ROLE_C) &&
         (!record.d.present ||
          shares(&record.d, &credential->d, &credential->d_update.chain,
                 &credential->id, WK_ROLE_D));
}

/* ---- I6 ----------------------------------------------------------------- */

/* Accepted, each chain's vouch may be checked too; and what must be durable is
 * decided twice. */
void judge_cost(struct world *world, const struct wk_verdict *verdict,
                uint64_t steps) {
  struct judge *judge = &world->judge;
  const bool accepted = verdict->reason == WK_REASON_OK;
  const uint64_t chains = world->setup->user ? 2 : 1;
  const uint64_t cheap = world->policy.window * chains * (accepted ? 2 : 1) *
                         (accepted || verdict->quarantined ? 2 : 1);
  if (steps <= cheap || verdict->reason == WK_REASON_STORE)
    return;
  if (judge->long_walk_at != 0 && world->now - judge->long_walk_at < PAUSE)
    world_break(world, "I6: two long walks within a minute");
  judge->long_walk_at = world->now;
}

/* Anchors are kept for good: a login buys one of each chain. */
static void judge_anchors(struct world *world) {
  const uint32_t kept = memory_store_anchors();
  if (kept > world->judge.anchors + (world->setup->user ? 2 : 1))
    world_break(world, "I6: a session keeps a second anchor of a chain");
}

/* Whatever a crash reserves, a chain's last index stays usable. */
static void judge_reserved(struct world *world) {
  struct wk_record record;
  world_record(world, &record);
  if (record.c.barrier >= record.c.n ||
      (record.d.present && record.d.barrier >= record.d.n))
    world_break(world, "I3: what a crash reserves goes to a chain's end");
}

void judge_step(struct world *world) {
  if (lone(world) && !world->judge.restored &&
      !judge_shares(world, &world->device[0]))
    world_break(world, "I5: device and server share no chain");
  judge_reserved(world);
  judge_anchors(world);
}

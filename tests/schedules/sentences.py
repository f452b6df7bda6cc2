# SPDX-License-Identifier: Apache-2.0
"""The protocol's sentences that the schedules must miss when they are gone.

Each has a name, the section, what goes, the invariant that breaks, and what
takes it out of the sources: (file, what stands there, what comes instead).
"""
from collections import namedtuple

Mutant = namedtuple("Mutant", "section sentence breaks changes")

DECIDE = "registry/decide.c"
FLUSH = "registry/flush.c"
LOGIN = "registry/login.c"
RESTORE = "registry/restore.c"
SERVER = "registry/server.c"
UPDATE = "registry/update.c"
CLIENT = "client/client.c"
BEGIN = "client/update.c"
SPEND = "client/spend.c"

MUTANTS = {}


def without(name, section, sentence, breaks, *changes):
    MUTANTS[name] = Mutant(section, sentence, breaks, changes)


# ---- section 2: the sender --------------------------------------------------

without("time_never_falls", "2", "it never sends a lower time", "I2",
        (CLIENT, "if (now < credential->time)", "if (false)"))
without("doubts_its_clock", "2", "without a memory of it: 0 after power-up",
        "I2",
        (CLIENT, "    doubt(credential, now);",
         "    credential->reserved = 0;"))
without("doubts_long_enough", "2", "for twice max_skew, not once", "I2",
        (CLIENT, "  if (credential->reserved > 0)\n"
         "    doubt(credential, now);",
         "  if (credential->reserved > 0) {\n"
         "    credential->reserved = 0;\n    return 0;\n  }"))
without("ladder_once", "2", "1, 2, 4 .. R once since the last success", "I3",
        (SPEND, "if (!chain || chain->refusals >= WK_REFUSALS_MAX)\n"
         "    return;",
         "if (!chain)\n    return;\n"
         "  if (chain->refusals >= WK_REFUSALS_MAX)\n    chain->refusals--;"))
# ---- section 4: freshness ---------------------------------------------------

without("fresh_by_t_max", "4", "proven fresh (b): time > t_max", "I2",
        (DECIDE, "(int64_t)h->body.time > h->chain->t_max &&", ""))
without("fresh_strictly", "4", "proven fresh (b): later, not as late", "I2",
        (DECIDE, "(int64_t)h->body.time > h->chain->t_max &&",
         "(int64_t)h->body.time >= h->chain->t_max &&"))
without("fresh_near_the_clock", "4", "proven fresh (b): and row 5 holds too",
        "I2",
        (DECIDE, "h->chain->t_max &&\n         near_clock(h, dec);",
         "h->chain->t_max;"))
without("time_zero_counts", "4", "an accepted 0 counts as clock + max_skew",
        "I2",
        (DECIDE, ": dec->in->attempt->now + dec->in->policy->max_skew;",
         ": 0;"))
without("challenge_spent_when_issued", "4",
        "proven fresh (a): already spent when the challenge was issued", "I2",
        (DECIDE, """  h->fresh_by_challenge = dec->in->attempt->challenge &&
                          h->challenge_epoch == h->header.epoch &&
                          h->header.index <= h->challenge_last;
""", "  h->fresh_by_challenge = dec->in->attempt->challenge != NULL;\n"))
without("challenge_spent_previous", "4",
        "the same, for the previous epoch", "I2",
        (DECIDE, "dec->in->attempt->challenge && (before || after);",
         "dec->in->attempt->challenge != NULL;"))
without("challenge_two_ahead", "4",
        "issued when the chain was already two ahead", "I2",
        (DECIDE, """h->challenge_epoch > h->header.epoch &&
                          h->challenge_epoch - h->header.epoch >= 2;""",
         "true;"))

# ---- section 4: the rows ----------------------------------------------------

without("clock", "4", "row 5: time within max_skew", "I2",
        (DECIDE, "    return !policy->require_time;\n"
         "  return near_clock(h, dec);", "    return !policy->require_time;\n"
         "  return true;"))
without("epoch_vouched", "4", "row 6: and the vouch is verified", "I5",
        (DECIDE, "h->switches = pending->state == WK_PENDING_VERIFIED &&",
         "h->switches = pending->state != WK_PENDING_NONE &&"))
without("previous_as_row_7", "4", "row 6: previous epoch, as row 7", "I4",
        (DECIDE, "return epoch_before(h, dec);", "return WK_REASON_EPOCH;"))
without("above_previous_alarmed", "4",
        "row 6: above the previous epoch's last: an alarm", "I4",
        (DECIDE, "dec->verdict->alarms |= WK_ALARM_EPOCH;", ""))
without("above_previous_no_clone", "4", "row 6: without quarantine", "I2",
        (DECIDE, "dec->verdict->alarms |= WK_ALARM_EPOCH;\n"
         "    return WK_REASON_EPOCH;",
         "return fresh_by_time(h, dec) ? clone(h, dec) : WK_REASON_EPOCH;"))
without("two_behind", "4", "row 6: two or more behind: clone", "I4",
        (DECIDE, "return epoch_long_gone(h, dec);",
         "return WK_REASON_EPOCH;"))
without("replay_by_hash", "4", "row 7: bit-identical: replay", "I2",
        (DECIDE, "if (wk_equal(h->hash, hash, WK_HASH_LEN))",
         "if (false && hash)"))
without("previous_hash", "4", "of the previous epoch the last hash", "I2",
        (DECIDE, "  memcpy(chain->previous.hash, chain->hash, WK_HASH_LEN);\n",
         ""))
without("spent_walks", "4", "row 7: equal is clone, unequal is chain", "I2",
        (DECIDE, "if (wk_chain_verify(value, last, h->body.x,"
         " h->header.index, salt))", "if (value)"))
without("stale_is_no_proof", "4", "row 7: anything else is stale", "I2",
        (DECIDE, "dec->record->released || !proven_fresh(h, dec) ||",
         "dec->record->released ||"))
without("spent_is_alarmed", "4", "row 7: stale raises an alarm", "I4",
        (DECIDE, "dec->verdict->alarms |= WK_ALARM_SUSPECT;\n"
         "    return WK_REASON_STALE;", "return WK_REASON_STALE;"))
without("stale_after_release", "4",
        "row 7: after a release a spent index is stale", "I3",
        (DECIDE, "if (dec->record->released || !proven_fresh(h, dec) ||",
         "if (!proven_fresh(h, dec) ||"))
without("released_until_accepted", "4", "row 7: until the next accepted login",
        "I4", (DECIDE, "  dec->record->released = false;\n", ""))
without("walk_back_limited", "4", "row 7: one long walk back a minute", "I6",
        (DECIDE, "!proven_fresh(h, dec) ||\n"
         "      !walk_allowed(h, dec, last - h->header.index)) {",
         "!proven_fresh(h, dec)) {"))
without("barrier", "4", "row 8: reserved after an unclean end", "I1",
        (DECIDE, "if (!h->switches && index <= chain->barrier)",
         "if (false)"))
without("spent_before_reserved", "4", "rows 7 and 8: in this order", "I4",
        (DECIDE, "  if (index <= last)\n    return spent_now(h, dec);",
         "  if (!h->switches && index <= chain->barrier)\n"
         "    return WK_REASON_RESERVED;\n"
         "  if (index <= last)\n    return spent_now(h, dec);"))
without("reserved_is_no_clone", "4", "row 8: never clone", "I2",
        (DECIDE, "return WK_REASON_RESERVED;", "return clone(h, dec);"))
without("window", "4", "row 10: a longer walk", "I6",
        (DECIDE, "if (!walk_allowed(h, dec, index - last))",
         "if (false)"))
without("long_walk_pause", "4", "row 10: at most once a minute", "I6",
        (DECIDE, "if (since >= 0 && since < LONG_WALK_PAUSE)",
         "if (false && since)"))
without("refused_changes_nothing", "4",
        "row 13: a refusal at 12 changes neither chain", "?",
        (DECIDE, "  reason = check_user(d, c, dec);\n"
         "  if (reason != WK_REASON_OK) {\n",
         "  reason = check_user(d, c, dec);\n"
         "  if (reason != WK_REASON_OK) {\n"
         "    accept_half(c, dec);\n    dec->changed = true;\n"))

# ---- section 6 --------------------------------------------------------------

without("old_comes_next", "6.5", "the next login uses the old chain", "I3",
        (BEGIN, "update->turn = 0;", "update->turn = 1;"))
without("x3_last_accepted", "6.2", "i is the chain's last accepted index",
        "I3",
        (UPDATE, "x3->header.index == login && x3->header.index =="
         " chain->last &&", "x3->header.index == login &&"))
without("x3_session_login", "6.2", "i is the session's", "?",
        (UPDATE, "x3->header.index == login && x3->header.index =="
         " chain->last &&", "x3->header.index == chain->last && login &&"))
without("x3_epochs", "6.2", "all epochs", "?",
        (UPDATE, "chain->present && x3->header.epoch == chain->epoch &&",
         "chain->present &&"),
        (UPDATE, "(c ? session->c_epoch : session->d_epoch) =="
         " chain->epoch &&", ""),
        (UPDATE, "x3->body.epoch == chain->epoch + 1 &&", ""))
without("x3_once", "6.2", "this session has sent none before", "I6",
        (UPDATE, "x3->body.n <= WK_CHAIN_LEN_MAX &&\n"
         "         !(c ? session->c_updated : session->d_updated);",
         "x3->body.n <= WK_CHAIN_LEN_MAX;"))
without("vouched", "6.3", "vouch", "I5",
        (DECIDE, "if (wk_equal(vouch, pending->vouch, sizeof vouch)) {",
         "if (pending) {"))
SWITCH_AT_ONCE = (
    DECIDE, "    pending->state = WK_PENDING_VERIFIED;\n    return;",
    "    pending->state = WK_PENDING_VERIFIED;\n    h->switches = true;\n"
    "    return;")
SWITCH_AFTER = (
    DECIDE, "  if (time > chain->t_max)\n    chain->t_max = time;\n"
    "  chain->barrier = 0;",
    "  if (time > chain->t_max)\n    chain->t_max = time;\n"
    "  if (chain->pending.state == WK_PENDING_VERIFIED && h->switches) {\n"
    "    uint8_t anchor[WK_VALUE_LEN];\n"
    "    memcpy(anchor, chain->pending.anchor, sizeof anchor);\n"
    "    chain->last = h->header.index;\n"
    "    switch_chain(chain);\n"
    "    memcpy(chain->value, anchor, sizeof anchor);\n"
    "    memset(chain->hash, 0, WK_HASH_LEN);\n"
    "    chain->last = 0;\n"
    "  }\n"
    "  chain->barrier = 0;")
without("old_stays_current", "6.3", "old stays current", "?",
        SWITCH_AT_ONCE, SWITCH_AFTER)
without("switch_durable", "6.4", "the switch is durable before the answer",
        "I3",
        (LOGIN, "return after->epoch != before->epoch ||\n"
         "         after->pending.state != before->pending.state ||\n"
         "         after->last > before->promise;",
         "return after->epoch == before->epoch &&\n"
         "         (after->pending.state != before->pending.state ||\n"
         "         after->last > before->promise);"))
without("alternates_old", "6.5", "after a refusal the old chain too", "I3",
        (SPEND, "return ((half_pace ? update->turn >> 1 : update->turn) & 1)"
         " != 0;", "return update->turn != 0 || half_pace;"))
without("alternates_new", "6.5", "after a refusal the new chain too", "I3",
        (SPEND, "update->turn = (update->turn + 1) % WK_TURNS;",
         "update->turn = 0;"))
without("pending_means_new", "6.5", "status 2, or no X4: the new chain next",
        "I3",
        (SPEND, "    pair.update->turn = TURN_NEW;",
         "    pair.update->turn = 0;"))
without("late_x4_decides_nothing", "6.5",
        "a late X4 of login i itself decides nothing", "I2",
        (SPEND, "spent->epoch == pair->old->epoch &&"
         " spent->index > update->after",
         "spent->epoch == pair->old->epoch"))
without("status_1_under_new", "6.5",
        "status 1 under the new epoch keeps the new chain", "I5",
        (SPEND, "if (spent->epoch == pair.update->chain.epoch)",
         "if (spent->epoch == pair.update->chain.epoch &&\n"
         "      status == WK_STATUS_SWITCHED)"))
without("status_1_drops", "6.5", "status 1: drop the new one", "I3",
        (SPEND, "else if (status != WK_STATUS_ACCEPTED)", "else"))
without("half_pace", "8", "chain D at half the pace of C", "I3",
        (SPEND, "update->turn >> 1 :", "update->turn :"))

# ---- section 7 --------------------------------------------------------------

without("promise_durable", "7", "beyond the promise: durable first", "I1",
        (LOGIN, "after->pending.state != before->pending.state ||\n"
         "         after->last > before->promise;",
         "after->pending.state != before->pending.state;"))
without("quarantine_durable", "7", "every quarantine", "?",
        (LOGIN, "return after->state != before->state ||", "return"))
without("barrier_until_exceeded", "7",
        "the promise stays through later clean stops too", "I1",
        (SERVER, "server->head.unclean_run != 0 &&",
         "server->head.unclean_run + 1 == server->head.run &&"))
without("barrier_no_promise", "7", "no promise where a barrier", "I1",
        (FLUSH, "if (!chain->present || chain->barrier != 0 ||",
         "if (!chain->present ||"))
without("near_the_end", "7", "near its end no promise", "I3",
        (FLUSH, "||\n      chain->n - chain->last < SKIP_WHOLE)", ")"))
without("write_again", "7", "a failed write is written over", "I2",
        (FLUSH, "  wk_fleet_mark(server->fleet, number);\n  (void)pthread"
         "_mutex_unlock(&server->memory);\n}\n\nstatic void take_batch",
         "  (void)number;\n  (void)pthread"
         "_mutex_unlock(&server->memory);\n}\n\nstatic void take_batch"))
without("trouble_refuses", "7", "store in trouble refuses", "?",
        (LOGIN, "if (!server->healthy) {", "if (false) {"))
without("not_before", "7", "older times need a challenge", "I1",
        (DECIDE, "(int64_t)h->body.time < dec->in->not_before",
         "h->body.time != 0 && h->body.time < 1"))
without("not_before_none", "7", "or none", "I1",
        (DECIDE, "(int64_t)h->body.time < dec->in->not_before",
         "h->body.time != 0 &&"
         " (int64_t)h->body.time < dec->in->not_before"))
without("not_before_skew", "7", "max_skew beyond the restore", "I1",
        (RESTORE, "at + (int64_t)max_skew + 1", "at + 0 * (int64_t)max_skew"))
without("not_before_second", "7", "and a second", "I1",
        (RESTORE, "at + (int64_t)max_skew + 1", "at + (int64_t)max_skew"))

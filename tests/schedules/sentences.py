# SPDX-License-Identifier: Apache-2.0
"""The protocol's sentences that the schedules must miss when they are gone.

Each has a name, its section of docs/protocol.md, the invariant that breaks,
the sentence, and what takes it out of the sources: (file, what stands there,
what comes instead). README.md has the table, and those that nothing breaks
without.
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


def without(name, section, breaks, sentence, *changes):
    MUTANTS[name] = Mutant(section, sentence, breaks, changes)


# ---- section 2: the sender --------------------------------------------------

without("time_never_falls", "2", "I2",
        "it never sends a `time` lower than one it sent before",
        (CLIENT, "if (now < credential->time)", "if (false)"))
without("doubts_its_clock", "2", "I2",
        "one that lost its last time sends 0 after power-up",
        (CLIENT, "    doubt(credential, now);",
         "    credential->reserved = 0;"))
without("doubts_long_enough", "2", "I2",
        "… for twice `max_skew`, not once (ours)",
        (CLIENT, "  if (credential->reserved > 0)\n"
         "    doubt(credential, now);",
         "  if (credential->reserved > 0) {\n"
         "    credential->reserved = 0;\n    return 0;\n  }"))
without("ladder_once", "2", "I3",
        "1, 2, 4 … R indices, once since its last success",
        (SPEND, "if (!chain || chain->refusals >= WK_REFUSALS_MAX)\n"
         "    return;",
         "if (!chain)\n    return;\n"
         "  if (chain->refusals >= WK_REFUSALS_MAX)\n    chain->refusals--;"))
# ---- section 4: freshness ---------------------------------------------------

without("fresh_by_t_max", "4", "I2",
        "fresh (b): `time` > `t_max`",
        (DECIDE, "(int64_t)h->body.time > h->chain->t_max &&", ""))
without("fresh_strictly", "4", "I2",
        "fresh (b): later, not as late",
        (DECIDE, "(int64_t)h->body.time > h->chain->t_max &&",
         "(int64_t)h->body.time >= h->chain->t_max &&"))
without("fresh_near_the_clock", "4", "I2",
        "fresh (b): and near the server's clock (ours)",
        (DECIDE, "h->chain->t_max &&\n         near_clock(h, dec);",
         "h->chain->t_max;"))
without("time_zero_counts", "4", "I2",
        "an accepted 0 counts as clock + `max_skew`",
        (DECIDE, ": dec->in->attempt->now + dec->in->policy->max_skew;",
         ": 0;"))
without("challenge_spent_when_issued", "4", "I2",
        "fresh (a): already spent when that challenge was issued",
        (DECIDE, """  h->fresh_by_challenge = dec->in->attempt->challenge &&
                          h->challenge_epoch == h->header.epoch &&
                          h->header.index <= h->challenge_last;
""", "  h->fresh_by_challenge = dec->in->attempt->challenge != NULL;\n"))
without("challenge_spent_previous", "4", "I2",
        "… also in the previous epoch",
        (DECIDE, "dec->in->attempt->challenge && (before || after);",
         "dec->in->attempt->challenge != NULL;"))
without("challenge_two_ahead", "4", "I2",
        "issued when the chain was already two ahead",
        (DECIDE, """h->challenge_epoch > h->header.epoch &&
                          h->challenge_epoch - h->header.epoch >= 2;""",
         "true;"))

# ---- section 4: the rows ----------------------------------------------------

without("clock", "4", "I1",
        "row 5: within ± `max_skew`",
        (DECIDE, "    return !policy->require_time;\n"
         "  return near_clock(h, dec);", "    return !policy->require_time;\n"
         "  return true;"))
without("epoch_vouched", "4", "I5",
        "row 6: current + 1 *and* its vouch is verified",
        (DECIDE, "h->switches = pending->state == WK_PENDING_VERIFIED &&",
         "h->switches = pending->state != WK_PENDING_NONE &&"))
without("previous_as_row_7", "4", "I4",
        "row 6: the previous epoch, as row 7",
        (DECIDE, "return epoch_before(h, dec);", "return WK_REASON_EPOCH;"))
without("above_previous_alarmed", "4", "I4",
        "row 6: above the previous epoch's last, an alarm",
        (DECIDE, "dec->verdict->alarms |= WK_ALARM_EPOCH;", ""))
without("above_previous_no_clone", "4", "I2",
        "row 6: … without quarantine",
        (DECIDE, "dec->verdict->alarms |= WK_ALARM_EPOCH;\n"
         "    return WK_REASON_EPOCH;",
         "return fresh_by_time(h, dec) ? clone(h, dec) : WK_REASON_EPOCH;"))
without("two_behind", "4", "I4",
        "row 6: two or more behind, `clone`",
        (DECIDE, "return epoch_long_gone(h, dec);",
         "return WK_REASON_EPOCH;"))
without("replay_by_hash", "4", "I2",
        "row 7: bit-identical, `replay`",
        (DECIDE, "if (wk_equal(h->hash, hash, WK_HASH_LEN))",
         "if (false && hash)"))
without("previous_hash", "4", "I2",
        "kept of the previous epoch: the last hash",
        (DECIDE, "  memcpy(chain->previous.hash, chain->hash, WK_HASH_LEN);\n",
         ""))
without("spent_walks", "4", "I2",
        "row 7: walked back, equal is `clone`, unequal `chain`",
        (DECIDE, "if (wk_chain_verify(value, last, h->body.x,"
         " h->header.index, salt))", "if (value)"))
without("stale_is_no_proof", "4", "I2",
        "row 7: anything else is `stale`",
        (DECIDE, "dec->record->released || !proven_fresh(h, dec) ||",
         "dec->record->released ||"))
without("spent_is_alarmed", "4", "I4",
        "row 7: `stale` raises an alarm",
        (DECIDE, "dec->verdict->alarms |= WK_ALARM_SUSPECT;\n"
         "    return WK_REASON_STALE;", "return WK_REASON_STALE;"))
without("stale_after_release", "4", "I3",
        "row 7: after a release a spent index is `stale`",
        (DECIDE, "if (dec->record->released || !proven_fresh(h, dec) ||",
         "if (!proven_fresh(h, dec) ||"))
without("released_until_accepted", "4", "I4",
        "row 7: … until the next accepted login",
        (DECIDE, "  dec->record->released = false;\n", ""))
without("walk_back_limited", "4", "I6",
        "row 7: a long walk back once a minute (ours)",
        (DECIDE, "!proven_fresh(h, dec) ||\n"
         "      !walk_allowed(h, dec, last - h->header.index)) {",
         "!proven_fresh(h, dec)) {"))
without("barrier", "4", "I1",
        "row 8: `reserved` after an unclean end",
        (DECIDE, "if (!h->switches && index <= chain->barrier)",
         "if (false)"))
without("spent_before_reserved", "4", "I4",
        "rows 7 and 8, in this order",
        (DECIDE, "  if (index <= last)\n    return spent_now(h, dec);",
         "  if (!h->switches && index <= chain->barrier)\n"
         "    return WK_REASON_RESERVED;\n"
         "  if (index <= last)\n    return spent_now(h, dec);"))
without("reserved_is_no_clone", "7", "I2",
        "`reserved`, never clone",
        (DECIDE, "return WK_REASON_RESERVED;", "return clone(h, dec);"))
without("window", "4", "I6",
        "row 10: a walk beyond `window`",
        (DECIDE, "if (!walk_allowed(h, dec, index - last))",
         "if (false)"))
without("long_walk_pause", "4", "I6",
        "row 10: at most once a minute",
        (DECIDE, "if (since >= 0 && since < LONG_WALK_PAUSE)",
         "if (false && since)"))
without("refused_changes_nothing", "4", "I2",
        "row 13: a refusal at 12 changes neither chain",
        (DECIDE, "  reason = check_user(d, c, dec);\n"
         "  if (reason != WK_REASON_OK) {\n",
         "  reason = check_user(d, c, dec);\n"
         "  if (reason != WK_REASON_OK) {\n"
         "    accept_half(c, dec);\n    dec->changed = true;\n"))

# ---- section 6 --------------------------------------------------------------

without("old_comes_next", "6.5", "I3",
        "the next login uses the old chain's next index",
        (BEGIN, "update->turn = 0;", "update->turn = 1;"))
without("x3_last_accepted", "6.2", "I6",
        "`i` is the chain's last accepted index",
        (UPDATE, "x3->header.index == login && x3->header.index =="
         " chain->last &&", "x3->header.index == login &&"))
without("x3_session_login", "6.2", "I6",
        "`i` is this session's login",
        (UPDATE, "x3->header.index == login && x3->header.index =="
         " chain->last &&", "x3->header.index == chain->last && login &&"))
without("x3_epochs", "6.2", "I6",
        "the header's epoch is current, the new one is + 1",
        (UPDATE, "chain->present && x3->header.epoch == chain->epoch &&",
         "chain->present &&"),
        (UPDATE, "(c ? session->c_epoch : session->d_epoch) =="
         " chain->epoch &&", ""),
        (UPDATE, "x3->body.epoch == chain->epoch + 1 &&", ""))
without("x3_once", "6.2", "I6",
        "this session has sent none before",
        (UPDATE, "x3->body.n <= WK_CHAIN_LEN_MAX &&\n"
         "         !(c ? session->c_updated : session->d_updated);",
         "x3->body.n <= WK_CHAIN_LEN_MAX;"))
without("vouched", "6.3", "I5",
        "`vouch` is checked",
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
without("old_stays_current", "6.3", "I2",
        "the old chain stays current",
        SWITCH_AT_ONCE, SWITCH_AFTER)
without("switch_durable", "6.4", "I2",
        "the switch is durable before the answer",
        (LOGIN, "return after->epoch != before->epoch ||\n"
         "         after->pending.state != before->pending.state ||\n"
         "         after->last > before->promise;",
         "return after->epoch == before->epoch &&\n"
         "         (after->pending.state != before->pending.state ||\n"
         "         after->last > before->promise);"))
without("alternates_old", "6.5", "I3",
        "after a refusal: the old chain too",
        (SPEND, "return ((half_pace ? update->turn >> 1 : update->turn) & 1)"
         " != 0;", "return update->turn != 0 || half_pace;"))
without("alternates_new", "6.5", "I3",
        "after a refusal: the new chain too",
        (SPEND, "update->turn = (update->turn + 1) % WK_TURNS;",
         "update->turn = 0;"))
without("pending_means_new", "6.5", "I3",
        "status 2, or no X4: the new chain next",
        (SPEND, "    pair.update->turn = TURN_NEW;",
         "    pair.update->turn = 0;"))
without("late_x4_decides_nothing", "6.5", "I2",
        "a late X4 of login `i` itself decides nothing (ours)",
        (SPEND, "spent->epoch == pair->old->epoch &&"
         " spent->index > update->after",
         "spent->epoch == pair->old->epoch"))
without("status_1_under_new", "6.5", "I5",
        "status 1 under the new epoch keeps the new chain (ours)",
        (SPEND, "if (spent->epoch == pair.update->chain.epoch)",
         "if (spent->epoch == pair.update->chain.epoch &&\n"
         "      status == WK_STATUS_SWITCHED)"))
without("status_1_drops", "6.5", "I3",
        "status 1: drop the new one",
        (SPEND, "else if (status != WK_STATUS_ACCEPTED)", "else"))
without("half_pace", "8", "I3",
        "chain D at half the pace of C (ours)",
        (SPEND, "update->turn >> 1 :", "update->turn :"))

# ---- section 7 --------------------------------------------------------------

without("promise_durable", "7", "I1",
        "beyond the promise: durable before the answer",
        (LOGIN, "after->pending.state != before->pending.state ||\n"
         "         after->last > before->promise;",
         "after->pending.state != before->pending.state;"))
without("quarantine_durable", "7", "I3",
        "a quarantine is durable before the answer",
        (LOGIN, "return after->state != before->state ||", "return"))
without("barrier_until_exceeded", "7", "I1",
        "the promise stays through later clean stops",
        (SERVER, "server->head.unclean_run != 0 &&",
         "server->head.unclean_run + 1 == server->head.run &&"))
without("barrier_no_promise", "7", "I1",
        "… and no new one is made while it stands",
        (FLUSH, "if (!chain->present || chain->barrier != 0 ||",
         "if (!chain->present ||"))
without("near_the_end", "7", "I3",
        "near its end a chain gets no promise (ours)",
        (FLUSH, "||\n      chain->n - chain->last < SKIP_WHOLE)", ")"))
without("write_again", "7", "I3",
        "what a failed write left is written over (ours)",
        (FLUSH, "  wk_fleet_mark(server->fleet, number);\n  (void)pthread"
         "_mutex_unlock(&server->memory);\n}\n\nstatic void take_batch",
         "  (void)number;\n  (void)pthread"
         "_mutex_unlock(&server->memory);\n}\n\nstatic void take_batch"))
without("trouble_refuses", "7", "I3",
        "a store in trouble refuses all logins (ours)",
        (LOGIN, "if (!server->healthy) {", "if (false) {"))
without("not_before", "7", "I1",
        "after a restore older times need a challenge",
        (DECIDE, "(int64_t)h->body.time < dec->in->not_before",
         "h->body.time != 0 && h->body.time < 1"))
without("not_before_none", "7", "I1",
        "… or none",
        (DECIDE, "(int64_t)h->body.time < dec->in->not_before",
         "h->body.time != 0 &&"
         " (int64_t)h->body.time < dec->in->not_before"))
without("not_before_skew", "7", "I1",
        "… `max_skew` behind the restore (ours)",
        (RESTORE, "at + (int64_t)max_skew + 1", "at + 0 * (int64_t)max_skew"))
without("not_before_second", "7", "I1",
        "… and a second (ours)",
        (RESTORE, "at + (int64_t)max_skew + 1", "at + (int64_t)max_skew"))

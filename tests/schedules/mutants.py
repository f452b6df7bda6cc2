# SPDX-License-Identifier: Apache-2.0
"""Takes one sentence of the protocol out of a source file.

mutants.py --list            name;file, one a line
mutants.py NAME SOURCE OUT   writes the mutated source; fails unless what is
                             to be changed stands there exactly once
"""
import sys

DECIDE = "registry/decide.c"
LOGIN = "registry/login.c"
SERVER = "registry/server.c"
UPDATE = "registry/update.c"
CLIENT = "client/client.c"
SPEND = "client/spend.c"

# name: (file, the sentence that goes, what stands there, what comes instead)
MUTANTS = {
    "fresh_by_t_max": (
        DECIDE, "4: proven fresh by time > t_max",
        "return h->body.time != 0 && (int64_t)h->body.time > h->chain->t_max;",
        "return h->body.time != 0;"),
    "time_zero_counts": (
        DECIDE, "4: an accepted time of 0 counts as clock + max_skew",
        ": dec->in->attempt->now + dec->in->policy->max_skew;", ": 0;"),
    "challenge_spent_when_issued": (
        DECIDE, "4: its index was already spent when that challenge was"
        " issued",
        """  h->fresh_by_challenge = dec->in->attempt->challenge &&
                          h->challenge_epoch == h->header.epoch &&
                          h->header.index <= h->challenge_last;
""",
        "  h->fresh_by_challenge = dec->in->attempt->challenge != NULL;\n"),
    "challenge_spent_previous": (
        DECIDE, "4: the same, for the previous epoch",
        "dec->in->attempt->challenge && (before || after);",
        "dec->in->attempt->challenge != NULL;"),
    "challenge_two_ahead": (
        DECIDE, "4: issued when the chain was already two ahead",
        """h->challenge_epoch > h->header.epoch &&
                          h->challenge_epoch - h->header.epoch >= 2;""",
        "true;"),
    "stale_after_release": (
        DECIDE, "4: after a release a spent index is stale",
        "if (dec->record->released || !proven_fresh(h) ||",
        "if (!proven_fresh(h) ||"),
    "spent_is_alarmed": (
        DECIDE, "4: anything else is stale and raises a suspect alarm",
        "dec->verdict->alarms |= WK_ALARM_SUSPECT;\n"
        "    return WK_REASON_STALE;",
        "return WK_REASON_STALE;"),
    "above_previous_alarmed": (
        DECIDE, "4: above the previous epoch's last: an alarm",
        "dec->verdict->alarms |= WK_ALARM_EPOCH;", ""),
    "above_previous_no_clone": (
        DECIDE, "4: above the previous epoch's last: without quarantine",
        "dec->verdict->alarms |= WK_ALARM_EPOCH;\n    return WK_REASON_EPOCH;",
        "return fresh_by_time(h) ? clone(h, dec) : WK_REASON_EPOCH;"),
    "previous_as_row_7": (
        DECIDE, "4: previous epoch: as (7) against its record",
        "return epoch_before(h, dec);", "return WK_REASON_EPOCH;"),
    "two_behind": (
        DECIDE, "4: two or more behind: clone",
        "return epoch_long_gone(h, dec);", "return WK_REASON_EPOCH;"),
    "barrier": (
        DECIDE, "4: up to the promise after an unclean end: reserved",
        "if (!h->switches && index <= chain->barrier)", "if (false)"),
    "promise_durable": (
        LOGIN, "7: a login beyond the promise is durable before the answer",
        "after->pending.state != before->pending.state ||\n"
        "         after->last > before->promise;",
        "after->pending.state != before->pending.state;"),
    "switch_durable": (
        LOGIN, "6.4: the switch is durable before the answer",
        "return after->epoch != before->epoch ||\n"
        "         after->pending.state != before->pending.state ||\n"
        "         after->last > before->promise;",
        "return after->epoch == before->epoch &&\n"
        "         (after->pending.state != before->pending.state ||\n"
        "         after->last > before->promise);"),
    "barrier_until_exceeded": (
        SERVER, "7: the promise stays through later clean stops too",
        "server->head.unclean_run != 0 &&",
        "server->head.unclean_run + 1 == server->head.run &&"),
    "x3_last_accepted": (
        UPDATE, "6.2: i is the chain's last accepted index",
        "x3->header.index == login && x3->header.index == chain->last &&",
        "x3->header.index == login &&"),
    "time_never_falls": (
        CLIENT, "2: it never sends a time lower than one it sent before",
        "if (unknown || now < credential->time)", "if (unknown)"),
    "alternates_old": (
        SPEND, "6.5: after a refusal it tries the old chain too",
        "return ((half_pace ? update->turn >> 1 : update->turn) & 1) != 0;",
        "return update->turn != 0 || half_pace;"),
    "alternates_new": (
        SPEND, "6.5: after a refusal it tries the new chain too",
        "update->turn = (update->turn + 1) % WK_TURNS;", "update->turn = 0;"),
    "half_pace": (
        SPEND, "8: chain D at half the pace of C",
        "update->turn >> 1 :", "update->turn :"),
    "ladder_once": (
        SPEND, "2: 1, 2, 4 .. R indices, once since its last success",
        "if (!chain || chain->refusals >= WK_REFUSALS_MAX)\n    return;",
        "if (!chain)\n    return;\n"
        "  if (chain->refusals >= WK_REFUSALS_MAX)\n    chain->refusals--;"),
    "late_x4_decides_nothing": (
        SPEND, "6.5: a late X4 of login i itself decides nothing",
        "spent->epoch == pair->old->epoch && spent->index > update->after",
        "spent->epoch == pair->old->epoch"),
    "status_1_under_new": (
        SPEND, "6.5: status 1 under the new epoch keeps the new chain",
        "if (spent->epoch == pair.update->chain.epoch)",
        "if (spent->epoch == pair.update->chain.epoch &&\n"
        "      status == WK_STATUS_SWITCHED)"),
    "status_1_drops": (
        SPEND, "6.5: status 1: drop the new one",
        "else if (status != WK_STATUS_ACCEPTED)", "else"),
    "replay_by_hash": (
        DECIDE, "4: bit-identical to the last accepted message: replay",
        "if (wk_equal(h->hash, hash, WK_HASH_LEN))",
        "if (false && hash)"),
}


def main():
    if sys.argv[1:] == ["--list"]:
        for name, (path, *_) in MUTANTS.items():
            print(f"{name}:{path}")
        return
    name, source, out = sys.argv[1:]
    _, sentence, before, after = MUTANTS[name]
    with open(source, encoding="utf-8") as file:
        text = file.read()
    if text.count(before) != 1:
        sys.exit(f"{source}: {name}: {text.count(before)} places to take"
                 f" \"{sentence}\" out of, not one")
    with open(out, "w", encoding="utf-8") as file:
        file.write(text.replace(before, after))


if __name__ == "__main__":
    main()

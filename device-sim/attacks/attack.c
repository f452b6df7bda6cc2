/* SPDX-License-Identifier: Apache-2.0 */
/* Tries attacks, one after the other, and judges. */
#include "attack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <whitekey/log.h>

#include "lab.h"
#include "report.h"
#include "sim.h"

#define EVIDENCE_MS 20000 /* the broker's audit is written when it can be */
#define MISSING_MS 200    /* where the verdict is wrong anyway */

static enum verdict judge(struct lab *lab) {
  if (sim_interrupted)
    lab_fail(lab, "interrupted");
  if (lab->err != WK_OK)
    return VERDICT_FAILED;
  if (lab->intruded > 0)
    return lab->caught ? VERDICT_NOTICED : VERDICT_NOT_STOPPED;
  return lab->harmed ? VERDICT_NOT_STOPPED : VERDICT_STOPPED;
}

/* A claim holds only where the trace that it promises is there, too. */
static void find_evidence(struct lab *lab, const struct attack *attack,
                          struct outcome *outcome) {
  outcome->evidence = lab->answer;
  if (outcome->verdict == VERDICT_FAILED)
    outcome->evidence = lab->why.text;
  if (outcome->verdict == VERDICT_FAILED || !attack->shown)
    return;
  if (evidence_find(&lab->evidence, lab->device.id.did, attack->shown,
                    outcome->held ? EVIDENCE_MS : MISSING_MS)) {
    outcome->evidence = lab->evidence.line;
    return;
  }
  outcome->held = false;
  (void)snprintf(lab->answer, sizeof lab->answer,
                 "the audit file does not say \"%s\"", attack->shown);
}

const char *attack_lacks(const struct attack *attack,
                         const struct options *options) {
  if (attack->restarts && !options->broker)
    return "needs a broker of its own: --broker";
  if (attack->tls && options->port_tls == 0)
    return "needs a broker's port with TLS: --tls-port";
  return NULL;
}

static bool try_attack(struct lab *lab, const struct attack *attack,
                       cJSON *report) {
  struct outcome outcome = {.verdict = VERDICT_LEFT_OUT,
                            .evidence = attack_lacks(attack, lab->options)};
  const bool possible = !outcome.evidence;
  if (possible) {
    lab_begin(lab, attack);
    if (lab->err == WK_OK)
      attack->run(lab);
    outcome.verdict = judge(lab);
    outcome.held = outcome.verdict == attack->claim;
    outcome.steps = lab->steps;
    find_evidence(lab, attack, &outcome);
  }
  report_row(attack, &outcome);
  report_add(report, attack, &outcome);
  if (possible)
    lab_end(lab);
  return outcome.held || !possible;
}

static bool try_all(struct lab *lab, cJSON *report) {
  unsigned failed = 0;
  for (size_t i = 0; i < attack_count && !sim_interrupted; i++)
    if (!try_attack(lab, &attack_table[i], report))
      failed++;
  if (failed > 0)
    (void)printf("%u of %zu: not what the design claims\n", failed,
                 attack_count);
  else if (!sim_interrupted)
    (void)printf("all as the design claims\n");
  return failed == 0 && !sim_interrupted;
}

static bool try_named(struct lab *lab, cJSON *report) {
  const struct attack *attack = attack_find(lab->options->attack);
  report_heading();
  if (attack) {
    lab->aloud = true;
    return try_attack(lab, attack, report);
  }
  return try_all(lab, report);
}

int attack_run(const struct options *options) {
  static struct lab lab; /* large */
  struct wk_why why;
  bool held = false;
  if (strcmp(options->attack, "list") == 0) {
    report_list();
    return EXIT_SUCCESS;
  }
  cJSON *report = report_new(options);
  lab_open(&lab, options);
  enum wk_err err = lab.err;
  why = lab.why;
  if (err == WK_OK)
    held = try_named(&lab, report);
  lab_close(&lab);
  if (err == WK_OK && options->json && !sim_interrupted)
    err = report_write(report, options->json, &why);
  cJSON_Delete(report);
  if (err != WK_OK)
    wk_log(WK_LOG_ERROR, "%s", why.text);
  else if (sim_interrupted)
    wk_log(WK_LOG_ERROR, "interrupted");
  return err == WK_OK && held ? EXIT_SUCCESS : EXIT_FAILURE;
}

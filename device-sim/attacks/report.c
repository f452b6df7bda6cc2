/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <whitekey/file.h>

#define ROW "%-17s %-12s %s\n"

static bool is_colourful(void) {
  return isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
}

void report_heading(void) {
  (void)printf(ROW, "attack", "verdict", "the attacker has");
}

void report_row(const struct attack *attack, const struct outcome *outcome) {
  const bool colour = is_colourful();
  const bool failed = !outcome->held && outcome->verdict != VERDICT_LEFT_OUT;
  if (colour && failed)
    (void)fputs("\033[31m", stdout);
  (void)printf(ROW, attack->name, verdict_name(outcome->verdict), attack->has);
  if (failed && outcome->verdict != VERDICT_FAILED)
    (void)printf("    the design says: %s\n", verdict_name(attack->claim));
  if (colour && failed)
    (void)fputs("\033[0m", stdout);
  (void)printf("    %s\n", outcome->evidence);
  (void)fflush(stdout);
}

cJSON *report_new(const struct options *options) {
  cJSON *report = cJSON_CreateObject();
  (void)cJSON_AddStringToObject(report, "protocol",
                                options->version == WK_MQTT_5 ? "5" : "3.1.1");
  (void)cJSON_AddArrayToObject(report, "attacks");
  return report;
}

void report_add(cJSON *report, const struct attack *attack,
                const struct outcome *outcome) {
  cJSON *row = cJSON_CreateObject();
  (void)cJSON_AddStringToObject(row, "attack", attack->name);
  (void)cJSON_AddStringToObject(row, "has", attack->has);
  (void)cJSON_AddStringToObject(row, "claim", verdict_name(attack->claim));
  (void)cJSON_AddStringToObject(row, "verdict",
                                verdict_name(outcome->verdict));
  (void)cJSON_AddBoolToObject(row, "held", outcome->held);
  (void)cJSON_AddStringToObject(row, "shown",
                                attack->shown ? attack->shown : "");
  (void)cJSON_AddStringToObject(row, "evidence", outcome->evidence);
  (void)cJSON_AddItemToObject(row, "steps",
                              outcome->steps
                                  ? cJSON_Duplicate(outcome->steps, true)
                                  : cJSON_CreateArray());
  (void)cJSON_AddItemToArray(
      cJSON_GetObjectItemCaseSensitive(report, "attacks"), row);
}

enum wk_err report_write(const cJSON *report, const char *path,
                         struct wk_why *why) {
  char *text = cJSON_Print(report);
  if (!text)
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  const enum wk_err err = wk_file_replace(path, text, strlen(text), 0644, why);
  cJSON_free(text);
  return err;
}

void report_list(void) {
  report_heading();
  for (size_t i = 0; i < attack_count; i++)
    (void)printf(ROW, attack_table[i].name,
                 verdict_name(attack_table[i].claim), attack_table[i].has);
}

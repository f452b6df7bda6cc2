/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include <whitekey/json.h>

#include "commands.h"

/* Without a registry: what is tried here must not come that far. */
static const struct wk_commands nobody = {.by = "owner"};

static void expect_refusal(const char *text, size_t len) {
  cJSON *answer = NULL;
  char *json = wk_commands_answer(&nobody, text, len);
  cr_assert(json);
  cr_assert_eq(wk_json_parse(&answer, json, strlen(json), "answer", NULL),
               WK_OK, "%s", json);
  const cJSON *response = NULL;
  cJSON_ArrayForEach(response,
                     cJSON_GetObjectItemCaseSensitive(answer, "responses")) {
    cr_assert(cJSON_HasObjectItem(response, "error"), "%s", json);
    cr_assert_not(cJSON_HasObjectItem(response, "data"), "%s", json);
  }
  cJSON_Delete(answer);
  free(json);
}

Test(commands, answer__every_truncation_is_refused) {
  static const char whole[] =
      "{\"commands\":[{\"command\":\"enrolDevice\",\"role\":\"\\u20ac\","
      "\"enrolment\":{\"whitekey\":1,\"d_id\":\"a\",\"chains\":[{\"n\":1e2}]},"
      "\"correlationData\":\"\xe2\x82\xac\"}]}";
  for (size_t len = 0; len < sizeof whole - 1; len++) {
    char *exact = malloc(len > 0 ? len : 1); /* for the sanitizer */
    cr_assert(exact);
    memcpy(exact, whole, len);
    expect_refusal(exact, len);
    free(exact);
  }
}

Test(commands, answer__every_byte_changed_is_answered) {
  static const char whole[] =
      "{\"commands\":[{\"command\":\"noSuch\",\"correlationData\":\"1\"},"
      "{\"command\":\"getDevice\",\"d_id\":7}]}";
  char text[sizeof whole];
  for (size_t i = 0; i < sizeof whole - 1; i++) {
    for (unsigned value = 0; value < 256; value++) {
      memcpy(text, whole, sizeof whole);
      text[i] = (char)value;
      expect_refusal(text, sizeof whole - 1);
    }
  }
}

Test(commands, refuse__sentence_is_json_whatever_it_quotes) {
  struct wk_why why = {"cut \xe2\x82 \x1b \"x\""};
  char *json = wk_commands_refuse(&why);
  cr_assert_str_eq(json,
                   "{\"responses\":[{\"error\":\"cut ?? ? \\\"x\\\"\"}]}");
  free(json);
}

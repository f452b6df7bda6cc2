/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profile.h"

static const struct habits habits = {.rate = 2, .awake = 1, .loss = 5};

/* Reads text as a file; the error's sentence without the file's name. */
static enum wk_err read_text(struct profiles *profiles, const char *text,
                             struct wk_why *why) {
  char path[] = "/tmp/whitekey-test-profiles-XXXXXX";
  const int fd = mkstemp(path);
  cr_assert(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
  (void)close(fd);
  const enum wk_err err = profiles_open(profiles, path, &habits, why);
  (void)unlink(path);
  if (err != WK_OK) {
    cr_assert(strncmp(why->text, path, strlen(path)) == 0, "%s", why->text);
    memmove(why->text, why->text + strlen(path),
            strlen(why->text + strlen(path)) + 1);
  }
  return err;
}

Test(profiles, own__every_name_and_no_other) {
  static const char *const names[] = {"temperature", "heart-rate", "door",
                                      "power"};
  struct profiles own;
  cr_assert_eq(profiles_open(&own, NULL, &habits, NULL), WK_OK);
  cr_assert_eq(own.count, 4u);
  for (uint32_t i = 0; i < 4; i++) {
    cr_assert_str_eq(own.all[i].name, names[i]);
    cr_assert_eq(profiles_find(&own, names[i]), &own.all[i]);
    cr_assert_eq(profiles_turn(&own, 8 + i), &own.all[i]);
    cr_assert_eq(own.all[i].habits.loss, 5);
  }
  cr_assert_null(profiles_find(&own, "mix"));
  cr_assert_null(profiles_find(&own, "Door"));
  profiles_close(&own);
}

Test(profiles, read__what_the_file_says_and_the_fleets_habits_else) {
  struct profiles p;
  struct wk_why why;
  cr_assert_eq(
      read_text(&p,
                "{\"profiles\":[{\"name\":\"a\",\"share\":2,\"fields\":{}},"
                "{\"name\":\"b\",\"rate\":\"unlimited\",\"sleep\":0.5,"
                "\"fields\":{\"t\":{\"type\":\"number\",\"min\":-1.5,"
                "\"max\":2,\"step\":0.25,\"decimals\":2,\"every\":3},"
                "\"w\":{\"type\":\"choice\",\"of\":[\"x\",\"\xc3\xa9\"]},"
                "\"o\":{\"type\":\"boolean\"}}}]}",
                &why),
      WK_OK, "%s", why.text);
  cr_assert_eq(p.count, 2u);
  cr_assert_eq(p.all[0].habits.rate, 2);
  const struct profile *b = profiles_find(&p, "b");
  cr_assert(isinf(b->habits.rate) && b->habits.sleep > 0.4);
  cr_assert_eq(b->habits.loss, 5);
  cr_assert_eq(b->fields, 3u);
  const struct field *t = &b->field[0];
  cr_assert(t->min == -150 && t->max == 200 && t->step == 25);
  cr_assert(t->decimals == 2 && t->every == 3 && !t->falls);
  cr_assert(b->field[1].every == 0 && b->field[1].choices == 2);
  cr_assert(b->field[2].every == 1 && b->field[2].kind == FIELD_BOOLEAN);
  /* Two of three devices are a's. */
  cr_assert_eq(profiles_turn(&p, 4), &p.all[0]);
  cr_assert_eq(profiles_turn(&p, 5), &p.all[1]);
  profiles_close(&p);
}

struct wrong {
  char text[200];
  char says[100];
};

#define ONE "{\"profiles\":[{\"name\":\"a\","
#define FIELD ONE "\"fields\":{\"t\":{\"type\":"
#define AT ": profiles[0].fields.t: "

ParameterizedTestParameters(profiles, read__each_mistake_is_named) {
  static struct wrong wrong[] = {
      {"[]", ": not a JSON object"},
      {"{\n\"profiles\":[,]}", ":2:13: not valid JSON"},
      {"{}", ": \"profiles\": not a list of 1 to 32 profiles"},
      {"{\"profiles\":[]}", ": \"profiles\": not a list of 1 to 32"},
      {"{\"profiles\":[1]}", ": profiles[0]: not an object"},
      {"{\"profile\":[]}", ": \"profile\": unknown member"},
      {"{\"profiles\":[{}]}", ": profiles[0]: \"name\": missing"},
      {"{\"profiles\":[{\"name\":\"a/b\"}]}", "[0]: \"name\": not 1 to 32"},
      {"{\"profiles\":[{\"name\":\"\"}]}", "[0]: \"name\": not 1 to 32"},
      {ONE "\"speed\":1}]}", ": profiles[0]: \"speed\": unknown member"},
      {ONE "\"rate\":1}]}", ": profiles[0]: \"fields\": missing"},
      {ONE "\"rate\":-1}]}", "[0]: \"rate\": not a number within 0..100000"},
      {ONE "\"rate\":\"fast\"}]}", "[0]: \"rate\": not a number"},
      {ONE "\"loss\":\"unlimited\"}]}", "[0]: \"loss\": not a number"},
      {ONE "\"awake\":1.5}]}", "[0]: \"awake\": not a whole number"},
      {ONE "\"share\":0}]}", "[0]: \"share\": not a whole number from 1"},
      {ONE "\"fields\":{\"seq\":{}}}]}", ".fields.seq: a field has a name"},
      {ONE "\"fields\":{\"t\":1}}]}", AT "not an object"},
      {ONE "\"fields\":{\"t\":{}}}]}", AT "\"type\": missing"},
      {FIELD "\"text\"}}}]}", AT "\"type\": must be number, boolean or"},
      {FIELD "\"number\"}}}]}", AT "\"min\": missing"},
      {FIELD "\"number\",\"min\":1,\"max\":0,\"step\":1}}}]}",
       AT "\"max\": less than \"min\""},
      {FIELD "\"number\",\"min\":0.5,\"max\":1,\"step\":1}}}]}",
       AT "\"min\": has more decimals"},
      {FIELD "\"number\",\"min\":0,\"max\":1,\"step\":-1}}}]}",
       AT "\"step\": not within 0..1000000"},
      {FIELD "\"number\",\"min\":0,\"max\":1e7,\"step\":1}}}]}",
       AT "\"max\": not within"},
      {FIELD "\"number\",\"decimals\":4}}}]}", AT "\"decimals\": not a whole"},
      {FIELD "\"number\",\"of\":[]}}}]}", AT "\"of\": unknown member"},
      {FIELD "\"boolean\",\"every\":0}}}]}", AT "\"every\": not a whole"},
      {FIELD "\"boolean\",\"min\":0}}}]}", AT "\"min\": unknown member"},
      {FIELD "\"choice\"}}}]}", AT "\"of\": not a list of 1 to 16"},
      {FIELD "\"choice\",\"of\":[]}}}]}", AT "\"of\": not a list of 1 to"},
      {FIELD "\"choice\",\"of\":[1]}}}]}", AT "\"of\": not texts of 1 to 32"},
      {FIELD "\"choice\",\"of\":[\"\\\"\"]}}}]}", AT "\"of\": not texts of"},
      {ONE "\"fields\":{}},{\"name\":\"a\",\"fields\":{}}]}",
       "[1]: \"name\": another profile has it"},
      {FIELD "\"boolean\"},\"t\":{\"type\":\"boolean\"}}}]}",
       ".fields: \"t\": stands there twice"},
  };
  return cr_make_param_array(struct wrong, wrong,
                             sizeof wrong / sizeof *wrong);
}

ParameterizedTest(struct wrong *w, profiles, read__each_mistake_is_named) {
  struct profiles p;
  struct wk_why why;
  cr_assert_eq(read_text(&p, w->text, &why), WK_ERR_MALFORMED, "%s", w->text);
  cr_assert(strstr(why.text, w->says), "%s instead of %s", why.text, w->says);
  profiles_close(&p);
}

/* As many fields as fit, with the longest names, and one more letter. */
Test(profiles, read__a_reading_that_could_not_be_sent_is_refused) {
  static const char format[] =
      "{\"profiles\":[{\"name\":\"a\",\"fields\":{"
      "\"%.*s\":{\"type\":\"boolean\"},\"b%.31s\":{\"type\":\"boolean\"},"
      "\"c%.31s\":{\"type\":\"boolean\"},\"d%.31s\":{\"type\":\"boolean\"},"
      "\"e%.31s\":{\"type\":\"boolean\"},\"f\":{\"type\":\"boolean\"}}}]}";
  static const char *const x = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
  struct profiles p;
  struct wk_why why;
  char text[1024];
  (void)snprintf(text, sizeof text, format, 24, x, x, x, x, x);
  cr_assert_eq(read_text(&p, text, &why), WK_OK);
  profiles_close(&p);
  (void)snprintf(text, sizeof text, format, 25, x, x, x, x, x);
  cr_assert_eq(read_text(&p, text, &why), WK_ERR_MALFORMED);
  cr_assert(strstr(why.text, "\"fields\": a reading may take"), "%s",
            why.text);
  profiles_close(&p);
}

Test(profiles, open__missing_file) {
  struct profiles p;
  struct wk_why why;
  cr_assert_eq(profiles_open(&p, "/nowhere/p.json", &habits, &why),
               WK_ERR_MISSING);
  profiles_close(&p);
}

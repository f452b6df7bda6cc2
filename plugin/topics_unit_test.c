/* SPDX-License-Identifier: Apache-2.0 */
#include "topics.h"

#include <criterion/criterion.h>

#define LONGEST "0123456789abcdef0123456789abcdef"

Test(topics, parse__names_and_filters) {
  static const struct {
    const char *name;
    enum wk_topic_kind kind;
    const char *did;
  } rows[] = {
      {"", WK_TOPIC_FOREIGN, ""},
      {"#", WK_TOPIC_FOREIGN, ""},
      {"+/v1/a/x4", WK_TOPIC_FOREIGN, ""},
      {"whitekeys/v1/a/x4", WK_TOPIC_FOREIGN, ""},
      {"/whitekey/v1/a/x4", WK_TOPIC_FOREIGN, ""},
      {"$share/g/a", WK_TOPIC_FOREIGN, ""},
      {"$share/g", WK_TOPIC_FOREIGN, ""},
      {"whitekey", WK_TOPIC_RESERVED, ""},
      {"whitekey/", WK_TOPIC_RESERVED, ""},
      {"whitekey/#", WK_TOPIC_RESERVED, ""},
      {"whitekey/v1/#", WK_TOPIC_RESERVED, ""},
      {"whitekey/v2/a/x4", WK_TOPIC_RESERVED, ""},
      {"whitekey/v1/a", WK_TOPIC_RESERVED, ""},
      {"whitekey/v1//x4", WK_TOPIC_RESERVED, ""},
      {"whitekey/v1/+/x4", WK_TOPIC_RESERVED, ""},
      {"whitekey/v1/a b/x4", WK_TOPIC_RESERVED, ""},
      {"whitekey/v1/a/x4/b", WK_TOPIC_RESERVED, ""},
      {"whitekey/v1/a/x44", WK_TOPIC_RESERVED, ""},
      {"whitekey/v1/a/#", WK_TOPIC_RESERVED, ""},
      {"whitekey/v1/" LONGEST "x/x4", WK_TOPIC_RESERVED, ""},
      {"whitekey/v1/eventsx", WK_TOPIC_RESERVED, ""},
      {"whitekey/v1/" LONGEST "/x4", WK_TOPIC_X4, LONGEST},
      {"whitekey/v1/a/x4", WK_TOPIC_X4, "a"},
      {"whitekey/v1/a/x3", WK_TOPIC_X3, "a"},
      {"$share/g/whitekey/v1/a/x4", WK_TOPIC_X4, "a"},
      {"whitekey/v1/events", WK_TOPIC_EVENTS, ""},
      {"$CONTROL/whitekey", WK_TOPIC_CONTROL, ""},
      {"$CONTROL/whitekey/#", WK_TOPIC_CONTROL, ""},
      {"$share/g/$CONTROL/whitekey/v1/response", WK_TOPIC_CONTROL, ""},
      {"$CONTROL/whitekeys", WK_TOPIC_FOREIGN, ""},
      {"whitekey/v1/events/a", WK_TOPIC_EVENTS, ""},
      {"whitekey/v1/events/x4", WK_TOPIC_EVENTS, ""},
      {"whitekey/v1/events/x3", WK_TOPIC_EVENTS, ""},
      {"whitekey/v1/events/#", WK_TOPIC_EVENTS, ""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct wk_topic topic;
    wk_topic_parse(&topic, rows[i].name);
    cr_expect_eq(topic.kind, rows[i].kind, "%s", rows[i].name);
    cr_expect_str_eq(topic.did, rows[i].did);
  }
}

Test(topics, answer__each_kind_and_access) {
  enum {
    A = WK_ANSWER_ALLOW,
    D = WK_ANSWER_DENY,
    O = WK_ANSWER_DEFER,
    R = WK_ANSWER_ROLE,
    C = WK_ANSWER_ADMIN
  };
  static const struct {
    const char *name;
    const char *did;
    int answers[4]; /* read, write, subscribe, unsubscribe */
  } rows[] = {
      {"a/b", "a", {R, R, R, O}},
      {"a/b", NULL, {R, R, R, O}},
      {"$CONTROL/whitekey/v1", "a", {C, C, C, O}},
      {"$CONTROL/other/v1", "a", {R, R, R, O}},
      {"whitekey/v1/a/x3", "a", {D, A, D, O}},
      {"whitekey/v1/a/x3", "b", {D, D, D, O}},
      {"whitekey/v1/a/x3", NULL, {D, D, D, O}},
      {"whitekey/v1/a/x4", "a", {WK_ANSWER_X4, D, A, O}},
      {"whitekey/v1/a/x4", "b", {D, D, D, O}},
      {"whitekey/v1/a/x4", NULL, {D, D, D, O}},
      {"whitekey/v1/events/a", "a", {R, D, R, O}},
      {"whitekey/x", "a", {D, D, D, O}},
      {"whitekey/#", "", {D, D, D, O}},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct wk_topic topic;
    wk_topic_parse(&topic, rows[i].name);
    for (int access = 0; access < 4; access++)
      cr_expect_eq((int)wk_topic_answer(&topic, access, rows[i].did),
                   rows[i].answers[access], "%s %d", rows[i].name, access);
  }
}

Test(topics, default__open_outside_whitekey_alone) {
  struct wk_topic topic;
  wk_topic_parse(&topic, "a/b");
  cr_expect_eq(wk_topic_default(&topic, WK_ACCESS_WRITE), WK_ANSWER_ALLOW);
  wk_topic_parse(&topic, "whitekey/v1/events/a");
  cr_expect_eq(wk_topic_default(&topic, WK_ACCESS_READ), WK_ANSWER_DENY);
  cr_expect_eq(wk_topic_default(&topic, WK_ACCESS_UNSUBSCRIBE),
               WK_ANSWER_ALLOW);
  wk_topic_parse(&topic, "$CONTROL/whitekey/v1");
  cr_expect_eq(wk_topic_default(&topic, WK_ACCESS_WRITE), WK_ANSWER_DENY);
}

Test(topics, write__longest_name_fits) {
  char text[WK_TOPIC_MAX];
  wk_topic_x4(text, LONGEST);
  cr_expect_str_eq(text, "whitekey/v1/" LONGEST "/x4");
  wk_topic_events(text, LONGEST);
  cr_expect_str_eq(text, "whitekey/v1/events/" LONGEST);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, not names: what the two brokers' own headers say. */
#include "broker.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stddef.h>

struct row {
  char says[40];
  size_t value; /* where it stands in struct wk_broker */
  int in_2_0, in_2_1;
};

#define ROW(says, member, in_2_0, in_2_1)                                     \
  { says, offsetof(struct wk_broker, member), in_2_0, in_2_1 }

ParameterizedTestParameters(broker, values__are_those_of_both) {
  static struct row rows[] = {
      ROW("BASIC_AUTH, EXT_AUTH_*: let in", login.let_in, 0, 0),
      ROW("BASIC_AUTH, EXT_AUTH_*: refused", login.refuse, 11, 11),
      ROW("EXT_AUTH_*: a further step", login.go_on, -4, -4),
      ROW("BASIC_AUTH, EXT_AUTH_*: not ours", login.not_ours, 17, 17),
      ROW("ACL_CHECK: allowed", topic.allow, 0, 0),
      ROW("ACL_CHECK: denied", topic.deny, 12, 12),
      ROW("ACL_CHECK: not ours, or allowed", topic.else_allow, 17, 32),
      ROW("ACL_CHECK: not ours, or denied", topic.else_deny, 17, 17),
      ROW("MESSAGE: passes", message.pass, 0, 0),
      ROW("MESSAGE: denied", message.deny, 12, 12),
      ROW("CONTROL", control, 0, 0),
      ROW("RELOAD", reload, 17, 0),
      ROW("TICK", tick, 0, 0),
      ROW("DISCONNECT, CLIENT_OFFLINE", disconnect, 0, 0),
      ROW("the number of CLIENT_OFFLINE", offline_event, 0, 28),
  };
  return cr_make_param_array(struct row, rows, sizeof rows / sizeof *rows);
}

static int value_in(const struct wk_broker *broker, const struct row *row) {
  return *(const int *)(const void *)((const char *)broker + row->value);
}

ParameterizedTest(struct row *row, broker, values__are_those_of_both) {
  cr_assert_eq(value_in(&wk_broker_2_0, row), row->in_2_0, "%s", row->says);
  cr_assert_eq(value_in(&wk_broker_2_1, row), row->in_2_1, "%s", row->says);
}

/* This program has no broker's symbols: what has none of 2.1 counts as 2.0. */
Test(broker, find__without_2_1_s_symbol_is_2_0) {
  cr_assert_eq(wk_broker_find(), &wk_broker_2_0);
}

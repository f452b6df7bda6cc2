/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <whitekey/address.h>

struct row {
  char url[64];
  char host[32];
  uint16_t port; /* 0: no address */
  bool tls;
};

ParameterizedTestParameters(address, parse__takes_what_a_broker_may_have) {
  static struct row rows[] = {
      {"mqtt://localhost", "localhost", 1883, false},
      {"mqtts://broker.example", "broker.example", 8883, true},
      {"mqtt://h:1", "h", 1, false},
      {"mqtts://127.0.0.1:65535", "127.0.0.1", 65535, true},
      {"mqtt://[::1]", "::1", 1883, false},
      {"mqtt://[fe80::1%lo]:18", "fe80::1%lo", 18, false},
      {"", "", 0, false},
      {"localhost:1883", "", 0, false},
      {"http://h", "", 0, false},
      {"mqtt://", "", 0, false},
      {"mqtt://:1", "", 0, false},
      {"mqtt://h:", "", 0, false},
      {"mqtt://h:0", "", 0, false},
      {"mqtt://h:65536", "", 0, false},
      {"mqtt://h:123456", "", 0, false},
      {"mqtt://h:1x", "", 0, false},
      {"mqtt://u@h", "", 0, false},
      {"mqtt://h/path", "", 0, false},
      {"mqtt://::1", "", 0, false},
      {"mqtt://[::1", "", 0, false},
      {"mqtt://[]:1", "", 0, false},
      {"mqtt://[::1]x", "", 0, false},
  };
  return cr_make_param_array(struct row, rows, sizeof rows / sizeof *rows);
}

ParameterizedTest(struct row *row, address,
                  parse__takes_what_a_broker_may_have) {
  struct wk_address got;
  const enum wk_err want = row->port == 0 ? WK_ERR_MALFORMED : WK_OK;
  cr_assert_eq(wk_address_parse(&got, row->url), want);
  cr_assert_str_eq(got.host, row->host);
  cr_assert_eq(got.port, row->port);
  cr_assert_eq(got.tls, row->tls);
}

Test(address, parse_place__has_no_scheme) {
  struct wk_address got;
  cr_assert_eq(wk_address_parse_place(&got, "[::1]:99"), WK_OK);
  cr_assert_str_eq(got.host, "::1");
  cr_assert_eq(got.port, 99u);
  cr_assert_eq(wk_address_parse_place(&got, "mqtt://h"), WK_ERR_MALFORMED);
}

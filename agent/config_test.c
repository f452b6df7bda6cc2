/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <stdio.h>
#include <string.h>

#include "config.h"

#define NEEDED "broker mqtts://b:1\ncredential c\n"
#define DIGITS "00112233445566778899aabbccddeeff"
#define COLONS                                                                \
  "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"                          \
  "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"

static enum wk_err parse(struct config *config, const char *text,
                         struct wk_why *why) {
  char copy[1024];
  const size_t len = strlen(text);
  cr_assert_lt(len, sizeof copy);
  memcpy(copy, text, len + 1);
  return config_parse(config, copy, len, "a.conf", why);
}

Test(agent_config, parse__values_and_defaults) {
  struct config config;
  struct wk_why why = {""};
  cr_assert_eq(parse(&config, NEEDED, &why), WK_OK, "%s", why.text);
  cr_assert_eq(config.listen_count, 1u);
  cr_assert_str_eq(config.listen[0].address.host, "127.0.0.1");
  cr_assert_eq(config.reserve, 16u);
  cr_assert(!config.many && !config.challenge && !config.pinned);
  cr_assert(!config.no_clock);
  cr_assert_eq(config.key_update, WK_UPDATE_QUARTER);
  config_free(&config);
  cr_assert_eq(parse(&config,
                     NEEDED "cafile x y\nserver_name n\npin " COLONS
                            "\nlisten unix:/s\nlisten unix:t\n"
                            "allow_user root\nclients many\n"
                            "method challenge\nkey_update never\nreserve 1\n"
                            "clock none\n",
                     &why),
               WK_OK, "%s", why.text);
  cr_assert_str_eq(config.cafile, "x y");
  cr_assert_eq(config.pin[31], 0xffu);
  cr_assert_str_eq(config.listen[1].path, "t");
  cr_assert_eq(config.user_count, 1u);
  cr_assert_eq(config.users[0], 0u);
  cr_assert(config.many && config.challenge && config.pinned);
  cr_assert(config.no_clock);
  cr_assert_eq(config.key_update, WK_UPDATE_NEVER);
  cr_assert_eq(config.reserve, 1u);
  config_free(&config);
  cr_assert_eq(parse(&config, "broker mqtt://b\ndongle /dev/x\n", &why), WK_OK,
               "%s", why.text);
  cr_assert_str_eq(config.dongle, "/dev/x");
  config_free(&config);
}

struct broken {
  char text[192];
  char why[96];
};

ParameterizedTestParameters(agent_config, parse__broken_is_told) {
  static struct broken rows[] = {
      {"credential c\n", "a.conf: the key \"broker\" is missing"},
      {NEEDED "credental c\n", "a.conf:3: unknown key \"credental\", did"},
      {NEEDED "listen 0.0.0.0:1\n", "a.conf:3: listen must be unix:PATH, 127"},
      {NEEDED "listen localhost:1\n", "a.conf:3: listen must be"},
      {NEEDED "listen [::]:1\n", "a.conf:3: listen must be"},
      {NEEDED "listen unix:\n", "a.conf:3: listen must be unix: and a path"},
      {NEEDED "allow_user no-such-user\n", "a.conf:3: allow_user must be"},
      {NEEDED "allow_user root\n", "a.conf: allow_user needs listen unix"},
      {NEEDED "pin " DIGITS "\n", "a.conf:3: pin must be the 64"},
      {NEEDED "pin " DIGITS DIGITS "0\n", "a.conf:3: pin must be the 64"},
      {NEEDED "pin " DIGITS DIGITS ":\n", "a.conf:3: pin must be the 64"},
      {NEEDED "clients 2\n", "a.conf:3: clients must be one or many"},
      {NEEDED "method plain\n", "a.conf:3: method must be auto or challenge"},
      {NEEDED "clock off\n", "a.conf:3: clock must be system or none"},
      {"broker mqtt://b\n",
       "a.conf: credential FILE or dongle PORT is needed"},
      {NEEDED "dongle /dev/x\n", "a.conf: credential FILE or dongle PORT"},
      {"broker mqtt://b\ndongle /dev/x\nreserve 16\n",
       "a.conf: reserve is for a credential"},
      {NEEDED "reserve 65\n", "a.conf:3: reserve must be 1 to 64"},
      {NEEDED "reserve -1\n", "a.conf:3: reserve must be 1 to 64"},
      {"broker mqtt://b\ncredential c\ncafile x\n",
       "a.conf: cafile, pin and server_name need a broker by mqtts://"},
  };
  return cr_make_param_array(struct broken, rows, sizeof rows / sizeof *rows);
}

ParameterizedTest(struct broken *row, agent_config, parse__broken_is_told) {
  struct config config;
  struct wk_why why = {""};
  cr_assert_eq(parse(&config, row->text, &why), WK_ERR_MALFORMED);
  cr_assert_eq(strncmp(why.text, row->why, strlen(row->why)), 0, "%s",
               why.text);
  cr_assert_null(config.credential);
}

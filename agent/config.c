/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include <whitekey/settings.h>

enum key {
  BROKER,
  CAFILE,
  SERVER_NAME,
  PIN,
  CREDENTIAL,
  DONGLE,
  LISTEN,
  ALLOW_USER,
  CLIENTS,
  METHOD,
  KEY_UPDATE,
  CLOCK,
  RESERVE,
  KEYS
};

static const struct wk_setting all[KEYS] = {
    [BROKER] = {"broker", true, false},
    [CAFILE] = {"cafile", false, false},
    [SERVER_NAME] = {"server_name", false, false},
    [PIN] = {"pin", false, false},
    [CREDENTIAL] = {"credential", false, false},
    [DONGLE] = {"dongle", false, false},
    [LISTEN] = {"listen", false, true},
    [ALLOW_USER] = {"allow_user", false, true},
    [CLIENTS] = {"clients", false, false},
    [METHOD] = {"method", false, false},
    [KEY_UPDATE] = {"key_update", false, false},
    [CLOCK] = {"clock", false, false},
    [RESERVE] = {"reserve", false, false},
};

#define RESERVE_USUAL 16u
#define LISTEN_USUAL "127.0.0.1:1883"

static const char *set_text(char **to, const char *value) {
  *to = strdup(value);
  return *to ? NULL : "does not fit into memory";
}

/* Other machines are not to reach it: nobody there has proven anything. */
static bool is_loopback(const char *host) {
  struct in_addr v4;
  struct in6_addr v6;
  if (inet_pton(AF_INET, host, &v4) == 1)
    return ntohl(v4.s_addr) >> 24 == 127;
  return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static const char *set_listen(struct config *config, const char *value) {
  static const char unix_prefix[] = "unix:";
  struct config_listen *listen = &config->listen[config->listen_count];
  if (config->listen_count == CONFIG_LISTEN_MAX)
    return "must not stand there so often";
  if (strncmp(value, unix_prefix, sizeof unix_prefix - 1) == 0) {
    const char *path = value + sizeof unix_prefix - 1;
    if (*path == '\0' || strlen(path) > CONFIG_PATH_MAX)
      return "must be unix: and a path of at most 107 bytes";
    memcpy(listen->path, path, strlen(path) + 1);
  } else if (wk_address_parse_place(&listen->address, value) != WK_OK ||
             !is_loopback(listen->address.host)) {
    return "must be unix:PATH, 127.0.0.1:PORT or [::1]:PORT";
  }
  config->listen_count++;
  return NULL;
}

static const char *add_user(struct config *config, const char *value) {
  const struct passwd *user = getpwnam(value);
  if (!user)
    return "must be a user of this machine";
  if (config->user_count == CONFIG_USERS_MAX)
    return "must not stand there so often";
  config->users[config->user_count++] = user->pw_uid;
  return NULL;
}

static int nibble(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* As openssl prints it, with colons or without. */
static const char *set_pin(struct config *config, const char *value) {
  size_t count = 0;
  for (; count < WK_TLS_PIN_LEN; count++) {
    const int high = nibble(value[0]);
    const int low = high < 0 ? -1 : nibble(value[1]);
    if (low < 0)
      break;
    config->pin[count] = (uint8_t)(high << 4 | low);
    value += value[2] == ':' && value[3] != '\0' ? 3 : 2;
  }
  config->pinned = count == WK_TLS_PIN_LEN && *value == '\0';
  return config->pinned ? NULL
                        : "must be the 64 hexadecimal digits of a SHA-256";
}

static const char *set_word(bool *to, const char *value, const char *no,
                            const char *yes, const char *wrong) {
  *to = strcmp(value, yes) == 0;
  return *to || strcmp(value, no) == 0 ? NULL : wrong;
}

static const char *set_reserve(struct config *config, const char *value) {
  char *end = NULL;
  const unsigned long count = strtoul(value, &end, 10);
  config->reserve = (uint32_t)count;
  return *end == '\0' && *value >= '0' && *value <= '9' && count >= 1 &&
                 count <= WK_RESERVE_MAX
             ? NULL
             : "must be 1 to 64";
}

static const char *take(void *context, size_t which, const char *value) {
  struct config *config = context;
  switch ((enum key)which) {
  case BROKER:
    return wk_address_parse(&config->broker, value) == WK_OK
               ? NULL
               : "must be mqtt://HOST:PORT or mqtts://HOST:PORT";
  case CAFILE:
    return set_text(&config->cafile, value);
  case SERVER_NAME:
    return set_text(&config->server_name, value);
  case PIN:
    return set_pin(config, value);
  case CREDENTIAL:
    return set_text(&config->credential, value);
  case DONGLE:
    return set_text(&config->dongle, value);
  case LISTEN:
    return set_listen(config, value);
  case ALLOW_USER:
    return add_user(config, value);
  case CLIENTS:
    return set_word(&config->many, value, "one", "many",
                    "must be one or many");
  case METHOD:
    return set_word(&config->challenge, value, "auto", "challenge",
                    "must be auto or challenge");
  case KEY_UPDATE:
    return wk_update_when_parse(&config->key_update, value) == WK_OK
               ? NULL
               : "must be quarter, session or never";
  case CLOCK:
    return set_word(&config->no_clock, value, "system", "none",
                    "must be system or none");
  case RESERVE:
    return set_reserve(config, value);
  case KEYS:
  default:
    return "is unknown";
  }
}

static enum wk_err finish(struct config *config, const char *where,
                          struct wk_why *why) {
  if (!config->credential == !config->dongle)
    return wk_fail(why, WK_ERR_MALFORMED,
                   "%s: credential FILE or dongle PORT is needed", where);
  if (config->dongle && config->reserve != 0)
    return wk_fail(
        why, WK_ERR_MALFORMED,
        "%s: reserve is for a credential: a dongle does that itself", where);
  if (config->reserve == 0)
    config->reserve = RESERVE_USUAL;
  if ((config->cafile || config->server_name || config->pinned) &&
      !config->broker.tls)
    return wk_fail(why, WK_ERR_MALFORMED,
                   "%s: cafile, pin and server_name need a broker by mqtts://",
                   where);
  if (config->listen_count == 0 && set_listen(config, LISTEN_USUAL))
    return WK_ERR_MALFORMED;
  for (size_t i = 0; config->user_count > 0 && i < config->listen_count; i++) {
    if (config->listen[i].path[0] == '\0')
      return wk_fail(why, WK_ERR_MALFORMED,
                     "%s: allow_user needs listen unix:PATH alone: nobody "
                     "can tell whose a TCP connection is",
                     where);
  }
  return WK_OK;
}

enum wk_err config_parse(struct config *config, char *text, size_t len,
                         const char *where, struct wk_why *why) {
  const struct wk_settings settings = {all, KEYS, take, config};
  *config = (struct config){.reserve = 0};
  enum wk_err err = wk_settings_parse(&settings, text, len, where, why);
  if (err == WK_OK)
    err = finish(config, where, why);
  if (err != WK_OK)
    config_free(config);
  return err;
}

enum wk_err config_read(struct config *config, const char *path,
                        struct wk_why *why) {
  const struct wk_settings settings = {all, KEYS, take, config};
  *config = (struct config){.reserve = 0};
  enum wk_err err = wk_settings_read(&settings, path, why);
  if (err == WK_OK)
    err = finish(config, path, why);
  if (err != WK_OK)
    config_free(config);
  return err;
}

void config_free(struct config *config) {
  free(config->cafile);
  free(config->server_name);
  free(config->credential);
  free(config->dongle);
  memset(config, 0, sizeof *config);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "stats.h"

#include <stddef.h>

struct code_name {
  uint8_t code;
  const char *name;
};

/* MQTT 3.1.1, table 3.1. */
static const struct code_name codes_311[] = {
    {1, "unacceptable protocol version"},
    {2, "identifier rejected"},
    {3, "server unavailable"},
    {4, "bad user name or password"},
    {5, "not authorized"},
};

/* MQTT 5, table 3-1: those a login may get. */
static const struct code_name codes_5[] = {
    {0x80, "unspecified error"},
    {0x81, "malformed packet"},
    {0x82, "protocol error"},
    {0x83, "implementation specific error"},
    {0x84, "unsupported protocol version"},
    {0x85, "client identifier not valid"},
    {0x86, "bad user name or password"},
    {0x87, "not authorized"},
    {0x88, "server unavailable"},
    {0x89, "server busy"},
    {0x8a, "banned"},
    {0x8c, "bad authentication method"},
    {0x95, "packet too large"},
    {0x97, "quota exceeded"},
    {0x9c, "use another server"},
    {0x9d, "server moved"},
    {0x9f, "connection rate exceeded"},
};

static const char *find_name(const struct code_name *names, size_t count,
                             uint8_t code) {
  for (size_t i = 0; i < count; i++) {
    if (names[i].code == code)
      return names[i].name;
  }
  return "another reason";
}

const char *stats_code_name(enum wk_mqtt_version version, uint8_t code) {
  if (version == WK_MQTT_311)
    return find_name(codes_311, sizeof codes_311 / sizeof *codes_311, code);
  return find_name(codes_5, sizeof codes_5 / sizeof *codes_5, code);
}

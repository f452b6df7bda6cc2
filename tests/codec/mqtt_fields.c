/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mqtt_fields read|write - core's codec, line by line from the standard input.
 * read: "VERSION HEX" gives the packet's fields as JSON; write: "VERSION JSON"
 * gives the packet in hex. What core refuses gives "refused".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet_json.h"

static void print_hex(const uint8_t *data, size_t len) {
  for (size_t i = 0; i < len; i++)
    (void)printf("%02x", data[i]);
  (void)putchar('\n');
}

/* In memory of its own: reading beyond the packet is seen by the sanitizer. */
static void read_one(enum wk_mqtt_version v, const char *text) {
  static uint8_t buffer[PACKET_MAX];
  const size_t len = packet_unhex(buffer, text);
  uint8_t *data = malloc(len > 0 ? len : 1);
  if (!data)
    abort();
  memcpy(data, buffer, len);
  cJSON *json = packet_json(v, data, len);
  char *line = json ? cJSON_PrintUnformatted(json) : NULL;
  (void)puts(line ? line : "refused");
  cJSON_free(line);
  cJSON_Delete(json);
  free(data);
}

static void write_one(enum wk_mqtt_version v, const char *text) {
  static uint8_t data[PACKET_MAX];
  struct wk_writer w;
  cJSON *json = cJSON_Parse(text);
  wk_writer_init(&w, data, sizeof data);
  if (json && json_packet(&w, v, json) == WK_OK)
    print_hex(data, w.used);
  else
    (void)puts("refused");
  cJSON_Delete(json);
}

int main(int argc, char **argv) {
  char *line = NULL;
  size_t cap = 0;
  const bool reads = argc == 2 && strcmp(argv[1], "read") == 0;
  if (!reads && (argc != 2 || strcmp(argv[1], "write") != 0))
    return 2;
  while (getline(&line, &cap, stdin) > 2) {
    const enum wk_mqtt_version v = line[0] == '5' ? WK_MQTT_5 : WK_MQTT_311;
    if (reads)
      read_one(v, line + 2);
    else
      write_one(v, line + 2);
  }
  free(line);
  return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include <whitekey/bytes.h>
#include <whitekey/log.h>

#include "jwe.h"
#include "scan.h"
#include "topic.h"

struct work {
  FILE *out;
  const struct wk_data_key *key;
  const struct wk_export *what;
  size_t forged;
  bool out_of_memory;
};

/* JSON goes in as it is, on one line: valid JSON has line ends only between
 * its tokens. Other bytes go in as base64url. */
static bool add_body(cJSON *line, const uint8_t *body, size_t len) {
  char *text = malloc(WK_B64_LEN(len) + len + 1);
  if (!text)
    return false;
  const bool json = wk_json_valid((const char *)body, len);
  if (json) {
    for (size_t i = 0; i < len; i++)
      text[i] = body[i] == '\n' || body[i] == '\r' ? ' ' : (char)body[i];
    text[len] = '\0';
  } else {
    wk_b64_write(text, body, len);
  }
  const bool added =
      json ? cJSON_AddRawToObject(line, "private", text) != NULL
           : cJSON_AddStringToObject(line, "private_b64", text) != NULL;
  wk_wipe(text, strlen(text));
  free(text);
  return added;
}

/* One line of JSON, or NULL; the caller's to free. */
static char *in_clear(const struct wk_record *record, const uint8_t *body,
                      size_t len) {
  char number[24];
  char *text = NULL;
  cJSON *line = cJSON_CreateObject();
  (void)snprintf(number, sizeof number, "%" PRIu64, record->seq);
  bool good = cJSON_AddRawToObject(line, "seq", number) != NULL;
  (void)snprintf(number, sizeof number, "%" PRId64, record->at);
  good =
      good && cJSON_AddRawToObject(line, "at", number) &&
      cJSON_AddStringToObject(line, "device", record->device) &&
      cJSON_AddStringToObject(line, "topic", record->topic) &&
      cJSON_AddStringToObject(line, "class", wk_class_name(record->class)) &&
      add_body(line, body, len);
  if (good)
    text = cJSON_PrintUnformatted(line);
  cJSON_Delete(line);
  return text;
}

static void write_row(struct work *work, const struct wk_record *record,
                      const uint8_t *body, size_t len) {
  char *text = NULL;
  if (work->what->json)
    text = in_clear(record, body, len);
  else
    (void)!wk_jwe_seal(&text, work->key, record, body, len);
  work->out_of_memory = text == NULL;
  if (!text)
    return;
  (void)fprintf(work->out, "%s\n", text);
  wk_wipe(text, strlen(text));
  free(text);
}

static bool each(void *context, const struct wk_record *record,
                 const uint8_t *sealed, size_t len) {
  struct work *work = context;
  const char *filter = work->what->topic;
  if (filter && !wk_filter_matches(filter, record->topic))
    return true;
  uint8_t *body = malloc(len + 1);
  work->out_of_memory = body == NULL;
  if (!body)
    return false;
  if (wk_envelope_open(body, work->key, record, sealed, len) == WK_OK) {
    const size_t body_len = len - WK_ENVELOPE_EXTRA;
    write_row(work, record, body, body_len);
    wk_wipe(body, body_len);
  } else {
    work->forged++;
    wk_log(WK_LOG_ERROR,
           "reading %" PRIu64 " (%s) does not open: it was changed or moved",
           record->seq, record->topic);
  }
  free(body);
  return !work->out_of_memory && !ferror(work->out);
}

enum wk_err wk_export(FILE *out, struct wk_store *store,
                      const struct wk_data_key *key,
                      const struct wk_export *what, struct wk_why *why) {
  struct work work = {.out = out, .key = key, .what = what};
  const enum wk_err err = wk_store_each(store, what->since, each, &work, why);
  if (err != WK_OK)
    return err;
  if (work.out_of_memory)
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  if (fflush(out) != 0 || ferror(out))
    return wk_fail(why, WK_ERR_IO, "the output: %s", strerror(errno));
  if (work.forged > 0)
    return wk_fail(why, WK_ERR_FORGED, "%zu of the readings did not open",
                   work.forged);
  return WK_OK;
}

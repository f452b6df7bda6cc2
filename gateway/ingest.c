/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jwe.h"
#include "topic.h"

/* The row as it lies in the store. */
static enum wk_err add_sealed(const struct wk_ingest *ingest,
                              const struct wk_record *record,
                              const struct wk_reading *reading,
                              struct wk_why *why) {
  const size_t len = reading->secret_len + WK_ENVELOPE_EXTRA;
  uint8_t *sealed = malloc(len);
  if (!sealed)
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  enum wk_err err = wk_envelope_seal(sealed, ingest->key, record,
                                     reading->secret, reading->secret_len);
  if (err == WK_OK)
    err = wk_store_add(ingest->store, record, sealed, len, why);
  free(sealed);
  return err;
}

/* Plaintext whose token still fits into one MQTT packet (256 MiB). */
#define TOKEN_BODY_MAX (190u * 1024u * 1024u)

/* The token for the private prefix. Where its topic or itself would be longer
 * than MQTT allows the reading stays in the store alone. */
static enum wk_err post_token(const struct wk_ingest *ingest,
                              const struct wk_record *record,
                              const struct wk_reading *reading,
                              struct wk_why *why) {
  char *topic = NULL;
  char *token = NULL;
  if (asprintf(&topic, "%s/%s", ingest->routes->config->sealed_prefix,
               record->topic) < 0)
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  enum wk_err err = WK_OK;
  if (wk_topic_valid(topic) && reading->secret_len <= TOKEN_BODY_MAX) {
    err = wk_jwe_seal(&token, ingest->key, record, reading->secret,
                      reading->secret_len);
    if (err == WK_OK)
      err = wk_store_post(ingest->store, topic, token, why);
    else
      (void)wk_fail(why, err, "out of memory");
  }
  free(token);
  free(topic);
  return err;
}

static enum wk_err add_all(const struct wk_ingest *ingest,
                           const struct wk_record *record,
                           const struct wk_reading *reading,
                           struct wk_why *why) {
  enum wk_err err = add_sealed(ingest, record, reading, why);
  if (err == WK_OK && reading->open)
    err = wk_store_post(ingest->store, reading->to, reading->open, why);
  /* A reading that was released whole has nothing to send sealed. */
  const bool nothing =
      reading->class == WK_CLASS_SPLIT && reading->secret_len == strlen("{}");
  if (err == WK_OK && !nothing)
    err = post_token(ingest, record, reading, why);
  return err;
}

static enum wk_err keep(const struct wk_ingest *ingest,
                        struct wk_record *record,
                        const struct wk_reading *reading, struct wk_why *why) {
  enum wk_err err = wk_store_begin(ingest->store, &record->seq, why);
  if (err != WK_OK)
    return err;
  err = add_all(ingest, record, reading, why);
  if (err == WK_OK)
    return wk_store_commit(ingest->store, why);
  wk_store_abort(ingest->store);
  return err;
}

enum wk_err wk_ingest(const struct wk_ingest *ingest, const char *topic,
                      const uint8_t *payload, size_t len, int64_t now,
                      struct wk_why *why) {
  struct wk_reading reading;
  size_t device_len = 0;
  const char *level = wk_routes_device(ingest->routes, topic, &device_len);
  char *device = strndup(level, device_len);
  enum wk_err err =
      device ? wk_classify(&reading, ingest->policy, topic, payload, len)
             : WK_ERR_MEMORY;
  if (err != WK_OK) {
    free(device);
    return wk_fail(why, err, "out of memory");
  }
  struct wk_record record = {
      .at = now, .device = device, .topic = topic, .class = reading.class};
  err = keep(ingest, &record, &reading, why);
  wk_reading_wipe(&reading);
  free(device);
  return err;
}

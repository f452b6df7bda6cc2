/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/report.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <whitekey/bytes.h>
#include <whitekey/json.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- a device, written ----------------------------------------------------
 */

static cJSON *time_json(int64_t at) {
  char text[32];
  struct tm utc;
  const time_t seconds = (time_t)at;
  if (at == 0)
    return cJSON_CreateNull();
  (void)gmtime_r(&seconds, &utc);
  (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return cJSON_CreateString(text);
}

static void add_chain(cJSON *chains, const char *role,
                      const struct wk_chain_info *info) {
  if (!info->present)
    return;
  cJSON *chain = cJSON_AddObjectToObject(chains, role);
  (void)cJSON_AddNumberToObject(chain, "epoch", info->epoch);
  (void)cJSON_AddNumberToObject(chain, "n", info->n);
  (void)cJSON_AddNumberToObject(chain, "last", info->last);
  (void)cJSON_AddBoolToObject(chain, "pending", info->pending);
}

cJSON *wk_device_json(const struct wk_device_info *info) {
  cJSON *device = cJSON_CreateObject();
  (void)cJSON_AddStringToObject(device, "d_id", info->did);
  (void)cJSON_AddStringToObject(device, "state",
                                wk_device_state_name(info->state));
  (void)cJSON_AddStringToObject(device, "role", info->role);
  (void)cJSON_AddNumberToObject(device, "generation", info->generation);
  (void)cJSON_AddItemToObject(device, "enrolled_at",
                              time_json(info->enrolled_at));
  (void)cJSON_AddItemToObject(device, "login_at", time_json(info->login_at));
  cJSON *chains = cJSON_AddObjectToObject(device, "chains");
  add_chain(chains, "C", &info->c);
  add_chain(chains, "D", &info->d);
  return device;
}

/* ---- a device, read -------------------------------------------------------
 */

static enum wk_err bad(struct wk_why *why, const char *where, const char *key,
                       const char *what) {
  return wk_fail(why, WK_ERR_MALFORMED, "%s: \"%s\": %s", where, key, what);
}

static enum wk_err read_name(char *out, size_t size, const cJSON *object,
                             const char *key, const char *where,
                             struct wk_why *why) {
  const char *text = NULL;
  const enum wk_err err = wk_json_text(&text, object, key, where, why);
  if (err != WK_OK)
    return err;
  if (strlen(text) >= size)
    return bad(why, where, key, "too long");
  (void)snprintf(out, size, "%s", text);
  return WK_OK;
}

static enum wk_err read_time(int64_t *at, const cJSON *device, const char *key,
                             const char *where, struct wk_why *why) {
  struct tm utc;
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(device, key);
  *at = 0;
  if (cJSON_IsNull(item))
    return WK_OK;
  memset(&utc, 0, sizeof utc);
  const char *end = cJSON_IsString(item) ? strptime(item->valuestring,
                                                    "%Y-%m-%dT%H:%M:%SZ", &utc)
                                         : NULL;
  if (!end || *end != '\0')
    return bad(why, where, key, "not a time");
  *at = (int64_t)timegm(&utc);
  return WK_OK;
}

static enum wk_err read_state(enum wk_device_state *state, const cJSON *device,
                              const char *where, struct wk_why *why) {
  const char *name = NULL;
  const enum wk_err err = wk_json_text(&name, device, "state", where, why);
  if (err != WK_OK)
    return err;
  for (int s = WK_DEVICE_ENABLED; s <= WK_DEVICE_REVOKED; s++) {
    *state = (enum wk_device_state)s;
    if (strcmp(name, wk_device_state_name(*state)) == 0)
      return WK_OK;
  }
  return bad(why, where, "state", "not a state");
}

static enum wk_err read_chain(struct wk_chain_info *info, const cJSON *chains,
                              const char *role, const char *where,
                              struct wk_why *why) {
  const cJSON *chain = cJSON_GetObjectItemCaseSensitive(chains, role);
  if (!chain)
    return WK_OK;
  info->present = true;
  info->pending =
      cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(chain, "pending"));
  enum wk_err err =
      wk_json_u32(&info->epoch, chain, "epoch", 0, UINT32_MAX, where, why);
  if (err == WK_OK)
    err = wk_json_u32(&info->n, chain, "n", 0, UINT32_MAX, where, why);
  if (err == WK_OK)
    err = wk_json_u32(&info->last, chain, "last", 0, UINT32_MAX, where, why);
  return err;
}

static enum wk_err device_read(struct wk_device_info *info,
                               const cJSON *device, const char *where,
                               struct wk_why *why) {
  const cJSON *chains = NULL;
  enum wk_err err =
      read_name(info->did, sizeof info->did, device, "d_id", where, why);
  if (err == WK_OK)
    err = read_name(info->role, sizeof info->role, device, "role", where, why);
  if (err == WK_OK)
    err = read_state(&info->state, device, where, why);
  if (err == WK_OK)
    err = wk_json_u32(&info->generation, device, "generation", 0, UINT32_MAX,
                      where, why);
  if (err == WK_OK)
    err = read_time(&info->enrolled_at, device, "enrolled_at", where, why);
  if (err == WK_OK)
    err = read_time(&info->login_at, device, "login_at", where, why);
  if (err == WK_OK)
    err = wk_json_object(&chains, device, "chains", where, why);
  if (err == WK_OK)
    err = read_chain(&info->c, chains, "C", where, why);
  if (err == WK_OK)
    err = read_chain(&info->d, chains, "D", where, why);
  return err;
}

enum wk_err wk_device_read(struct wk_device_info *info, const cJSON *device,
                           const char *where, struct wk_why *why) {
  memset(info, 0, sizeof *info);
  const enum wk_err err = device_read(info, device, where, why);
  if (err != WK_OK)
    memset(info, 0, sizeof *info);
  return err;
}

/* ---- a role ---------------------------------------------------------------
 */

static void add_list(cJSON *object, const char *key, const char *filters) {
  cJSON *list = cJSON_AddArrayToObject(object, key);
  char filter[WK_ROLE_FILTERS_MAX];
  for (size_t len; *filters != '\0'; filters += len + 1) {
    len = strcspn(filters, "\n");
    (void)snprintf(filter, sizeof filter, "%.*s", (int)len, filters);
    (void)cJSON_AddItemToArray(list, cJSON_CreateString(filter));
  }
}

cJSON *wk_role_json(const struct wk_topic_role *role) {
  cJSON *object = cJSON_CreateObject();
  (void)cJSON_AddStringToObject(object, "role", role->name);
  add_list(object, "publish", role->publish);
  add_list(object, "subscribe", role->subscribe);
  return object;
}

static enum wk_err read_list(char filters[WK_ROLE_FILTERS_MAX],
                             const cJSON *object, const char *key,
                             const char *where, struct wk_why *why) {
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, key);
  const cJSON *filter = NULL;
  if (!cJSON_IsArray(list))
    return bad(why, where, key, list ? "not a list" : "missing");
  cJSON_ArrayForEach(filter, list) {
    if (!cJSON_IsString(filter))
      return bad(why, where, key, "not a list of texts");
    const enum wk_err err = wk_role_add(filters, filter->valuestring, why);
    if (err != WK_OK)
      return err;
  }
  return WK_OK;
}

enum wk_err wk_role_read(struct wk_topic_role *role, const cJSON *object,
                         const char *where, struct wk_why *why) {
  memset(role, 0, sizeof *role);
  enum wk_err err =
      read_name(role->name, sizeof role->name, object, "role", where, why);
  if (err == WK_OK)
    err = read_list(role->publish, object, "publish", where, why);
  if (err == WK_OK)
    err = read_list(role->subscribe, object, "subscribe", where, why);
  if (err != WK_OK)
    memset(role, 0, sizeof *role);
  return err;
}

/* ---- an enrolment ---------------------------------------------------------
 */

static void add_enrolled(cJSON *chains, const char *role,
                         const struct wk_enrolled_chain *chain) {
  char text[WK_B64_LEN(WK_VALUE_LEN) + 1];
  if (!chain->present)
    return;
  cJSON *entry = cJSON_CreateObject();
  (void)cJSON_AddItemToArray(chains, entry);
  (void)cJSON_AddStringToObject(entry, "role", role);
  (void)cJSON_AddNumberToObject(entry, "epoch", chain->epoch);
  (void)cJSON_AddNumberToObject(entry, "n", chain->n);
  wk_b64_write(text, chain->anchor, WK_VALUE_LEN);
  (void)cJSON_AddStringToObject(entry, "anchor", text);
}

cJSON *wk_enrolment_json(const struct wk_enrolment *device) {
  char text[WK_B64_LEN(WK_BIO_LEN) + 1];
  cJSON *enrolment = cJSON_CreateObject();
  (void)cJSON_AddNumberToObject(enrolment, "whitekey", 1);
  (void)cJSON_AddStringToObject(enrolment, "d_id", device->did);
  wk_b64_write(text, device->bio_id, WK_BIO_LEN);
  (void)cJSON_AddStringToObject(enrolment, "bio_id", text);
  cJSON *chains = cJSON_AddArrayToObject(enrolment, "chains");
  add_enrolled(chains, "C", &device->c);
  add_enrolled(chains, "D", &device->d);
  wk_wipe(text, sizeof text);
  return enrolment;
}

static enum wk_err read_enrolled(struct wk_enrolment *device,
                                 const cJSON *entry, const char *where,
                                 struct wk_why *why) {
  static const char *const names[] = {"role", "epoch", "n", "anchor"};
  const char *role = NULL;
  enum wk_err err = wk_json_only(entry, names, COUNT(names), where, why);
  if (err == WK_OK)
    err = wk_json_text(&role, entry, "role", where, why);
  if (err != WK_OK)
    return err;
  const bool c = strcmp(role, "C") == 0;
  if (!c && strcmp(role, "D") != 0)
    return bad(why, where, "role", "not C or D");
  struct wk_enrolled_chain *chain = c ? &device->c : &device->d;
  if (chain->present)
    return bad(why, where, "chains", "the same role twice");
  chain->present = true;
  err = wk_json_u32(&chain->epoch, entry, "epoch", 0, UINT32_MAX, where, why);
  if (err == WK_OK)
    err = wk_json_u32(&chain->n, entry, "n", WK_CHAIN_ENROL_MIN,
                      WK_CHAIN_LEN_MAX, where, why);
  if (err == WK_OK)
    err = wk_json_bytes(chain->anchor, WK_VALUE_LEN, entry, "anchor", where,
                        why);
  return err;
}

static enum wk_err enrolment_read(struct wk_enrolment *device,
                                  const cJSON *enrolment, const char *where,
                                  struct wk_why *why) {
  static const char *const names[] = {"whitekey", "d_id", "bio_id", "chains"};
  uint32_t version;
  enum wk_err err = wk_json_only(enrolment, names, COUNT(names), where, why);
  if (err == WK_OK)
    err = wk_json_u32(&version, enrolment, "whitekey", 1, 1, where, why);
  if (err == WK_OK)
    err = read_name(device->did, sizeof device->did, enrolment, "d_id", where,
                    why);
  if (err == WK_OK)
    err = wk_json_bytes(device->bio_id, WK_BIO_LEN, enrolment, "bio_id", where,
                        why);
  if (err != WK_OK)
    return err;
  const cJSON *chains = cJSON_GetObjectItemCaseSensitive(enrolment, "chains");
  if (!cJSON_IsArray(chains))
    return bad(why, where, "chains", "not a list");
  const cJSON *entry = NULL;
  cJSON_ArrayForEach(entry, chains) {
    err = read_enrolled(device, entry, where, why);
    if (err != WK_OK)
      return err;
  }
  return device->c.present ? WK_OK : bad(why, where, "chains", "no chain C");
}

enum wk_err wk_enrolment_read(struct wk_enrolment *device,
                              const cJSON *enrolment, const char *where,
                              struct wk_why *why) {
  memset(device, 0, sizeof *device);
  const enum wk_err err = enrolment_read(device, enrolment, where, why);
  if (err != WK_OK)
    wk_wipe(device, sizeof *device);
  return err;
}

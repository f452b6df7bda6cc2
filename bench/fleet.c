/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <whitekey/client.h>
#include <whitekey/file.h>
#include <whitekey/random.h>
#include <whitekey/registry.h>

#define PACKET_MAX 320u
static const uint8_t bio_id[WK_BIO_LEN] = {1};

static void name_of(const struct fleet *fleet, uint32_t device,
                    struct wk_id *id) {
  char did[WK_DID_MAX + 1];
  const int len = snprintf(did, sizeof did, "bench-%07u", (unsigned)device);
  if (wk_id_init(id, fleet->realm, did, (size_t)len) != WK_OK)
    abort();
}

static void value_of(const struct fleet *fleet, const struct wk_id *id,
                     uint32_t index, uint8_t x[WK_VALUE_LEN]) {
  const struct wk_span made_up = {(const uint8_t *)id->did, id->did_len};
  uint8_t salt[WK_SALT_LEN];
  wk_port_sha256(x, &made_up, 1);
  wk_chain_salt(salt, id, WK_ROLE_C, 0);
  wk_chain_walk(x, salt, fleet->depth, index);
}

static bool next_enrolment(void *context, uint32_t number,
                           struct wk_enrolment *device) {
  const struct fleet *fleet = context;
  struct wk_id id;
  if (number == fleet->devices)
    return false;
  name_of(fleet, number, &id);
  memset(device, 0, sizeof *device);
  memcpy(device->did, id.did, sizeof device->did);
  memcpy(device->bio_id, bio_id, sizeof bio_id);
  device->c.present = true;
  device->c.n = WK_CHAIN_LEN_DEFAULT;
  value_of(fleet, &id, 0, device->c.anchor);
  return true;
}

static enum wk_err enrol_all(struct fleet *fleet, struct wk_why *why) {
  struct wk_registry *registry = NULL;
  enum wk_err err = wk_registry_open(&registry, fleet->db, fleet->key, why);
  if (err != WK_OK)
    return err;
  memcpy(fleet->realm, wk_registry_realm(registry), WK_REALM_LEN);
  err = wk_registry_enrol_all(registry, next_enrolment, fleet, why);
  wk_registry_close(registry);
  return err;
}

enum wk_err fleet_make(struct fleet *fleet, const char *folder,
                       uint32_t devices, uint32_t depth, struct wk_why *why) {
  char *master = NULL;
  size_t len = 0;
  memset(fleet, 0, sizeof *fleet);
  fleet->devices = devices;
  fleet->depth = depth;
  (void)snprintf(fleet->db, sizeof fleet->db, "%s/%u.db", folder,
                 (unsigned)devices);
  (void)snprintf(fleet->key, sizeof fleet->key, "%s/%u.key", folder,
                 (unsigned)devices);
  enum wk_err err = wk_registry_create(fleet->db, fleet->key, why);
  if (err == WK_OK)
    err = wk_file_read(&master, &len, fleet->key, sizeof fleet->master, why);
  if (err != WK_OK)
    return err;
  memcpy(fleet->master, master, sizeof fleet->master);
  wk_file_wipe(master, len);
  return enrol_all(fleet, why);
}

/* ---- packets ------------------------------------------------------------ */

static bool packets_make(struct load_packets *packets, size_t count) {
  packets->count = count;
  packets->data = malloc(count * PACKET_MAX);
  packets->at = calloc(count + 1, sizeof *packets->at);
  return packets->data && packets->at;
}

void packets_free(struct load_packets *packets) {
  free(packets->data);
  free(packets->at);
  memset(packets, 0, sizeof *packets);
}

static struct wk_span text_span(const char *text) {
  return (struct wk_span){(const uint8_t *)text, strlen(text)};
}

static bool add(struct load_packets *packets, size_t number,
                const struct wk_mqtt_connect *connect) {
  struct wk_writer w;
  wk_writer_init(&w, packets->data + packets->at[number], PACKET_MAX);
  if (wk_mqtt_connect_write(&w, connect) != WK_OK || !w.ok)
    return false;
  packets->at[number + 1] = packets->at[number] + (uint32_t)w.used;
  return true;
}

/* The client id is the device's name, as with our own programs. */
static struct wk_mqtt_connect connect_of(enum wk_mqtt_version version,
                                         const char *name) {
  return (struct wk_mqtt_connect){.version = version,
                                  .clean = true,
                                  .keep_alive = 60,
                                  .client_id = text_span(name)};
}

static void next_otp(struct fleet *fleet, struct wk_id *id,
                     struct wk_otp *otp) {
  const uint32_t device = (uint32_t)(fleet->next % fleet->devices);
  const uint32_t index = (uint32_t)(fleet->next / fleet->devices) + 1;
  struct wk_header header = {WK_X1, 0, index, {0}};
  struct wk_login body = {.time = (uint32_t)time(NULL)};
  uint8_t ks[WK_KS_LEN];
  uint8_t kx[WK_KX_LEN];
  fleet->next++;
  name_of(fleet, device, id);
  value_of(fleet, id, index, body.x);
  wk_random(header.nonce, sizeof header.nonce);
  wk_key_server(ks, fleet->master, id, 0);
  wk_key_message(kx, ks, id, 0, bio_id);
  const struct wk_seal seal = {id, kx, NULL};
  memset(otp, 0, sizeof *otp);
  if (index > fleet->depth ||
      wk_login_seal(otp->x1, &header, &body, &seal) != WK_OK)
    abort();
}

static bool add_login(struct load_packets *packets, size_t number,
                      enum wk_mqtt_version version, const struct wk_id *id,
                      const struct wk_otp *otp) {
  char password[WK_PASSWORD_MAX + 1];
  uint8_t data[WK_OTP_BINARY_MAX];
  uint8_t props[WK_OTP_BINARY_MAX + 32];
  struct wk_writer w;
  struct wk_mqtt_connect connect = connect_of(version, id->did);
  if (version == WK_MQTT_311) {
    wk_otp_password(otp, password);
    connect.has_username = connect.has_password = true;
    connect.username = text_span(id->did);
    connect.password = text_span(password);
    return add(packets, number, &connect);
  }
  wk_writer_init(&w, props, sizeof props);
  const struct wk_mqtt_prop method = {.id = WK_MQTT_AUTH_METHOD,
                                      .data = text_span("WHITEKEY")};
  const struct wk_mqtt_prop value = {
      .id = WK_MQTT_AUTH_DATA, .data = {data, wk_otp_binary(otp, id, data)}};
  wk_mqtt_prop_write(&w, &method);
  wk_mqtt_prop_write(&w, &value);
  connect.props = (struct wk_span){props, w.used};
  return add(packets, number, &connect);
}

bool fleet_packets(struct fleet *fleet, enum wk_mqtt_version version,
                   size_t count, struct load_packets *packets) {
  bool made = packets_make(packets, count);
  for (size_t i = 0; made && i < count; i++) {
    struct wk_id id;
    struct wk_otp otp;
    next_otp(fleet, &id, &otp);
    made = add_login(packets, i, version, &id, &otp);
  }
  return made;
}

bool fleet_forgeries(struct fleet *fleet, size_t count,
                     struct load_packets *packets) {
  bool made = packets_make(packets, count);
  for (size_t i = 0; made && i < count; i++) {
    struct wk_id id;
    struct wk_otp otp = {.x1 = {1, WK_X1, 0, 0, 0, 0, 0, 0, 0, 1}};
    name_of(fleet, (uint32_t)(i % fleet->devices), &id);
    wk_random(otp.x1 + WK_HEADER_LEN, WK_X1_LEN - WK_HEADER_LEN);
    made = add_login(packets, i, WK_MQTT_311, &id, &otp);
  }
  return made;
}

/* Their client ids are as long as ours. */
bool plain_packets(enum wk_mqtt_version version, const char *name_format,
                   unsigned names, const char *password, size_t count,
                   struct load_packets *packets) {
  bool made = packets_make(packets, count);
  for (size_t i = 0; made && i < count; i++) {
    char client_id[32];
    char name[32];
    (void)snprintf(client_id, sizeof client_id, "plain-%07u", (unsigned)i);
    struct wk_mqtt_connect connect = connect_of(version, client_id);
    if (name_format) {
      (void)snprintf(name, sizeof name, "%s%u", name_format,
                     (unsigned)(i % names));
      connect.has_username = connect.has_password = true;
      connect.username = text_span(name);
      connect.password = text_span(password);
    }
    made = add(packets, i, &connect);
  }
  return made;
}

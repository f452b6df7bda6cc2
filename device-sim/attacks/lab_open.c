/* SPDX-License-Identifier: Apache-2.0 */
/* The lab itself: broker, registry, and a device for each attack. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <whitekey/bytes.h>
#include <whitekey/log.h>
#include <whitekey/random.h>

#include "lab.h"
#include "sim.h"

#define LOOPBACK 0x7f000000u

/*
 * Refusals of one address are counted and no longer told after the first
 * hundred. On loopback each attack has an address of its own.
 */
static void choose_source(struct place *place) {
  struct sockaddr_in broker;
  uint8_t host[3];
  place->source = (struct sockaddr_in){0};
  if (place->address.ss_family != AF_INET)
    return;
  memcpy(&broker, &place->address, sizeof broker);
  if (ntohl(broker.sin_addr.s_addr) >> 24 != LOOPBACK >> 24)
    return;
  wk_random(host, sizeof host);
  /* 127.1.1.1 to 127.254.254.254 */
  for (size_t i = 0; i < sizeof host; i++)
    host[i] = (uint8_t)(host[i] % 254 + 1);
  place->source.sin_family = AF_INET;
  place->source.sin_addr.s_addr = htonl(LOOPBACK | (uint32_t)host[0] << 16 |
                                        (uint32_t)host[1] << 8 | host[2]);
}

void lab_open_registry(struct lab *lab) {
  const struct options *o = lab->options;
  if (lab->err == WK_OK)
    lab->err =
        wk_registry_open(&lab->registry, o->registry, o->master, &lab->why);
  if (lab->err == WK_OK)
    lab->err = wk_audit_open(&lab->audit, o->registry, &lab->why);
}

void lab_close_registry(struct lab *lab) {
  if (lab->audit)
    wk_audit_close(lab->audit);
  if (lab->registry)
    wk_registry_close(lab->registry);
  lab->audit = NULL;
  lab->registry = NULL;
}

static void make_folder(struct lab *lab) {
  const char *temporary = getenv("TMPDIR");
  const int len =
      snprintf(lab->folder, sizeof lab->folder, "%s/whitekey-sim-XXXXXX",
               temporary && *temporary ? temporary : "/tmp");
  if (len < 0 || (size_t)len >= sizeof lab->folder || !mkdtemp(lab->folder)) {
    lab_fail(lab, "%s: cannot be made", lab->folder);
    lab->folder[0] = '\0';
  }
}

void lab_path(const struct lab *lab, char path[2 * LAB_PATH_MAX],
              const char *name) {
  (void)snprintf(path, 2 * LAB_PATH_MAX, "%s/%s", lab->folder, name);
}

/* What is closed: at first, or because an attack failed between. */
static void reopen(struct lab *lab) {
  const char *config = lab->options->broker;
  if (!lab->registry)
    lab_open_registry(lab);
  if (lab->err == WK_OK && config && lab->broker.pid == 0)
    lab->err = child_start(&lab->broker, config, &lab->place, &lab->why);
}

static void open_secure(struct lab *lab) {
  const struct options *o = lab->options;
  const struct wk_tls_trust trust = {.cafile = o->cafile};
  lab->err = wk_tls_context_new(&lab->tls, &trust, &lab->why);
  if (lab->err == WK_OK)
    lab->err = net_resolve(&lab->secure.address, &lab->secure.address_len,
                           o->host, o->port_tls, &lab->why);
  lab->secure.tls = lab->tls;
  lab->secure.host = o->host;
}

void lab_open(struct lab *lab, const struct options *options) {
  *lab = (struct lab){.options = options,
                      .place.version = options->version,
                      .home.fd = -1,
                      .thief.fd = -1};
  lab->err = net_resolve(&lab->place.address, &lab->place.address_len,
                         options->host, options->port, &lab->why);
  if (lab->err == WK_OK && options->tls)
    open_secure(lab);
  if (lab->err == WK_OK)
    reopen(lab);
  if (lab->err == WK_OK)
    make_folder(lab);
}

void lab_close(struct lab *lab) {
  if (lab->folder[0] != '\0')
    (void)rmdir(lab->folder);
  lab_close_registry(lab);
  child_stop(&lab->broker);
  wk_tls_context_free(lab->tls);
}

/* ---- a device for each attack ------------------------------------------- */

static void chain_of(struct wk_enrolled_chain *enrolled,
                     const struct wk_id *id, enum wk_role role,
                     const struct wk_credential_chain *chain) {
  enrolled->present = chain->present;
  enrolled->n = chain->n;
  if (chain->present)
    wk_credential_anchor(enrolled->anchor, id, role, chain);
}

static void remember(struct lab *lab, const char *did) {
  size_t i = 0;
  while (i < LAB_DEVICES && lab->enrolled[i][0] != '\0')
    i++;
  if (i == LAB_DEVICES)
    lab_fail(lab, "%s: no room for one more device", did);
  else
    (void)snprintf(lab->enrolled[i], sizeof lab->enrolled[i], "%s", did);
}

void lab_enrol(struct lab *lab, struct wk_credential *credential,
               const char *did, uint32_t length, bool user) {
  struct wk_enrolment device = {0};
  memset(credential, 0, sizeof *credential);
  if (lab->err != WK_OK)
    return;
  lab->err = wk_id_init(&credential->id, wk_registry_realm(lab->registry), did,
                        strlen(did));
  if (lab->err != WK_OK) {
    (void)wk_fail(&lab->why, lab->err, "%s: no device's name", did);
    return;
  }
  remember(lab, did);
  wk_random(credential->bio_id, sizeof credential->bio_id);
  wk_credential_chain_new(&credential->c, length);
  if (user)
    wk_credential_chain_new(&credential->d, length);
  memcpy(device.did, credential->id.did, sizeof device.did);
  memcpy(device.bio_id, credential->bio_id, sizeof device.bio_id);
  chain_of(&device.c, &credential->id, WK_ROLE_C, &credential->c);
  chain_of(&device.d, &credential->id, WK_ROLE_D, &credential->d);
  lab->err = wk_registry_enrol(lab->registry, &device, &credential->generation,
                               credential->ks, &lab->why);
  wk_wipe(&device, sizeof device);
  if (lab->err == WK_OK)
    wk_audit_admin(lab->audit, "enrol", did);
}

void lab_begin(struct lab *lab, const struct attack *attack) {
  char did[WK_DID_MAX + 1];
  const uint32_t length =
      attack->length > 0 ? attack->length : lab->options->length;
  lab->err = WK_OK;
  lab->place.version = lab->options->version;
  lab->steps = cJSON_CreateArray();
  lab->answer[0] = '\0';
  lab->ahead = 0;
  lab->no_clock = false;
  lab->hushed = false;
  lab->intruded = 0;
  lab->harmed = false;
  lab->caught = false;
  choose_source(&lab->place);
  lab->secure.version = lab->place.version;
  lab->secure.source = lab->place.source;
  reopen(lab);
  (void)snprintf(did, sizeof did, "sim-%s", attack->name);
  lab_enrol(lab, &lab->device, did, length, attack->user);
  lab->client = lab_client(lab, &lab->device);
  if (lab->err == WK_OK)
    lab->err =
        evidence_begin(&lab->evidence, lab->options->registry, &lab->why);
}

/* Nobody has its key any more. A restored registry may not know it. */
static void disenrol(struct lab *lab, char did[WK_DID_MAX + 1]) {
  struct wk_why why;
  if (did[0] == '\0')
    return;
  lab->err = WK_OK;
  if (!lab->registry)
    lab_open_registry(lab);
  enum wk_err err = lab->err;
  if (err == WK_OK)
    err = wk_registry_change(lab->registry, did, WK_CHANGE_REVOKE, &why);
  else
    why = lab->why;
  if (err == WK_OK)
    wk_audit_admin(lab->audit, "revoke", did);
  else if (err != WK_ERR_MISSING)
    wk_log(WK_LOG_ERROR, "%s; to be revoked: %s", why.text, did);
  did[0] = '\0';
}

void lab_end(struct lab *lab) {
  for (size_t i = 0; i < LAB_DEVICES; i++)
    disenrol(lab, lab->enrolled[i]);
  for (size_t i = 0; i < LAB_CLIENTS; i++) {
    wk_client_free(lab->clients[i]);
    lab->clients[i] = NULL;
  }
  lab->client = NULL;
  peer_close(&lab->home);
  peer_close(&lab->thief);
  wk_credential_wipe(&lab->device);
  cJSON_Delete(lab->steps);
  lab->steps = NULL;
}

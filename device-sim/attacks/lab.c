/* SPDX-License-Identifier: Apache-2.0 */
/* The steps that attacks are made of. */
#include "lab.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <whitekey/bytes.h>

#include "login.h"

void lab_say(struct lab *lab, const char *format, ...) {
  char text[1024];
  va_list list;
  if (lab->hushed)
    return;
  va_start(list, format);
  (void)vsnprintf(text, sizeof text, format, list);
  va_end(list);
  (void)cJSON_AddItemToArray(lab->steps, cJSON_CreateString(text));
  if (lab->aloud)
    (void)printf("  %s\n", text);
}

void lab_intruded(struct lab *lab, const char *how) {
  if (lab->err != WK_OK)
    return;
  lab->intruded++;
  lab_say(lab, "the attacker: %s", how);
}

void lab_harmed(struct lab *lab, const char *how) {
  if (lab->err != WK_OK)
    return;
  lab->harmed = true;
  lab_say(lab, "harm: %s", how);
}

void lab_fail(struct lab *lab, const char *format, ...) {
  va_list list;
  if (lab->err != WK_OK)
    return;
  lab->err = WK_ERR_ARGUMENT;
  va_start(list, format);
  (void)vsnprintf(lab->why.text, sizeof lab->why.text, format, list);
  va_end(list);
}

static uint32_t device_clock(void *context) {
  const struct lab *lab = context;
  return lab->no_clock ? 0 : lab_now(lab);
}

uint32_t lab_now(const struct lab *lab) {
  return (uint32_t)((int64_t)wk_clock_system(NULL) + lab->ahead);
}

void lab_next_second(struct lab *lab) {
  const struct timespec pause = {.tv_nsec = 10000000L};
  const uint32_t before = lab_now(lab);
  while (lab->err == WK_OK && !lab->no_clock && lab_now(lab) == before)
    (void)nanosleep(&pause, NULL);
}

struct wk_client *lab_client(struct lab *lab,
                             const struct wk_credential *credential) {
  size_t i = 0;
  if (lab->err != WK_OK)
    return NULL;
  while (i < LAB_CLIENTS && lab->clients[i])
    i++;
  if (i == LAB_CLIENTS ||
      wk_client_new(&lab->clients[i], credential, device_clock, lab) != WK_OK)
    lab_fail(lab, "%s: no room for one more device", credential->id.did);
  return i < LAB_CLIENTS ? lab->clients[i] : NULL;
}

/* ---- logins ------------------------------------------------------------- */

void lab_write(struct lab *lab, struct packet *packet,
               struct wk_client *client) {
  struct wk_writer w;
  packet->len = 0;
  if (lab->err != WK_OK)
    return;
  wk_writer_init(&w, packet->bytes, sizeof packet->bytes);
  lab->err = login_write(&w, client, lab->place.version, PEER_MAX, &lab->why);
  packet->len = w.used;
}

void lab_write_parts(struct lab *lab, struct packet *packet, const char *did,
                     const uint8_t *x1, size_t x1_len, const uint8_t *x2,
                     size_t x2_len) {
  const struct login_parts parts = {{x1, x1_len}, {x2, x2 ? x2_len : 0}};
  struct wk_writer w;
  packet->len = 0;
  if (lab->err != WK_OK)
    return;
  wk_writer_init(&w, packet->bytes, sizeof packet->bytes);
  lab->err = login_write_parts(&w, did, &parts, lab->place.version, PEER_MAX,
                               &lab->why);
  packet->len = w.used;
}

enum answer lab_send(struct lab *lab, const char *who,
                     const struct packet *packet, struct peer *peer) {
  if (lab->err != WK_OK)
    return ANSWER_NONE;
  const enum answer answer = peer_login(peer, &lab->place, packet);
  lab_say(lab, "%s: %s", who, peer->saw);
  return answer;
}

/* What the client concludes, with MQTT 5 also from the broker's proof. */
static void hear(struct lab *lab, const char *who, struct wk_client *client,
                 const struct peer *peer) {
  struct wk_reply reply;
  if (lab->place.version != WK_MQTT_5)
    wk_client_accepted(client);
  else if (login_check(client, &peer->connack, &reply, NULL) != WK_OK)
    lab_say(lab, "%s: the broker did not prove itself", who);
}

enum answer lab_login(struct lab *lab, const char *who,
                      struct wk_client *client, struct peer *peer) {
  struct packet packet;
  lab_write(lab, &packet, client);
  const enum answer answer = lab_send(lab, who, &packet, peer);
  if (answer == ANSWER_ACCEPTED)
    hear(lab, who, client, peer);
  else if (answer == ANSWER_REFUSED)
    wk_client_refused(client);
  wk_wipe(&packet, sizeof packet);
  return answer;
}

void lab_must(struct lab *lab) {
  if (lab_login(lab, "the device", lab->client, &lab->home) != ANSWER_ACCEPTED)
    lab_fail(lab,
             "%s: its first login was not let in: does the broker use the "
             "registry %s?",
             lab->device.id.did, lab->options->registry);
}

void lab_still(struct lab *lab) {
  if (lab_login(lab, "the device, next password", lab->client, &lab->home) !=
      ANSWER_ACCEPTED)
    lab_harmed(lab, "the device does not get in any more");
}

void lab_alive(struct lab *lab) {
  if (lab->err != WK_OK)
    return;
  if (peer_alive(&lab->home))
    lab_say(lab, "the device: still online");
  else
    lab_harmed(lab, "the device lost its session");
}

void lab_attack(struct lab *lab, const char *who,
                const struct packet *packet) {
  struct peer peer = {.fd = -1};
  if (lab_send(lab, who, packet, &peer) == ANSWER_ACCEPTED)
    lab->intruded++;
  peer_close(&peer);
}

bool lab_attack_with(struct lab *lab, const char *who,
                     struct wk_client *client) {
  const bool in = lab_login(lab, who, client, &lab->thief) == ANSWER_ACCEPTED;
  if (in)
    lab->intruded++;
  return in;
}

bool lab_quarantined(struct lab *lab) {
  struct wk_device_info info;
  if (lab->err != WK_OK)
    return false;
  lab->err =
      wk_registry_get(lab->registry, lab->device.id.did, &info, &lab->why);
  if (lab->err == WK_OK)
    lab_say(lab, "the registry: the device is %s",
            wk_device_state_name(info.state));
  return lab->err == WK_OK && info.state == WK_DEVICE_QUARANTINED;
}

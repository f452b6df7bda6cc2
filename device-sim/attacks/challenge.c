/* SPDX-License-Identifier: Apache-2.0 */
/* Devices that answer the broker's challenge (protocol section 5), with
 * MQTT 5. */
#include "attacks.h"

#include <string.h>

#include <whitekey/bytes.h>

#include "login.h"

#define METHOD LOGIN_METHOD "-CHALLENGE"
#define ROUNDS 3
#define CONTINUE 0x18
#define PROPS_MAX 256u

/* ---- the two steps -------------------------------------------------------
 */

static struct wk_span props_of(uint8_t out[PROPS_MAX], const uint8_t *data,
                               size_t len) {
  const struct wk_mqtt_prop props[] = {
      {.id = WK_MQTT_AUTH_METHOD,
       .data = {(const uint8_t *)METHOD, strlen(METHOD)}},
      {.id = WK_MQTT_AUTH_DATA, .data = {data, len}}};
  struct wk_writer w;
  wk_writer_init(&w, out, PROPS_MAX);
  for (size_t i = 0; i < 2; i++)
    wk_mqtt_prop_write(&w, &props[i]);
  return (struct wk_span){out, w.used};
}

static bool send_connect(struct peer *peer, const struct wk_id *id) {
  uint8_t name[1 + WK_DID_MAX] = {id->did_len};
  uint8_t props[PROPS_MAX];
  struct packet packet;
  struct wk_writer w;
  memcpy(name + 1, id->did, id->did_len);
  const struct wk_mqtt_connect connect = {
      .version = WK_MQTT_5,
      .clean = true,
      .keep_alive = LOGIN_KEEP_ALIVE,
      .client_id = {(const uint8_t *)id->did, id->did_len},
      .props = props_of(props, name, 1 + (size_t)id->did_len)};
  wk_writer_init(&w, packet.bytes, sizeof packet.bytes);
  return wk_mqtt_connect_write(&w, &connect) == WK_OK &&
         peer_send(peer, packet.bytes, w.used);
}

static bool take_challenge(struct peer *peer,
                           uint8_t challenge[WK_CHALLENGE_LEN]) {
  struct wk_mqtt_frame frame;
  struct wk_mqtt_notice notice;
  struct wk_mqtt_prop data;
  if (!peer_next(peer, &frame) || frame.type != WK_MQTT_AUTH ||
      wk_mqtt_notice_parse(&notice, WK_MQTT_5, &frame) != WK_OK ||
      !wk_mqtt_prop_find(&notice.props, WK_MQTT_AUTH_DATA, &data) ||
      data.data.len != WK_CHALLENGE_LEN)
    return false;
  memcpy(challenge, data.data.data, WK_CHALLENGE_LEN);
  return true;
}

/* Opens a connection in the device's name, and gives its challenge. */
static void ask(struct lab *lab, struct peer *peer,
                uint8_t challenge[WK_CHALLENGE_LEN]) {
  memset(challenge, 0, WK_CHALLENGE_LEN);
  if (lab->err == WK_OK &&
      (!peer_open(peer, &lab->place) || !send_connect(peer, &lab->device.id) ||
       !take_challenge(peer, challenge)))
    lab_fail(lab, "the broker gives no challenge");
}

/* The message in that connection, and what came of it. */
static enum answer reply(struct lab *lab, const char *who, struct peer *peer,
                         const uint8_t x1[WK_X1_LEN]) {
  uint8_t props[PROPS_MAX];
  struct packet packet;
  struct wk_writer w;
  const struct wk_mqtt_notice auth = {.type = WK_MQTT_AUTH,
                                      .code = CONTINUE,
                                      .props = props_of(props, x1, WK_X1_LEN)};
  if (lab->err != WK_OK)
    return ANSWER_NONE;
  wk_writer_init(&w, packet.bytes, sizeof packet.bytes);
  if (wk_mqtt_notice_write(&w, WK_MQTT_5, &auth) == WK_OK)
    (void)peer_send(peer, packet.bytes, w.used);
  const enum answer answer = peer_answer(peer);
  lab_say(lab, "%s: %s", who, peer->saw);
  return answer;
}

static void next_message(struct lab *lab, struct wk_client *client,
                         const uint8_t challenge[WK_CHALLENGE_LEN],
                         uint8_t x1[WK_X1_LEN]) {
  struct wk_otp otp;
  memset(x1, 0, WK_X1_LEN);
  if (lab->err == WK_OK)
    lab->err = wk_client_next(client, challenge, &otp, &lab->why);
  if (lab->err != WK_OK)
    return;
  memcpy(x1, otp.x1, WK_X1_LEN);
  wk_wipe(&otp, sizeof otp);
}

/* A whole login. */
static bool log_in(struct lab *lab, const char *who, struct wk_client *client,
                   struct peer *peer) {
  uint8_t challenge[WK_CHALLENGE_LEN];
  uint8_t x1[WK_X1_LEN];
  ask(lab, peer, challenge);
  next_message(lab, client, challenge, x1);
  const enum answer answer = reply(lab, who, peer, x1);
  if (answer == ANSWER_ACCEPTED)
    wk_client_accepted(client);
  else if (answer == ANSWER_REFUSED)
    wk_client_refused(client);
  wk_wipe(x1, sizeof x1);
  return answer == ANSWER_ACCEPTED;
}

/* ---- a message that answers another challenge ----------------------------
 */

static void reuse(struct lab *lab, const char *who,
                  const uint8_t x1[WK_X1_LEN]) {
  uint8_t challenge[WK_CHALLENGE_LEN];
  ask(lab, &lab->thief, challenge);
  if (reply(lab, who, &lab->thief, x1) == ANSWER_ACCEPTED)
    lab->intruded++;
}

static void reuse_as(struct lab *lab, const char *who,
                     enum wk_mqtt_version version,
                     const uint8_t x1[WK_X1_LEN]) {
  struct packet packet;
  lab->place.version = version;
  lab_write_parts(lab, &packet, lab->device.id.did, x1, WK_X1_LEN, NULL, 0);
  lab_attack(lab, who, &packet);
  lab->place.version = WK_MQTT_5;
  wk_wipe(&packet, sizeof packet);
}

/*
 * Heard before the broker has it, and unspent: it is worth nothing but in the
 * connection whose challenge it answers. There it gets in at last.
 */
void attack_challenge_reuse(struct lab *lab) {
  uint8_t challenge[WK_CHALLENGE_LEN];
  uint8_t x1[WK_X1_LEN];
  lab->place.version = WK_MQTT_5;
  ask(lab, &lab->home, challenge);
  next_message(lab, lab->client, challenge, x1);
  reuse(lab, "for another challenge", x1);
  reuse_as(lab, "without a challenge", WK_MQTT_5, x1);
  reuse_as(lab, "as a password", WK_MQTT_311, x1);
  if (reply(lab, "the device, in its own connection", &lab->home, x1) !=
      ANSWER_ACCEPTED)
    lab_harmed(lab, "a message that was heard does not get in");
  reuse(lab, "after it was spent", x1);
  lab_alive(lab);
  wk_wipe(x1, sizeof x1);
}

/* ---- a copy of a device without a clock ----------------------------------
 */

/* The challenge is the proof that a clock is elsewhere. */
void attack_copy_challenge(struct lab *lab) {
  struct wk_credential stolen = lab->device;
  lab->place.version = WK_MQTT_5;
  lab->no_clock = true;
  stolen.c.next = 2;
  struct wk_client *thief = lab_client(lab, &stolen);
  if (!log_in(lab, "the device", lab->client, &lab->home))
    lab_fail(lab, "the device's first login was not let in");
  if (log_in(lab, "the copy, one further", thief, &lab->thief))
    lab->intruded++;
  for (int i = 0; i < ROUNDS; i++)
    (void)log_in(lab, "the device", lab->client, &lab->home);
  if (lab_quarantined(lab)) {
    lab->caught = peer_is_cut(&lab->thief);
    lab_say(lab, "the copy: %s",
            lab->caught ? "its session was closed" : "still online");
  }
  if (log_in(lab, "the copy again", thief, &lab->thief))
    lab->caught = false;
  wk_credential_wipe(&stolen);
}

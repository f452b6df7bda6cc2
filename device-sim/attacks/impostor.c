/* SPDX-License-Identifier: Apache-2.0 */
/* Who plays the broker to a device, on a path without TLS. */
#include "attacks.h"

#include <string.h>
#include <unistd.h>

#include <whitekey/bytes.h>

#include "craft.h"
#include "login.h"

#define ASKS 6u
#define REFUSED_311 5
#define REFUSED_5 0x87

/* ---- a port that the device takes for the broker's ---------------------- */

struct ambush {
  int listener;
  struct place place;
  struct peer victim; /* the other end of the device's connection */
};

static void ambush_open(struct lab *lab, struct ambush *ambush) {
  *ambush = (struct ambush){
      .listener = -1, .place.version = lab->place.version, .victim.fd = -1};
  if (lab->err == WK_OK &&
      (ambush->listener = peer_listen(&ambush->place)) < 0)
    lab_fail(lab, "no port to be had on loopback");
}

static void ambush_close(struct ambush *ambush) {
  peer_close(&ambush->victim);
  if (ambush->listener >= 0)
    (void)close(ambush->listener);
}

/* The device's connection comes in here. */
static bool ambush_take(struct ambush *ambush) {
  peer_close(&ambush->victim);
  ambush->victim = (struct peer){.fd = peer_come(ambush->listener),
                                 .version = ambush->place.version};
  return ambush->victim.fd >= 0;
}

/* ---- small n ------------------------------------------------------------ */

static void write_connack(struct packet *packet, const struct lab *lab,
                          uint8_t code, const uint8_t *x4) {
  uint8_t props[128];
  struct wk_writer w;
  struct wk_mqtt_connack connack = {.code = code};
  const struct wk_mqtt_prop auth[] = {
      {.id = WK_MQTT_AUTH_METHOD,
       .data = {(const uint8_t *)LOGIN_METHOD, strlen(LOGIN_METHOD)}},
      {.id = WK_MQTT_AUTH_DATA, .data = {x4, WK_X4_LEN}}};
  wk_writer_init(&w, props, sizeof props);
  if (x4 && lab->place.version == WK_MQTT_5)
    for (size_t i = 0; i < 2; i++)
      wk_mqtt_prop_write(&w, &auth[i]);
  connack.props = (struct wk_span){props, w.used};
  wk_writer_init(&w, packet->bytes, sizeof packet->bytes);
  packet->len = 0;
  if (wk_mqtt_connack_write(&w, lab->place.version, &connack) == WK_OK)
    packet->len = w.used;
}

/* The device tries to log in at the impostor, who answers as he likes. */
static void meet(struct lab *lab, struct ambush *ambush,
                 const struct packet *login, const struct packet *answer) {
  struct wk_mqtt_frame frame;
  struct wk_reply reply;
  if (lab->err != WK_OK || !peer_open(&lab->home, &ambush->place) ||
      !peer_send(&lab->home, login->bytes, login->len) ||
      !ambush_take(ambush) || !peer_next(&ambush->victim, &frame)) {
    lab_fail(lab, "the device did not come to the impostor");
    return;
  }
  (void)peer_send(&ambush->victim, answer->bytes, answer->len);
  const enum answer got = peer_answer(&lab->home);
  if (got == ANSWER_REFUSED)
    wk_client_refused(lab->client);
  else if (got == ANSWER_ACCEPTED &&
           login_check(lab->client, &lab->home.connack, &reply, NULL) == WK_OK)
    lab_say(lab, "the device believes that the broker is at index %u",
            reply.index);
}

/* The index of the login that the device sends after the answer before. */
static uint32_t ask_once(struct lab *lab, struct ambush *ambush,
                         struct packet *login, bool refuse) {
  struct wk_header header = {0};
  struct wk_otp otp;
  struct packet answer;
  uint8_t x4[WK_X4_LEN];
  if (lab->err == WK_OK)
    lab->err = wk_client_next(lab->client, NULL, &otp, &lab->why);
  if (lab->err != WK_OK)
    return 0;
  lab_write_parts(lab, login, lab->device.id.did, otp.x1, sizeof otp.x1, NULL,
                  0);
  craft_reply(x4, &lab->device, otp.x1, 1);
  if (refuse)
    write_connack(&answer, lab,
                  lab->place.version == WK_MQTT_5 ? REFUSED_5 : REFUSED_311,
                  NULL);
  else
    write_connack(&answer, lab, 0, x4);
  meet(lab, ambush, login, &answer);
  if (wk_header_parse(&header, WK_X1, otp.x1, sizeof otp.x1) != WK_OK)
    lab_fail(lab, "the device's own message has no header");
  wk_wipe(&otp, sizeof otp);
  return header.index;
}

/*
 * An impostor of the server refuses, and says that he is at a lower index: no
 * answer makes the device go back, and what it says to him is spent soon. He
 * even has Ks and bio_id, so that his answers are right ones.
 */
void attack_small_n(struct lab *lab) {
  struct ambush ambush;
  struct packet heard[ASKS] = {0};
  uint32_t last = 0;
  ambush_open(lab, &ambush);
  for (unsigned i = 0; i < ASKS && lab->err == WK_OK; i++) {
    const uint32_t index = ask_once(lab, &ambush, &heard[i], i % 2 == 0);
    lab_say(lab, "asked to go back, the device sends index %u", index);
    if (index <= last)
      lab_intruded(lab, "has an index that was given before");
    last = index;
  }
  ambush_close(&ambush);
  lab_must(lab);
  for (unsigned i = 0; i < ASKS; i++)
    lab_attack(lab, "what the impostor heard", &heard[i]);
  lab_alive(lab);
  lab_still(lab);
  wk_wipe(heard, sizeof heard);
}

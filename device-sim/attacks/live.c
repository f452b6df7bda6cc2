/* SPDX-License-Identifier: Apache-2.0 */
/* Who sits on the path and passes everything on, live. */
#include "attacks.h"

#include <stdio.h>
#include <string.h>

#include <whitekey/bytes.h>

#include "login.h"
#include "relay.h"

#define DENIED 0x80

/* A way to the broker through the relay. */
struct way {
  const char *who;                  /* the device that takes it */
  const struct place *broker;       /* the relay's way onwards */
  const struct wk_tls_context *tls; /* whom the device trusts; NULL: without */
  struct mask *mask;                /* the relay's; NULL: it has none */
};

/* What the relay has in the end. */
struct booty {
  bool let_in; /* the device was, and takes the relay for the broker */
  bool heard;  /* its login */
  bool spoke;  /* in its name */
};

static void log_in(struct lab *lab, const struct way *way,
                   const struct place *place, struct booty *booty) {
  struct packet login;
  struct wk_reply reply;
  const struct place home = lab->place;
  lab->place = *place;
  lab->place.tls = way->tls;
  lab_write(lab, &login, lab->client);
  booty->let_in =
      lab_send(lab, way->who, &login, &lab->home) == ANSWER_ACCEPTED;
  if (booty->let_in && lab->place.version == WK_MQTT_5 &&
      login_check(lab->client, &lab->home.connack, &reply, NULL) == WK_OK)
    lab_say(lab, "the device: this is the broker, its X4 is right");
  lab->place = home;
  wk_wipe(&login, sizeof login);
}

/* What the relay says in a session that the device opened counts as the
 * device's word. */
static void speak(struct lab *lab, struct relay *relay, struct booty *booty) {
  char topic[64];
  booty->heard = relay_heard(relay, lab->device.id.did);
  lab_say(lab, "the relay: %s",
          booty->heard ? "reads the login" : "reads no login");
  if (relay->broker.fd < 0)
    return;
  (void)snprintf(topic, sizeof topic, "sensors/%s/injected",
                 lab->device.id.did);
  const int code = peer_publish(&relay->broker, topic, "99");
  booty->spoke = code >= 0 && code < DENIED;
  if (code < 0)
    lab_say(lab, "a message that the relay put in: no PUBACK");
  else
    lab_say(lab, "a message that the relay put in: PUBACK %d", code);
}

static void try_way(struct lab *lab, const struct way *way,
                    struct booty *booty) {
  struct relay relay;
  *booty = (struct booty){0};
  if (lab->err != WK_OK)
    return;
  if (!relay_open(&relay, way->broker, way->mask)) {
    lab_fail(lab, "no port, or no thread, to be had for the relay");
    return;
  }
  log_in(lab, way, &relay.place, booty);
  relay_halt(&relay);
  speak(lab, &relay, booty);
  relay_close(&relay);
}

void attack_live_relay(struct lab *lab) {
  struct booty booty;
  try_way(lab,
          &(struct way){.who = "the device, through the relay",
                        .broker = &lab->place},
          &booty);
  if (booty.spoke)
    lab_intruded(lab, "speaks as the device");
}

/* ---- with TLS in his way ------------------------------------------------ */

/* A relay that gets nothing even here would be none. */
static void must_fall(struct lab *lab, const struct way *way) {
  struct booty booty;
  try_way(lab, way, &booty);
  if (!booty.let_in || !booty.heard || !booty.spoke)
    lab_fail(lab, "%s: the relay got nothing: this proves nothing", way->who);
}

/* A device that trusts whoever shows that certificate. */
static void be_careless(struct lab *lab, struct mask *mask) {
  struct wk_tls_context *careless = NULL;
  uint8_t pin[WK_TLS_PIN_LEN];
  const struct wk_tls_trust trust = {.pin = pin};
  if (lab->err != WK_OK)
    return;
  mask_pin(mask, pin);
  lab->err = wk_tls_context_new(&careless, &trust, &lab->why);
  must_fall(lab, &(struct way){"a device that trusts the relay's certificate",
                               &lab->secure, careless, mask});
  wk_tls_context_free(careless);
}

/* Its own certificate in place of the broker's: the device must hang up, and
 * for that reason. */
static void show_own(struct lab *lab, struct mask *mask) {
  struct booty booty;
  try_way(lab,
          &(struct way){"the device, where the relay shows its own",
                        &lab->secure, lab->tls, mask},
          &booty);
  (void)snprintf(lab->answer, sizeof lab->answer, "%s", lab->home.saw);
  if (booty.let_in)
    lab_intruded(lab, "passes for the broker");
  else if (strncmp(lab->answer, "TLS: ", 5) != 0)
    lab_fail(lab, "the device hung up, and not for the certificate: %s",
             lab->answer);
  if (booty.heard || booty.spoke)
    lab_intruded(lab, "has the login");
}

/* The broker's own, with all bytes passed on as they come. */
static void show_brokers(struct lab *lab) {
  struct place blind = lab->secure;
  struct booty booty;
  blind.tls = NULL;
  try_way(lab,
          &(struct way){"the device, where the relay passes TLS on", &blind,
                        lab->tls, NULL},
          &booty);
  if (!booty.let_in)
    lab_fail(lab, "the relay does not even pass bytes on");
  if (booty.heard || booty.spoke)
    lab_intruded(lab, "reads or speaks within TLS");
}

void attack_live_relay_tls(struct lab *lab) {
  const struct place plain = lab->place;
  struct mask *mask = mask_new(lab->secure.host);
  if (!mask)
    lab_fail(lab, "%s: no certificate of that name", lab->secure.host);
  must_fall(lab, &(struct way){"the device, through the relay without TLS",
                               &plain, NULL, NULL});
  be_careless(lab, mask);
  show_own(lab, mask);
  show_brokers(lab);
  lab->place = lab->secure;
  lab_still(lab);
  lab->place = plain;
  mask_free(mask);
}

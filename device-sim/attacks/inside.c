/* SPDX-License-Identifier: Apache-2.0 */
/* What an enrolled device tries beyond its rights. MQTT 5, whose answers tell
 * what was refused. */
#include "attacks.h"

#include <stdio.h>
#include <time.h>

#define FAILED 0x80
#define WAITS 500
#define INTRUDER "sim-intruder"

/* The attacker's own device, which is let in as such. */
static void come_in(struct lab *lab, struct wk_credential *own) {
  lab_enrol(lab, own, INTRUDER, lab->options->length, false);
  struct wk_client *client = lab_client(lab, own);
  if (lab_login(lab, INTRUDER, client, &lab->thief) != ANSWER_ACCEPTED)
    lab_fail(lab, "%s: its login was not let in", INTRUDER);
}

static void judge(struct lab *lab, const char *what, const char *topic,
                  int code) {
  if (lab->err != WK_OK)
    return;
  const bool refused = code >= FAILED;
  (void)snprintf(lab->answer, sizeof lab->answer, "%s, code %d", what, code);
  lab_say(lab, "%s %s: %s, code %d", what, topic,
          refused ? "refused" : "taken", code);
  if (!refused)
    lab_intruded(lab, "that is not his");
}

static void publish(struct lab *lab, const char *topic, const char *payload) {
  if (lab->err == WK_OK)
    judge(lab, "PUBACK", topic, peer_publish(&lab->thief, topic, payload));
}

static void subscribe(struct lab *lab, const char *filter) {
  if (lab->err == WK_OK)
    judge(lab, "SUBACK", filter, peer_subscribe(&lab->thief, filter));
}

void attack_topic_trespass(struct lab *lab) {
  struct wk_credential own;
  char topic[64];
  lab->place.version = WK_MQTT_5;
  come_in(lab, &own);
  (void)snprintf(topic, sizeof topic, "sensors/%s/t", lab->device.id.did);
  publish(lab, topic, "99");
  (void)snprintf(topic, sizeof topic, "commands/%s/t", lab->device.id.did);
  publish(lab, topic, "off");
  (void)snprintf(topic, sizeof topic, "whitekey/v1/%s/x3", lab->device.id.did);
  publish(lab, topic, "x");
  (void)snprintf(topic, sizeof topic, "whitekey/v1/%s/x4", lab->device.id.did);
  publish(lab, topic, "x");
  subscribe(lab, topic);
  subscribe(lab, "sensors/#");
  subscribe(lab, "whitekey/v1/events/#");
  subscribe(lab, "#");
  wk_credential_wipe(&own);
}

static enum wk_device_state victim_state(struct lab *lab) {
  struct wk_device_info info = {0};
  if (lab->err == WK_OK)
    lab->err =
        wk_registry_get(lab->registry, lab->device.id.did, &info, &lab->why);
  return info.state;
}

/* Whether the registry still has the device as it was. A request that was
 * taken is worked off a moment later. */
static void look_at_victim(struct lab *lab) {
  const struct timespec pause = {.tv_nsec = 10000000L};
  enum wk_device_state state = victim_state(lab);
  for (int i = 0; i < WAITS && lab->intruded > 0 && lab->err == WK_OK &&
                  state == WK_DEVICE_ENABLED;
       i++) {
    (void)nanosleep(&pause, NULL);
    state = victim_state(lab);
  }
  lab_say(lab, "the registry: the other device is %s",
          wk_device_state_name(state));
  if (state != WK_DEVICE_ENABLED)
    lab_intruded(lab, "disabled another device");
}

void attack_control_trespass(struct lab *lab) {
  static const char control[] = "$CONTROL/whitekey/v1";
  struct wk_credential own;
  char request[128];
  lab->place.version = WK_MQTT_5;
  come_in(lab, &own);
  subscribe(lab, "$CONTROL/whitekey/v1/response");
  (void)snprintf(request, sizeof request,
                 "{\"commands\":[{\"command\":\"disableDevice\","
                 "\"d_id\":\"%s\"}]}",
                 lab->device.id.did);
  publish(lab, control, request);
  publish(lab, control,
          "{\"commands\":[{\"command\":\"setDeviceRole\","
          "\"d_id\":\"" INTRUDER "\",\"role\":\"admin\"}]}");
  look_at_victim(lab);
  lab_still(lab);
  wk_credential_wipe(&own);
}

/*
 * AUTH packets that nobody asked for made Mosquitto free what it still used:
 * the broker has to live, and everybody else's session.
 */
void attack_empty_auth(struct lab *lab) {
  static const uint8_t empty[] = {0xf0, 0};
  struct wk_credential own;
  lab->place.version = WK_MQTT_5;
  lab_must(lab);
  come_in(lab, &own);
  for (int i = 0; i < 3 && lab->err == WK_OK; i++)
    (void)peer_send(&lab->thief, empty, sizeof empty);
  if (lab->err == WK_OK && peer_is_cut(&lab->thief))
    lab_say(lab, "%s: its session was closed", INTRUDER);
  lab_alive(lab);
  lab_still(lab);
  (void)snprintf(lab->answer, sizeof lab->answer,
                 lab->harmed ? "the broker is gone"
                             : "PINGRESP to another session");
  wk_credential_wipe(&own);
}

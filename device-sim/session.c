/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The MQTT session of one device: CONNECT, readings with QoS 1, one at a time,
 * and the answers.
 */
#include "sim.h"

#include <stdio.h>
#include <string.h>

#include "login.h"

#define TOPIC_MAX 64u
#define PUBLISH_ID_MAX (LOGIN_UPDATE_ID - 1u)
#define SERVER_UNAVAILABLE_311 3u
#define SERVER_UNAVAILABLE_5 0x88u
#define SERVER_BUSY_5 0x89u
#define PUBACK_FAILED 0x80u

static struct wk_span text_span(const char *text) {
  return (struct wk_span){(const uint8_t *)text, strlen(text)};
}

/* Packets are appended behind those that could not be sent yet. */
static struct wk_writer out_writer(struct device *device) {
  struct wk_writer w;
  wk_writer_init(&w, device->out, PACKET_MAX);
  w.used = device->out_len;
  return w;
}

static bool send_out(struct sim *sim, struct device *device,
                     const struct wk_writer *w, enum wk_err err) {
  const double delay = device->sensor.profile->habits.delay;
  if (delay > 0 && device->out_len == 0 && w->used > 0) {
    const double ms = delay / 2 + rng_below(&device->pause, delay);
    device->release = sim->now + (uint64_t)(ms * 1e6);
  }
  device->out_len = (uint16_t)w->used;
  return err == WK_OK && net_flush(sim, device);
}

/* The same at once, whatever the link's delay. */
static void push_out(struct sim *sim, struct device *device,
                     const struct wk_writer *w) {
  device->release = 0;
  device->out_len = (uint16_t)w->used;
  (void)net_flush(sim, device);
}

/*
 * A packet that asks for an answer. Which of the two gets lost is decided when
 * it is sent, so that it does not depend on what comes in meanwhile. What TCP
 * cannot bring it does not skip either: the connection is dead from then on,
 * and the device learns it by waiting.
 */
static bool ask(struct sim *sim, struct device *device,
                const struct wk_writer *w, enum wk_err err) {
  const double loss = device->sensor.profile->habits.loss;
  const double fate = loss > 0 ? rng_below(&device->chance, 100) : 100;
  if (err != WK_OK || fate >= 2 * loss)
    return send_out(sim, device, w, err);
  if (fate >= loss) /* the answer */
    push_out(sim, device, w);
  device_cut(sim, device);
  return true;
}

bool session_begin(struct sim *sim, struct device *device) {
  struct wk_why why;
  struct wk_writer w = out_writer(device);
  const enum wk_err err =
      login_write(&w, device->client, sim->options->version, PACKET_MAX, &why);
  if (err != WK_OK)
    sim_warn(sim, why.text);
  device->spent = err == WK_ERR_EXHAUSTED;
  return ask(sim, device, &w, err);
}

static void go_online(struct sim *sim, struct device *device) {
  device_enter(sim, device, PHASE_ONLINE);
  device->failures = 0;
  device->refusals = 0;
  if (device->next_reading < sim->now)
    device->next_reading = sim->now;
}

/* Protocol section 6.1, after each X4: the login's, and those of X3. */
static bool update_keys(struct sim *sim, struct device *device) {
  struct wk_why why;
  struct wk_writer w = out_writer(device);
  const enum wk_err err = login_update(
      &w, device->client, sim->options->version, sim->options->update, &why);
  if (err == WK_ERR_MISSING)
    return true;
  if (err != WK_OK)
    sim_warn(sim, why.text);
  else
    sim->stats.updates++;
  return ask(sim, device, &w, err);
}

/* The broker proved itself by the X4 of this login. */
static bool proven(struct sim *sim, struct device *device,
                   const struct wk_reply *reply) {
  sim->stats.verified++;
  if (reply->status == WK_STATUS_SWITCHED)
    sim->stats.switches++;
  go_online(sim, device);
  return update_keys(sim, device);
}

static bool on_refused(struct sim *sim, struct device *device, uint8_t code) {
  const enum wk_mqtt_version version = sim->options->version;
  char text[96];
  const bool busy = version == WK_MQTT_311 ? code == SERVER_UNAVAILABLE_311
                                           : code == SERVER_UNAVAILABLE_5 ||
                                                 code == SERVER_BUSY_5;
  sim->stats.code[code]++;
  (void)snprintf(text, sizeof text, "%s: refused: %s",
                 wk_client_id(device->client)->did,
                 stats_code_name(version, code));
  sim_warn(sim, text);
  if (busy) /* section 2: as good as no answer */
    return false;
  device->answered = true;
  sim->stats.refused++;
  device->refusals++;
  wk_client_refused(device->client);
  return false;
}

/* X4 within the CONNACK: a broker without it is not the one we enrolled at. */
static bool on_proof(struct sim *sim, struct device *device,
                     const struct wk_mqtt_connack *connack) {
  struct wk_reply reply;
  struct wk_why why;
  if (login_check(device->client, connack, &reply, &why) != WK_OK) {
    sim->stats.unverified++;
    sim_warn(sim, why.text);
    return false;
  }
  return proven(sim, device, &reply);
}

static bool on_connack(struct sim *sim, struct device *device,
                       const struct wk_mqtt_frame *frame) {
  const enum wk_mqtt_version version = sim->options->version;
  struct wk_mqtt_connack connack;
  if (device->phase != PHASE_GREETING ||
      wk_mqtt_connack_parse(&connack, version, frame) != WK_OK)
    return false;
  if (connack.code != 0)
    return on_refused(sim, device, connack.code);
  device_enter(sim, device, PHASE_PROVING);
  device->let_in = true;
  device->cut = false;
  sim->stats.connects++;
  hist_add(&sim->stats.connect, net_now() - device->began);
  if (version == WK_MQTT_5)
    return on_proof(sim, device, &connack);
  struct wk_writer w = out_writer(device);
  const enum wk_err err = login_subscribe(&w, device->client, version);
  return ask(sim, device, &w, err);
}

/* Each reading is followed by as many decisions, whatever they are. */
static void decide(struct device *device) {
  const struct habits *habits = &device->sensor.profile->habits;
  const bool leaves = rng_below(&device->chance, 100) < habits->churn;
  device->awake++;
  if (habits->sleep > 0 && device->awake >= habits->awake)
    device->intent = INTENT_SLEEP;
  else if (leaves)
    device->intent = INTENT_LEAVE;
}

static bool on_puback(struct sim *sim, struct device *device,
                      const struct wk_mqtt_frame *frame) {
  struct wk_mqtt_ack ack;
  if (wk_mqtt_ack_parse(&ack, sim->options->version, frame) != WK_OK ||
      (!device->in_flight && ack.id != LOGIN_UPDATE_ID))
    return false;
  if (ack.id == LOGIN_UPDATE_ID)
    return true;
  if (ack.id != device->packet_id)
    return false;
  device->in_flight = false;
  device->has_reading = false;
  if (ack.code >= PUBACK_FAILED)
    sim->stats.rejected++;
  else
    sim->stats.acked++;
  hist_add(&sim->stats.publish, net_now() - device->sent);
  decide(device);
  return true;
}

/* The only messages we asked for are the X4s of a password login. */
static bool on_publish(struct sim *sim, struct device *device,
                       const struct wk_mqtt_frame *frame) {
  struct wk_mqtt_publish message;
  struct wk_reply reply;
  struct wk_why why;
  const bool proving = device->phase == PHASE_PROVING;
  if (wk_mqtt_publish_parse(&message, sim->options->version, frame) != WK_OK ||
      message.qos > 1 || !login_is_x4(device->client, &message))
    return false;
  if (login_check_text(device->client, &message.payload, &reply, &why) !=
      WK_OK) {
    if (proving)
      sim->stats.unverified++;
    sim_warn(sim, why.text);
    return false;
  }
  if (proving && !proven(sim, device, &reply))
    return false;
  if (message.qos == 0)
    return true;
  const struct wk_mqtt_ack ack = {.type = WK_MQTT_PUBACK, .id = message.id};
  struct wk_writer w = out_writer(device);
  const enum wk_err err = wk_mqtt_ack_write(&w, sim->options->version, &ack);
  return send_out(sim, device, &w, err);
}

static bool on_packet(struct sim *sim, struct device *device,
                      const struct wk_mqtt_frame *frame) {
  if (frame->type == WK_MQTT_CONNACK)
    return on_connack(sim, device, frame);
  if (frame->type == WK_MQTT_PUBACK)
    return on_puback(sim, device, frame);
  if (frame->type == WK_MQTT_PUBLISH)
    return on_publish(sim, device, frame);
  /* An X4 that never comes is noticed by the clock: see device.c. */
  return frame->type == WK_MQTT_SUBACK || frame->type == WK_MQTT_PINGRESP;
}

bool session_read(struct sim *sim, struct device *device) {
  size_t at = 0;
  bool good = true;
  while (good && at < device->in_len && device->phase != PHASE_CUT) {
    struct wk_mqtt_frame frame;
    const enum wk_mqtt_framed framed = wk_mqtt_frame(
        &frame, device->in + at, device->in_len - at, PACKET_MAX);
    if (framed == WK_MQTT_MORE)
      break;
    good = framed == WK_MQTT_WHOLE && on_packet(sim, device, &frame);
    at += good ? frame.len : 0;
  }
  device->in_len = (uint16_t)(device->in_len - at);
  memmove(device->in, device->in + at, device->in_len);
  return good;
}

/* Of a device that has readings: between two of them. */
static uint64_t interval(const struct device *device) {
  return (uint64_t)((double)SECOND_NS / device->sensor.profile->habits.rate);
}

static void make_reading(struct device *device) {
  const uint64_t ms = clock_ms(&device->clock, clock_machine_ms());
  device->seq++;
  device->reading_len =
      (uint16_t)sensor_read(&device->sensor, device->reading, device->seq, ms);
  device->has_reading = true;
  device->was_sent = false;
}

bool session_publish(struct sim *sim, struct device *device) {
  char topic[TOPIC_MAX];
  if (!device->has_reading) {
    make_reading(device);
    device->next_reading += interval(device);
    if (device->next_reading < sim->now) /* late ones do not pile up */
      device->next_reading = sim->now;
  }
  device->packet_id = (uint16_t)(device->packet_id % PUBLISH_ID_MAX + 1);
  (void)snprintf(topic, sizeof topic, "sensors/%s/%s",
                 wk_client_id(device->client)->did,
                 device->sensor.profile->name);
  const struct wk_mqtt_publish publish = {
      .qos = 1,
      .id = device->packet_id,
      .topic = text_span(topic),
      .payload = {(const uint8_t *)device->reading, device->reading_len},
  };
  struct wk_writer w = out_writer(device);
  const enum wk_err err =
      wk_mqtt_publish_write(&w, sim->options->version, &publish);
  if (device->was_sent)
    sim->stats.resent++;
  else
    sim->stats.published++;
  device->was_sent = true;
  device->in_flight = true;
  device->sent = net_now();
  return ask(sim, device, &w, err);
}

static enum wk_err write_notice(struct wk_writer *w, const struct sim *sim,
                                enum wk_mqtt_type type) {
  const struct wk_mqtt_notice notice = {.type = type};
  return wk_mqtt_notice_write(w, sim->options->version, &notice);
}

bool session_ping(struct sim *sim, struct device *device) {
  struct wk_writer w = out_writer(device);
  const enum wk_err err = write_notice(&w, sim, WK_MQTT_PINGREQ);
  device->spoke = sim->now; /* or will have, after the link's delay */
  return send_out(sim, device, &w, err);
}

void session_goodbye(struct sim *sim, struct device *device) {
  struct wk_writer w = out_writer(device);
  if (write_notice(&w, sim, WK_MQTT_DISCONNECT) == WK_OK)
    push_out(sim, device, &w);
  net_end(device);
}

bool session_finished(const struct sim *sim, const struct device *device) {
  return sim->options->count > 0 && device->seq >= sim->options->count &&
         !device->has_reading;
}

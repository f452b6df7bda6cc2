/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The MQTT session of one device: CONNECT, readings with QoS 1, one at a time,
 * and the answers.
 */
#include "sim.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

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
  device->out_len = (uint16_t)w->used;
  return err == WK_OK && net_flush(sim, device);
}

bool session_begin(struct sim *sim, struct device *device) {
  struct wk_why why;
  struct wk_writer w = out_writer(device);
  const enum wk_err err =
      login_write(&w, device->client, sim->options->version, PACKET_MAX, &why);
  if (err != WK_OK)
    sim_warn(sim, why.text);
  device->spent = err == WK_ERR_EXHAUSTED;
  return send_out(sim, device, &w, err);
}

static void go_online(struct sim *sim, struct device *device) {
  device->phase = PHASE_ONLINE;
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
  return send_out(sim, device, &w, err);
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
  sim->opening--;
  sim->online++;
  device->phase = PHASE_PROVING;
  sim->stats.connects++;
  hist_add(&sim->stats.connect, net_now() - device->began);
  if (version == WK_MQTT_5)
    return on_proof(sim, device, &connack);
  wk_client_accepted(device->client);
  struct wk_writer w = out_writer(device);
  const enum wk_err err = login_subscribe(&w, device->client, version);
  return send_out(sim, device, &w, err);
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
  while (good && at < device->in_len) {
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

static void make_reading(struct device *device) {
  struct timespec now;
  (void)clock_gettime(CLOCK_REALTIME, &now);
  const uint64_t ms =
      (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
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
    device->next_reading += sim->options->interval_ns;
    if (device->next_reading < sim->now) /* late ones do not pile up */
      device->next_reading = sim->now;
  }
  device->packet_id = (uint16_t)(device->packet_id % PUBLISH_ID_MAX + 1);
  (void)snprintf(topic, sizeof topic, "sensors/%s/%s",
                 wk_client_id(device->client)->did,
                 profile_name((enum profile)device->sensor.profile));
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
  return send_out(sim, device, &w, err);
}

static bool send_notice(struct sim *sim, struct device *device,
                        enum wk_mqtt_type type) {
  const struct wk_mqtt_notice notice = {.type = type};
  struct wk_writer w = out_writer(device);
  const enum wk_err err =
      wk_mqtt_notice_write(&w, sim->options->version, &notice);
  return send_out(sim, device, &w, err);
}

bool session_ping(struct sim *sim, struct device *device) {
  return send_notice(sim, device, WK_MQTT_PINGREQ);
}

void session_goodbye(struct sim *sim, struct device *device) {
  (void)send_notice(sim, device, WK_MQTT_DISCONNECT);
}

bool session_finished(const struct sim *sim, const struct device *device) {
  return sim->options->count > 0 && device->seq >= sim->options->count &&
         !device->has_reading;
}

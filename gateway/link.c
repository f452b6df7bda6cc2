/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <whitekey/address.h>
#include <whitekey/bytes.h>
#include <whitekey/log.h>
#include <whitekey/random.h>
#include <whitekey/steady.h>

#include "link_paho.h"

#define PROOF_MS 5000
#define FAREWELL_MS 2000
#define BACKOFF_MIN_MS 250u
#define BACKOFF_MAX_MS 30000u
/* 1 + 2 + 4 .. + R indices, on each chain of an open key update, and more. */
#define REFUSALS_QUICK 17u

void wk_link_kick(struct wk_link *link) {
  const uint64_t one = 1;
  (void)!write(link->fd, &one, sizeof one);
}

/* Paho's errors are its own numbers; the broker's are MQTT's, above 0x7f. */
static void log_broken(const struct wk_link *link, int code) {
  const char *broker = link->routes->config->broker;
  const bool connecting = link->state == CONNECTING;
  struct wk_address at;
  if (code >= 0x80)
    wk_log(connecting ? WK_LOG_ERROR : WK_LOG_WARNING,
           "%s: the broker %s (reason 0x%02x)", broker,
           connecting ? "refused the login" : "ended the connection",
           (unsigned)code);
  else if (wk_address_parse(&at, broker) == WK_OK)
    wk_log(WK_LOG_WARNING, "no connection to %s port %u: %s", at.host,
           (unsigned)at.port,
           connecting ? "it cannot be reached or does not answer" : "lost");
}

/* Ends this connection and sets the time of the next try: twice the wait each
 * time, and up to a quarter more, so that a fleet does not return as one. Only
 * the first refusals do not double it: after a crash of the server they are
 * how the index skips ahead, by 1, 2, 4 .. R (protocol sections 2 and 7). */
static void give_up(struct wk_link *link) {
  uint16_t spread = 0;
  paho_end(link);
  wk_random(&spread, sizeof spread);
  if (link->backoff == 0)
    link->backoff = BACKOFF_MIN_MS;
  else if (link->refusals == 0 || link->refusals > REFUSALS_QUICK)
    link->backoff *= 2;
  if (link->backoff > BACKOFF_MAX_MS)
    link->backoff = BACKOFF_MAX_MS;
  link->due = wk_steady_ms() + link->backoff + link->backoff * spread / 262144;
  link->state = WAITING;
}

/* Says what the refusal means for the next index (protocol section 2): an
 * explicit one counts, a busy server or none at all does not. */
static void account(struct wk_link *link, int code) {
  if (link->state == CONNECTING &&
      (code == MQTTREASONCODE_BAD_USER_NAME_OR_PASSWORD ||
       code == MQTTREASONCODE_NOT_AUTHORIZED ||
       code == MQTTREASONCODE_BANNED)) {
    wk_client_refused(link->client);
    link->refusals++;
  }
}

static void start(struct wk_link *link) {
  struct wk_otp otp;
  struct wk_why why;
  char password[WK_PASSWORD_MAX + 1];
  if (wk_client_next(link->client, NULL, &otp, &why) != WK_OK) {
    wk_log(WK_LOG_ERROR, "no password: %s", why.text);
    give_up(link);
    return;
  }
  wk_otp_password(&otp, password);
  link->state = CONNECTING;
  link->proven = false;
  if (!paho_connect(link, password))
    give_up(link);
  wk_wipe(&otp, sizeof otp);
  wk_wipe(password, sizeof password);
}

static void subscribe_all(struct wk_link *link) {
  const struct wk_config *config = link->routes->config;
  link->state = SUBSCRIBING;
  for (size_t i = 0; i < config->subscribe_count; i++) {
    if (!paho_subscribe(link, config->subscribe[i])) {
      give_up(link);
      return;
    }
  }
}

/* Section 6.1. An X3 that is lost costs nothing: the next login tells. */
static void update_keys(struct wk_link *link) {
  uint8_t x3[WK_X3_LEN];
  char text[WK_B64_LEN(WK_X3_LEN) + 1];
  struct wk_why why;
  enum wk_err err = wk_client_update(link->client, link->key_update, x3, &why);
  while (err == WK_OK) {
    wk_b64_write(text, x3, sizeof x3);
    if (paho_publish(link, 0, link->routes->x3, text, strlen(text), false) !=
        WK_OK)
      return;
    wk_log(WK_LOG_NOTICE, "a key update was sent");
    err = wk_client_update(link->client, link->key_update, x3, &why);
  }
  if (err != WK_ERR_MISSING)
    wk_log(WK_LOG_ERROR, "no key update: %s", why.text);
}

static void go_online(struct wk_link *link) {
  if (paho_publish(link, 0, link->routes->state, "online", 6, true) != WK_OK) {
    give_up(link);
    return;
  }
  link->state = ONLINE;
  update_keys(link);
  link->backoff = 0;
  link->refusals = 0;
  link->connection++;
  wk_log(WK_LOG_NOTICE, "online at %s as %s", link->routes->config->broker,
         wk_client_id(link->client)->did);
}

static int until(const struct wk_link *link) {
  const int64_t left = link->due - wk_steady_ms();
  return left > 0 ? (int)left : 0;
}

/* What Paho's thread has told so far. */
struct told {
  bool connected;
  bool broken;
  int code;
  size_t granted;
  size_t x4s;
  uint8_t x4[LINK_X4S][WK_X4_LEN];
};

static struct told listen_to_paho(struct wk_link *link) {
  link_lock(link);
  struct told told = {.connected = link->connected,
                      .broken = link->broken,
                      .code = link->code,
                      .granted = link->granted,
                      .x4s = link->x4s};
  memcpy(told.x4, link->x4, sizeof told.x4);
  link->x4s = 0;
  link_unlock(link);
  return told;
}

/* True when it is an answer of the server that knows this device. One of an
 * earlier login may still have waited in the session: it is passed over. */
static bool proves(struct wk_link *link, const uint8_t x4[WK_X4_LEN]) {
  struct wk_reply reply;
  struct wk_why why;
  const enum wk_err err =
      wk_client_check(link->client, x4, WK_X4_LEN, &reply, &why);
  if (err == WK_OK && reply.status == WK_STATUS_REFUSED)
    wk_log(WK_LOG_WARNING, "the server did not take a key update");
  else if (err == WK_ERR_CHAIN)
    wk_log(WK_LOG_ERROR, "%s", why.text);
  else if (err != WK_OK)
    wk_log(WK_LOG_WARNING, "an X4 that is not for this login: %s", why.text);
  return err == WK_OK || err == WK_ERR_CHAIN;
}

/* Every X4 that came since the last step. */
static void hear(struct wk_link *link, const struct told *told) {
  bool heard = false;
  for (size_t i = 0; i < told->x4s; i++)
    heard = proves(link, told->x4[i]) || heard;
  if (heard && link->state == PROVING)
    link->proven = true;
  if (heard && link->state == ONLINE)
    update_keys(link);
}

static bool has_deadline(const struct wk_link *link) {
  return link->state == PROVING || link->state == SUBSCRIBING;
}

static void check_patience(struct wk_link *link) {
  if (!has_deadline(link) || until(link) > 0)
    return;
  wk_log(WK_LOG_ERROR, "%s",
         link->state == PROVING
             ? "the broker did not prove itself (no X4): it does not know this"
               " device, or is another one"
             : "the broker does not answer to a subscription");
  give_up(link);
}

static void advance(struct wk_link *link, const struct told *told) {
  /* The filters of the readings, and the one of X4 before them. */
  const size_t wanted = link->routes->config->subscribe_count + 1;
  if (link->state == WAITING) {
    if (until(link) == 0)
      start(link); /* what was told is of the connection before */
    return;
  }
  if (link->state == CONNECTING && told->connected) {
    link->state = PROVING; /* nobody has proven anything yet: X4 does */
    link->due = wk_steady_ms() + PROOF_MS;
    if (!paho_subscribe(link, link->routes->x4))
      give_up(link);
  }
  hear(link, told);
  if (link->state == PROVING && link->proven)
    subscribe_all(link);
  if (link->state == SUBSCRIBING && told->granted == wanted)
    go_online(link);
  check_patience(link);
}

int wk_link_step(struct wk_link *link) {
  uint64_t kicks = 0;
  (void)!read(link->fd, &kicks, sizeof kicks);
  const struct told told = listen_to_paho(link);
  if (told.broken && link->state != WAITING) {
    log_broken(link, told.code);
    account(link, told.code);
    give_up(link);
  } else {
    advance(link, &told);
  }
  return link->state == WAITING || has_deadline(link) ? until(link) : -1;
}

unsigned wk_link_online(const struct wk_link *link) {
  return link->state == ONLINE ? link->connection : 0;
}

enum wk_err wk_link_send(struct wk_link *link, const struct wk_post *post) {
  if (link->state != ONLINE)
    return WK_ERR_IO;
  return paho_publish(link, post->id, post->topic, post->payload, post->len,
                      false);
}

/* A post that the broker denied stays in the outbox: the next connection
 * tries it again, and nothing is lost if somebody corrects the broker. */
size_t wk_link_posted(struct wk_link *link, int64_t ids[WK_LINK_FLIGHTS]) {
  size_t count = 0;
  link_lock(link);
  for (size_t i = 0; i < WK_LINK_FLIGHTS; i++) {
    struct flight *flight = &link->flights[i];
    if (flight->state == ACKNOWLEDGED && flight->id != 0)
      ids[count++] = flight->id;
    else if (flight->state == FAILED && flight->code >= 0x80)
      wk_log(WK_LOG_ERROR, "the broker refused post %lld (reason 0x%02x)",
             (long long)flight->id, (unsigned)flight->code);
    if (flight->state == ACKNOWLEDGED || flight->state == FAILED)
      flight->state = FREE;
  }
  link_unlock(link);
  return count;
}

enum wk_err wk_link_new(struct wk_link **out, const struct wk_routes *routes,
                        struct wk_client *client, wk_link_arrived *arrived,
                        void *context, struct wk_why *why) {
  *out = NULL;
  struct wk_link *link = calloc(1, sizeof *link);
  if (!link)
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  link->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (link->fd < 0 || pthread_mutex_init(&link->mutex, NULL) != 0) {
    const enum wk_err err =
        wk_fail(why, WK_ERR_IO, "eventfd: %s", strerror(errno));
    if (link->fd >= 0)
      (void)close(link->fd);
    free(link);
    return err;
  }
  link->routes = routes;
  link->client = client;
  link->arrived = arrived;
  link->context = context;
  const char *name = routes->config->key_update;
  const enum wk_err known =
      wk_update_when_parse(&link->key_update, name ? name : "quarter");
  (void)known; /* the configuration was checked */
  *out = link;
  return WK_OK;
}

static bool in_flight(struct wk_link *link) {
  bool any = false;
  link_lock(link);
  for (size_t i = 0; i < WK_LINK_FLIGHTS; i++)
    any = any || link->flights[i].state == SENT;
  link_unlock(link);
  return any;
}

/* Paho has no flush: what was handed to it is on the wire when it was
 * acknowledged. */
static void farewell(struct wk_link *link) {
  struct pollfd wait = {.fd = link->fd, .events = POLLIN};
  uint64_t kicks = 0;
  link->due = wk_steady_ms() + FAREWELL_MS;
  if (paho_publish(link, 0, link->routes->state, "offline", 7, true) != WK_OK)
    return;
  while (in_flight(link) && until(link) > 0) {
    (void)poll(&wait, 1, until(link));
    (void)!read(link->fd, &kicks, sizeof kicks);
  }
}

int wk_link_fd(const struct wk_link *link) {
  return link->fd;
}

void wk_link_free(struct wk_link *link) {
  if (!link)
    return;
  if (link->state == ONLINE)
    farewell(link);
  paho_end(link);
  (void)pthread_mutex_destroy(&link->mutex);
  (void)close(link->fd);
  free(link);
}

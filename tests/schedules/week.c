/* SPDX-License-Identifier: Apache-2.0 */
/*
 * week [--seed N] [--devices N] - a week of a fleet, against the real server
 * and clients: losses, crashes, restarts, key updates and copied devices. At
 * its end every device logs in, or was copied and is refused for that.
 * Exit status 0: so it was.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <whitekey/random.h>
#include <whitekey/server.h>

#include "client_state.h"
#include "memory_store.h"
#include "seeded.h"

#define PATH "/"
#define NEW_PATH "/whitekey-in-memory"
#define BEGIN INT64_C(1790000000)
#define MINUTES (7u * 24u * 60u)
#define BETWEEN 360u /* minutes between a device's logins, on average */
#define CHAIN 2048u  /* a crash of the server costs each up to 2R */
#define TRIES 8u     /* a ladder, before a device waits for its next turn */
#define ATTEMPTS (2 * WK_SKIP_MAX + 2)

struct device {
  char did[WK_DID_MAX + 1];
  struct wk_client *client;
  struct wk_client *copy; /* NULL: there is none */
  enum wk_update_when when;
  bool alarmed;
};

struct week {
  uint64_t luck;
  int64_t now;
  struct wk_policy policy;
  struct wk_registry *registry;
  struct wk_server *server;
  struct device *device;
  uint32_t count;
  uint64_t logins, accepted, updates, crashes, copied, noticed, wrong;
};

static void need(bool true_now, const char *what) {
  if (true_now)
    return;
  (void)fprintf(stderr, "week: %s\n", what);
  abort();
}

static bool one_in(struct week *week, uint32_t n) {
  return seeded_below(&week->luck, n) == 0;
}

static uint32_t clock_of(void *context) {
  const struct week *week = context;
  return (uint32_t)week->now;
}

/* ---- a login ------------------------------------------------------------ */

static void judge(struct week *week, struct device *device,
                  const struct wk_verdict *verdict) {
  const bool lone = device->copy == NULL;
  if ((verdict->alarms & WK_ALARM_CLONE) != 0 && lone) {
    (void)printf("%s: called clone, and nobody copied it\n", device->did);
    week->wrong++;
  }
  if (verdict->alarms != 0 && !lone && !device->alarmed) {
    device->alarmed = true;
    week->noticed++;
  }
}

static void update_key(struct week *week, struct wk_client *client,
                       struct device *device, struct wk_accepted *session,
                       bool faults) {
  uint8_t x3[WK_X3_LEN];
  uint8_t x4[WK_X4_LEN];
  enum wk_status status = WK_STATUS_REFUSED;
  struct wk_reply reply;
  if (wk_client_update(client, device->when, x3, NULL) != WK_OK)
    return;
  week->updates++;
  if (faults && one_in(week, 10))
    return;
  if (wk_server_update(week->server, session, x3, WK_X3_LEN, week->now, x4,
                       &status) != WK_OK ||
      (faults && one_in(week, 10)))
    return;
  const enum wk_err err = wk_client_check(client, x4, WK_X4_LEN, &reply, NULL);
  (void)err; /* a stolen key is the copied devices' */
}

static void hear(struct week *week, struct wk_client *client,
                 struct device *device, struct wk_accepted *session,
                 bool faults) {
  uint8_t x4[WK_X4_LEN];
  struct wk_reply reply;
  wk_client_accepted(client);
  if (!(faults && one_in(week, 20)) &&
      wk_server_reply(week->server, session, week->now, WK_ROLE_C, x4) ==
          WK_OK) {
    const enum wk_err err =
        wk_client_check(client, x4, WK_X4_LEN, &reply, NULL);
    if (err == WK_ERR_CHAIN && !device->copy) {
      (void)printf("%s: told of a theft, and nobody copied it\n", device->did);
      week->wrong++;
    }
  }
  update_key(week, client, device, session, faults);
}

static bool login(struct week *week, struct wk_client *client,
                  struct device *device, bool faults) {
  struct wk_attempt attempt;
  struct wk_verdict verdict;
  struct wk_otp otp;
  memset(&attempt, 0, sizeof attempt);
  week->logins++;
  if (wk_client_next(client, NULL, &otp, NULL) != WK_OK ||
      (faults && one_in(week, 30)))
    return false;
  memcpy(attempt.did, device->did, sizeof attempt.did);
  memcpy(attempt.x1, otp.x1, WK_X1_LEN);
  attempt.x1_len = WK_X1_LEN;
  attempt.now = week->now;
  (void)wk_server_login(week->server, &week->policy, &attempt, &verdict);
  judge(week, device, &verdict);
  if (faults && one_in(week, 30))
    return false;
  if (verdict.reason == WK_REASON_OK) {
    week->accepted++;
    hear(week, client, device, &verdict.accepted, faults);
  } else if (verdict.reason != WK_REASON_STORE) {
    wk_client_refused(client);
  }
  return verdict.reason == WK_REASON_OK;
}

/* ---- a week ------------------------------------------------------------- */

static void restart(struct week *week, bool clean) {
  struct wk_why why;
  memory_store_outage(clean ? OUTAGE_NONE : OUTAGE_BEGIN);
  wk_server_close(week->server);
  memory_store_outage(OUTAGE_NONE);
  need(wk_server_open(&week->server, PATH, PATH, &why) == WK_OK,
       "the server does not start again");
  week->crashes += clean ? 0 : 1;
}

static struct wk_client *client_of(struct week *week,
                                   const struct wk_credential *credential) {
  struct wk_client *client = NULL;
  need(wk_client_new(&client, credential, clock_of, week) == WK_OK,
       "no client");
  return client;
}

static void crash_device(struct week *week, struct device *device) {
  struct wk_client *after = client_of(week, &device->client->credential);
  wk_client_free(device->client);
  device->client = after;
}

static void copy_device(struct week *week, struct device *device) {
  if (device->copy)
    return;
  device->copy = client_of(week, &device->client->credential);
  week->copied++;
}

static void live(struct week *week, struct device *device) {
  for (uint32_t i = 0; i < TRIES; i++)
    if (login(week, device->client, device, true))
      break;
  if (one_in(week, 100))
    crash_device(week, device);
  if (one_in(week, 3000))
    copy_device(week, device);
  if (device->copy && one_in(week, 2))
    (void)login(week, device->copy, device, true);
}

static void run(struct week *week) {
  for (uint32_t minute = 0; minute < MINUTES; minute++) {
    for (uint32_t i = 0; i < 1 + week->count / BETWEEN; i++)
      live(week, &week->device[seeded_below(&week->luck, week->count)]);
    if (one_in(week, 2)) {
      const enum wk_err err = wk_server_flush(week->server, NULL);
      (void)err; /* nothing to write */
    }
    if (one_in(week, 24 * 60))
      restart(week, one_in(week, 2));
    week->now += 60;
  }
}

/* Refusal is right where a copy was noticed. */
static void end(struct week *week, struct device *device) {
  for (uint32_t i = 0; i < ATTEMPTS; i++) {
    week->now++;
    if (login(week, device->client, device, false))
      return;
  }
  if (device->copy && device->alarmed)
    return;
  (void)printf("%s: %u logins without a fault are all refused\n", device->did,
               ATTEMPTS);
  week->wrong++;
}

/* ---- enrolment ---------------------------------------------------------- */

static void enrol(struct week *week, struct device *device, uint32_t number) {
  struct wk_credential credential;
  struct wk_enrolment enrolment;
  struct wk_why why;
  memset(&credential, 0, sizeof credential);
  memset(&enrolment, 0, sizeof enrolment);
  (void)snprintf(device->did, sizeof device->did, "d-%08" PRIu32, number);
  need(wk_id_init(&credential.id, wk_registry_realm(week->registry),
                  device->did, strlen(device->did)) == WK_OK,
       "no name");
  memcpy(enrolment.did, device->did, sizeof enrolment.did);
  wk_random(enrolment.bio_id, sizeof enrolment.bio_id);
  memcpy(credential.bio_id, enrolment.bio_id, WK_BIO_LEN);
  wk_credential_chain_new(&credential.c, CHAIN);
  wk_credential_anchor(enrolment.c.anchor, &credential.id, WK_ROLE_C,
                       &credential.c);
  enrolment.c.present = true;
  enrolment.c.n = CHAIN;
  credential.c.next = 1 + seeded_below(&week->luck, CHAIN * 3 / 4);
  need(wk_registry_enrol(week->registry, &enrolment, &credential.generation,
                         credential.ks, &why) == WK_OK,
       "no enrolment");
  device->when = one_in(week, 10) ? WK_UPDATE_SESSION : WK_UPDATE_QUARTER;
  device->client = client_of(week, &credential);
  wk_credential_wipe(&credential);
}

static void begin(struct week *week, uint64_t seed) {
  struct wk_why why;
  seeded_random(seed);
  week->luck = seed;
  week->now = BEGIN;
  wk_policy_init(&week->policy);
  week->device = calloc(week->count, sizeof *week->device);
  need(week->device != NULL, "out of memory");
  need(wk_registry_create(NEW_PATH, NEW_PATH, &why) == WK_OK &&
           wk_registry_open(&week->registry, PATH, PATH, &why) == WK_OK,
       "no registry");
  for (uint32_t i = 0; i < week->count; i++)
    enrol(week, &week->device[i], i);
  need(wk_server_open(&week->server, PATH, PATH, &why) == WK_OK, "no server");
}

static void clear(struct week *week) {
  for (uint32_t i = 0; i < week->count; i++) {
    wk_client_free(week->device[i].client);
    wk_client_free(week->device[i].copy);
  }
  free(week->device);
  wk_server_close(week->server);
  wk_registry_close(week->registry);
  memory_store_clear();
}

int main(int argc, char **argv) {
  static const struct option names[] = {
      {"seed", required_argument, NULL, 's'},
      {"devices", required_argument, NULL, 'd'},
      {NULL, 0, NULL, 0}};
  struct week week = {.count = 10000};
  uint64_t seed = 1;
  int found = 0;
  while ((found = getopt_long(argc, argv, "", names, NULL)) != -1) {
    if (found == 's')
      seed = strtoull(optarg, NULL, 10);
    else if (found == 'd')
      week.count = (uint32_t)strtoul(optarg, NULL, 10);
  }
  if (optind != argc || week.count == 0) {
    (void)fprintf(stderr, "Usage: week [--seed N] [--devices N]\n");
    return 2;
  }
  begin(&week, seed);
  run(&week);
  for (uint32_t i = 0; i < week.count; i++)
    end(&week, &week.device[i]);
  (void)printf("seed %" PRIu64 ": %u devices, %" PRIu64 " logins, %" PRIu64
               " accepted, %" PRIu64 " updates, %" PRIu64 " crashes, %" PRIu64
               " copied, %" PRIu64 " of them noticed, %" PRIu64 " wrong\n",
               seed, (unsigned)week.count, week.logins, week.accepted,
               week.updates, week.crashes, week.copied, week.noticed,
               week.wrong);
  clear(&week);
  return week.wrong == 0 ? 0 : 1;
}

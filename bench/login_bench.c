/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole-broker connects per second: ours beside its peers, in one run on one
 * machine. The peers take turns round by round, so that a machine whose speed
 * drifts slows them all; a ratio is the median of the rounds' ratios. No turn
 * begins before all brokers rest: ours wrote what was left, and every turn
 * finds the machine alike. All packets are made before a turn; every broker
 * logs alike, and none but ours checks topics, which no connect asks for.
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "broker.h"
#include "figures.h"
#include "fleet.h"
#include "flood.h"
#include "peers.h"

#define CONCURRENCY 64u
#define WINDOW_MS 300

enum kind { ANONYMOUS, YES, PASSWORD_FILE, DYNSEC, OURS };

struct entry {
  enum kind kind;
  enum wk_mqtt_version version;
  struct broker *broker;
  struct fleet *fleet; /* OURS only */
  struct figures *figures;
};

static struct settings {
  uint32_t devices[3];
  unsigned rounds;
  unsigned logins; /* a round and entry */
  const char *json;
} settings = {{1000, 100000, 1000000}, 31, 5000, "login.json"};

/* ---- peers -------------------------------------------------------------- */

static bool start_peer(struct entry *entry, const char *folder) {
  char config[1024];
  switch (entry->kind) {
  case ANONYMOUS:
    (void)snprintf(config, sizeof config, "allow_anonymous true\n");
    break;
  case YES:
    (void)snprintf(config, sizeof config, "plugin %s\n", BENCH_YES_PLUGIN);
    break;
  case PASSWORD_FILE:
    (void)snprintf(config, sizeof config, "password_file %s/passwd\n", folder);
    if (!peers_password_file(folder))
      return false;
    break;
  case DYNSEC:
    (void)snprintf(config, sizeof config,
                   "plugin %s\nplugin_opt_config_file %s/dynsec.json\n",
                   BENCH_DYNSEC, folder);
    if (!peers_dynsec(folder))
      return false;
    break;
  case OURS:
  default:
    (void)snprintf(config, sizeof config,
                   "plugin %s\nplugin_opt_registry %s\n"
                   "plugin_opt_master_key_file %s\n",
                   BENCH_PLUGIN, entry->fleet->db, entry->fleet->key);
    break;
  }
  return broker_start(entry->broker, folder, entry->figures->name, config);
}

/* ---- the run ------------------------------------------------------------ */

#define PASSWORD_FILE_ENTRY 3u
#define OURS_FIRST 5u
#define BROKERS 7u
#define ENTRIES 11u

struct run {
  char folder[64];
  struct fleet fleets[3];
  struct broker brokers[BROKERS];
  struct entry entries[ENTRIES];
  struct figures figures[ENTRIES]; /* of the entries, in their order */
  char names[6][40];
};

static double work_of_all(const struct run *run) {
  double work = 0;
  for (unsigned i = 0; i < BROKERS; i++)
    work += broker_work(&run->brokers[i]).all;
  return work;
}

/* Until no broker has anything left over to do. */
static void settle(const struct run *run) {
  const double idle = 3000; /* microseconds of all brokers, in WINDOW_MS */
  double before;
  double work = work_of_all(run);
  do {
    before = work;
    (void)usleep(WINDOW_MS * 1000);
    work = work_of_all(run);
  } while (work - before > idle);
}

/* ---- measuring ---------------------------------------------------------- */

static bool make_packets(struct entry *entry, struct load_packets *packets) {
  switch (entry->kind) {
  case OURS:
    return fleet_packets(entry->fleet, entry->version, settings.logins,
                         packets);
  case ANONYMOUS:
  case YES:
  case PASSWORD_FILE:
  case DYNSEC:
  default:
    return plain_packets(entry->version,
                         entry->kind == ANONYMOUS ? NULL : "user", PEER_USERS,
                         PEER_PASSWORD, settings.logins, packets);
  }
}

static double own_work(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static bool measure(struct run *run, struct entry *entry, unsigned round) {
  struct figures *figures = entry->figures;
  struct load_packets packets = {NULL, NULL, 0};
  struct load_stream stream = {.packets = &packets,
                               .concurrency = CONCURRENCY};
  bool done = make_packets(entry, &packets);
  const struct broker_work before = broker_work(entry->broker);
  const double load = own_work();
  done = done && load_run(entry->broker->port, &stream);
  if (done) {
    const double count = (double)settings.logins;
    figures->load[round] = (own_work() - load) / count;
    figures->loop[round] =
        (broker_work(entry->broker).loop - before.loop) / count;
    settle(run); /* all alike, though only ours writes afterwards */
    figures->all[round] =
        (broker_work(entry->broker).all - before.all) / count;
    figures->rate[round] = (double)stream.accepted / stream.seconds;
    figures->p50[round] = load_quantile(&stream, 0.50);
    figures->p99[round] = load_quantile(&stream, 0.99);
    figures->not_accepted += stream.refused + stream.failed;
  }
  free(stream.latencies);
  packets_free(&packets);
  return done;
}

/* ---- the run ------------------------------------------------------------ */

static void describe_peers(struct run *run) {
  static const struct {
    const char *name;
    enum kind kind;
    enum wk_mqtt_version version;
  } peers[OURS_FIRST] = {
      {"anonymous 3.1.1", ANONYMOUS, WK_MQTT_311},
      {"anonymous v5", ANONYMOUS, WK_MQTT_5},
      {"plugin that only says yes", YES, WK_MQTT_311},
      {"password_file", PASSWORD_FILE, WK_MQTT_311},
      {"dynamic-security", DYNSEC, WK_MQTT_311},
  };
  for (unsigned i = 0; i < OURS_FIRST; i++) {
    run->figures[i].name = peers[i].name;
    run->entries[i] = (struct entry){.kind = peers[i].kind,
                                     .version = peers[i].version,
                                     .broker = &run->brokers[peers[i].kind],
                                     .figures = &run->figures[i]};
  }
}

static void describe_ours(struct run *run) {
  for (unsigned i = 0; i < ENTRIES - OURS_FIRST; i++) {
    const unsigned size = i / 2;
    const enum wk_mqtt_version version = i % 2 == 0 ? WK_MQTT_311 : WK_MQTT_5;
    (void)snprintf(run->names[i], sizeof run->names[i], "whitekey %s %u",
                   version == WK_MQTT_311 ? "3.1.1" : "v5",
                   (unsigned)settings.devices[size]);
    run->figures[OURS_FIRST + i].name = run->names[i];
    run->entries[OURS_FIRST + i] =
        (struct entry){.kind = OURS,
                       .version = version,
                       .broker = &run->brokers[OURS + size],
                       .fleet = &run->fleets[size],
                       .figures = &run->figures[OURS_FIRST + i]};
  }
}

static void describe(struct run *run) {
  describe_peers(run);
  describe_ours(run);
  for (unsigned i = 0; i < ENTRIES; i++) {
    struct figures *figures = &run->figures[i];
    figures->rounds = settings.rounds;
    /* Of the same version of MQTT: version 5 costs more by itself. */
    figures->anonymous =
        &run->figures[run->entries[i].version == WK_MQTT_311 ? 0 : 1];
    figures->password = &run->figures[PASSWORD_FILE_ENTRY];
  }
}

static bool prepare(struct run *run) {
  struct wk_why why;
  const uint64_t all =
      (uint64_t)settings.rounds * settings.logins * 2 + FLOOD_LOGINS;
  for (unsigned i = 0; i < 3; i++) {
    (void)fprintf(stderr, "enrolling %u devices\n",
                  (unsigned)settings.devices[i]);
    const uint32_t depth = (uint32_t)(all / settings.devices[i]) + 2;
    if (fleet_make(&run->fleets[i], run->folder, settings.devices[i], depth,
                   &why) != WK_OK) {
      (void)fprintf(stderr, "%s\n", why.text);
      return false;
    }
  }
  for (unsigned i = 0; i < ENTRIES; i++) {
    if (run->entries[i].broker->pid == 0 &&
        !start_peer(&run->entries[i], run->folder))
      return false;
  }
  return true;
}

static bool measure_all(struct run *run) {
  settle(run);
  for (unsigned round = 0; round < settings.rounds; round++) {
    (void)fprintf(stderr, "round %u of %u\n", round + 1, settings.rounds);
    for (unsigned i = 0; i < ENTRIES; i++) {
      if (!measure(run, &run->entries[i], round))
        return false;
    }
  }
  return true;
}

static bool measure_flood(struct run *run, struct fleet_figures *of) {
  (void)fprintf(stderr, "floods\n");
  return flood_run(&of->anonymous, run->brokers[ANONYMOUS].port, NULL) &&
         flood_run(&of->ours, run->brokers[BROKERS - 1].port, &run->fleets[2]);
}

static bool report(struct run *run) {
  const struct broker *small = &run->brokers[OURS];
  const struct broker *large = &run->brokers[BROKERS - 1];
  struct fleet_figures of = {
      .devices = settings.devices[2],
      .start_seconds = large->start_seconds,
      .device_bytes =
          ((double)broker_memory(large) - (double)broker_memory(small)) /
          (double)(settings.devices[2] - settings.devices[0])};
  if (!measure_flood(run, &of))
    return false;
  figures_print(run->figures, ENTRIES, &of);
  if (!figures_write(settings.json, run->figures, ENTRIES, &of))
    return false;
  size_t refused = of.anonymous.not_accepted + of.ours.not_accepted;
  for (unsigned i = 0; i < ENTRIES; i++)
    refused += run->figures[i].not_accepted;
  if (refused > 0)
    (void)fprintf(stderr, "%zu valid logins were not accepted\n", refused);
  return refused == 0;
}

static error_t parse(int key, char *arg, struct argp_state *state) {
  const unsigned long value = arg ? strtoul(arg, NULL, 10) : 0;
  switch (key) {
  case 'd':
    if (value < 3000 || value > 4000000)
      argp_error(state, "--devices: 3000 to 4000000");
    settings.devices[2] = (uint32_t)value;
    settings.devices[1] = (uint32_t)value / 10;
    return 0;
  case 'r':
    if (value < 1 || value > ROUNDS_MAX)
      argp_error(state, "--rounds: 1 to %u", ROUNDS_MAX);
    settings.rounds = (unsigned)value;
    return 0;
  case 'l':
    if (value < 100 || value > 100000)
      argp_error(state, "--logins: 100 to 100000");
    settings.logins = (unsigned)value;
    return 0;
  case 'j':
    settings.json = arg;
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

int main(int argc, char **argv) {
  static const struct argp_option options[] = {
      {"devices", 'd', "N", 0, "The largest fleet (1000000)", 0},
      {"rounds", 'r', "N", 0, "Turns each peer takes (31)", 0},
      {"logins", 'l', "N", 0, "Logins a turn (5000)", 0},
      {"json", 'j', "FILE", 0, "Where the figures go (login.json)", 0},
      {0}};
  static const struct argp argp = {
      options,
      parse,
      NULL,
      "Connects per second of a whole broker: WhiteKey beside its peers.",
      NULL,
      NULL,
      NULL};
  static struct run run = {.folder = "/tmp/whitekey-bench-XXXXXX"};
  (void)argp_parse(&argp, argc, argv, 0, NULL, NULL);
  if (!mkdtemp(run.folder))
    return 1;
  describe(&run);
  const bool done = prepare(&run) && measure_all(&run) && report(&run);
  for (size_t i = 0; i < sizeof run.brokers / sizeof *run.brokers; i++)
    broker_stop(&run.brokers[i]);
  const char *const clean[] = {"rm", "-rf", run.folder, NULL};
  return broker_command(clean) && done ? 0 : 1;
}

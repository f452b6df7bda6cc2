/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole-broker connects per second: ours beside its peers, in one run on one
 * machine. The peers take turns round by round, so that a machine whose speed
 * drifts slows them all; a ratio is the median of the rounds' ratios.
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include <whitekey/file.h>

#include "broker.h"
#include "figures.h"
#include "fleet.h"

#define PEER_USERS 1000u /* of password_file and dynamic-security */
#define PEER_PASSWORD "correct horse battery"
#define CONCURRENCY 64u

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
} settings = {{1000, 100000, 1000000}, 7, 10000, "login.json"};

/* ---- peers -------------------------------------------------------------- */

/* mosquitto_passwd hashes a file of plain passwords in place. */
static bool make_password_file(const char *folder) {
  char path[256];
  (void)snprintf(path, sizeof path, "%s/passwd", folder);
  FILE *file = fopen(path, "w");
  if (!file)
    return false;
  for (unsigned i = 0; i < PEER_USERS; i++)
    (void)fprintf(file, "user%u:%s\n", i, PEER_PASSWORD);
  (void)fclose(file);
  const char *const hash[] = {"mosquitto_passwd", "-U", path, NULL};
  return broker_command(hash);
}

/* Every client is the admin's entry under another name. */
static bool write_dynsec(const char *path) {
  char *text = NULL;
  size_t len = 0;
  if (wk_file_read(&text, &len, path, 1000000, NULL) != WK_OK)
    return false;
  cJSON *tree = cJSON_Parse(text);
  free(text);
  cJSON *clients = cJSON_GetObjectItem(tree, "clients");
  const cJSON *admin = cJSON_GetArrayItem(clients, 0);
  for (unsigned i = 0; admin && i < PEER_USERS; i++) {
    char name[24];
    cJSON *copy = cJSON_Duplicate(admin, 1);
    (void)snprintf(name, sizeof name, "user%u", i);
    cJSON_ReplaceItemInObject(copy, "username", cJSON_CreateString(name));
    cJSON_DeleteItemFromObject(copy, "roles");
    cJSON_AddItemToArray(clients, copy);
  }
  text = cJSON_PrintUnformatted(tree);
  cJSON_Delete(tree);
  const bool done =
      admin && wk_file_replace(path, text, strlen(text), 0600, NULL) == WK_OK;
  free(text);
  return done;
}

static bool make_dynsec(const char *folder) {
  char path[256];
  (void)snprintf(path, sizeof path, "%s/dynsec.json", folder);
  const char *const init[] = {"mosquitto_ctrl", "dynsec",      "init", path,
                              "admin",          PEER_PASSWORD, NULL};
  return broker_command(init) && write_dynsec(path);
}

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
    if (!make_password_file(folder))
      return false;
    break;
  case DYNSEC:
    (void)snprintf(config, sizeof config,
                   "plugin %s\nplugin_opt_config_file %s/dynsec.json\n",
                   BENCH_DYNSEC, folder);
    if (!make_dynsec(folder))
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

/* ---- measuring ---------------------------------------------------------- */

static bool make_packets(struct entry *entry, struct load_packets *packets) {
  switch (entry->kind) {
  case OURS:
    return fleet_packets(entry->fleet, entry->version, settings.logins,
                         packets);
  case PASSWORD_FILE:
  case DYNSEC:
    return plain_packets("user", PEER_USERS, PEER_PASSWORD, settings.logins,
                         packets);
  case ANONYMOUS:
  case YES:
  default:
    return plain_packets(entry->kind == YES ? "user" : NULL, PEER_USERS,
                         PEER_PASSWORD, settings.logins, packets);
  }
}

static bool measure(struct entry *entry, unsigned round) {
  struct load_packets packets = {NULL, NULL, 0};
  struct load_stream stream = {.packets = &packets,
                               .concurrency = CONCURRENCY};
  const bool done = make_packets(entry, &packets) &&
                    load_run(entry->broker->port, &stream, 1);
  if (done) {
    entry->figures->rate[round] = (double)stream.accepted / stream.seconds;
    entry->figures->p50[round] = load_quantile(&stream, 0.50);
    entry->figures->p99[round] = load_quantile(&stream, 0.99);
    entry->figures->not_accepted += stream.refused + stream.failed;
  }
  free(stream.latencies);
  packets_free(&packets);
  return done;
}

/* Honest logins at a quiet pace; with rate, forged ones beside them. */
static bool honest_p99(struct entry *entry, double flood_rate, double *p99,
                       double *sent_rate) {
  struct load_packets honest = {NULL, NULL, 0};
  struct load_packets forged = {NULL, NULL, 0};
  struct load_stream streams[] = {
      {.packets = &honest, .rate = 500, .concurrency = CONCURRENCY},
      {.packets = &forged, .rate = flood_rate, .concurrency = CONCURRENCY},
  };
  const size_t flood = (size_t)(flood_rate * 4);
  bool done = fleet_packets(entry->fleet, WK_MQTT_311, 2000, &honest);
  if (flood > 0)
    done = done && fleet_forgeries(entry->fleet, flood, &forged);
  done = done && load_run(entry->broker->port, streams, flood > 0 ? 2 : 1);
  if (done) {
    *p99 = load_quantile(&streams[0], 0.99);
    entry->figures->not_accepted += streams[0].refused + streams[0].failed;
    *sent_rate =
        flood > 0 ? (double)streams[1].refused / streams[1].seconds : 0;
  }
  free(streams[0].latencies);
  free(streams[1].latencies);
  packets_free(&honest);
  packets_free(&forged);
  return done;
}

/* ---- the run ------------------------------------------------------------ */

#define OURS_FIRST 4u
#define ENTRIES 10u

struct run {
  char folder[64];
  struct fleet fleets[3];
  struct broker brokers[7];
  struct entry entries[ENTRIES];
  struct figures figures[ENTRIES]; /* of the entries, in their order */
  char names[6][40];
};

static void describe(struct run *run) {
  static const char *const peers[] = {"anonymous", "plugin that only says yes",
                                      "password_file", "dynamic-security"};
  for (unsigned i = 0; i < OURS_FIRST; i++) {
    run->figures[i].name = peers[i];
    run->entries[i] = (struct entry){.kind = (enum kind)i,
                                     .broker = &run->brokers[i],
                                     .figures = &run->figures[i]};
  }
  for (unsigned i = 0; i < 6; i++) {
    const unsigned size = i / 2;
    (void)snprintf(run->names[i], sizeof run->names[i], "whitekey %s %u",
                   i % 2 == 0 ? "3.1.1" : "v5",
                   (unsigned)settings.devices[size]);
    run->figures[OURS_FIRST + i].name = run->names[i];
    run->entries[OURS_FIRST + i] =
        (struct entry){.kind = OURS,
                       .version = i % 2 == 0 ? WK_MQTT_311 : WK_MQTT_5,
                       .broker = &run->brokers[OURS_FIRST + size],
                       .fleet = &run->fleets[size],
                       .figures = &run->figures[OURS_FIRST + i]};
  }
}

static bool prepare(struct run *run) {
  struct wk_why why;
  const uint64_t all = (uint64_t)settings.rounds * settings.logins * 2 + 8000;
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
  for (unsigned round = 0; round < settings.rounds; round++) {
    (void)fprintf(stderr, "round %u of %u\n", round + 1, settings.rounds);
    for (unsigned i = 0; i < ENTRIES; i++) {
      if (!measure(&run->entries[i], round))
        return false;
    }
  }
  return true;
}

static bool measure_flood(struct run *run, struct fleet_figures *of) {
  struct entry *most = &run->entries[ENTRIES - 2];
  double unused = 0;
  return honest_p99(most, 0, &of->quiet_p99, &unused) &&
         honest_p99(most, 20000, &of->flooded_p99, &of->forged_rate);
}

static bool report(struct run *run) {
  const struct broker *small = &run->brokers[4];
  const struct broker *large = &run->brokers[6];
  struct fleet_figures of = {
      .devices = settings.devices[2],
      .start_seconds = large->start_seconds,
      .device_bytes =
          ((double)broker_memory(large) - (double)broker_memory(small)) /
          (double)(settings.devices[2] - settings.devices[0])};
  if (!measure_flood(run, &of))
    return false;
  for (unsigned i = 0; i < ENTRIES; i++)
    run->figures[i].rounds = settings.rounds;
  figures_print(run->figures, ENTRIES, &of);
  if (!figures_write(settings.json, run->figures, ENTRIES, &of))
    return false;
  size_t refused = 0;
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
      {"rounds", 'r', "N", 0, "Turns each peer takes (7)", 0},
      {"logins", 'l', "N", 0, "Logins a turn (10000)", 0},
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent costs: one client publishes to itself, directly and through
 * whitekey-agent, in turns, at one broker with our plugin.
 */
#include <argp.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include <whitekey/client.h>
#include <whitekey/file.h>

#include "broker.h"
#include "echo.h"

#define ROUNDS_MAX 31u
#define WINDOW 100u
#define RATE_MIN 0.9       /* of the direct connection's */
#define ADDED_MAX_US 200.0 /* to its p99 */

static struct {
  unsigned rounds;
  size_t messages;
  size_t latencies;
  const char *json;
} settings = {9, 50000, 5000, "agent.json"};

struct way {
  const char *name;
  struct echo echo;
  double rate[ROUNDS_MAX], p50[ROUNDS_MAX], p99[ROUNDS_MAX];
};

/* ---- who takes part ----------------------------------------------------- */

struct stage {
  char folder[64];
  char direct[128]; /* credentials */
  char through[128];
  struct broker broker;
  pid_t agent;
  uint16_t agent_port;
  struct way ways[2];
};

static bool whitekey(const char *word, const char *did, const char *out) {
  const char *const argv[] = {BENCH_WHITEKEY,       word, did,
                              did ? "--out" : NULL, out,  NULL};
  return broker_command(argv);
}

static bool start_broker(struct stage *stage) {
  char config[512];
  char registry[96];
  char master[96];
  (void)snprintf(registry, sizeof registry, "%s/registry.db", stage->folder);
  (void)snprintf(master, sizeof master, "%s/master.key", stage->folder);
  (void)setenv("WHITEKEY_REGISTRY", registry, 1);
  (void)setenv("WHITEKEY_MASTER_KEY", master, 1);
  (void)snprintf(stage->direct, sizeof stage->direct, "%s/direct.json",
                 stage->folder);
  (void)snprintf(stage->through, sizeof stage->through, "%s/through.json",
                 stage->folder);
  (void)snprintf(config, sizeof config,
                 "plugin %s\nplugin_opt_registry %s\n"
                 "plugin_opt_master_key_file %s\nplugin_opt_acl off\n",
                 BENCH_PLUGIN, registry, master);
  return whitekey("init", NULL, NULL) &&
         whitekey("enrol", "direct", stage->direct) &&
         whitekey("enrol", "through", stage->through) &&
         broker_start(&stage->broker, stage->folder, "broker", config);
}

static pid_t spawn_agent(const char *config, const char *log) {
  const pid_t pid = fork();
  if (pid != 0)
    return pid;
  (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* ends with the bench */
  const int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (fd >= 0)
    (void)dup2(fd, STDERR_FILENO);
  execl(BENCH_AGENT, "whitekey-agent", "-c", config, (char *)NULL);
  _exit(127);
}

static bool start_agent(struct stage *stage) {
  char text[512];
  char path[96];
  char log[96];
  struct wk_why why;
  stage->agent_port = (uint16_t)(stage->broker.port ^ 1);
  (void)snprintf(path, sizeof path, "%s/agent.conf", stage->folder);
  (void)snprintf(log, sizeof log, "%s/agent.log", stage->folder);
  (void)snprintf(text, sizeof text,
                 "broker mqtt://127.0.0.1:%u\ncredential %s\n"
                 "listen 127.0.0.1:%u\n",
                 stage->broker.port, stage->through, stage->agent_port);
  if (wk_file_replace(path, text, strlen(text), 0600, &why) != WK_OK)
    return false;
  stage->agent = spawn_agent(path, log);
  return stage->agent > 0;
}

static bool open_direct(struct stage *stage) {
  struct wk_client *client = NULL;
  struct wk_otp otp;
  struct wk_why why;
  char password[WK_PASSWORD_MAX + 1];
  enum wk_err err =
      wk_client_open(&client, stage->direct, wk_clock_system, NULL, &why);
  if (err == WK_OK)
    err = wk_client_next(client, NULL, &otp, &why);
  wk_client_free(client);
  if (err != WK_OK)
    return false;
  wk_otp_password(&otp, password);
  return echo_open(&stage->ways[0].echo, stage->broker.port, "direct",
                   "direct", password);
}

static bool open_through(struct stage *stage) {
  for (int tries = 0; tries < 50; tries++) {
    if (echo_open(&stage->ways[1].echo, stage->agent_port, "through", NULL,
                  NULL))
      return true;
    echo_close(&stage->ways[1].echo);
    (void)usleep(100000); /* until the agent listens */
  }
  return false;
}

static bool open_stage(struct stage *stage) {
  return mkdtemp(stage->folder) && start_broker(stage) && start_agent(stage) &&
         open_direct(stage) && open_through(stage);
}

static bool close_stage(struct stage *stage) {
  const char *const clean[] = {"rm", "-rf", stage->folder, NULL};
  echo_close(&stage->ways[0].echo);
  echo_close(&stage->ways[1].echo);
  if (stage->agent > 0) {
    (void)kill(stage->agent, SIGTERM);
    (void)waitpid(stage->agent, NULL, 0);
  }
  broker_stop(&stage->broker);
  return broker_command(clean);
}

/* ---- measuring ---------------------------------------------------------- */

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a;
  const double y = *(const double *)b;
  return (x > y) - (x < y);
}

static double quantile(double *values, size_t count, double q) {
  qsort(values, count, sizeof *values, by_value);
  return values[(size_t)(q * (double)(count - 1))];
}

static double median(const double *values) {
  double copy[ROUNDS_MAX] = {0};
  memcpy(copy, values, settings.rounds * sizeof *copy);
  return quantile(copy, settings.rounds, 0.5);
}

static bool measure(struct way *way, unsigned round) {
  double *us = calloc(settings.latencies, sizeof *us);
  way->rate[round] = echo_rate(&way->echo, settings.messages, WINDOW);
  const bool done = us && way->rate[round] > 0 &&
                    echo_latencies(&way->echo, us, settings.latencies);
  if (done) {
    way->p50[round] = quantile(us, settings.latencies, 0.50);
    way->p99[round] = quantile(us, settings.latencies, 0.99);
  }
  free(us);
  return done;
}

static bool measure_all(struct stage *stage) {
  for (unsigned round = 0; round < settings.rounds; round++) {
    (void)fprintf(stderr, "round %u of %u\n", round + 1, settings.rounds);
    /* Who comes first changes. */
    if (!measure(&stage->ways[round % 2], round) ||
        !measure(&stage->ways[(round + 1) % 2], round))
      return false;
  }
  return true;
}

/* ---- telling ------------------------------------------------------------ */

static bool write_json(const struct stage *stage, double ratio, double added) {
  cJSON *json = cJSON_CreateObject();
  struct wk_why why;
  for (int i = 0; i < 2; i++) {
    const struct way *way = &stage->ways[i];
    cJSON *item = cJSON_AddObjectToObject(json, way->name);
    (void)cJSON_AddNumberToObject(item, "messages_per_second",
                                  median(way->rate));
    (void)cJSON_AddNumberToObject(item, "p50_us", median(way->p50));
    (void)cJSON_AddNumberToObject(item, "p99_us", median(way->p99));
  }
  (void)cJSON_AddNumberToObject(json, "throughput_of_direct", ratio);
  (void)cJSON_AddNumberToObject(json, "added_p99_us", added);
  char *text = cJSON_Print(json);
  const bool written =
      text &&
      wk_file_replace(settings.json, text, strlen(text), 0644, &why) == WK_OK;
  cJSON_free(text);
  cJSON_Delete(json);
  return written;
}

/* Round by round, so that a busy machine hits both alike. */
static bool report(const struct stage *stage) {
  const struct way *direct = &stage->ways[0];
  const struct way *through = &stage->ways[1];
  double ratios[ROUNDS_MAX] = {0};
  double added[ROUNDS_MAX] = {0};
  (void)printf("%-18s %12s %8s %8s\n", "", "messages/s", "p50 us", "p99 us");
  for (int i = 0; i < 2; i++) {
    const struct way *way = &stage->ways[i];
    (void)printf("%-18s %12.0f %8.1f %8.1f\n", way->name, median(way->rate),
                 median(way->p50), median(way->p99));
  }
  for (unsigned i = 0; i < settings.rounds; i++) {
    ratios[i] = through->rate[i] / direct->rate[i];
    added[i] = through->p99[i] - direct->p99[i];
  }
  const double ratio = median(ratios);
  const double more = median(added);
  (void)printf("\nthroughput %.2f of direct (at least %.1f), p99 %+.1f us "
               "(at most %+.0f)\n",
               ratio, RATE_MIN, more, ADDED_MAX_US);
  return write_json(stage, ratio, more) && ratio >= RATE_MIN &&
         more <= ADDED_MAX_US;
}

static error_t parse(int key, char *arg, struct argp_state *state) {
  const unsigned long value = arg ? strtoul(arg, NULL, 10) : 0;
  switch (key) {
  case 'r':
    if (value < 1 || value > ROUNDS_MAX)
      argp_error(state, "--rounds: 1 to %u", ROUNDS_MAX);
    settings.rounds = (unsigned)value;
    return 0;
  case 'm':
    if (value < 1000 || value > 10000000)
      argp_error(state, "--messages: 1000 to 10000000");
    settings.messages = value;
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
      {"rounds", 'r', "N", 0, "Turns each way takes (9)", 0},
      {"messages", 'm', "N", 0, "Messages a turn (50000)", 0},
      {"json", 'j', "FILE", 0, "Where the figures go (agent.json)", 0},
      {0}};
  static const struct argp argp = {
      options, parse,
      NULL,    "Messages through whitekey-agent beside a direct connection.",
      NULL,    NULL,
      NULL};
  static struct stage stage = {.folder = "/tmp/whitekey-bench-XXXXXX",
                               .ways = {{.name = "direct", .echo.fd = -1},
                                        {.name = "agent", .echo.fd = -1}}};
  (void)argp_parse(&argp, argc, argv, 0, NULL, NULL);
  bool done = open_stage(&stage) && measure_all(&stage);
  done = done && report(&stage);
  return close_stage(&stage) && done ? 0 : 1;
}

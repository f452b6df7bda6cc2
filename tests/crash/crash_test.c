/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crash_test - protocol section 7, proved by force: no accepted index is ever
 * accepted again. The real server runs on a disk that forgets (disk.h) and is
 * killed at a change of its files that a seed picks; the next server finds
 * what a power loss left, and is attacked with everything that was ever
 * accepted. See docs/durability.md.
 *
 *   crash_test [--runs N] [--seed S] [--lying-disk]
 *
 * Runs seeds S, S+1 .. S+N-1 and prints the seed of one that fails: repeat it
 * with --seed S --runs 1. With --lying-disk syncs do nothing, and the test
 * must fail: that is how we know that it would.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "world.h"

#define DEFAULT_RUNS 200u
#define NOW INT64_C(1790000000)

struct options {
  uint32_t runs;
  uint64_t seed;
  bool lying_disk;
};

/* ---- one run ------------------------------------------------------------ */

static void remove_files(const struct world *world) {
  static const char *const suffix[] = {"", "-wal", "-shm", "-journal",
                                       ".lock"};
  char path[128];
  for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
    (void)snprintf(path, sizeof path, "%s%s", world->db, suffix[i]);
    (void)unlink(path);
  }
  (void)unlink(world->key);
  (void)rmdir(world->folder);
}

/* True: it was killed, as planned. Any other end but success is a failure. */
static bool in_child(struct world *world, void (*body)(struct world *world)) {
  const pid_t child = fork();
  if (child == 0)
    body(world);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) {
    (void)snprintf(world->complaint, sizeof world->complaint, "no process");
    return false;
  }
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
    return true;
  if (status != 0 && world->complaint[0] == '\0')
    (void)snprintf(world->complaint, sizeof world->complaint,
                   "the server ended with wait status %d", status);
  return false;
}

/* When and how the next life ends. */
static void plan(struct world *world, bool last) {
  struct disk *disk = world->disk;
  const uint32_t end = last ? 0 : disk_random(disk, 10);
  disk->calls = 0;
  disk->kill_at = 0;
  disk->fault = DISK_WORKS;
  world->faulty = false;
  world->kill_close = end == 1;
  world->threaded = disk_random(disk, 40) == 0;
  if (end == 2 || end == 3)
    disk->kill_at = 1 + disk_random(disk, 16);
  else if (end > 3)
    disk->kill_at = 1 + disk_random(disk, 120);
}

static void live(struct world *world, bool last) {
  plan(world, last);
  const uint32_t kill_at = world->disk->kill_at;
  const bool killed = in_child(world, world_life);
  world->tally.lives++;
  world->tally.kills += killed;
  world->tally.kills_at_start += killed && kill_at > 0 && kill_at <= 16;
  if (disk_random(world->disk, 4) < (killed ? 3u : 1u)) {
    disk_power_loss(world->disk);
    world->tally.power_losses++;
  }
}

static bool run(struct world *world, const struct options *options,
                uint64_t seed) {
  const struct tally so_far = world->tally;
  struct disk *disk = disk_new(seed);
  if (!disk)
    return false;
  memset(world, 0, sizeof *world);
  world->tally = so_far;
  world->disk = disk;
  world->now = NOW;
  wk_policy_init(&world->policy);
  world->policy.on_clone_time = WK_ON_CLONE_ALARM;
  (void)snprintf(world->folder, sizeof world->folder, "/tmp/wk-crash-XXXXXX");
  if (!mkdtemp(world->folder))
    return false;
  (void)snprintf(world->db, sizeof world->db, "%s/registry.db", world->folder);
  (void)snprintf(world->key, sizeof world->key, "%s/master.key",
                 world->folder);
  (void)in_child(world, world_begin);
  disk_mount(disk, world->db);
  disk->lies = options->lying_disk;
  const uint32_t lives = 3 + disk_random(disk, 5);
  for (uint32_t i = 1; i <= lives && world->complaint[0] == '\0'; i++)
    live(world, i == lives);
  world->tally.runs++;
  remove_files(world);
  disk_free(disk);
  return world->complaint[0] == '\0';
}

/* ---- the program -------------------------------------------------------- */

static uint64_t number(const char *text) {
  char *end = NULL;
  const uint64_t value = strtoull(text, &end, 10);
  if (end == text || *end != '\0') {
    (void)fprintf(stderr, "crash_test: not a number: %s\n", text);
    exit(2);
  }
  return value;
}

static struct options parse(int argc, char **argv) {
  static const struct option known[] = {{"runs", required_argument, NULL, 'r'},
                                        {"seed", required_argument, NULL, 's'},
                                        {"lying-disk", no_argument, NULL, 'l'},
                                        {NULL, 0, NULL, 0}};
  struct options options = {.runs = DEFAULT_RUNS, .seed = 1};
  for (;;) {
    const int option = getopt_long(argc, argv, "", known, NULL);
    if (option == -1)
      return options;
    if (option == 'r')
      options.runs = (uint32_t)number(optarg);
    else if (option == 's')
      options.seed = number(optarg);
    else if (option == 'l')
      options.lying_disk = true;
    else
      exit(2);
  }
}

static void report(const struct tally *tally) {
  (void)printf("%u runs, %u lives: %u killed (%u at start), %u power losses, "
               "%u disk faults\n",
               tally->runs, tally->lives, tally->kills, tally->kills_at_start,
               tally->power_losses, tally->faults);
  (void)printf("%u logins accepted, %u honest ones refused, %u key updates\n",
               tally->accepted, tally->refused, tally->updates);
  (void)printf("%u replays and %u copies refused; none accepted twice; at "
               "most %u refusals until a device was in again\n",
               tally->replays, tally->copies, tally->worst);
}

int main(int argc, char **argv) {
  const struct options options = parse(argc, argv);
  void *memory = mmap(NULL, sizeof(struct world), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED || !device_cache())
    return EXIT_FAILURE;
  struct world *world = memory;
  for (uint32_t i = 0; i < options.runs; i++) {
    if (run(world, &options, options.seed + i))
      continue;
    (void)printf("seed %llu, life %u: %s\n",
                 (unsigned long long)(options.seed + i), world->tally.lives,
                 world->complaint);
    return EXIT_FAILURE;
  }
  report(&world->tally);
  return EXIT_SUCCESS;
}

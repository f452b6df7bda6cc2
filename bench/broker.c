/* SPDX-License-Identifier: Apache-2.0 */
#include "broker.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 60.0 /* seconds */

static double seconds(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct sockaddr_in loopback(uint16_t port) {
  return (struct sockaddr_in){.sin_family = AF_INET,
                              .sin_port = htons(port),
                              .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

static uint16_t free_port(void) {
  struct sockaddr_in address = loopback(0);
  socklen_t len = sizeof address;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const bool bound =
      bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
      getsockname(fd, (struct sockaddr *)&address, &len) == 0;
  (void)close(fd);
  return bound ? ntohs(address.sin_port) : 0;
}

static bool takes_connections(uint16_t port) {
  const struct sockaddr_in address = loopback(port);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const bool taken =
      connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
  (void)close(fd);
  return taken;
}

static bool write_config(const char *path, uint16_t port, const char *config) {
  FILE *file = fopen(path, "w");
  if (!file)
    return false;
  (void)fprintf(file,
                "listener %u 127.0.0.1\n%slog_type error\nlog_type warning\n"
                "log_dest stderr\npersistence false\nset_tcp_nodelay true\n%s",
                (unsigned)port, geteuid() == 0 ? "user root\n" : "", config);
  return fclose(file) == 0;
}

static pid_t spawn(const char *config, const char *log) {
  const pid_t pid = fork();
  if (pid != 0)
    return pid;
  (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* ends with the bench */
  const int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (fd >= 0) {
    (void)dup2(fd, STDOUT_FILENO);
    (void)dup2(fd, STDERR_FILENO);
  }
  execl(BENCH_MOSQUITTO, "mosquitto", "-c", config, (char *)NULL);
  _exit(127);
}

bool broker_command(const char *const argv[]) {
  int status = -1;
  const pid_t pid = fork();
  if (pid == 0) {
    const int null = open("/dev/null", O_RDWR);
    (void)dup2(null, STDOUT_FILENO);
    (void)dup2(null, STDERR_FILENO);
    union {
      const char *const *in;
      char *const *out; /* which execvp() leaves as they are */
    } words = {.in = argv};
    execvp(argv[0], words.out);
    _exit(127);
  }
  if (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0)
    return true;
  (void)fprintf(stderr, "%s failed\n", argv[0]);
  return false;
}

bool broker_start(struct broker *broker, const char *folder, const char *name,
                  const char *config) {
  char path[256];
  char log[256];
  (void)snprintf(path, sizeof path, "%s/%s.conf", folder, name);
  (void)snprintf(log, sizeof log, "%s/%s.log", folder, name);
  broker->port = free_port();
  if (broker->port == 0 || !write_config(path, broker->port, config))
    return false;
  const double begin = seconds();
  broker->pid = spawn(path, log);
  while (broker->pid > 0 && seconds() - begin < PATIENCE) {
    if (takes_connections(broker->port)) {
      broker->start_seconds = seconds() - begin;
      return true;
    }
    if (waitpid(broker->pid, NULL, WNOHANG) != 0)
      break;
    (void)usleep(2000);
  }
  (void)fprintf(stderr, "%s: the broker did not start: see %s\n", name, log);
  return false;
}

void broker_stop(struct broker *broker) {
  if (broker->pid <= 0)
    return;
  (void)kill(broker->pid, SIGTERM);
  (void)waitpid(broker->pid, NULL, 0);
  broker->pid = 0;
}

/* The first number of schedstat: nanoseconds on a processor. */
static double thread_work(const struct broker *broker, const char *thread) {
  char path[320];
  char text[64] = "";
  (void)snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat",
                 (int)broker->pid, thread);
  FILE *file = fopen(path, "r");
  if (!file)
    return 0; /* ended */
  const bool read = fgets(text, sizeof text, file) != NULL;
  (void)fclose(file);
  return read ? strtod(text, NULL) / 1e3 : 0;
}

struct broker_work broker_work(const struct broker *broker) {
  struct broker_work work = {0, 0};
  char path[64];
  (void)snprintf(path, sizeof path, "%d", (int)broker->pid);
  work.loop = thread_work(broker, path);
  (void)snprintf(path, sizeof path, "/proc/%d/task", (int)broker->pid);
  DIR *tasks = opendir(path);
  if (!tasks)
    return work;
  for (const struct dirent *task; (task = readdir(tasks));) {
    if (task->d_name[0] != '.')
      work.all += thread_work(broker, task->d_name);
  }
  (void)closedir(tasks);
  return work;
}

uint64_t broker_memory(const struct broker *broker) {
  char path[64];
  char line[128];
  (void)snprintf(path, sizeof path, "/proc/%d/statm", (int)broker->pid);
  FILE *file = fopen(path, "r");
  if (!file)
    return 0;
  const bool read = fgets(line, sizeof line, file) != NULL;
  (void)fclose(file);
  /* The second number: pages in memory. */
  const char *pages = read ? strchr(line, ' ') : NULL;
  return pages ? strtoull(pages, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE)
               : 0;
}

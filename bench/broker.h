/* SPDX-License-Identifier: Apache-2.0 */
/*
 * broker.h - a real Mosquitto for a measurement, on a free loopback port.
 */
#ifndef WHITEKEY_BENCH_BROKER_H
#define WHITEKEY_BENCH_BROKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct broker {
  pid_t pid;
  uint16_t port;
  double start_seconds; /* until it took a connection */
};

/*
 * Starts it with the configuration's last lines given; its log goes to
 * folder/name.log. False, and a line on standard error, when it does not come
 * up within a minute.
 */
bool broker_start(struct broker *broker, const char *folder, const char *name,
                  const char *config);

/* Runs a program found in PATH, ended by NULL, silently; true when it ends
 * with 0, else a line on standard error names it. */
bool broker_command(const char *const argv[]);

/* SIGTERM and wait; a broker that never started is nothing. */
void broker_stop(struct broker *broker);

/* Processor time since its start, in microseconds. */
struct broker_work {
  double loop; /* of the thread that serves clients */
  double all;  /* of all threads */
};
struct broker_work broker_work(const struct broker *broker);

/* Resident memory in bytes. */
uint64_t broker_memory(const struct broker *broker);

#endif

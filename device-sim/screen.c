/* SPDX-License-Identifier: Apache-2.0 */
#include "sim.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define TEXT_MAX 1024u
#define BAR_LEN 40u
#define MS_NS 1e6

/* What one write puts on the terminal. */
struct text {
  size_t len;
  unsigned lines;
  char bytes[TEXT_MAX];
};

static void add(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct text *text, const char *format, ...) {
  va_list args;
  va_start(args, format);
  const int len =
      vsnprintf(text->bytes + text->len, TEXT_MAX - text->len, format, args);
  va_end(args);
  text->len += len > 0 ? (size_t)len : 0;
  if (text->len >= TEXT_MAX)
    text->len = TEXT_MAX - 1;
}

static void end_line(struct text *text) {
  add(text, "\033[K\n");
  text->lines++;
}

static bool is_shown(const struct sim *sim) {
  const char *term = getenv("TERM");
  return !sim->options->quiet && term && strcmp(term, "dumb") != 0 &&
         isatty(STDERR_FILENO);
}

static const char *colour(const char *code) {
  return getenv("NO_COLOR") ? "" : code;
}

/* ---- lines -------------------------------------------------------------- */

static void add_bar(struct text *text, uint32_t part, uint32_t whole) {
  const size_t full = (size_t)part * BAR_LEN / whole;
  const bool all = part == whole;
  add(text, "online %7" PRIu32 " %s[", part, colour(all ? "\033[32m" : ""));
  for (size_t i = 0; i < BAR_LEN; i++)
    add(text, "%c", i < full ? '#' : '.');
  add(text, "]%s %3.0f %%", colour(all ? "\033[0m" : ""),
      100.0 * part / whole);
  end_line(text);
}

static void add_phases(struct text *text, const struct sim *sim) {
  const uint32_t *in = sim->in_phase;
  add(text,
      "waiting %" PRIu32 "  connecting %" PRIu32 "  asleep %" PRIu32
      "  cut off %" PRIu32 "  done %" PRIu32,
      in[PHASE_PAUSE] + in[PHASE_QUEUED],
      in[PHASE_OPENING] + in[PHASE_SECURING] + in[PHASE_GREETING],
      in[PHASE_ASLEEP], in[PHASE_CUT], in[PHASE_DONE]);
  end_line(text);
}

static void add_flow(struct text *text, const char *name, uint64_t count,
                     double rate, const struct hist *hist) {
  add(text, "%-8s %8" PRIu64 " %7.0f/s   p50 %7.1f  p99 %7.1f  max %7.1f ms",
      name, count, rate, (double)hist_quantile(hist, 500) / MS_NS,
      (double)hist_quantile(hist, 990) / MS_NS, (double)hist->max / MS_NS);
  end_line(text);
}

static void add_trouble(struct text *text, const struct sim *sim) {
  const struct stats *s = &sim->stats;
  struct rusage usage = {0};
  (void)getrusage(RUSAGE_SELF, &usage);
  add(text,
      "%s%" PRIu64 " refused%s  %" PRIu64 " unanswered  %" PRIu64
      " lost  %" PRIu64 " gave up  %ld MiB",
      colour(s->refused ? "\033[31m" : ""), s->refused,
      colour(s->refused ? "\033[0m" : ""), s->unanswered, s->disconnects,
      s->gave_up, usage.ru_maxrss / 1024);
  end_line(text);
}

static void add_fleet(struct text *text, const struct sim *sim) {
  const struct stats *s = &sim->stats;
  const struct screen *screen = &sim->screen;
  const uint64_t seconds = (sim->now - s->started) / SECOND_NS;
  add(text,
      "%" PRIu32 " devices at %s port %u, seed %" PRIu64 "   %" PRIu64
      ":%02" PRIu64 ":%02" PRIu64,
      sim->options->devices, sim->options->host, sim->options->port,
      sim->options->seed, seconds / 3600, seconds / 60 % 60, seconds % 60);
  end_line(text);
  add_bar(text, sim_online(sim), sim->options->devices);
  add_phases(text, sim);
  add_flow(text, "logins", s->connects, screen->connect_rate, &s->connect);
  add_flow(text, "readings", s->acked, screen->acked_rate, &s->publish);
  add_trouble(text, sim);
}

/* Over a second at least: shorter ones jump about. */
static void measure(struct sim *sim) {
  struct screen *screen = &sim->screen;
  const struct stats *s = &sim->stats;
  if (sim->now - screen->since < SECOND_NS)
    return;
  const double seconds =
      (double)(sim->now - screen->since) / (double)SECOND_NS;
  screen->connect_rate = (double)(s->connects - screen->connects) / seconds;
  screen->acked_rate = (double)(s->acked - screen->acked) / seconds;
  screen->since = sim->now;
  screen->connects = s->connects;
  screen->acked = s->acked;
}

/* Lines that are too long for the terminal are cut off, not wrapped: what is
 * written over counts lines. */
void screen_show(struct sim *sim) {
  struct text text = {0};
  if (!is_shown(sim))
    return;
  measure(sim);
  if (sim->screen.lines > 0)
    add(&text, "\033[%uA", sim->screen.lines);
  add(&text, "\033[?7l\r");
  if (sim->stats.enrolled < sim->options->devices) {
    add(&text, "enrolled %" PRIu64 " of %" PRIu32 " devices",
        sim->stats.enrolled, sim->options->devices);
    end_line(&text);
  } else {
    add_fleet(&text, sim);
  }
  add(&text, "\033[?7h");
  sim->screen.lines = text.lines;
  (void)fputs(text.bytes, stderr);
}

void screen_clear(struct sim *sim) {
  if (sim->screen.lines > 0)
    (void)fprintf(stderr, "\033[%uA\033[J", sim->screen.lines);
  sim->screen.lines = 0;
}

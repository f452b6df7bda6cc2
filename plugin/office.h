/* SPDX-License-Identifier: Apache-2.0 */
/*
 * office.h - administration beside the broker's thread: requests wait in
 * line, a thread of the office's own works them off on a connection of its own
 * to the registry's file, as the command line does, and the broker's thread
 * fetches the answers. So no client waits for an operator's fsync. Whether the
 * device that asks may do so is looked up in the file, when its turn comes and
 * within every change: by then its rights may be gone.
 */
#ifndef WHITEKEY_PLUGIN_OFFICE_H
#define WHITEKEY_PLUGIN_OFFICE_H

#include <whitekey/audit.h>

#define WK_OFFICE_MAX 32u /* requests that wait, or whose answer does */

struct wk_office;

/*
 * Copies the paths; opens nothing and starts no thread before the first
 * request. audit must outlive it. NULL when out of memory.
 */
struct wk_office *wk_office_new(const char *registry, const char *master,
                                struct wk_audit *audit);

/* Ends the request at work; those that still wait are dropped unanswered. */
void wk_office_free(struct wk_office *office);

struct wk_request {
  char did[WK_DID_MAX + 1]; /* the device that asks */
  uint32_t generation;      /* which it was when it logged in */
  char *client_id;          /* and its connection, from there */
  char *address;            /* NULL: the broker knows none */
  char *text;               /* as it came, len bytes */
  size_t len;
  char *metrics;         /* at this moment, for getMetrics */
  char *answer;          /* NUL-terminated JSON; NULL: out of memory */
  struct wk_why refusal; /* why it, or a change of it, was refused; or empty */
  struct wk_request *next;
};

/* Copies asker's name, client_id, address and text; metrics goes over to it,
 * and to free(). NULL when out of memory. */
struct wk_request *wk_request_new(const struct wk_accepted *asker,
                                  const char *client_id, const char *address,
                                  const void *text, size_t len, char *metrics);

/* Wiped: an enrolment's answer holds the device's key. */
void wk_request_free(struct wk_request *request);

/* Queues it; false where it cannot: then it has its answer at once. */
bool wk_office_ask(struct wk_office *office, struct wk_request *request);

/* The next that is answered, the caller's to free; NULL: none yet. */
struct wk_request *wk_office_take(struct wk_office *office);

/* Waits until all are answered, but no longer than ms. */
void wk_office_wait(struct wk_office *office, int ms);

/* True while an answer of any office of this process was not taken; for any
 * thread. */
bool wk_office_answer_waits(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * device.h - an honest device by the letter of protocol sections 2 and 6, as
 * plain data in memory that outlives a killed process: its index counts as
 * spent before the message is given away.
 *
 * It opens one key update at a time. Seeds follow from names and counters, so
 * that a failing run can be repeated.
 */
#ifndef WK_TEST_DEVICE_H
#define WK_TEST_DEVICE_H

#include <whitekey/server.h>

#define DEVICE_TRIES (2u * WK_SKIP_MAX + 2u) /* I3: attempts to get in */

/* One chain and where its sender stands. */
struct sender {
  uint32_t epoch, n;
  uint32_t attempt; /* tells the seeds of one epoch apart */
  uint32_t next;    /* index of the next message */
  uint32_t skip;    /* after the next refusal: 1, 2, 4 .. R, then 1 */
  bool climbed;     /* R was reached since the last success */
};

struct line {
  bool present;
  struct sender now;
  struct sender fresh; /* while an update is open */
  bool updating;
  bool use_fresh; /* for the next message */
  uint32_t attempts;
};

struct device {
  struct wk_id id;
  uint32_t generation;
  uint8_t ks[WK_KS_LEN];
  uint8_t bio_id[WK_BIO_LEN];
  struct line c, d;
  bool open; /* a session stands; X3 may be sent in it */
  struct wk_accepted session;
};

/* What was sent, as the network saw it, and from where. */
struct sent {
  uint32_t device; /* the caller's number for it */
  struct wk_attempt attempt;
  struct sender c, d; /* next: the index it spends; d.n 0: there was no X2 */
};

/* Once, before any process forks: where computed chains are kept. */
bool device_cache(void);

/* Names it and makes chain C, and D if user is set; Ks is not there yet. */
void device_init(struct device *device, const uint8_t *realm, const char *did,
                 uint32_t n, bool user);
void device_enrolment(const struct device *device,
                      struct wk_enrolment *enrolment);

/* A login message at that time, its indices spent. False: a chain is over. */
bool device_send(struct device *device, int64_t now, struct sent *sent);

/*
 * A second message with the indices of one that was sent: what a copy of the
 * device would send.
 */
void device_copy(const struct device *device, const struct sent *model,
                 int64_t now, struct sent *sent);

/* What became of the last message; accepted: of an accepted one, else NULL. */
enum device_news { DEVICE_ACCEPTED, DEVICE_REFUSED, DEVICE_UNANSWERED };
void device_hear(struct device *device, enum device_news news,
                 const struct wk_accepted *accepted, bool x4_lost);

/* X3 for a role's chain in the open session; false: it cannot. */
bool device_update(struct device *device, enum wk_role role,
                   uint8_t x3[WK_X3_LEN]);

#endif

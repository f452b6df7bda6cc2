/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event.h - one audit event, small enough to queue, and its JSON line. Lines
 * are written by hand: a broker writes tens of thousands a second, and every
 * text in them is short printable ASCII by then.
 */
#ifndef WHITEKEY_REGISTRY_EVENT_H
#define WHITEKEY_REGISTRY_EVENT_H

#include <time.h>

#include <whitekey/audit.h>

#define WK_EVENT_TEXT 64u

struct wk_event {
  struct timespec time;
  const char *event;
  const char *reason; /* NULL: not a login */
  const char *method;
  const char *result; /* NULL: a login or an operator's act */
  char did[WK_DID_MAX + 1];
  char role[WK_ROLE_NAME_MAX + 1]; /* empty, as `by`: not told */
  char by[WK_DID_MAX + 1];         /* the device that asked for an act */
  char address[WK_EVENT_TEXT + 1];
  char client_id[WK_EVENT_TEXT + 1];
  uint32_t epoch, index; /* index 0: none */
  unsigned alarms;
  enum wk_evidence evidence;
  bool quarantined;
  bool late;      /* after its challenge's time */
  unsigned lines; /* of event "lost" */
  unsigned count; /* of event "throttle" */
};

/* Stamps the present time. */
void wk_event_init(struct wk_event *event, const char *name, const char *did);
void wk_event_act(struct wk_event *event, const struct wk_act *act);
void wk_event_login(struct wk_event *event, const struct wk_attempt *attempt,
                    const struct wk_verdict *verdict, const char *method,
                    const char *address);

void wk_event_note(struct wk_event *event, const struct wk_audit_note *note);

/* The line with its newline and a NUL; its length with the newline. */
size_t wk_event_line(char text[WK_AUDIT_LINE_MAX],
                     const struct wk_event *event);

#endif

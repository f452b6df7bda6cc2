/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.h - one JSON line per decision or administrative act, appended to
 * `<registry>.audit.jsonl` (mode 0600). schemas/audit-event.schema.json
 * describes a line.
 *
 * A short-lived program writes as it goes. A broker starts a writer: then an
 * event is copied into a queue of WK_AUDIT_QUEUE and nobody waits for a file.
 * What the queue or the file cannot take is counted, and told by the next line
 * that gets in (event "lost").
 */
#ifndef WHITEKEY_AUDIT_H
#define WHITEKEY_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include <whitekey/registry.h>

#define WK_AUDIT_LINE_MAX 1024u
#define WK_AUDIT_QUEUE 8192u /* events; about 2 MB */

struct wk_audit;

/* The audit file of the registry at `path`. WK_ERR_IO, WK_ERR_MEMORY. */
WK_MUST_CHECK enum wk_err wk_audit_open(struct wk_audit **audit,
                                        const char *registry_path,
                                        struct wk_why *why);

/* Writes what is queued. */
void wk_audit_close(struct wk_audit *audit);

/* From now on a thread of its own writes. WK_ERR_MEMORY: no thread. */
WK_MUST_CHECK enum wk_err wk_audit_start_writer(struct wk_audit *audit,
                                                struct wk_why *why);

/* False while the newest event could not be written; why names the file and
 * the cause. For any thread. */
bool wk_audit_healthy(struct wk_audit *audit, struct wk_why *why);

/* Events that the file did not get so far, also those that a "lost" line has
 * told of since. For any thread. */
uint64_t wk_audit_lost(struct wk_audit *audit);

/* After logrotate moved the file: goes on in a new one of the same name. */
void wk_audit_reopen(struct wk_audit *audit);

/*
 * A login decision: event "login". Texts may be NULL; they are cut at 64
 * characters, bytes outside printable ASCII are replaced. method: "password",
 * "WHITEKEY" .., a string that lives for ever.
 */
void wk_audit_login(struct wk_audit *audit, const struct wk_attempt *attempt,
                    const struct wk_verdict *verdict, const char *method,
                    const char *address);

/* The same line without its newline, for the alarm topic; its length. */
size_t wk_audit_login_line(char line[WK_AUDIT_LINE_MAX],
                           const struct wk_attempt *attempt,
                           const struct wk_verdict *verdict,
                           const char *method, const char *address);

/*
 * An operator's act: "init", "enrol", "enable", "disable", "revoke",
 * "release", "set-role" (a device's), "role-set" and "role-remove" (the role
 * itself). event is a string that lives for ever, the others may be NULL.
 */
struct wk_act {
  const char *event;
  const char *did;
  const char *role;
  const char *by; /* the device that asked for it through the broker */
};
void wk_audit_act(struct wk_audit *audit, const struct wk_act *act);

/* An act told by its name and device. */
void wk_audit_admin(struct wk_audit *audit, const char *event,
                    const char *did);

/*
 * What is neither a login nor an operator's act: the server's own events.
 * event, result: strings that live for ever. Texts may be NULL, index and
 * count 0: they do not apply.
 */
struct wk_audit_note {
  const char *event;  /* "update", "throttle", "store", "control" */
  const char *result; /* what became of it */
  const char *did, *address, *client_id;
  uint32_t epoch, index;
  unsigned count;
};
void wk_audit_note(struct wk_audit *audit, const struct wk_audit_note *note);

/* The same line without its newline, for the alarm topic; its length. */
size_t wk_audit_note_line(char line[WK_AUDIT_LINE_MAX],
                          const struct wk_audit_note *note);

/* Where wk_audit_open() would write; path holds len bytes. */
WK_MUST_CHECK enum wk_err wk_audit_path(char *path, size_t len,
                                        const char *registry_path,
                                        struct wk_why *why);

#endif

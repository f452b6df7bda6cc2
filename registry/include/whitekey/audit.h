/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.h - one JSON line per decision or administrative act, appended to
 * `<registry>.audit.jsonl` (mode 0600). schemas/audit-event.schema.json
 * describes a line. Appending is one write(2) of at most WK_AUDIT_LINE_MAX
 * bytes and never waits for a disk; a line that cannot be written is counted
 * and reported with the next one that can.
 */
#ifndef WHITEKEY_AUDIT_H
#define WHITEKEY_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include <whitekey/registry.h>

#define WK_AUDIT_LINE_MAX 1024u

struct wk_audit;

/* The audit file of the registry at `path`. WK_ERR_IO. */
WK_MUST_CHECK enum wk_err wk_audit_open(struct wk_audit **audit,
                                        const char *registry_path,
                                        struct wk_why *why);
void wk_audit_close(struct wk_audit *audit);

/* A login decision: event "login". Texts may be NULL; bytes outside printable
 * ASCII are replaced. method: "password", "WHITEKEY", ... */
void wk_audit_login(struct wk_audit *audit, const struct wk_attempt *attempt,
                    const struct wk_verdict *verdict, const char *method,
                    const char *address);

/* The same line without its newline, for the alarm topic; returns its length,
 * 0 when out of memory. */
size_t wk_audit_login_line(char line[WK_AUDIT_LINE_MAX],
                           const struct wk_attempt *attempt,
                           const struct wk_verdict *verdict,
                           const char *method, const char *address);

/* An operator's act: event "enrol", "enable", "disable", "revoke", "release",
 * "init". */
void wk_audit_admin(struct wk_audit *audit, const char *event,
                    const char *did);

/* Where wk_audit_open() would write; path holds len bytes. */
WK_MUST_CHECK enum wk_err wk_audit_path(char *path, size_t len,
                                        const char *registry_path,
                                        struct wk_why *why);

#endif

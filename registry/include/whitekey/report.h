/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h - devices and enrolments as JSON, the same on every border: the
 * command line's --json, the broker's $CONTROL topic, enrolment files.
 */
#ifndef WHITEKEY_REPORT_H
#define WHITEKEY_REPORT_H

#include <cjson/cJSON.h>

#include <whitekey/registry.h>

/* {"d_id", "state", "role", ..}; the caller's to delete. NULL: out of memory.
 */
cJSON *wk_device_json(const struct wk_device_info *info);

/* What wk_device_json() wrote. WK_ERR_MALFORMED; info is zeroed. */
WK_MUST_CHECK enum wk_err wk_device_read(struct wk_device_info *info,
                                         const cJSON *device,
                                         const char *where,
                                         struct wk_why *why);

/*
 * An enrolment as a device hands it over (schemas/enrolment.schema.json).
 * where names it in errors. WK_ERR_MALFORMED; device is zeroed.
 */
WK_MUST_CHECK enum wk_err wk_enrolment_read(struct wk_enrolment *device,
                                            const cJSON *enrolment,
                                            const char *where,
                                            struct wk_why *why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h - devices, roles and enrolments as JSON, the same on every border:
 * the command line's --json, the broker's $CONTROL topic, enrolment files.
 */
#ifndef WHITEKEY_REPORT_H
#define WHITEKEY_REPORT_H

#include <cjson/cJSON.h>

#include <whitekey/role.h>

/* {"d_id", "state", "role", ..}; the caller's to delete. NULL: out of memory.
 */
cJSON *wk_device_json(const struct wk_device_info *info);

/* What wk_device_json() wrote. WK_ERR_MALFORMED; info is zeroed. */
WK_MUST_CHECK enum wk_err wk_device_read(struct wk_device_info *info,
                                         const cJSON *device,
                                         const char *where,
                                         struct wk_why *why);

/* {"role", "publish": [..], "subscribe": [..]}; as wk_device_json(). */
cJSON *wk_role_json(const struct wk_topic_role *role);

/*
 * These three members; others are the caller's to judge. WK_ERR_MALFORMED,
 * and what wk_role_add() gives; role is zeroed.
 */
WK_MUST_CHECK enum wk_err wk_role_read(struct wk_topic_role *role,
                                       const cJSON *object, const char *where,
                                       struct wk_why *why);

/* An enrolment as the other function reads it; as wk_device_json(). */
cJSON *wk_enrolment_json(const struct wk_enrolment *device);

/*
 * An enrolment as a device hands it over (schemas/enrolment.schema.json).
 * where names it in errors. WK_ERR_MALFORMED; device is zeroed.
 */
WK_MUST_CHECK enum wk_err wk_enrolment_read(struct wk_enrolment *device,
                                            const cJSON *enrolment,
                                            const char *where,
                                            struct wk_why *why);

#endif

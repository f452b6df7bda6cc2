/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role.h - who may publish and subscribe what: named lists of topic filters,
 * kept in the registry. Each device has one role.
 *
 * In a filter %u stands for the device's name and %c for its MQTT client id.
 * A client id that holds a wildcard or a slash fits no filter with %c: it
 * would reach further than its own level.
 */
#ifndef WHITEKEY_ROLE_H
#define WHITEKEY_ROLE_H

#include <whitekey/registry.h>

#define WK_ROLE_FILTERS_MAX 4096u /* bytes of one list */
#define WK_ROLE_COUNT_MAX 255u    /* roles of a registry */

struct wk_topic_role {
  char name[WK_ROLE_NAME_MAX + 1];
  /* The filters, each followed by a newline. */
  char publish[WK_ROLE_FILTERS_MAX];
  char subscribe[WK_ROLE_FILTERS_MAX];
};

/*
 * Appends a filter to a list. WK_ERR_ARGUMENT: it is no filter, or one for
 * topics under whitekey/ or $CONTROL/whitekey/ that no role opens;
 * WK_ERR_SPACE: the list is full.
 */
WK_MUST_CHECK enum wk_err wk_role_add(char filters[WK_ROLE_FILTERS_MAX],
                                      const char *filter, struct wk_why *why);

/*
 * True when the filter, or the topic, is within one of the list's filters. A
 * '+' fits one level, '#' all that follow; neither fits a first level that
 * begins with '$'. client_id may be NULL: then %c fits nothing.
 */
bool wk_role_covers(const char filters[WK_ROLE_FILTERS_MAX],
                    const char *filter, const char *did,
                    const char *client_id);

/* WK_ERR_MISSING: no such role; role is zeroed. */
WK_MUST_CHECK enum wk_err wk_registry_role_get(struct wk_registry *registry,
                                               const char *name,
                                               struct wk_topic_role *role,
                                               struct wk_why *why);

/* Calls each() for every role by name; it returns false to stop early. */
WK_MUST_CHECK enum wk_err wk_registry_role_list(
    struct wk_registry *registry,
    bool (*each)(void *context, const struct wk_topic_role *role),
    void *context, struct wk_why *why);

/*
 * Makes a role or replaces its lists. WK_ERR_MALFORMED: the name, an alphabet
 * as devices' names; WK_ERR_SPACE: there are too many.
 */
WK_MUST_CHECK enum wk_err
wk_registry_role_set(struct wk_registry *registry,
                     const struct wk_topic_role *role, struct wk_why *why);

/*
 * WK_ERR_MISSING; WK_ERR_ARGUMENT: a device has it, or it is one that a
 * registry cannot be without.
 */
WK_MUST_CHECK enum wk_err wk_registry_role_remove(struct wk_registry *registry,
                                                  const char *name,
                                                  struct wk_why *why);

/* Gives a device a role. WK_ERR_MISSING: no such device, or no such role;
 * WK_ERR_ARGUMENT: it is revoked. */
WK_MUST_CHECK enum wk_err wk_registry_set_role(struct wk_registry *registry,
                                               const char *did,
                                               const char *role,
                                               struct wk_why *why);

#endif

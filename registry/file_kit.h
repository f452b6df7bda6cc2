/* SPDX-License-Identifier: Apache-2.0 */
/* file_kit.h - for tests: a registry's files in a folder of their own. */
#ifndef WHITEKEY_REGISTRY_FILE_KIT_H
#define WHITEKEY_REGISTRY_FILE_KIT_H

#include <whitekey/registry.h>

struct file_kit {
  char folder[64], db[96], key[96];
  struct wk_registry *registry; /* open, or NULL */
  struct wk_why why;
};
extern struct file_kit reg;

/* The files; reg_begin(): the registry is open, too. Afterwards all of it is
 * gone. */
void reg_make(void);
void reg_begin(void);
void reg_end(void);

void reg_open(struct wk_registry **registry);

/* A device without a user; first tells one enrolment from the next, role may
 * be "". */
WK_MUST_CHECK enum wk_err reg_enrol(struct wk_registry *registry,
                                    const char *did, uint8_t first,
                                    const char *role);

#endif

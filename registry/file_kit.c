/* SPDX-License-Identifier: Apache-2.0 */
#include "file_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <criterion/criterion.h>

struct file_kit reg;

void reg_open(struct wk_registry **registry) {
  cr_assert_eq(wk_registry_open(registry, reg.db, reg.key, &reg.why), WK_OK,
               "%s", reg.why.text);
}

void reg_make(void) {
  (void)snprintf(reg.folder, sizeof reg.folder, "/tmp/wk-registry-XXXXXX");
  cr_assert_not_null(mkdtemp(reg.folder));
  (void)snprintf(reg.db, sizeof reg.db, "%s/registry.db", reg.folder);
  (void)snprintf(reg.key, sizeof reg.key, "%s/master.key", reg.folder);
  cr_assert_eq(wk_registry_create(reg.db, reg.key, &reg.why), WK_OK, "%s",
               reg.why.text);
  reg.registry = NULL;
}

void reg_begin(void) {
  reg_make();
  reg_open(&reg.registry);
}

void reg_end(void) {
  char command[96];
  wk_registry_close(reg.registry);
  (void)snprintf(command, sizeof command, "rm -r '%s'", reg.folder);
  cr_assert_eq(system(command), 0);
}

enum wk_err reg_enrol(struct wk_registry *registry, const char *did,
                      uint8_t first, const char *role) {
  struct wk_enrolment device = {
      .c = {.present = true, .n = 256, .anchor = {first}}};
  uint32_t generation;
  uint8_t ks[WK_KS_LEN];
  (void)snprintf(device.did, sizeof device.did, "%s", did);
  (void)snprintf(device.role, sizeof device.role, "%s", role);
  return wk_registry_enrol(registry, &device, &generation, ks, &reg.why);
}

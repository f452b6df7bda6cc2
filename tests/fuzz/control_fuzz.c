/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request on $CONTROL/whitekey/v1, carried out on a registry with one
 * device: each input finds it as it was.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include <whitekey/file.h>
#include <whitekey/random.h>

#include "commands.h"
#include "fuzz.h"

#define REGISTRY_MAX (1024u * 1024)

static char folder[64];
static char path[96];
static char master[96];
static char audit_path[128];
static char *image; /* of the registry's file */
static size_t image_len;
static struct wk_registry *registry;
static struct wk_audit *audit;

static void remove_all(void) {
  static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
  char name[128];
  wk_audit_close(audit);
  wk_registry_close(registry);
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
    (void)unlink(name);
  }
  (void)unlink(audit_path);
  (void)unlink(master);
  (void)rmdir(folder);
  wk_file_wipe(image, image_len);
}

static void enrol(void) {
  struct wk_enrolment device = {.did = "thermo-1"};
  uint32_t generation = 0;
  uint8_t ks[WK_KS_LEN];
  wk_random(device.bio_id, sizeof device.bio_id);
  device.c.present = true;
  device.c.n = WK_CHAIN_ENROL_MIN;
  FUZZ_CHECK(wk_registry_enrol(registry, &device, &generation, ks, NULL) ==
             WK_OK);
}

/* Memory where there is some: a disk would be waited for at each change. */
static void make(void) {
  (void)snprintf(folder, sizeof folder, "%s/whitekey-fuzz.XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
  FUZZ_CHECK(mkdtemp(folder));
  (void)snprintf(path, sizeof path, "%s/registry.db", folder);
  (void)snprintf(master, sizeof master, "%s/master.key", folder);
  (void)atexit(remove_all);
  FUZZ_CHECK(wk_registry_create(path, master, NULL) == WK_OK);
  FUZZ_CHECK(wk_registry_open(&registry, path, master, NULL) == WK_OK);
  enrol();
  wk_registry_close(registry);
  registry = NULL;
  FUZZ_CHECK(wk_audit_path(audit_path, sizeof audit_path, path, NULL) ==
             WK_OK);
  FUZZ_CHECK(wk_file_read(&image, &image_len, path, REGISTRY_MAX, NULL) ==
             WK_OK);
}

/* One answer to each command; none is both done and refused. True: something
 * was done. */
static bool check(const char *answer) {
  cJSON *tree = cJSON_Parse(answer);
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(tree, "responses");
  const cJSON *response = NULL;
  bool any = false;
  FUZZ_CHECK(cJSON_IsArray(list));
  cJSON_ArrayForEach(response, list) {
    const bool done = cJSON_HasObjectItem(response, "data");
    FUZZ_CHECK(done != (bool)cJSON_HasObjectItem(response, "error"));
    any = any || done;
  }
  cJSON_Delete(tree);
  return any;
}

static void open_again(void) {
  wk_audit_close(audit);
  wk_registry_close(registry);
  (void)unlink(audit_path);
  FUZZ_CHECK(wk_file_replace(path, image, image_len, 0600, NULL) == WK_OK);
  FUZZ_CHECK(wk_registry_open(&registry, path, master, NULL) == WK_OK);
  FUZZ_CHECK(wk_audit_open(&audit, path, NULL) == WK_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static bool changed = true;
  if (!image)
    make();
  if (changed)
    open_again();
  const struct wk_commands commands = {.registry = registry,
                                       .audit = audit,
                                       .by = "admin-1",
                                       .metrics = "up 1\n"};
  char *answer = wk_commands_answer(&commands, (const char *)data, size);
  FUZZ_CHECK(answer);
  changed = check(answer);
  free(answer);
  return 0;
}

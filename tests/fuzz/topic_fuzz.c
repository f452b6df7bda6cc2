/* SPDX-License-Identifier: Apache-2.0 */
/* A topic or filter that a client names: nothing of the plugin's own is taken
 * for somebody else's. */
#include <string.h>

#include "fuzz.h"
#include "topics.h"

static bool is_own(const char *filter) {
  return strncmp(filter, "whitekey/", 9) == 0 ||
         strncmp(filter, "$CONTROL/whitekey/", 18) == 0;
}

static void check(const struct wk_topic *topic, const char *name) {
  struct wk_id id;
  static const uint8_t realm[WK_REALM_LEN];
  char again[WK_TOPIC_MAX];
  if (is_own(wk_topic_filter(name)))
    FUZZ_CHECK(topic->kind != WK_TOPIC_FOREIGN);
  if (topic->kind != WK_TOPIC_X3 && topic->kind != WK_TOPIC_X4)
    return;
  FUZZ_CHECK(wk_id_init(&id, realm, topic->did, strlen(topic->did)) == WK_OK);
  wk_topic_x4(again, topic->did);
  if (topic->kind == WK_TOPIC_X4)
    FUZZ_CHECK(strcmp(again, wk_topic_filter(name)) == 0);
  for (int a = WK_ACCESS_READ; a <= WK_ACCESS_SUBSCRIBE; a++)
    FUZZ_CHECK(wk_topic_answer(topic, (enum wk_access)a, NULL) ==
               WK_ANSWER_DENY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct wk_topic topic;
  char *name = malloc(size + 1);
  if (!name)
    return 0;
  memcpy(name, data, size);
  name[size] = '\0';
  wk_topic_parse(&topic, name);
  FUZZ_CHECK(memchr(topic.did, '\0', sizeof topic.did));
  check(&topic, name);
  free(name);
  return 0;
}

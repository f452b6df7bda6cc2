/* SPDX-License-Identifier: Apache-2.0 */
/* An enrolment, as a device hands it over and $CONTROL carries it; and what
 * $CONTROL says of devices and roles. */
#include <string.h>

#include <whitekey/json.h>
#include <whitekey/report.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct wk_enrolment device;
  struct wk_device_info info;
  struct wk_topic_role role;
  struct wk_why why;
  cJSON *tree = NULL;
  if (wk_json_parse(&tree, (const char *)data, size, "f", &why) != WK_OK)
    return 0;
  if (wk_enrolment_read(&device, tree, "f", &why) == WK_OK) {
    FUZZ_CHECK(device.c.present);
    FUZZ_CHECK(device.c.n >= WK_CHAIN_ENROL_MIN);
    FUZZ_CHECK(device.c.n <= WK_CHAIN_LEN_MAX);
    FUZZ_CHECK(memchr(device.did, '\0', sizeof device.did));
  } else {
    FUZZ_CHECK(!device.c.present && !device.d.present);
  }
  if (wk_device_read(&info, tree, "f", &why) == WK_OK)
    FUZZ_CHECK(info.state <= WK_DEVICE_REVOKED);
  if (wk_role_read(&role, tree, "f", &why) == WK_OK)
    FUZZ_CHECK(memchr(role.publish, '\0', sizeof role.publish));
  else
    FUZZ_CHECK(role.name[0] == '\0');
  cJSON_Delete(tree);
  return 0;
}

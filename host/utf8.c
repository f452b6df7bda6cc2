/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/utf8.h>

#include <stdint.h>

/* How many continuation bytes follow, and the least code point they may
 * form: a longer form than needed is no UTF-8. */
static size_t utf8_lead(uint8_t lead, uint32_t *bits, uint32_t *least) {
  if (lead >= 0xc2 && lead <= 0xdf) {
    *bits = lead & 0x1fu;
    *least = 0x80;
    return 1;
  }
  if (lead >= 0xe0 && lead <= 0xef) {
    *bits = lead & 0x0fu;
    *least = 0x800;
    return 2;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    *bits = lead & 0x07u;
    *least = 0x10000;
    return 3;
  }
  return 0;
}

bool wk_utf8_valid(const char *text, size_t len) {
  for (size_t i = 0; i < len; i++) {
    uint32_t point = 0;
    uint32_t least = 0;
    const uint8_t lead = (uint8_t)text[i];
    if (lead < 0x80)
      continue;
    const size_t more = utf8_lead(lead, &point, &least);
    if (more == 0 || more >= len - i)
      return false;
    for (size_t j = 0; j < more; j++) {
      const uint8_t next = (uint8_t)text[++i];
      if ((next & 0xc0u) != 0x80)
        return false;
      point = (point << 6) | (next & 0x3fu);
    }
    if (point < least || point > 0x10ffff ||
        (point >= 0xd800 && point <= 0xdfff))
      return false;
  }
  return true;
}

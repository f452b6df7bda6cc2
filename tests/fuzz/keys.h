/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h - the device of the second case of tests/vectors/protocol-1.json:
 * its messages open, so a mutation gets as far as a peer with keys would.
 */
#ifndef WHITEKEY_FUZZ_KEYS_H
#define WHITEKEY_FUZZ_KEYS_H

#include <string.h>

#include <whitekey/msg.h>

#include "fuzz.h"

static const uint8_t fuzz_realm[WK_REALM_LEN] = {
    0xbb, 0x09, 0xca, 0xfb, 0x04, 0xda, 0x9a, 0x41,
    0x86, 0x85, 0xfc, 0xb9, 0x88, 0xc9, 0x15, 0x60};
static const uint8_t fuzz_kx[WK_KX_LEN] = {0xfc, 0x9a, 0x0b, 0xd7, 0x7e, 0xc2,
                                           0xc3, 0xd4, 0xa2, 0xe1, 0x4d, 0x91,
                                           0x99, 0x44, 0x36, 0x06};

static inline void fuzz_id(struct wk_id *id) {
  FUZZ_CHECK(wk_id_init(id, fuzz_realm, "thermo-1", 8) == WK_OK);
}

#endif

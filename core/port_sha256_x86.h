/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port_sha256_x86.h - SHA-256 by the instructions that x86 processors have for
 * it (since 2016 AMD's, since 2019 Intel's). For the host's port alone.
 */
#ifndef WHITEKEY_CORE_PORT_SHA256_X86_H
#define WHITEKEY_CORE_PORT_SHA256_X86_H

#include <stdbool.h>

#include <whitekey/port.h>

/* True when this processor has them. */
bool wk_sha256_x86_present(void);

/* As wk_port_sha256(); only where they are present. */
void wk_sha256_x86(uint8_t out[WK_HASH_LEN], const struct wk_span *parts,
                   size_t count);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random.h - bytes from the kernel's generator (getrandom(2)). Cannot fail:
 * a system without entropy must not make keys, so it aborts.
 */
#ifndef WHITEKEY_RANDOM_H
#define WHITEKEY_RANDOM_H

#include <stddef.h>

void wk_random(void *out, size_t len);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vectors.h - tests/vectors/protocol-1.json for unit tests. Whatever is not
 * there, or not as it should be, fails the test.
 */
#ifndef WHITEKEY_VECTORS_H
#define WHITEKEY_VECTORS_H

#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

/* A suite's .init and .fini. */
void vectors_load(void);
void vectors_unload(void);

/* The list of cases, while they are loaded. */
const cJSON *vectors_cases(void);

const cJSON *vectors_get(const cJSON *object, const char *key);
uint32_t vectors_num(const cJSON *object, const char *key);

/* Decodes hex into out; returns the length. */
size_t vectors_hex(uint8_t *out, size_t cap, const cJSON *object,
                   const char *key);

#endif

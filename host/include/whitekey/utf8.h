/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.h - is it text? MQTT's names and JSON are UTF-8. */
#ifndef WHITEKEY_UTF8_H
#define WHITEKEY_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* True for valid UTF-8 (RFC 3629) of exactly len bytes. */
bool wk_utf8_valid(const char *text, size_t len);

#endif

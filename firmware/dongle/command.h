/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.h - what the host may ask, byte by byte: docs/dongle.md.
 */
#ifndef WHITEKEY_DONGLE_COMMAND_H
#define WHITEKEY_DONGLE_COMMAND_H

#include <stdint.h>

#include "frame.h"

/*
 * Obeys a request of len bytes, at least one. The reply takes its place; gives
 * the reply's length.
 */
uint8_t wk_command(uint8_t content[WK_FRAME_MAX], uint8_t len);

#endif

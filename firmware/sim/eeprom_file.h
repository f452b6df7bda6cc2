/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eeprom_file.h - a file that is the simulated chip's EEPROM: each of the
 * chip's writes is in it at once, so that ending this program in any way is
 * what a power failure is to the chip.
 */
#ifndef WHITEKEY_SIM_EEPROM_FILE_H
#define WHITEKEY_SIM_EEPROM_FILE_H

#include <stdint.h>

#include <whitekey/why.h>

/*
 * Maps the file, which is made with mode 0600, erased, where there is none.
 * WK_ERR_IO; WK_ERR_CORRUPT: another size; WK_ERR_BUSY: another chip has it.
 */
WK_MUST_CHECK enum wk_err eeprom_file_open(uint8_t **cells, const char *path,
                                           struct wk_why *why);
void eeprom_file_close(uint8_t *cells); /* NULL is nothing to do */

#endif

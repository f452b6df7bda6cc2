/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uart.h - the serial line to the host: 57600 baud, 8 bits, no parity.
 */
#ifndef WHITEKEY_DONGLE_UART_H
#define WHITEKEY_DONGLE_UART_H

#include <stdbool.h>
#include <stdint.h>

/* received is called for each byte, in the interrupt. */
void wk_uart_init(void (*received)(uint8_t byte));

/* Waits until the line is free. */
void wk_uart_send(uint8_t byte);

/* On hold its interrupt is off: what comes beyond two bytes is lost. */
void wk_uart_hold(bool hold);

#endif

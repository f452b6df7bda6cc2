/* SPDX-License-Identifier: Apache-2.0 */
#include "uart.h"

#include <avr/interrupt.h>
#include <avr/io.h>

/* 16 MHz / 8 / (34 + 1) = 57143 baud: 0.8 % slow. */
#define DIVISOR 34u

static void (*on_byte)(uint8_t byte);

void wk_uart_init(void (*received)(uint8_t byte)) {
  on_byte = received;
  UCSR0A = _BV(U2X0); /* before the divisor: simavr looks once */
  UBRR0 = DIVISOR;
  UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
  UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
}

void wk_uart_send(uint8_t byte) {
  while ((UCSR0A & _BV(UDRE0)) == 0) {
  }
  UDR0 = byte;
}

void wk_uart_hold(bool hold) {
  if (hold)
    UCSR0B &= (uint8_t)~_BV(RXCIE0);
  else
    UCSR0B |= _BV(RXCIE0);
}

ISR(USART_RX_vect) {
  on_byte(UDR0);
}

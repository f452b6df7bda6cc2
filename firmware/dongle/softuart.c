/* SPDX-License-Identifier: Apache-2.0 */
#include "softuart.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>

#include "uart.h"

#define IN _BV(PD2)
#define OUT _BV(PD3)
#define BIT 278u      /* cycles */
#define BIT_TICKS 35u /* of timer 2, eight cycles each: 0.8 % slow */
#define HALF_TICKS 17u

/* From the edge to the timer's start, and from its end to the pin's reading.
 */
#define LATE_TICKS 7u

#define ROOM 32u /* a power of two */

static struct {
  volatile uint8_t head; /* where the next byte that comes is put */
  uint8_t tail;
  volatile bool broken;
  uint8_t bits; /* of the byte that is coming */
  uint8_t byte;
  uint16_t rounds; /* of timer 1 that are left */
  uint8_t ring[ROOM];
} line;

static void await_start_bit(void) {
  TCCR2B = 0;
  EIFR = _BV(INTF0);
  EIMSK = _BV(INT0);
}

/* The start bit's edge: the first bit's middle is a bit and a half later. */
ISR(INT0_vect) {
  TCNT2 = 0;
  GTCCR = _BV(PSRASY);
  TCCR2B = _BV(CS21);
  OCR2A = BIT_TICKS + HALF_TICKS - LATE_TICKS - 1;
  EIMSK = 0;
  line.bits = 0;
}

static void byte_ends(bool stop_bit) {
  const uint8_t head = line.head;
  const uint8_t next = (head + 1u) % ROOM;
  if (!stop_bit || next == line.tail)
    line.broken = true;
  line.ring[head] = line.byte;
  line.head = next;
  await_start_bit();
}

ISR(TIMER2_COMPA_vect) {
  const bool high = (PIND & IN) != 0;
  OCR2A = BIT_TICKS - 1;
  if (line.bits++ == 8) {
    byte_ends(high);
    return;
  }
  line.byte >>= 1;
  if (high)
    line.byte |= 0x80;
}

void wk_softuart_open(void) {
  wk_uart_hold(true);
  PORTD |= OUT | IN; /* idle is high; IN: pulled up, where no sensor is */
  DDRD |= OUT;
  EICRA = _BV(ISC01);  /* the falling edge */
  TCCR2A = _BV(WGM21); /* from zero to OCR2A */
  TIMSK2 = _BV(OCIE2A);
  await_start_bit();
}

void wk_softuart_close(void) {
  EIMSK = 0;
  TCCR2B = 0;
  wk_uart_hold(false);
}

void wk_softuart_send(uint8_t byte) {
  uint16_t bits = (uint16_t)(0x200u | (unsigned)byte << 1); /* stop .. start */
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
    uint16_t edge = TCNT1;
    for (uint8_t i = 0; i < 10; i++) {
      if ((bits & 1u) != 0)
        PORTD |= OUT;
      else
        PORTD &= (uint8_t)~OUT;
      bits >>= 1;
      edge += BIT;
      while ((int16_t)(TCNT1 - edge) < 0) {
      }
    }
  }
}

void wk_softuart_expect(uint16_t rounds) {
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
    line.tail = line.head;
    line.broken = false;
  }
  line.rounds = rounds;
  TIFR1 = _BV(TOV1);
}

static bool time_is_over(void) {
  if ((TIFR1 & _BV(TOV1)) == 0)
    return false;
  TIFR1 = _BV(TOV1);
  return --line.rounds == 0;
}

bool wk_softuart_get(uint8_t *byte) {
  while (line.tail == line.head) {
    if (time_is_over())
      return false;
  }
  *byte = line.ring[line.tail];
  line.tail = (line.tail + 1u) % ROOM;
  return !line.broken;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "serial.h"

#include <string.h>

#include <simavr/avr_uart.h>

#define UCSR0B 0xc1u
#define RXEN0 0x10u

static void from_chip(struct avr_irq_t *irq, uint32_t value, void *param) {
  struct wk_serial *s = param;
  (void)irq;
  s->sent++;
  if (value == 0xc0)
    s->end_at = s->avr->cycle;
  if (s->received < WK_SERIAL_ROOM)
    s->from_chip[s->received++] = (uint8_t)value;
}

/* simavr says `off` from within, when a byte fills its buffer. */
static void feed(struct wk_serial *s) {
  size_t sent = 0;
  while (s->ready && sent < s->queued)
    avr_raise_irq(s->input, s->to_chip[sent++]);
  s->queued -= sent;
  memmove(s->to_chip, s->to_chip + sent, s->queued);
}

static void on(struct avr_irq_t *irq, uint32_t value, void *param) {
  struct wk_serial *s = param;
  (void)irq;
  (void)value;
  s->ready = true;
  feed(s);
}

static void off(struct avr_irq_t *irq, uint32_t value, void *param) {
  struct wk_serial *s = param;
  (void)irq;
  (void)value;
  s->ready = false;
}

static avr_irq_t *uart(avr_t *avr, int index) {
  return avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), index);
}

void wk_serial_init(struct wk_serial *s, avr_t *avr) {
  uint32_t flags = 0; /* no sleeping, no printing */
  memset(s, 0, sizeof *s);
  avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
  s->avr = avr;
  s->input = uart(avr, UART_IRQ_INPUT);
  s->ready = true;
  avr_irq_register_notify(uart(avr, UART_IRQ_OUTPUT), from_chip, s);
  avr_irq_register_notify(uart(avr, UART_IRQ_OUT_XON), on, s);
  avr_irq_register_notify(uart(avr, UART_IRQ_OUT_XOFF), off, s);
}

bool wk_serial_listens(const struct wk_serial *s) {
  return (s->avr->data[UCSR0B] & RXEN0) != 0;
}

size_t wk_serial_send(struct wk_serial *s, const uint8_t *data, size_t len) {
  const size_t room = WK_SERIAL_ROOM - s->queued;
  const size_t taken = len < room ? len : room;
  memcpy(s->to_chip + s->queued, data, taken);
  s->queued += taken;
  feed(s);
  return taken;
}

size_t wk_serial_receive(struct wk_serial *s, uint8_t *out, size_t cap) {
  const size_t taken = s->received < cap ? s->received : cap;
  memcpy(out, s->from_chip, taken);
  s->received -= taken;
  memmove(s->from_chip, s->from_chip + taken, s->received);
  return taken;
}

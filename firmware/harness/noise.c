/* SPDX-License-Identifier: Apache-2.0 */
#include "noise.h"

#include <simavr/avr_adc.h>
#include <simavr/sim_cycle_timers.h>

enum { WDTCSR = 0x60, WDIE = 0x40, WDE = 0x08, WDT_VECTOR = 6 };
enum { OPEN_PIN = 5, MIDDLE_MV = 1650, STEP_MV = 4 };

#define PERIOD_US 16384u
#define JITTER 1024u /* cycles */

/* Knuth's MMIX generator; its high bits are good enough here. */
static uint32_t draw(struct wk_noise *n) {
  n->seed =
      n->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(n->seed >> 33);
}

static avr_cycle_count_t period(struct wk_noise *n) {
  const uint64_t exact = (uint64_t)PERIOD_US * n->avr->frequency / 1000000u;
  switch (n->drift) {
  case WK_DRIFT_FREE:
    return exact + draw(n) % JITTER;
  case WK_DRIFT_STUCK:
    return exact;
  case WK_DRIFT_BIASED:
    break;
  }
  static const int8_t detour[4] = {64, -64, 0, 0};
  return exact + (uint64_t)(int64_t)detour[n->ticks++ % 4];
}

static void raise_watchdog(avr_t *avr) {
  for (unsigned i = 0; i < avr->interrupts.vector_count; i++) {
    if (avr->interrupts.vector[i]->vector == WDT_VECTOR)
      avr_raise_interrupt(avr, avr->interrupts.vector[i]);
  }
}

static avr_cycle_count_t tick(avr_t *avr, avr_cycle_count_t when,
                              void *param) {
  avr->data[WDTCSR] = WDIE; /* simavr's model clears it, this chip does not */
  raise_watchdog(avr);
  return when + period(param);
}

static void control(struct avr_t *avr, avr_io_addr_t addr, uint8_t value,
                    void *param) {
  avr->data[addr] = value & (WDIE | WDE);
  if (avr->data[addr] == WDIE)
    avr_cycle_timer_register(avr, period(param), tick, param);
}

static void convert(struct avr_irq_t *irq, uint32_t value, void *param) {
  struct wk_noise *n = param;
  (void)irq;
  (void)value;
  const uint32_t steps = n->pin_stuck ? 0 : draw(n) % 32u;
  avr_raise_irq(n->pin, MIDDLE_MV + steps * STEP_MV);
}

void wk_noise_init(struct wk_noise *n, avr_t *avr) {
  n->avr = avr;
  n->pin = avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_ADC0 + OPEN_PIN);
  avr_irq_register_notify(
      avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_OUT_TRIGGER), convert,
      n);
  /* Not avr_register_io_write(): simavr's own model must not act as well. */
  avr->io[AVR_DATA_TO_IO(WDTCSR)].w.c = control;
  avr->io[AVR_DATA_TO_IO(WDTCSR)].w.param = n;
}

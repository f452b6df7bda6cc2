/* SPDX-License-Identifier: Apache-2.0 */
#include "chance.h"

#include <avr/interrupt.h>
#include <avr/io.h>

#include "pool.h"

#define WINDOW 512u
#define START 1024u /* samples of the start-up test */
#define OPEN_PIN 5u /* ADC5 is PC5 */
#define AT_ONCE 4u  /* samples for the pool */

/* For H bits a sample and false alarms of 2^-30: 1 + 30 / H alike in a row,
 * and 1 + the binomial quantile of 512 alike with 2^-H. */
#define OSCILLATOR_RUN 31u
#define OSCILLATOR_HITS 325u
#define PIN_RUN 301u
#define PIN_HITS 507u

static volatile uint8_t ticked;
static volatile bool has_ticked;

static struct {
  struct {
    uint8_t last;
    uint8_t first; /* of the window */
    uint16_t run;
    uint16_t hits;
    bool failed;
  } source[WK_SOURCES];
  uint16_t at;   /* in the window */
  uint16_t seen; /* samples, START at most */
  uint8_t kept[AT_ONCE][WK_SOURCES];
} self;

/* Short: it may come in the middle of a bit that is timed by software. */
ISR(WDT_vect) {
  ticked = TCNT1L;
  has_ticked = true;
}

void wk_chance_init(void) {
  MCUSR = 0;
  WDTCSR = _BV(WDCE) | _BV(WDE); /* opens it for four cycles */
  WDTCSR = _BV(WDIE);            /* 16 ms, no reset */
}

/* Against the supply, as others who convert do: a change needs time. */
static uint8_t read_pin(void) {
  ADMUX = _BV(REFS0) | OPEN_PIN;
  ADCSRA = _BV(ADEN) | _BV(ADSC) | _BV(ADPS2); /* 25 clocks of a MHz */
  while ((ADCSRA & _BV(ADSC)) != 0) {
  }
  ADCSRA = 0;
  return (uint8_t)ADC;
}

static void test(enum wk_source which, uint8_t sample, uint16_t run_max,
                 uint16_t hits_max) {
  const bool again = self.seen > 0 && sample == self.source[which].last;
  self.source[which].run = again ? self.source[which].run + 1 : 1;
  self.source[which].last = sample;
  if (self.at == 0) {
    self.source[which].first = sample;
    self.source[which].hits = 0;
  }
  if (sample == self.source[which].first)
    self.source[which].hits++;
  if (self.source[which].run >= run_max || self.source[which].hits >= hits_max)
    self.source[which].failed = true;
}

void wk_chance_work(void) {
  if (!has_ticked)
    return;
  const uint8_t oscillator = ticked;
  const uint8_t pin = read_pin();
  const uint8_t slot = (uint8_t)(self.at % AT_ONCE);
  has_ticked = false;
  test(WK_SOURCE_OSCILLATOR, oscillator, OSCILLATOR_RUN, OSCILLATOR_HITS);
  test(WK_SOURCE_PIN, pin, PIN_RUN, PIN_HITS);
  self.kept[slot][WK_SOURCE_OSCILLATOR] = oscillator;
  self.kept[slot][WK_SOURCE_PIN] = pin;
  self.at = (self.at + 1) % WINDOW;
  if (self.seen < START)
    self.seen++;
  if (slot == AT_ONCE - 1)
    wk_pool_add(self.kept, sizeof self.kept);
}

enum wk_health wk_chance_health(enum wk_source source) {
  if (self.source[source].failed)
    return WK_HEALTH_FAILED;
  return self.seen < START ? WK_HEALTH_TESTING : WK_HEALTH_GOOD;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dongle: answers the host, and in between does what it has to do.
 */
#include <avr/interrupt.h>
#include <avr/sleep.h>

#include "command.h"
#include "frame.h"
#include "pool.h"
#include "session.h"
#include "uart.h"

static bool answer_host(void) {
  uint8_t *content = NULL;
  uint8_t len = 0;
  if (!wk_frame_take(&content, &len))
    return false;
  wk_pool_add(NULL, 0); /* when it came is somewhat by chance */
  wk_frame_send(content, wk_command(content, len));
  return true;
}

/*
 * Idle until a byte comes. With interrupts off in between, so that a frame
 * whose last byte comes right now is not slept over: the instruction after
 * sei() is executed before any interrupt.
 */
static void wait_for_host(void) {
  cli();
  if (!wk_frame_is_whole()) {
    sleep_enable();
    sei();
    sleep_cpu();
    sleep_disable();
  }
  sei();
}

int main(void) {
  wk_pool_init();
  wk_uart_init(wk_frame_receive);
  wk_session_start();
  sei();
  for (;;) {
    if (!answer_host() && !wk_session_work())
      wait_for_host();
  }
}

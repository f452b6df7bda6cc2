/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dongle: answers the host, or is an MQTT client by itself, and in between
 * does what it has to do.
 */
#include <avr/interrupt.h>
#include <avr/sleep.h>

#include "chance.h"
#include "clock.h"
#include "command.h"
#include "frame.h"
#include "mqtt.h"
#include "packet.h"
#include "pool.h"
#include "session.h"
#include "uart.h"

static bool answer_host(void) {
  uint8_t *content = NULL;
  uint8_t len = 0;
  if (!wk_frame_take(&content, &len))
    return false;
  /* When it came is somewhat by chance, and nonces of the host's are. */
  wk_pool_add(content, len);
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

/* The clock wakes it, 4 ms late at most. */
static void wait_for_clock(void) {
  sleep_enable();
  sleep_cpu();
  sleep_disable();
}

static void serve_host(void) {
  for (;;) {
    wk_chance_work();
    while (wk_session_owes())
      (void)wk_session_work();
    if (!answer_host() && !wk_session_work())
      wait_for_host();
  }
}

static void be_client(void) {
  wk_clock_init();
  for (;;) {
    wk_chance_work();
    if (!wk_mqtt_work() && !wk_session_work())
      wait_for_clock();
  }
}

int main(void) {
  wk_pool_init();
  wk_chance_init();
  /* A device that speaks for itself has nobody to lay a finger on it. */
  const bool client = !WK_FINGER && wk_mqtt_is_wanted();
  wk_uart_init(client ? wk_packet_receive : wk_frame_receive);
  wk_session_start();
  sei();
  if (client)
    be_client();
  else
    serve_host();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * whitekey-dongle-sim: the dongle's real image on a simulated chip, behind a
 * serial port of its own.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <whitekey/log.h>
#include <whitekey/random.h>
#include <whitekey/steady.h>

#include "chip.h"
#include "kept.h"
#include "options.h"
#include "pty.h"
#include "report.h"

#define SLICE (WK_CHIP_HZ / 1000u * 2u)
#define BEHIND_MS 100

static volatile sig_atomic_t interrupted;
static volatile sig_atomic_t touches;

static void on_signal(int number) {
  if (number == SIGUSR1)
    touches++;
  else
    interrupted = 1;
}

static void catch_signals(void) {
  const struct sigaction action = {.sa_handler = on_signal};
  (void)sigaction(SIGINT, &action, NULL);
  (void)sigaction(SIGTERM, &action, NULL);
  (void)sigaction(SIGUSR1, &action, NULL);
}

/* A moment of the chip and of the world. */
struct moment {
  int64_t ms;
  uint64_t cycle;
};

/*
 * Between slices: a chip that is ahead of time waits. One that sleeps keeps
 * the time of day even where it works faster: it has time-outs. A machine too
 * slow for 16 MHz does not catch up.
 */
static void wait(struct wk_chip *chip, const struct pty *pty,
                 const struct options *options, struct moment *since) {
  const struct wk_serial *serial = wk_chip_serial(chip);
  const bool idle = wk_chip_sleeps(chip) && serial->queued == 0;
  const struct moment now = {wk_steady_ms(), wk_chip_avr(chip)->cycle};
  const uint64_t passed = now.cycle - since->cycle;
  const uint64_t a_ms = (uint64_t)WK_CHIP_HZ / 1000 * options->haste;
  const int64_t due = since->ms + (int64_t)(passed / a_ms);
  if ((options->fast && !idle) || due + BEHIND_MS < now.ms)
    *since = now;
  else if (due > now.ms)
    (void)pty_wait(pty, (int)(due - now.ms));
}

/* Each SIGUSR1 lifts the finger, or puts it there. */
static void touch(struct wk_chip *chip, const struct options *options) {
  const bool there = options->finger_there != (touches % 2 != 0);
  wk_chip_sensor(chip)->finger = there ? options->finger : WK_NO_FINGER;
}

static enum wk_err run(struct wk_chip *chip, const struct pty *pty,
                       const struct options *options, struct wk_why *why) {
  struct moment since = {wk_steady_ms(), wk_chip_avr(chip)->cycle};
  wk_chip_watch(chip, false);
  while (!interrupted) {
    touch(chip, options);
    if (wk_chip_run(chip, WK_NOWHERE, SLICE) == WK_END_FAULT)
      return wk_fail(why, WK_ERR_CORRUPT, "the firmware failed: %s",
                     wk_chip_fault(chip));
    pty_carry(pty, wk_chip_serial(chip));
    wait(chip, pty, options, &since);
  }
  return WK_OK;
}

static enum wk_err serve(const struct options *options, uint8_t *cells,
                         struct wk_sensor_memory *sensor, struct wk_why *why) {
  struct wk_chip *chip = NULL;
  struct pty pty;
  enum wk_err err = wk_chip_new(&chip, options->image, cells, sensor, why);
  if (err != WK_OK)
    return err;
  wk_random(&wk_chip_noise(chip)->seed, sizeof wk_chip_noise(chip)->seed);
  wk_chip_strap(chip, options->mqtt);
  err = pty_open(&pty, why);
  if (err == WK_OK) {
    printf("port %s\n", pty.name);
    (void)fflush(stdout);
    err = run(chip, &pty, options, why);
    report_print(chip, options->attended);
    pty_close(&pty);
  }
  wk_chip_free(chip);
  return err;
}

static enum wk_err serve_kept(const struct options *options,
                              struct wk_why *why) {
  struct kept eeprom = {"EEPROM", WK_EEPROM_LEN, 0xff, NULL};
  struct kept sensor = {"sensor", sizeof(struct wk_sensor_memory), 0, NULL};
  enum wk_err err = WK_OK;
  if (options->eeprom)
    err = kept_open(&eeprom, options->eeprom, why);
  if (err == WK_OK && options->sensor)
    err = kept_open(&sensor, options->sensor, why);
  if (err == WK_OK)
    err = serve(options, eeprom.bytes, sensor.bytes, why);
  kept_close(&sensor);
  kept_close(&eeprom);
  return err;
}

int main(int argc, char **argv) {
  struct options options;
  struct wk_why why;
  wk_log_init("whitekey-dongle-sim", WK_LOG_NOTICE, NULL);
  options_parse(&options, argc, argv);
  catch_signals();
  if (serve_kept(&options, &why) == WK_OK)
    return EXIT_SUCCESS;
  wk_log(WK_LOG_ERROR, "%s", why.text);
  return EXIT_FAILURE;
}

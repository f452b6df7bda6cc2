/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"

#include <string.h>

#include <whitekey/bytes.h>
#include <whitekey/steady.h>

#define INFO_MS 1000   /* nothing has to be done for it */
#define ANSWER_MS 4000 /* a sensor may have to be asked, that says nothing */
#define TRIES 4

void asking_init(struct asking *a, const char *port) {
  memset(a, 0, sizeof *a);
  a->serial.name = port;
  a->serial.fd = -1;
}

void asking_end(struct asking *a) {
  serial_close(&a->serial);
  wk_wipe(a, sizeof *a);
}

void asking_give_up(struct asking *a) {
  if (a->on_its_way)
    a->in_step = false;
  a->on_its_way = a->under_way = false;
  wk_wipe(a->content, sizeof a->content);
}

static void begin(struct asking *a, const struct question *q) {
  a->under_way = true;
  a->repeated = false;
  a->tries = 0;
  a->was_open = a->serial.fd >= 0;
  a->content[0] = (uint8_t)q->op;
  if (q->len > 0)
    memcpy(a->content + 1, q->payload, q->len);
  a->len = 1 + q->len;
}

/*
 * The question. A late answer to an earlier one of its kind would be taken
 * for the answer to this one: answers come in order, so where one may be on
 * its way the answer to `info` is awaited first.
 */
static enum wk_err send_next(struct asking *a, struct wk_why *why) {
  const uint8_t info = WK_LINE_INFO;
  if (a->serial.fd < 0) {
    const enum wk_err err = serial_open(&a->serial, why);
    if (err != WK_OK)
      return err;
    a->in_step = false;
  }
  a->awaited = a->in_step ? a->content[0] : info;
  a->until =
      wk_steady_ms() + (a->awaited == WK_LINE_INFO ? INFO_MS : ANSWER_MS);
  if (a->in_step)
    serial_put(&a->serial, a->content, a->len);
  else
    serial_put(&a->serial, &info, 1);
  a->on_its_way = true;
  return WK_OK;
}

/* Passes over what answers another question; *len is 0 where none came. */
static enum wk_err listen(struct asking *a, const uint8_t **content,
                          size_t *len, struct wk_why *why) {
  const enum wk_err err = serial_receive(&a->serial, content, len, why);
  if (*len < 2 || **content != (a->awaited | WK_LINE_REPLY))
    *len = 0;
  return err;
}

/* One exchange. WK_OK: it is over, *len is 0 where no answer came. */
static enum wk_err exchange(struct asking *a, const uint8_t **content,
                            size_t *len, struct wk_why *why) {
  enum wk_err err = WK_OK;
  *len = 0;
  if (!a->on_its_way)
    err = send_next(a, why);
  if (err == WK_OK)
    err = serial_send(&a->serial, why);
  if (err == WK_OK)
    err = listen(a, content, len, why);
  if (err == WK_OK && *len == 0) {
    if (wk_steady_ms() < a->until)
      return WK_ERR_AGAIN;
    if (serial_unsent(&a->serial))
      err = serial_lost(&a->serial, "does not take what is sent", why);
  }
  a->on_its_way = false;
  return err;
}

/* WK_OK: *len is 0 where the dongle says nothing. */
static enum wk_err go_on(struct asking *a, const uint8_t **content,
                         size_t *len, struct wk_why *why) {
  *len = 0;
  while (a->tries < TRIES) {
    const enum wk_err err = exchange(a, content, len, why);
    if (err == WK_ERR_AGAIN && a->no_wait)
      return err;
    if (err == WK_ERR_AGAIN) {
      serial_wait(&a->serial, a->until);
      continue;
    }
    const bool asked = a->in_step;
    a->in_step = *len > 0;
    if (asked && a->in_step)
      return WK_OK;
    if (a->in_step)
      continue; /* that was `info`: now the question */
    a->repeated = a->repeated || asked;
    /* It may have been pulled out and put back since the last question. */
    if (err != WK_OK && !a->was_open)
      return err;
    a->was_open = a->was_open && a->serial.fd >= 0;
    a->tries++;
  }
  return WK_OK;
}

enum wk_err asking_ask(struct asking *a, const struct question *q,
                       const uint8_t **content, size_t *len,
                       struct wk_why *why) {
  if (a->under_way && a->content[0] != q->op)
    asking_give_up(a);
  if (!a->under_way)
    begin(a, q);
  const enum wk_err err = go_on(a, content, len, why);
  if (err == WK_ERR_AGAIN)
    return wk_fail(why, err, "%s: the dongle has not answered yet",
                   a->serial.name);
  a->under_way = false;
  wk_wipe(a->content, sizeof a->content);
  if (err != WK_OK)
    return err;
  if (*len == 0)
    return wk_fail(why, WK_ERR_IO,
                   "%s: no answer: is there a dongle, and does it not speak "
                   "MQTT by itself?",
                   a->serial.name);
  ++*content;
  --*len;
  return WK_OK;
}

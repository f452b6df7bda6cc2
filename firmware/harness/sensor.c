/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor.h"

#include <string.h>

#include <simavr/avr_ioport.h>

#include <whitekey/bytes.h>

#define IN_PIN 3  /* of port D, what the chip sends */
#define OUT_PIN 2 /* what it receives */

/* Cycles before an answer: 5 ms. A real one takes a tenth of a second. */
#define THINKS 80000u

enum { COMMAND = 1, DATA = 2, ACK = 7, LAST_DATA = 8 };
enum { HEAD_LEN = 9, SUM_LEN = 2, COMMAND_MAX = 64 };

enum code {
  DONE = 0x00,
  BAD_PACKET = 0x01,
  NO_FINGER = 0x02,
  MESSY = 0x06,
  NOT_FOUND = 0x09,
  UNLIKE = 0x0a,
  BAD_PAGE = 0x0b,
  NO_TEMPLATE = 0x0c,
  WRONG_PASSWORD = 0x13,
  LOCKED = 0x21
};

static uint32_t next(uint32_t *chance) {
  *chance = *chance * UINT32_C(1664525) + UINT32_C(1013904223);
  return *chance >> 16;
}

void wk_sensor_template(uint8_t out[WK_SENSOR_TEMPLATE_LEN],
                        const struct wk_print *print) {
  uint32_t chance = print->birth * UINT32_C(2654435761) + print->finger;
  for (size_t i = 0; i < WK_SENSOR_TEMPLATE_LEN; i++)
    out[i] = (uint8_t)next(&chance);
}

/* Bit n of a byte, its start bit included, begins so late after the edge. */
static uint64_t half_bits(const struct wk_sensor *s, size_t n) {
  return (uint64_t)n * s->avr->frequency / (2u * s->baud);
}

static bool level_of(const struct wk_sensor *s, size_t bit) {
  const unsigned frame = 0x200u | (unsigned)s->out.data[bit / 10] << 1;
  return (frame >> bit % 10 & 1u) != 0;
}

static avr_cycle_count_t drive(avr_t *avr, avr_cycle_count_t when,
                               void *param) {
  struct wk_sensor *s = param;
  (void)avr;
  if (s->out.bit == 0)
    s->out.start = when;
  if (s->out.bit == 10 * s->out.len) {
    s->out.len = 0;
    s->out.end_at = when;
    return 0;
  }
  avr_raise_irq(s->to_chip, level_of(s, s->out.bit));
  s->out.bit++;
  return s->out.start + half_bits(s, 2 * s->out.bit);
}

static void put_packet(struct wk_sensor *s, uint8_t pid, const uint8_t *data,
                       size_t len) {
  uint8_t *at = s->out.data + s->out.len;
  const size_t said = len + SUM_LEN;
  uint16_t sum = 0;
  memcpy(at, "\xef\x01\xff\xff\xff\xff", 6);
  at[6] = pid;
  at[7] = (uint8_t)(said >> 8);
  at[8] = (uint8_t)said;
  memcpy(at + HEAD_LEN, data, len);
  for (size_t i = 6; i < HEAD_LEN + len; i++)
    sum = (uint16_t)(sum + at[i]);
  at[HEAD_LEN + len] = (uint8_t)(sum >> 8);
  at[HEAD_LEN + len + 1] = (uint8_t)sum;
  s->out.len += HEAD_LEN + len + SUM_LEN;
}

static enum code answer(struct wk_sensor *s, enum code code) {
  const uint8_t said = (uint8_t)code;
  put_packet(s, ACK, &said, 1);
  return code;
}

static struct wk_print *buffer(struct wk_sensor *s, uint8_t number) {
  return &s->buffer[number == 1 ? 0 : 1];
}

static struct wk_print *page(struct wk_sensor *s, const uint8_t at[2]) {
  const unsigned number = (unsigned)at[0] << 8 | at[1];
  return number < WK_SENSOR_PAGES ? &s->memory->page[number] : NULL;
}

static enum code take_image(const struct wk_sensor *s) {
  return s->finger == WK_NO_FINGER ? NO_FINGER : DONE;
}

static enum code convert(struct wk_sensor *s, uint8_t number) {
  if (s->finger == WK_NO_FINGER || s->finger == WK_SMUDGE)
    return MESSY;
  *buffer(s, number) = (struct wk_print){s->finger, 0};
  return DONE;
}

static void search(struct wk_sensor *s, const uint8_t *said) {
  uint8_t reply[] = {NOT_FOUND, 0, 0, 0, 0};
  const unsigned first = (unsigned)said[2] << 8 | said[3];
  const unsigned count = (unsigned)said[4] << 8 | said[5];
  for (unsigned i = first; i < first + count && i < WK_SENSOR_PAGES; i++) {
    if (reply[0] == DONE || s->memory->page[i].finger == WK_NO_FINGER ||
        s->memory->page[i].finger != buffer(s, said[1])->finger)
      continue;
    reply[0] = DONE;
    reply[2] = (uint8_t)i;
    reply[4] = 100; /* how well */
  }
  put_packet(s, ACK, reply, sizeof reply);
}

static enum code combine(struct wk_sensor *s) {
  if (s->buffer[0].finger != s->buffer[1].finger ||
      s->buffer[0].finger == WK_NO_FINGER)
    return UNLIKE;
  s->buffer[0].birth = s->buffer[1].birth = ++s->memory->births;
  return DONE;
}

static enum code store(struct wk_sensor *s, const uint8_t *said) {
  struct wk_print *to = page(s, said + 2);
  if (!to)
    return BAD_PAGE;
  *to = *buffer(s, said[1]);
  return DONE;
}

static enum code load(struct wk_sensor *s, const uint8_t *said) {
  const struct wk_print *from = page(s, said + 2);
  if (!from)
    return BAD_PAGE;
  if (from->finger == WK_NO_FINGER)
    return NO_TEMPLATE;
  *buffer(s, said[1]) = *from;
  return DONE;
}

static void upload(struct wk_sensor *s, uint8_t number) {
  uint8_t data[WK_SENSOR_TEMPLATE_LEN];
  wk_sensor_template(data, buffer(s, number));
  if (s->mood == WK_SENSOR_FICKLE)
    data[next(&s->chance) % sizeof data] ^= 1;
  (void)answer(s, DONE);
  for (size_t at = 0; at < sizeof data; at += s->packet)
    put_packet(s, at + s->packet < sizeof data ? DATA : LAST_DATA, data + at,
               s->packet);
}

static enum code erase(struct wk_sensor *s, const uint8_t *said) {
  const unsigned first = (unsigned)said[1] << 8 | said[2];
  const unsigned count = (unsigned)said[3] << 8 | said[4];
  if (first + count > WK_SENSOR_PAGES)
    return BAD_PAGE;
  memset(s->memory->page + first, 0, count * sizeof *s->memory->page);
  return DONE;
}

static enum code set_password(struct wk_sensor *s, const uint8_t *word) {
  memcpy(s->memory->password, word, sizeof s->memory->password);
  return DONE;
}

static enum code verify(struct wk_sensor *s, const uint8_t *word) {
  s->verified =
      wk_equal(word, s->memory->password, sizeof s->memory->password);
  return s->verified ? DONE : WRONG_PASSWORD;
}

static bool is_locked(const struct wk_sensor *s) {
  static const uint8_t none[sizeof s->memory->password];
  return !s->verified && !wk_equal(none, s->memory->password, sizeof none);
}

/* said: the instruction and its parameters, zeros behind them. */
static void obey(struct wk_sensor *s, const uint8_t *said) {
  if (said[0] != 0x13 && is_locked(s)) {
    (void)answer(s, LOCKED);
    return;
  }
  switch (said[0]) {
  case 0x01:
    (void)answer(s, take_image(s));
    break;
  case 0x02:
    (void)answer(s, convert(s, said[1]));
    break;
  case 0x04:
    search(s, said);
    break;
  case 0x05:
    (void)answer(s, combine(s));
    break;
  case 0x06:
    (void)answer(s, store(s, said));
    break;
  case 0x07:
    (void)answer(s, load(s, said));
    break;
  case 0x08:
    upload(s, said[1]);
    break;
  case 0x0c:
    (void)answer(s, erase(s, said));
    break;
  case 0x12:
    (void)answer(s, set_password(s, said + 1));
    break;
  case 0x13:
    (void)answer(s, verify(s, said + 1));
    break;
  default:
    (void)answer(s, BAD_PACKET);
  }
}

static void spoil(struct wk_sensor *s) {
  if (s->mood == WK_SENSOR_SILENT)
    s->out.len = 0;
  if (s->mood == WK_SENSOR_BENT && s->out.len > 0)
    s->out.data[s->out.len - SUM_LEN - 1] ^= 0x20;
  if (s->mood != WK_SENSOR_NOISY)
    return;
  for (size_t i = 0; i < s->out.len; i++)
    s->out.data[i] = (uint8_t)next(&s->chance);
}

/* A packet that is whole is obeyed; what is none is forgotten. */
static void take(struct wk_sensor *s, uint8_t byte) {
  static const uint8_t head[] = {0xef, 0x01, 0xff, 0xff, 0xff, 0xff, COMMAND};
  uint8_t *data = s->in.data;
  data[s->in.len++] = byte;
  const size_t known = s->in.len < sizeof head ? s->in.len : sizeof head;
  if (!wk_equal(data, head, known))
    s->in.len = 0;
  if (s->in.len < HEAD_LEN)
    return;
  const size_t whole = HEAD_LEN + (size_t)(data[7] << 8 | data[8]);
  if (whole > COMMAND_MAX || whole < HEAD_LEN + SUM_LEN + 1)
    s->in.len = 0;
  if (s->in.len < whole)
    return;
  uint16_t sum = (uint16_t)(data[whole - 2] << 8 | data[whole - 1]);
  for (size_t i = 6; i < whole - SUM_LEN; i++)
    sum = (uint16_t)(sum - data[i]);
  memset(data + whole - SUM_LEN, 0, COMMAND_MAX - (whole - SUM_LEN));
  s->in.len = s->out.len = s->out.bit = 0;
  if (sum != 0)
    (void)answer(s, BAD_PACKET);
  else
    obey(s, data + HEAD_LEN);
  spoil(s);
  if (s->out.len > 0)
    avr_cycle_timer_register(s->avr, THINKS, drive, s);
}

/* In the middle of each bit that follows the start bit. */
static avr_cycle_count_t sample(avr_t *avr, avr_cycle_count_t when,
                                void *param) {
  struct wk_sensor *s = param;
  (void)avr;
  (void)when;
  if (s->in.bits++ < 9) {
    s->in.byte = (uint8_t)(s->in.byte >> 1 | (s->in.level ? 0x80 : 0));
    return s->in.start + half_bits(s, 2u * s->in.bits + 1);
  }
  s->in.bits = 0;
  if (s->in.level) /* a stop bit */
    take(s, s->in.byte);
  else
    s->in.len = 0;
  return 0;
}

static void pin_changed(struct avr_irq_t *irq, uint32_t value, void *param) {
  struct wk_sensor *s = param;
  const bool high = (value & 0xffu) != 0;
  const bool edge = s->in.level && !high;
  (void)irq;
  s->in.level = high;
  if (!edge || s->in.bits > 0)
    return;
  s->in.bits = 1;
  s->in.start = s->avr->cycle;
  avr_cycle_timer_register(s->avr, half_bits(s, 3), sample, s);
}

void wk_sensor_new(struct wk_sensor *s, struct wk_sensor_memory *memory) {
  memset(s, 0, sizeof *s);
  s->memory = memory ? memory : &s->own;
  s->baud = WK_SENSOR_BAUD;
  s->packet = 128;
}

void wk_sensor_init(struct wk_sensor *s, avr_t *avr) {
  const uint32_t port = AVR_IOCTL_IOPORT_GETIRQ('D');
  s->avr = avr;
  s->verified = false;
  memset(s->buffer, 0, sizeof s->buffer);
  memset(&s->in, 0, sizeof s->in);
  memset(&s->out, 0, sizeof s->out);
  s->in.level = true;
  s->to_chip = avr_io_getirq(avr, port, OUT_PIN);
  avr_raise_irq(s->to_chip, 1);
  avr_irq_register_notify(avr_io_getirq(avr, port, IN_PIN), pin_changed, s);
}

void wk_sensor_change(struct wk_sensor *s, unsigned number) {
  if (number < WK_SENSOR_PAGES)
    s->memory->page[number].birth = ++s->memory->births;
}

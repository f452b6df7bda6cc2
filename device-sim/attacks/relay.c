/* SPDX-License-Identifier: Apache-2.0 */
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <whitekey/bytes.h>

#define CHUNK 4096u

/* ---- the relay's own thread --------------------------------------------- */

static void remember(struct relay *relay, const uint8_t *data, size_t len) {
  const size_t room = RELAY_HEARD_MAX - relay->len;
  const size_t kept = len < room ? len : room;
  memcpy(relay->heard + relay->len, data, kept);
  relay->len += kept;
}

static ssize_t hear(struct relay *relay, uint8_t *data) {
  const ssize_t got = relay->mask
                          ? mask_receive(relay->mask, data, CHUNK)
                          : recv(relay->victim, data, CHUNK, MSG_DONTWAIT);
  if (got > 0)
    remember(relay, data, (size_t)got);
  return got;
}

static bool tell(struct relay *relay, const uint8_t *data, size_t len) {
  const ssize_t sent = relay->mask
                           ? mask_send(relay->mask, data, len)
                           : send(relay->victim, data, len, MSG_NOSIGNAL);
  return sent == (ssize_t)len;
}

/* One step in one direction; false: that side is gone. */
static bool pass_up(struct relay *relay) {
  uint8_t data[CHUNK];
  const ssize_t got = hear(relay, data);
  return got > 0 ? peer_send(&relay->broker, data, (size_t)got)
                 : got < 0 && errno == EAGAIN;
}

static bool pass_down(struct relay *relay) {
  uint8_t data[CHUNK];
  const ssize_t got = peer_receive(&relay->broker, data, sizeof data);
  return got > 0 ? tell(relay, data, (size_t)got) : got < 0 && errno == EAGAIN;
}

/* True: it was halted; false: a side is gone. */
static bool pass_on(struct relay *relay) {
  struct pollfd poller[] = {{.fd = relay->halt[0], .events = POLLIN},
                            {.fd = relay->victim, .events = POLLIN},
                            {.fd = relay->broker.fd, .events = POLLIN}};
  bool both = true;
  while (both && poll(poller, 3, -1) > 0 && poller[0].revents == 0)
    both = (poller[1].revents == 0 || pass_up(relay)) &&
           (poller[2].revents == 0 || pass_down(relay));
  return both;
}

/* Who hangs up in the handshake is not passed on at all. */
static void *work(void *context) {
  struct relay *relay = context;
  relay->victim = peer_come(relay->listener);
  const bool stays =
      relay->victim >= 0 &&
      (!relay->mask || mask_put_on(relay->mask, relay->victim)) &&
      peer_open(&relay->broker, &relay->onwards) && pass_on(relay);
  if (relay->victim >= 0 && !stays)
    (void)shutdown(relay->victim, SHUT_RDWR);
  return NULL;
}

/* ---- its owner's side --------------------------------------------------- */

bool relay_open(struct relay *relay, const struct place *onwards,
                struct mask *mask) {
  *relay = (struct relay){.place = *onwards,
                          .onwards = *onwards,
                          .mask = mask,
                          .victim = -1,
                          .broker.fd = -1,
                          .halt = {-1, -1}};
  relay->listener = peer_listen(&relay->place);
  if (relay->listener >= 0 && pipe2(relay->halt, O_CLOEXEC) == 0 &&
      pthread_create(&relay->thread, NULL, work, relay) == 0)
    return true;
  relay_close(relay);
  return false;
}

void relay_halt(struct relay *relay) {
  (void)!write(relay->halt[1], "", 1);
  (void)pthread_join(relay->thread, NULL);
}

bool relay_heard(const struct relay *relay, const char *text) {
  return memmem(relay->heard, relay->len, text, strlen(text)) != NULL;
}

void relay_close(struct relay *relay) {
  const int mine[] = {relay->listener, relay->victim, relay->halt[0],
                      relay->halt[1]};
  peer_close(&relay->broker);
  for (size_t i = 0; i < sizeof mine / sizeof *mine; i++)
    if (mine[i] >= 0)
      (void)close(mine[i]);
  wk_wipe(relay->heard, sizeof relay->heard);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A token bucket for each address, in a table of sets like a cache. */
#include "throttle.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <whitekey/bytes.h>
#include <whitekey/random.h>

#define SETS 1024u /* a power of two */
#define WAYS 4u
#define ENTRIES (SETS * WAYS)
#define TOKEN_MS (1000 / (int64_t)WK_THROTTLE_RATE)
#define NETWORK_LEN 8u

struct network {
  uint8_t family; /* 4, 6, or 0 for what has no address */
  uint8_t bytes[NETWORK_LEN];
};

struct entry {
  struct network network;
  bool used;
  unsigned held;   /* not told yet */
  int64_t full_at; /* when the bucket is, or was, full again */
  int64_t told_at; /* when held was last told, or began */
};

struct wk_throttle {
  uint64_t seed; /* nobody chooses who shares a set */
  unsigned next; /* wk_throttle_due() goes on here */
  unsigned held; /* of all that were forgotten */
  struct entry entries[ENTRIES];
};

struct wk_throttle *wk_throttle_new(void) {
  struct wk_throttle *throttle = calloc(1, sizeof *throttle);
  if (throttle)
    wk_random(&throttle->seed, sizeof throttle->seed);
  return throttle;
}

void wk_throttle_free(struct wk_throttle *throttle) {
  free(throttle);
}

static void network_of(struct network *network, const char *address) {
  static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
  uint8_t bytes[16];
  memset(network, 0, sizeof *network);
  if (address && inet_pton(AF_INET, address, bytes) == 1) {
    network->family = 4;
    memcpy(network->bytes, bytes, 4);
  } else if (address && inet_pton(AF_INET6, address, bytes) == 1) {
    const bool v4 = wk_equal(bytes, mapped, sizeof mapped);
    network->family = v4 ? 4 : 6;
    memcpy(network->bytes, v4 ? bytes + 12 : bytes, v4 ? 4 : NETWORK_LEN);
  }
}

static void write_network(char text[WK_THROTTLE_TEXT],
                          const struct network *network) {
  uint8_t bytes[16] = {0};
  char address[INET6_ADDRSTRLEN] = "-";
  memcpy(bytes, network->bytes, NETWORK_LEN);
  if (network->family != 0)
    (void)inet_ntop(network->family == 4 ? AF_INET : AF_INET6, bytes, address,
                    sizeof address);
  (void)snprintf(text, WK_THROTTLE_TEXT, "%s%s", address,
                 network->family == 6 ? "/64" : "");
}

static struct entry *set_of(struct wk_throttle *throttle,
                            const struct network *network) {
  uint64_t h = throttle->seed ^ network->family;
  for (size_t i = 0; i < NETWORK_LEN; i++)
    h = (h ^ network->bytes[i]) * UINT64_C(0x100000001b3);
  return &throttle->entries[((h ^ h >> 32) & (SETS - 1)) * WAYS];
}

/* The address's entry, or a new one in place of the least guilty. */
static struct entry *entry_of(struct wk_throttle *throttle,
                              const struct network *network, int64_t now) {
  struct entry *set = set_of(throttle, network);
  struct entry *least = set;
  for (unsigned i = 0; i < WAYS; i++) {
    if (set[i].used && wk_equal(&set[i].network, network, sizeof *network))
      return &set[i];
    if (least->used && (!set[i].used || set[i].full_at < least->full_at))
      least = &set[i];
  }
  throttle->held += least->held;
  *least = (struct entry){.network = *network, .used = true, .full_at = now};
  return least;
}

enum wk_throttled wk_throttle_refusal(struct wk_throttle *throttle,
                                      const char *address, int64_t now) {
  struct network network;
  network_of(&network, address);
  struct entry *entry = entry_of(throttle, &network, now);
  if (entry->full_at < now)
    entry->full_at = now;
  if (entry->full_at - now <= TOKEN_MS * (int64_t)(WK_THROTTLE_BURST - 1)) {
    entry->full_at += TOKEN_MS;
    return WK_THROTTLE_PASS;
  }
  const bool begins =
      entry->held == 0 &&
      (entry->told_at == 0 || now - entry->told_at >= WK_THROTTLE_TELL_MS);
  if (begins)
    entry->told_at = now;
  entry->held++;
  return begins ? WK_THROTTLE_BEGIN : WK_THROTTLE_HOLD;
}

unsigned wk_throttle_due(struct wk_throttle *throttle, int64_t now,
                         char address[WK_THROTTLE_TEXT]) {
  for (; throttle->next < ENTRIES; throttle->next++) {
    struct entry *entry = &throttle->entries[throttle->next];
    const unsigned held = entry->held;
    if (held == 0 || now - entry->told_at < WK_THROTTLE_TELL_MS)
      continue;
    entry->held = 0;
    entry->told_at = now;
    write_network(address, &entry->network);
    return held;
  }
  const unsigned held = throttle->held;
  throttle->next = 0;
  throttle->held = 0;
  (void)snprintf(address, WK_THROTTLE_TEXT, "-");
  return held;
}

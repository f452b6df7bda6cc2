/* SPDX-License-Identifier: Apache-2.0 */
/* A session: the X4s of its login, key updates and their answers. */
#include <string.h>

#include "world.h"

void session_begin(struct world *world, const struct wk_accepted *accepted) {
  if (world->session_open)
    world->before = world->session;
  world->session_open = true;
  world->session = *accepted;
}

/* ---- X4 ----------------------------------------------------------------- */

static void hear(struct world *world, struct device *device,
                 const uint8_t x4[WK_X4_LEN]) {
  struct wk_reply reply;
  const enum wk_err err =
      wk_client_check(device->client, x4, WK_X4_LEN, &reply, NULL);
  world_say(world, ", X4 %s",
            err == WK_ERR_CHAIN                  ? "tells of a theft"
            : err != WK_OK                       ? "does not fit"
            : reply.status == WK_STATUS_ACCEPTED ? "accepted"
            : reply.status == WK_STATUS_PENDING  ? "pending"
            : reply.status == WK_STATUS_SWITCHED ? "switched"
                                                 : "refused");
  if (err == WK_ERR_CHAIN)
    judge_theft(world, device);
}

void session_hear(struct world *world, struct device *device, bool second_x4) {
  const struct wk_accepted *session = &world->session;
  uint8_t x4[WK_X4_LEN];
  if (wk_server_reply(world->server, session, world->now, WK_ROLE_C, x4) ==
      WK_OK)
    hear(world, device, x4);
  if (session->d_index != 0 && second_x4 &&
      wk_server_reply(world->server, session, world->now, WK_ROLE_D, x4) ==
          WK_OK)
    hear(world, device, x4);
}

/* ---- X3 ----------------------------------------------------------------- */

static void withhold(struct world *world, const uint8_t x3[WK_X3_LEN]) {
  world->letter.there = true;
  world->letter.session = world->session;
  memcpy(world->letter.x3, x3, WK_X3_LEN);
}

static void send_x3(struct world *world, struct device *device,
                    const uint8_t x3[WK_X3_LEN], enum x3_fate fate) {
  static const char *const names[] = {"", " twice", " unanswered", " lost",
                                      " withheld"};
  enum wk_status status = WK_STATUS_REFUSED;
  uint8_t x4[WK_X4_LEN];
  world_say(world, ", X3%s", names[fate]);
  if (fate == X3_WITHHELD)
    withhold(world, x3);
  if (fate == X3_WITHHELD || fate == X3_LOST)
    return;
  for (int i = fate == X3_TWICE ? 2 : 1; i > 0; i--)
    if (wk_server_update(world->server, &world->session, x3, WK_X3_LEN,
                         world->now, x4, &status) == WK_OK &&
        fate != X3_UNHEARD)
      hear(world, device, x4);
}

void session_update(struct world *world, struct device *device,
                    enum x3_fate fate, bool crash) {
  uint8_t x3[WK_X3_LEN];
  while (wk_client_update(device->client, world->setup->when, x3, NULL) ==
         WK_OK) {
    if (crash) {
      world_say(world, ", crash before X3");
      world_crash_device(world, device);
      return;
    }
    send_x3(world, device, x3, fate);
  }
}

/* A client that resends what nobody acknowledged does so in its next session;
 * and where a device may have several, an older one may still be open. */
void session_deliver_letter(struct world *world, bool in_last) {
  struct letter *letter = &world->letter;
  enum wk_status status = WK_STATUS_REFUSED;
  uint8_t x4[WK_X4_LEN];
  if (!letter->there)
    return;
  letter->there = false;
  const bool same = memcmp(letter->session.digest, world->session.digest,
                           sizeof world->session.digest) == 0;
  struct wk_accepted *session =
      in_last || same ? &world->session : &letter->session;
  if (wk_server_update(world->server, session, letter->x3, WK_X3_LEN,
                       world->now, x4, &status) == WK_OK)
    world_say(world, "X3 delivered late%s: %s", in_last ? ", anew" : "",
              status == WK_STATUS_PENDING ? "taken" : "refused");
}

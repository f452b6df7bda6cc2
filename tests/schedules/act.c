/* SPDX-License-Identifier: Apache-2.0 */
/* What a step does. */
#include <string.h>

#include "world.h"

/* How a login goes, from a step's luck. */
enum fate {
  FATE_ANSWERED,
  FATE_UNHEARD,      /* neither CONNACK nor X4 arrive */
  FATE_NO_X4,        /* only the CONNACK does */
  FATE_LATE_X4,      /* it arrives when the X3 was sent already */
  FATE_LOST,         /* the request */
  FATE_WITHHELD,     /* and perhaps delivered later */
  FATE_CRASH_BEFORE, /* the device's, with the index spent */
  FATE_CRASH_AFTER,  /* with the login decided */
  FATE_CRASH_X3      /* with the new seed durable */
};

enum x3_fate { X3_ANSWERED, X3_TWICE, X3_UNHEARD, X3_LOST, X3_WITHHELD };

struct course {
  enum fate fate;
  enum x3_fate x3;
  bool second_x4; /* the one for chain D arrives */
  bool challenged;
};

static struct course course_of(const struct setup *setup, uint32_t luck) {
  static const enum fate fates[32] = {
      [12] = FATE_UNHEARD,  [13] = FATE_UNHEARD,      [14] = FATE_UNHEARD,
      [15] = FATE_NO_X4,    [16] = FATE_NO_X4,        [17] = FATE_LATE_X4,
      [18] = FATE_LATE_X4,  [19] = FATE_LOST,         [20] = FATE_LOST,
      [21] = FATE_LOST,     [22] = FATE_LOST,         [23] = FATE_WITHHELD,
      [24] = FATE_WITHHELD, [25] = FATE_WITHHELD,     [26] = FATE_WITHHELD,
      [27] = FATE_WITHHELD, [28] = FATE_CRASH_BEFORE, [29] = FATE_CRASH_AFTER,
      [30] = FATE_CRASH_X3};
  static const enum x3_fate x3s[8] = {[3] = X3_TWICE,
                                      [4] = X3_UNHEARD,
                                      [5] = X3_LOST,
                                      [6] = X3_WITHHELD,
                                      [7] = X3_WITHHELD};
  return (struct course){
      .fate = fates[luck & 31],
      .x3 = x3s[luck >> 5 & 7],
      .second_x4 = (luck >> 8 & 3) != 0,
      .challenged = setup->challenge == CHALLENGE_ALWAYS ||
                    (setup->challenge == CHALLENGE_MIXED && (luck >> 10 & 1))};
}

/* ---- the session of a login --------------------------------------------- */

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

static void hear_login(struct world *world, struct device *device,
                       const struct wk_accepted *session,
                       const struct course *course) {
  uint8_t x4[WK_X4_LEN];
  if (wk_server_reply(world->server, session, world->now, WK_ROLE_C, x4) ==
      WK_OK)
    hear(world, device, x4);
  if (session->d_index != 0 && course->second_x4 &&
      wk_server_reply(world->server, session, world->now, WK_ROLE_D, x4) ==
          WK_OK)
    hear(world, device, x4);
}

static void send_x3(struct world *world, struct device *device,
                    struct wk_accepted *session, const uint8_t x3[WK_X3_LEN],
                    enum x3_fate fate) {
  static const char *const names[] = {"", " twice", " unanswered", " lost",
                                      " withheld"};
  enum wk_status status = WK_STATUS_REFUSED;
  uint8_t x4[WK_X4_LEN];
  world_say(world, ", X3%s", names[fate]);
  if (fate == X3_WITHHELD) {
    world->letter.there = true;
    world->letter.session = *session;
    memcpy(world->letter.x3, x3, WK_X3_LEN);
  }
  if (fate == X3_WITHHELD || fate == X3_LOST)
    return;
  for (int i = fate == X3_TWICE ? 2 : 1; i > 0; i--)
    if (wk_server_update(world->server, session, x3, WK_X3_LEN, world->now, x4,
                         &status) == WK_OK &&
        fate != X3_UNHEARD)
      hear(world, device, x4);
}

static void update_keys(struct world *world, struct device *device,
                        struct wk_accepted *session,
                        const struct course *course) {
  uint8_t x3[WK_X3_LEN];
  while (wk_client_update(device->client, world->setup->when, x3, NULL) ==
         WK_OK) {
    if (course->fate == FATE_CRASH_X3) {
      world_say(world, ", crash before X3");
      world_crash_device(world, device);
      return;
    }
    send_x3(world, device, session, x3, course->x3);
  }
}

static void be_accepted(struct world *world, struct device *device,
                        struct wk_accepted *session,
                        const struct course *course) {
  if (course->fate == FATE_UNHEARD)
    return;
  wk_client_accepted(device->client);
  judge_success(device);
  if (course->fate != FATE_NO_X4 && course->fate != FATE_LATE_X4)
    hear_login(world, device, session, course);
  update_keys(world, device, session, course);
  if (course->fate == FATE_LATE_X4)
    hear_login(world, device, session, course);
}

/* CONNACK 3 and its like are no refusal (section 2). */
static void be_refused(struct device *device, enum wk_reason reason,
                       const struct course *course) {
  if (course->fate != FATE_UNHEARD && reason != WK_REASON_STORE)
    wk_client_refused(device->client);
}

static bool login(struct world *world, struct device *device,
                  const struct course *course) {
  static const char *const names[] = {
      [FATE_ANSWERED] = "",
      [FATE_UNHEARD] = ", the answer is lost",
      [FATE_NO_X4] = ", X4 is lost",
      [FATE_LATE_X4] = ", X4 is late",
      [FATE_LOST] = ", the request is lost",
      [FATE_WITHHELD] = ", the request is withheld",
      [FATE_CRASH_BEFORE] = ", crash with the index spent",
      [FATE_CRASH_AFTER] = ", crash with the login decided",
      [FATE_CRASH_X3] = ""};
  struct message *message = network_draw(world, device, course->challenged);
  if (!message) {
    world_say(world, ": its chain is spent");
    return false;
  }
  world_say(world, " by %u/%u", message->c.epoch, message->c.index);
  if (message->d.present)
    world_say(world, "+%u/%u", message->d.epoch, message->d.index);
  world_say(world, "%s%s", message->challenged ? " with a challenge" : "",
            names[course->fate]);
  if (course->fate == FATE_CRASH_BEFORE)
    world_crash_device(world, device);
  if (course->fate == FATE_LOST)
    message->number = 0;
  if (course->fate == FATE_LOST || course->fate == FATE_CRASH_BEFORE ||
      course->fate == FATE_WITHHELD)
    return false;
  struct wk_verdict verdict;
  const enum wk_reason reason = network_deliver(world, message, &verdict);
  if (course->fate == FATE_CRASH_AFTER)
    world_crash_device(world, device);
  else if (reason == WK_REASON_OK)
    be_accepted(world, device, &verdict.accepted, course);
  else
    be_refused(device, reason, course);
  return reason == WK_REASON_OK;
}

bool act_login_well(struct world *world, struct device *device) {
  const struct course course = {.fate = FATE_ANSWERED,
                                .second_x4 = true,
                                .challenged = world->setup->challenge ==
                                              CHALLENGE_ALWAYS};
  world_say(world, "    %s logs in", device->who == 0 ? "device" : "copy");
  const bool accepted = login(world, device, &course);
  world_say(world, "\n");
  return accepted;
}

/* ---- the other steps ---------------------------------------------------- */

static void deliver(struct world *world, bool again, uint32_t luck) {
  struct wk_verdict verdict;
  struct message *message = network_find(world, again, luck);
  if (!message)
    return;
  world_say(world, "%s %u/%u of %s", again ? "repeated" : "delivered late",
            message->c.epoch, message->c.index,
            message->who == 0 ? "device" : "copy");
  (void)network_deliver(world, message, &verdict);
}

static void deliver_letter(struct world *world) {
  struct letter *letter = &world->letter;
  enum wk_status status = WK_STATUS_REFUSED;
  uint8_t x4[WK_X4_LEN];
  if (!letter->there)
    return;
  letter->there = false;
  if (wk_server_update(world->server, &letter->session, letter->x3, WK_X3_LEN,
                       world->now, x4, &status) == WK_OK)
    world_say(world, "X3 delivered late: %s",
              status == WK_STATUS_PENDING ? "taken" : "refused");
}

static void step_clock(struct world *world, struct device *device,
                       uint32_t luck) {
  const int64_t reach = (luck & 3) == 0 ? 3600 : 100;
  const int64_t by = (int64_t)(luck >> 2 & 0xffff) % (2 * reach + 1) - reach;
  device->off = (luck >> 18 & 3) == 0 ? 0 : device->off + by;
  world_say(world, "clock of %s is off by %d s",
            device->who == 0 ? "device" : "copy", (int)device->off);
}

static void release(struct world *world) {
  struct wk_why why;
  struct wk_record record;
  world_record(world, &record);
  if (record.state != WK_DEVICE_QUARANTINED)
    return;
  if (wk_registry_change(world->registry, DID, WK_CHANGE_RELEASE, &why) ==
      WK_OK)
    world_say(world, "released");
  (void)wk_server_catch_up(world->server);
}

static void perform(struct world *world, const struct step *step,
                    struct device *device) {
  const struct course course = course_of(world->setup, step->luck);
  switch (step->kind) {
  case STEP_LOGIN:
    world_say(world, "%s logs in", device->who == 0 ? "device" : "copy");
    (void)login(world, device, &course);
    break;
  case STEP_DELIVER:
  case STEP_REPEAT:
    deliver(world, step->kind == STEP_REPEAT, step->luck);
    break;
  case STEP_LATE_X3:
    deliver_letter(world);
    break;
  case STEP_DEVICE_CRASH:
    world_say(world, "%s crashes", device->who == 0 ? "device" : "copy");
    world_crash_device(world, device);
    break;
  case STEP_SERVER_CRASH:
  case STEP_RESTART:
    world_say(world, step->kind == STEP_RESTART ? "server restarts"
                                                : "server crashes");
    world_restart_server(world, step->kind == STEP_RESTART);
    break;
  case STEP_OUTAGE:
    world_set_outage(world, world->outage != OUTAGE_NONE
                                ? OUTAGE_NONE
                                : (enum outage)(1 + step->luck % 3));
    world_say(world, "store: outage %u", (unsigned)world->outage);
    break;
  case STEP_FLUSH:
    world_say(world, "server writes back");
    world_flush(world);
    break;
  case STEP_CLOCK:
    step_clock(world, device, step->luck);
    break;
  case STEP_COPY:
    world_say(world, "device is copied");
    world_copy_device(world);
    break;
  case STEP_RELEASE:
    release(world);
    break;
  }
}

void act(struct world *world, const struct step *step) {
  static const int passing[16] = {0,  0,  1,  1,  1,   2,   3,   5,
                                  10, 20, 31, 61, 100, 130, 300, 3600};
  const int seconds =
      passing[step->luck >> 28 & (world->setup->hurried ? 3 : 15)];
  struct device *device = &world->device[step->who];
  if (!device->client)
    device = &world->device[0];
  world->now += seconds;
  world_say(world, "  +%d s ", seconds);
  perform(world, step, device);
  world_say(world, "\n");
}

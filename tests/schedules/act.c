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

/* ---- a login -------------------------------------------------------------
 */

static void be_accepted(struct world *world, struct device *device,
                        const struct course *course) {
  if (course->fate == FATE_UNHEARD)
    return;
  wk_client_accepted(device->client);
  judge_success(device);
  if (course->fate != FATE_NO_X4 && course->fate != FATE_LATE_X4)
    session_hear(world, device, course->second_x4);
  session_update(world, device, course->x3, course->fate == FATE_CRASH_X3);
  if (course->fate == FATE_LATE_X4)
    session_hear(world, device, course->second_x4);
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
  message->withheld = course->fate == FATE_WITHHELD;
  if (course->fate == FATE_LOST || course->fate == FATE_CRASH_BEFORE ||
      course->fate == FATE_WITHHELD)
    return false;
  struct wk_verdict verdict;
  const enum wk_reason reason = network_deliver(world, message, &verdict);
  if (reason == WK_REASON_OK)
    session_begin(world, &verdict.accepted);
  if (course->fate == FATE_CRASH_AFTER)
    world_crash_device(world, device);
  else if (reason == WK_REASON_OK)
    be_accepted(world, device, course);
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
  if (network_deliver(world, message, &verdict) == WK_REASON_OK)
    session_begin(world, &verdict.accepted);
}

static void step_clock(struct world *world, struct device *device,
                       uint32_t luck) {
  const int64_t reach = (luck & 3) == 0 ? 3600 : 100;
  const int64_t by = (int64_t)(luck >> 2 & 0xffff) % (2 * reach + 1) - reach;
  const uint32_t what = luck >> 18 & 7;
  device->off = what == 0   ? 0
                : what == 1 ? world->policy.max_skew /* the most it may be */
                            : device->off + by;
  world_say(world, "clock of %s is off by %d s",
            device->who == 0 ? "device" : "copy", (int)device->off);
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
    session_deliver_letter(world, step->luck & 1);
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
    if (world_release(world))
      world_say(world, "released");
    break;
  case STEP_FORGE:
    forge(world, step->luck);
    break;
  case STEP_BACKUP:
    world_say(world, "backup");
    memory_store_backup();
    break;
  case STEP_RESTORE:
    world_say(world, "restore");
    world_restore(world);
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

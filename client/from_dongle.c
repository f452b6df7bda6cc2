/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client whose credential is in a dongle. The chip keeps index, time and
 * keys by section 2; the skip after refusals is the host's, in memory.
 */
#include <string.h>

#include <whitekey/steady.h>

#include "client_state.h"

#define TOUCH_MS 200 /* until a sensor is asked again for its finger */

static enum wk_err of_whom(struct wk_client *client,
                           const struct wk_dongle_info *info, const char *port,
                           struct wk_why *why) {
  const uint8_t realm[WK_REALM_LEN] = {0}; /* the chip alone needs it */
  if (wk_id_init(&client->credential.id, realm, info->did,
                 strlen(info->did)) == WK_OK)
    return WK_OK;
  return wk_fail(why, WK_ERR_ARGUMENT,
                 "%s: the dongle is blank: whitekey enrol D_ID --dongle %s",
                 port, port);
}

enum wk_err wk_client_open_dongle(struct wk_client **client, const char *port,
                                  wk_clock *clock, void *clock_context,
                                  struct wk_why *why) {
  struct wk_dongle_info info;
  *client = NULL;
  struct wk_client *made = client_new(clock, clock_context);
  if (!made)
    return wk_fail(why, WK_ERR_MEMORY, "%s: out of memory", port);
  enum wk_err err = wk_dongle_open(&made->dongle, port, why);
  if (err == WK_OK)
    err = wk_dongle_info(made->dongle, &info, why);
  if (err == WK_OK)
    err = of_whom(made, &info, port, why);
  if (err != WK_OK) {
    wk_client_free(made);
    return err;
  }
  *client = made;
  return WK_OK;
}

void wk_client_no_wait(struct wk_client *client) {
  client->no_wait = true;
  if (client->dongle)
    wk_dongle_no_wait(client->dongle);
}

struct wk_wait wk_client_wait(const struct wk_client *client) {
  return client->dongle && client->touch_at == 0
             ? wk_dongle_wait(client->dongle)
             : (struct wk_wait){.fd = -1, .until = client->touch_at};
}

void wk_client_give_up(struct wk_client *client) {
  client->looked = false;
  client->touch_at = 0;
  if (client->dongle)
    wk_dongle_give_up(client->dongle);
}

/* Another one may stand in its place since the last login. */
static enum wk_err look(struct wk_client *client, struct wk_dongle_info *info,
                        struct wk_why *why) {
  const enum wk_err err = wk_dongle_info(client->dongle, info, why);
  if (err != WK_OK || strcmp(info->did, client->credential.id.did) == 0)
    return err;
  return wk_fail(why, WK_ERR_CORRUPT,
                 "the dongle of %s: is \"%s\" now, or blank",
                 client->credential.id.did, info->did);
}

/* How the last login ended counts for the chain that it was of. */
static void count_end(struct wk_client *client) {
  const struct request *last = &client->request;
  if (last->accepted)
    memset(client->skip, 0, sizeof client->skip);
  else if (last->refused)
    client->skip[last->c.epoch & 1].due = true;
}

/* Section 2: 1, 2, 4 .. R once since the last success, then 1 each; a jump
 * past the end tries the last one. */
static uint8_t take_skip(struct dongle_skip *s,
                         const struct wk_dongle_info *info) {
  if (!s->due || s->steps >= WK_REFUSALS_MAX)
    return 0;
  s->due = false;
  const uint32_t skip = (UINT32_C(1) << s->steps++) - 1;
  const uint32_t most = info->next < info->n ? info->n - info->next : 0;
  return (uint8_t)(skip < most ? skip : most);
}

/* What a login needs to know, once for all calls that it takes. */
static enum wk_err begin(struct wk_client *client, struct wk_why *why) {
  struct request *request = &client->request;
  struct wk_dongle_info info;
  const enum wk_err err = look(client, &info, why);
  if (err != WK_OK)
    return err;
  count_end(client);
  memset(request, 0, sizeof *request);
  request->c.epoch = info.epoch;
  client->leave_out = take_skip(&client->skip[info.epoch & 1], &info);
  client->looked = true;
  return WK_OK;
}

enum wk_err from_dongle_next(struct wk_client *client,
                             const uint8_t *challenge, struct wk_otp *otp,
                             struct wk_why *why) {
  if (wk_steady_ms() < client->touch_at)
    return wk_fail(why, WK_ERR_AGAIN, "%s: no finger yet",
                   client_where(client));
  if (!client->looked) {
    const enum wk_err err = begin(client, why);
    if (err != WK_OK)
      return err;
  }
  const struct wk_dongle_wish wish = {
      .skip = client->leave_out,
      .time = client->clock ? client->clock(client->clock_context) : 0,
      .challenge = challenge};
  enum wk_err err = wk_dongle_password(client->dongle, &wish, otp->x1, why);
  client->touch_at = 0;
  if (err == WK_ERR_KEY && client->no_wait) {
    client->touch_at = wk_steady_ms() + TOUCH_MS;
    err = WK_ERR_AGAIN;
  }
  client->looked = err == WK_ERR_AGAIN;
  client->request.open = err == WK_OK;
  return err;
}

enum wk_err from_dongle_check(struct wk_client *client, const uint8_t *x4,
                              struct wk_reply *reply, struct wk_why *why) {
  const enum wk_err err = wk_dongle_answer(client->dongle, x4, reply, why);
  if (err == WK_OK || err == WK_ERR_CHAIN)
    wk_client_accepted(client);
  return err;
}

enum wk_err from_dongle_update(struct wk_client *client,
                               enum wk_update_when when, uint8_t x3[WK_X3_LEN],
                               struct wk_why *why) {
  memset(x3, 0, WK_X3_LEN);
  if (when == WK_UPDATE_NEVER || !client->request.accepted)
    return wk_fail(why, WK_ERR_MISSING, "%s: no update of a key is due",
                   client->credential.id.did);
  const enum wk_err err =
      wk_dongle_update(client->dongle, when == WK_UPDATE_SESSION, x3, why);
  /* It has nothing to do, or not now: a later session is as good. */
  return err == WK_ERR_EXISTS || err == WK_ERR_BUSY || err == WK_ERR_KEY
             ? WK_ERR_MISSING
             : err;
}

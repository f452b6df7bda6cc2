/* SPDX-License-Identifier: Apache-2.0 */
/* How a login ended: what CONNACK and X4 tell (sections 3 and 6.5). */
#include <string.h>

#include "client_state.h"

/* What is known of the last login's end. */
struct end {
  const struct wk_reply *reply; /* NULL: no X4, but accepted */
  bool of_x3;                   /* reply answers an X3 */
  bool foreign;                 /* and tells of a chain that is not ours */
};

/* A change. */
static enum wk_err settle(struct wk_credential *credential,
                          enum client_changed *changed,
                          const struct wk_client *client, void *context,
                          struct wk_why *why) {
  static const enum wk_role roles[] = {WK_ROLE_C, WK_ROLE_D};
  const struct request *request = &client->request;
  struct end *end = context;
  const struct wk_reply *reply = end->reply;
  (void)why;
  for (size_t i = 0; i < 2; i++) {
    const struct spent *spent = i == 0 ? &request->c : &request->d;
    const bool told = reply && reply->role == roles[i];
    if (told)
      end->foreign =
          spend_foreign(credential, end->of_x3 ? NULL : spent, reply);
    if (end->of_x3)
      continue;
    if (spend_accepted(credential, roles[i], spent))
      *changed = CLIENT_CHANGED;
    if (told && !end->foreign &&
        spend_answered(credential, roles[i], spent, reply->status))
      *changed = CLIENT_CHANGED;
  }
  return WK_OK;
}

/* Touches the file only where the end of a login changes it, or where the
 * file may know of an update that another process began. */
static enum wk_err end_login(struct wk_client *client, struct end *end,
                             struct wk_why *why) {
  struct wk_credential copy = client->credential;
  enum client_changed changed = CLIENT_SAME;
  enum wk_err err = settle(&copy, &changed, client, end, why);
  wk_credential_wipe(&copy);
  if (err == WK_OK && (changed != CLIENT_SAME || end->foreign))
    err = client_edit(client, settle, end, why);
  if (err == WK_OK && end->foreign)
    return wk_fail(why, WK_ERR_CHAIN,
                   "%s: the server has a chain %c that this device did not "
                   "make: its key was stolen, enrol it again",
                   client_where(client),
                   end->reply->role == WK_ROLE_C ? 'C' : 'D');
  return err;
}

static void accept(struct request *request) {
  request->open = false;
  request->refused = false;
  request->accepted = true;
}

void wk_client_accepted(struct wk_client *client) {
  struct end end = {.reply = NULL};
  if (!client->request.open)
    return;
  accept(&client->request);
  /* What the disk does not take counts as a login without an answer. */
  const enum wk_err err = end_login(client, &end, NULL);
  (void)err;
}

void wk_client_refused(struct wk_client *client) {
  if (!client->request.open)
    return;
  client->request.open = false;
  client->request.refused = true;
}

/* ---- X4 ----------------------------------------------------------------- */

static enum wk_err open_reply(struct wk_reply *reply,
                              const struct wk_client *client,
                              const struct wk_header *header,
                              const uint8_t *x4, const struct asked *asked,
                              const uint8_t *challenge) {
  const struct wk_credential *credential = &client->credential;
  uint8_t kx[WK_KX_LEN];
  if (!asked->sent || header->epoch != asked->header.epoch ||
      header->index != asked->header.index)
    return WK_ERR_FORGED;
  wk_key_message(kx, credential->ks, &credential->id, header->epoch,
                 credential->bio_id);
  const struct wk_seal seal = {&credential->id, kx, challenge};
  enum wk_err err = wk_reply_open(reply, header, x4, &seal);
  wk_wipe(kx, sizeof kx);
  if (err == WK_OK && !wk_equal(reply->digest, asked->digest, WK_DIGEST_LEN))
    err = WK_ERR_FORGED;
  return err;
}

static enum wk_err open_login_reply(struct wk_reply *reply,
                                    const struct wk_client *client,
                                    const struct wk_header *header,
                                    const uint8_t *x4) {
  const struct request *request = &client->request;
  const enum wk_err err =
      open_reply(reply, client, header, x4, &request->x1,
                 request->challenged ? request->challenge : NULL);
  return err == WK_OK && reply->status == WK_STATUS_REFUSED ? WK_ERR_MALFORMED
                                                            : err;
}

/* Section 3: X3 and its X4 never carry a challenge. */
static enum wk_err open_x3_reply(struct wk_reply *reply,
                                 const struct wk_client *client,
                                 const struct wk_header *header,
                                 const uint8_t *x4, enum wk_role role) {
  const struct request *request = &client->request;
  const enum wk_err err =
      open_reply(reply, client, header, x4,
                 role == WK_ROLE_C ? &request->c_x3 : &request->d_x3, NULL);
  if (err == WK_OK &&
      (reply->role != role || (reply->status != WK_STATUS_PENDING &&
                               reply->status != WK_STATUS_REFUSED)))
    return WK_ERR_MALFORMED;
  return err;
}

/* Several requests of a session may share epoch and index. */
static enum wk_err open_any(struct wk_reply *reply, struct end *end,
                            const struct wk_client *client,
                            const struct wk_header *header,
                            const uint8_t *x4) {
  enum wk_err err = open_login_reply(reply, client, header, x4);
  end->of_x3 = err == WK_ERR_FORGED;
  if (err == WK_ERR_FORGED)
    err = open_x3_reply(reply, client, header, x4, WK_ROLE_C);
  if (err == WK_ERR_FORGED)
    err = open_x3_reply(reply, client, header, x4, WK_ROLE_D);
  return err;
}

enum wk_err wk_client_check(struct wk_client *client, const uint8_t *x4,
                            size_t len, struct wk_reply *reply,
                            struct wk_why *why) {
  struct end end = {.reply = reply};
  struct wk_header header;
  memset(reply, 0, sizeof *reply);
  if (wk_header_parse(&header, WK_X4, x4, len) != WK_OK)
    return wk_fail(why, WK_ERR_MALFORMED,
                   "%s: the server's answer is no X4 message",
                   client->credential.id.did);
  if (client->dongle)
    return from_dongle_check(client, x4, reply, why);
  enum wk_err err = open_any(reply, &end, client, &header, x4);
  if (err != WK_OK) {
    memset(reply, 0, sizeof *reply);
    return wk_fail(why, err, "%s: the X4 message does not answer this login",
                   client->credential.id.did);
  }
  if (!end.of_x3)
    accept(&client->request);
  err = end_login(client, &end, why);
  if (err != WK_OK)
    memset(reply, 0, sizeof *reply);
  return err;
}

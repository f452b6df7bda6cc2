/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login.h - a WhiteKey login in MQTT: CONNECT with a fresh password or with
 * enhanced authentication, and what the broker's answer holds.
 */
#ifndef WK_SIM_LOGIN_H
#define WK_SIM_LOGIN_H

#include <whitekey/client.h>
#include <whitekey/mqtt.h>

#define LOGIN_METHOD "WHITEKEY"
#define LOGIN_KEEP_ALIVE 60u /* seconds */

/*
 * Spends the client's next index and appends the CONNECT. max_packet: the
 * longest packet that we take (told to the broker in MQTT 5).
 */
WK_MUST_CHECK enum wk_err login_write(struct wk_writer *w,
                                      struct wk_client *client,
                                      enum wk_mqtt_version version,
                                      uint32_t max_packet, struct wk_why *why);

/*
 * The same for messages that somebody made or heard: x1 of at most WK_X2_LEN
 * bytes, x2 of at most as many or empty, and not both that long.
 */
struct login_parts {
  struct wk_span x1, x2;
};
WK_MUST_CHECK enum wk_err login_write_parts(
    struct wk_writer *w, const char *did, const struct login_parts *parts,
    enum wk_mqtt_version version, uint32_t max_packet, struct wk_why *why);

/*
 * Checks the X4 within an MQTT 5 CONNACK. WK_ERR_MISSING: it holds none of
 * our method; else as wk_client_check().
 */
WK_MUST_CHECK enum wk_err login_check(struct wk_client *client,
                                      const struct wk_mqtt_connack *connack,
                                      struct wk_reply *reply,
                                      struct wk_why *why);

/* Subscribes to the device's own X4 topic, for password logins. */
#define LOGIN_SUBSCRIPTION_ID UINT16_C(65535)
WK_MUST_CHECK enum wk_err login_subscribe(struct wk_writer *w,
                                          const struct wk_client *client,
                                          enum wk_mqtt_version version);

/*
 * Appends the next X3 of this session as a PUBLISH with LOGIN_UPDATE_ID.
 * WK_ERR_MISSING: no key update is due; else as wk_client_update().
 */
#define LOGIN_UPDATE_ID UINT16_C(65534)
WK_MUST_CHECK enum wk_err login_update(struct wk_writer *w,
                                       struct wk_client *client,
                                       enum wk_mqtt_version version,
                                       enum wk_update_when when,
                                       struct wk_why *why);

/* True when the message stands on the device's X4 topic. */
bool login_is_x4(const struct wk_client *client,
                 const struct wk_mqtt_publish *message);

/* Checks a message from the X4 topic. */
WK_MUST_CHECK enum wk_err login_check_text(struct wk_client *client,
                                           const struct wk_span *text,
                                           struct wk_reply *reply,
                                           struct wk_why *why);

#endif

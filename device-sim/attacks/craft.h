/* SPDX-License-Identifier: Apache-2.0 */
/*
 * craft.h - messages of protocol section 3 made by hand, with whatever keys
 * the attacker has: those of `keys`, whose seeds are not looked at.
 */
#ifndef WK_SIM_CRAFT_H
#define WK_SIM_CRAFT_H

#include <whitekey/credential.h>
#include <whitekey/msg.h>

/* An X1 of epoch 0. */
void craft_login(uint8_t x1[WK_X1_LEN], const struct wk_credential *keys,
                 uint32_t index, uint32_t time, const uint8_t x[WK_VALUE_LEN]);

/* The same under an epoch that is not the first. */
void craft_login_at(uint8_t x1[WK_X1_LEN], const struct wk_credential *keys,
                    uint32_t epoch, uint32_t index, uint32_t time,
                    const uint8_t x[WK_VALUE_LEN]);

/* What the keys' holder reads in an X1; false: it does not open. */
bool craft_open(struct wk_header *header, struct wk_login *body,
                const struct wk_credential *keys, const uint8_t x1[WK_X1_LEN]);

/* An X3 of epoch 0 as text. `password` is the next one, x[index + 1], which
 * vouches for it; NULL: the attacker lacks it, and guesses the vouch. */
#define CRAFT_X3_TEXT (WK_B64_LEN(WK_X3_LEN) + 1u)
void craft_update(char text[CRAFT_X3_TEXT], const struct wk_credential *keys,
                  uint32_t index, const struct wk_credential_chain *next,
                  const uint8_t *password);

/* An X4 that answers an X1 with a lower index than the chain's. */
void craft_reply(uint8_t x4[WK_X4_LEN], const struct wk_credential *keys,
                 const uint8_t x1[WK_X1_LEN], uint32_t index);

#endif

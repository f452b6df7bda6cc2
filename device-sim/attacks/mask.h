/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mask.h - the server's end of TLS, with a certificate that the attacker made
 * for the broker's name himself. Its socket blocks.
 */
#ifndef WK_SIM_MASK_H
#define WK_SIM_MASK_H

#include <stdbool.h>

#include <whitekey/tls.h>

struct mask;

/* A fresh key and its certificate; NULL: out of memory, or no such name. */
struct mask *mask_new(const char *host);
void mask_free(struct mask *mask);

/* What a device that falls for it has been told to trust. */
void mask_pin(const struct mask *mask, uint8_t pin[WK_TLS_PIN_LEN]);

/* The handshake with who comes in on that socket; false: he hung up. A mask
 * serves one connection after the other. */
bool mask_put_on(struct mask *mask, int fd);

/* As peer_receive() and send(2). */
ssize_t mask_receive(struct mask *mask, uint8_t *data, size_t len);
ssize_t mask_send(struct mask *mask, const uint8_t *data, size_t len);

#endif

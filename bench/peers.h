/* SPDX-License-Identifier: Apache-2.0 */
/* peers.h - the users of Mosquitto's own ways to authenticate. */
#ifndef WHITEKEY_BENCH_PEERS_H
#define WHITEKEY_BENCH_PEERS_H

#include <stdbool.h>

#define PEER_USERS 1000u /* user0 .. */
#define PEER_PASSWORD "correct horse battery"

/* Make folder/passwd, and folder/dynsec.json with an admin besides. */
bool peers_password_file(const char *folder);
bool peers_dynsec(const char *folder);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctrl.h - what mosquitto_ctrl hands to a module it loads. Mosquitto installs
 * no header for it. The layouts are those of Mosquitto 2.0 with TLS, TLS-PSK
 * and SOCKS, as Debian builds it; ctrl_main() refuses any other version.
 */
#ifndef WK_CTRL_H
#define WK_CTRL_H

#include <stdbool.h>

struct mosq_ctrl;

/* Its own settings: the connection, made from -h, -p, -u, -P .. */
struct ctrl_settings {
  char *id;
  int protocol_version, keepalive;
  char *host;
  int port, qos;
  char *bind_address;
  bool debug, quiet;
  char *username, *password, *options_file;
  char *tls[5]; /* CA file and folder, certificate, key, ciphers */
  bool insecure;
  char *tls_more[5]; /* ALPN, version, engine, its hash, form of the key */
};

struct ctrl_more_settings {
  char *psk[2];
  bool verbose;
  unsigned timeout;
  char *socks_host;
  int socks_port;
  char *socks_user[2];
};

/* What the module fills in: mosquitto_ctrl frees the three texts. */
struct ctrl_question {
  char *request_topic;
  char *response_topic;
  char *payload;
  void (*payload_callback)(struct mosq_ctrl *ctrl, long len,
                           const void *payload);
  void *userdata;
};

struct mosq_ctrl {
  union {
    struct {
      struct ctrl_settings settings;
      struct ctrl_more_settings more;
      struct ctrl_question question;
    } v2_0_0;
    struct {
      struct ctrl_settings settings;
      bool tls_use_os_certs;
      struct ctrl_more_settings more;
      struct ctrl_question question;
    } v2_0_21;
  };
};

void ctrl_help(void);
int ctrl_main(int argc, char *argv[], struct mosq_ctrl *ctrl);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "mask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>

#include <whitekey/port.h>
#include <whitekey/random.h>

#define CERTIFICATE_MAX 1024u

struct mask {
  mbedtls_pk_context key;
  mbedtls_x509_crt certificate;
  mbedtls_ssl_config config;
  mbedtls_ssl_context ssl;
  int fd;
};

static int take_random(void *context, unsigned char *out, size_t len) {
  (void)context;
  wk_random(out, len);
  return 0;
}

/* ---- a certificate that nobody else signed ------------------------------ */

static bool make_key(mbedtls_pk_context *key) {
  return mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) ==
             0 &&
         mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key),
                             take_random, NULL) == 0;
}

static bool number(mbedtls_x509write_cert *draft) {
#if MBEDTLS_VERSION_NUMBER >= 0x03040000
  unsigned char serial[] = {1};
  return mbedtls_x509write_crt_set_serial_raw(draft, serial, sizeof serial) ==
         0;
#else
  mbedtls_mpi serial;
  mbedtls_mpi_init(&serial);
  const bool set = mbedtls_mpi_lset(&serial, 1) == 0 &&
                   mbedtls_x509write_crt_set_serial(draft, &serial) == 0;
  mbedtls_mpi_free(&serial);
  return set;
#endif
}

static bool describe(mbedtls_x509write_cert *draft, mbedtls_pk_context *key,
                     const char *host) {
  char name[256 + sizeof "CN="];
  (void)snprintf(name, sizeof name, "CN=%s", host);
  mbedtls_x509write_crt_set_subject_key(draft, key);
  mbedtls_x509write_crt_set_issuer_key(draft, key);
  mbedtls_x509write_crt_set_md_alg(draft, MBEDTLS_MD_SHA256);
  return mbedtls_x509write_crt_set_subject_name(draft, name) == 0 &&
         mbedtls_x509write_crt_set_issuer_name(draft, name) == 0 &&
         number(draft) &&
         mbedtls_x509write_crt_set_validity(draft, "20200101000000",
                                            "20991231235959") == 0;
}

static bool sign(struct mask *mask, const char *host) {
  uint8_t der[CERTIFICATE_MAX];
  mbedtls_x509write_cert draft;
  int len = -1;
  mbedtls_x509write_crt_init(&draft);
  if (describe(&draft, &mask->key, host))
    len =
        mbedtls_x509write_crt_der(&draft, der, sizeof der, take_random, NULL);
  mbedtls_x509write_crt_free(&draft);
  /* It stands at the end. */
  return len > 0 && mbedtls_x509_crt_parse_der(&mask->certificate,
                                               der + sizeof der - (size_t)len,
                                               (size_t)len) == 0;
}

static bool configure(struct mask *mask) {
  if (mbedtls_ssl_config_defaults(&mask->config, MBEDTLS_SSL_IS_SERVER,
                                  MBEDTLS_SSL_TRANSPORT_STREAM,
                                  MBEDTLS_SSL_PRESET_DEFAULT) != 0 ||
      mbedtls_ssl_conf_own_cert(&mask->config, &mask->certificate,
                                &mask->key) != 0)
    return false;
  mbedtls_ssl_conf_rng(&mask->config, take_random, NULL);
  return mbedtls_ssl_setup(&mask->ssl, &mask->config) == 0;
}

struct mask *mask_new(const char *host) {
  struct mask *mask = calloc(1, sizeof *mask);
  if (!mask)
    return NULL;
  mbedtls_pk_init(&mask->key);
  mbedtls_x509_crt_init(&mask->certificate);
  mbedtls_ssl_config_init(&mask->config);
  mbedtls_ssl_init(&mask->ssl);
  if (make_key(&mask->key) && sign(mask, host) && configure(mask))
    return mask;
  mask_free(mask);
  return NULL;
}

void mask_free(struct mask *mask) {
  if (!mask)
    return;
  mbedtls_ssl_free(&mask->ssl);
  mbedtls_ssl_config_free(&mask->config);
  mbedtls_x509_crt_free(&mask->certificate);
  mbedtls_pk_free(&mask->key);
  free(mask);
}

void mask_pin(const struct mask *mask, uint8_t pin[WK_TLS_PIN_LEN]) {
  const struct wk_span der = {mask->certificate.raw.p,
                              mask->certificate.raw.len};
  wk_port_sha256(pin, &der, 1);
}

/* ---- a connection ------------------------------------------------------- */

static int net_send(void *context, const unsigned char *data, size_t len) {
  const struct mask *mask = context;
  const ssize_t sent = send(mask->fd, data, len, MSG_NOSIGNAL);
  return sent < 0 ? MBEDTLS_ERR_SSL_INTERNAL_ERROR : (int)sent;
}

static int net_receive(void *context, unsigned char *data, size_t len) {
  const struct mask *mask = context;
  const ssize_t got = recv(mask->fd, data, len, 0);
  return got < 0 ? MBEDTLS_ERR_SSL_INTERNAL_ERROR : (int)got;
}

bool mask_put_on(struct mask *mask, int fd) {
  mask->fd = fd;
  if (mbedtls_ssl_session_reset(&mask->ssl) != 0)
    return false;
  mbedtls_ssl_set_bio(&mask->ssl, mask, net_send, net_receive, NULL);
  return mbedtls_ssl_handshake(&mask->ssl) == 0;
}

ssize_t mask_receive(struct mask *mask, uint8_t *data, size_t len) {
  const int rc = mbedtls_ssl_read(&mask->ssl, data, len);
  if (rc >= 0 || rc == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
    return rc > 0 ? rc : 0;
  errno = rc == MBEDTLS_ERR_SSL_WANT_READ ? EAGAIN : ECONNRESET;
  return -1;
}

ssize_t mask_send(struct mask *mask, const uint8_t *data, size_t len) {
  const int rc = mbedtls_ssl_write(&mask->ssl, data, len);
  return rc > 0 ? rc : -1;
}

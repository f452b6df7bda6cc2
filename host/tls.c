/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/tls.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <mbedtls/error.h>
#include <mbedtls/sha256.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#include <psa/crypto.h>
#endif

#include <whitekey/bytes.h>
#include <whitekey/random.h>

#define SYSTEM_AUTHORITIES "/etc/ssl/certs/ca-certificates.crt"
#define REASON_MAX 128u

struct wk_tls_context {
  mbedtls_ssl_config config;
  mbedtls_x509_crt authorities;
  bool pinned;
  uint8_t pin[WK_TLS_PIN_LEN];
};

struct wk_tls {
  mbedtls_ssl_context ssl;
  const struct wk_tls_context *context;
  int fd;
  size_t begun; /* bytes of a write that has to be repeated as it was */
};

static int take_random(void *context, unsigned char *out, size_t len) {
  (void)context;
  wk_random(out, len);
  return 0;
}

/* ---- whom to trust ------------------------------------------------------ */

/* The authorities decide nothing where a pin stands alone. */
static int pin_alone(void *context, mbedtls_x509_crt *certificate, int depth,
                     uint32_t *flags) {
  (void)context;
  (void)certificate;
  (void)depth;
  *flags = 0;
  return 0;
}

/* cafile NULL: Debian's, where one that cannot be read is no one's fault. */
static enum wk_err load(struct wk_tls_context *context, const char *cafile,
                        struct wk_why *why) {
  char reason[REASON_MAX];
  const char *path = cafile ? cafile : SYSTEM_AUTHORITIES;
  errno = 0;
  const int rc = mbedtls_x509_crt_parse_file(&context->authorities, path);
  const int cause = errno;
  if (rc == 0 || (rc > 0 && !cafile))
    return WK_OK;
  if (rc > 0) /* so many of them could not be read */
    return wk_fail(why, WK_ERR_MALFORMED, "%s: holds what is no certificate",
                   path);
  if (rc == MBEDTLS_ERR_PK_FILE_IO_ERROR && cause != 0)
    return wk_fail(why, WK_ERR_MISSING, "%s: %s", path, strerror(cause));
  mbedtls_strerror(rc, reason, sizeof reason);
  return wk_fail(why, WK_ERR_MALFORMED, "%s: %s", path, reason);
}

static enum wk_err set_up(struct wk_tls_context *context,
                          const struct wk_tls_trust *trust,
                          struct wk_why *why) {
  mbedtls_ssl_config *config = &context->config;
  const bool by_pin_alone = trust->pin && !trust->cafile;
  if (mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_CLIENT,
                                  MBEDTLS_SSL_TRANSPORT_STREAM,
                                  MBEDTLS_SSL_PRESET_DEFAULT) != 0)
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
#if MBEDTLS_VERSION_NUMBER < 0x03000000
  mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3,
                               MBEDTLS_SSL_MINOR_VERSION_3); /* TLS 1.2 */
#endif
  mbedtls_ssl_conf_rng(config, take_random, NULL);
  mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED);
  if (trust->pin) {
    context->pinned = true;
    memcpy(context->pin, trust->pin, WK_TLS_PIN_LEN);
  }
  mbedtls_ssl_conf_ca_chain(config, &context->authorities, NULL);
  if (by_pin_alone) {
    mbedtls_ssl_conf_verify(config, pin_alone, NULL);
    return WK_OK;
  }
  return load(context, trust->cafile, why);
}

enum wk_err wk_tls_context_new(struct wk_tls_context **context,
                               const struct wk_tls_trust *trust,
                               struct wk_why *why) {
  *context = NULL;
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
  if (psa_crypto_init() != PSA_SUCCESS)
    return wk_fail(why, WK_ERR_MEMORY, "mbedTLS cannot be initialized");
#endif
  struct wk_tls_context *made = calloc(1, sizeof *made);
  if (!made)
    return wk_fail(why, WK_ERR_MEMORY, "out of memory");
  mbedtls_ssl_config_init(&made->config);
  mbedtls_x509_crt_init(&made->authorities);
  const enum wk_err err = set_up(made, trust, why);
  if (err != WK_OK) {
    wk_tls_context_free(made);
    return err;
  }
  *context = made;
  return WK_OK;
}

void wk_tls_context_free(struct wk_tls_context *context) {
  if (!context)
    return;
  mbedtls_ssl_config_free(&context->config);
  mbedtls_x509_crt_free(&context->authorities);
  free(context);
}

/* ---- a connection ------------------------------------------------------- */

static int net_send(void *context, const unsigned char *data, size_t len) {
  const struct wk_tls *tls = context;
  const ssize_t sent = send(tls->fd, data, len, MSG_NOSIGNAL);
  if (sent >= 0)
    return (int)sent;
  return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_WRITE
                                           : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

static int net_recv(void *context, unsigned char *data, size_t len) {
  const struct wk_tls *tls = context;
  const ssize_t got = recv(tls->fd, data, len, 0);
  if (got >= 0)
    return (int)got;
  return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_READ
                                           : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

struct wk_tls *wk_tls_new(const struct wk_tls_context *context, int fd,
                          const char *name) {
  struct wk_tls *tls = calloc(1, sizeof *tls);
  if (!tls)
    return NULL;
  tls->context = context;
  tls->fd = fd;
  mbedtls_ssl_init(&tls->ssl);
  if (mbedtls_ssl_setup(&tls->ssl, &context->config) != 0 ||
      mbedtls_ssl_set_hostname(&tls->ssl, name) != 0) {
    wk_tls_free(tls);
    return NULL;
  }
  mbedtls_ssl_set_bio(&tls->ssl, tls, net_send, net_recv, NULL);
  return tls;
}

void wk_tls_free(struct wk_tls *tls) {
  if (!tls)
    return;
  mbedtls_ssl_free(&tls->ssl);
  free(tls);
}

static enum wk_tls_wants fail(struct wk_tls *tls, int rc, struct wk_why *why) {
  char reason[REASON_MAX];
  const uint32_t flags = mbedtls_ssl_get_verify_result(&tls->ssl);
  if (flags != 0 && flags != UINT32_MAX) {
    (void)mbedtls_x509_crt_verify_info(reason, sizeof reason, "", flags);
    reason[strcspn(reason, "\n")] = '\0';
  } else {
    mbedtls_strerror(rc, reason, sizeof reason);
  }
  wk_why_set(why, "TLS: %s", reason);
  return WK_TLS_FAILED;
}

static enum wk_tls_wants check_pin(struct wk_tls *tls, struct wk_why *why) {
  const mbedtls_x509_crt *peer = mbedtls_ssl_get_peer_cert(&tls->ssl);
  uint8_t digest[WK_TLS_PIN_LEN];
  if (!tls->context->pinned)
    return WK_TLS_DONE;
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
  const bool hashed =
      peer && mbedtls_sha256(peer->raw.p, peer->raw.len, digest, 0) == 0;
#else
  const bool hashed =
      peer && mbedtls_sha256_ret(peer->raw.p, peer->raw.len, digest, 0) == 0;
#endif
  if (hashed && wk_equal(digest, tls->context->pin, sizeof digest))
    return WK_TLS_DONE;
  wk_why_set(why, "TLS: the broker's certificate is not the pinned one");
  return WK_TLS_FAILED;
}

/* TLS 1.3 tells of its session tickets by such codes. */
static bool is_news(int rc) {
#ifdef MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET
  if (rc == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
    return true;
#endif
  return rc == MBEDTLS_ERR_SSL_WANT_READ;
}

enum wk_tls_wants wk_tls_handshake(struct wk_tls *tls, struct wk_why *why) {
  const int rc = mbedtls_ssl_handshake(&tls->ssl);
  if (rc == 0)
    return check_pin(tls, why);
  if (is_news(rc))
    return WK_TLS_READ;
  if (rc == MBEDTLS_ERR_SSL_WANT_WRITE)
    return WK_TLS_WRITE;
  return fail(tls, rc, why);
}

static ssize_t again(bool later) {
  errno = later ? EAGAIN : ECONNRESET;
  return -1;
}

ssize_t wk_tls_read(struct wk_tls *tls, void *data, size_t len) {
  const int rc = mbedtls_ssl_read(&tls->ssl, data, len);
  if (rc >= 0)
    return rc;
  if (rc == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
    return 0;
  return again(is_news(rc) || rc == MBEDTLS_ERR_SSL_WANT_WRITE);
}

ssize_t wk_tls_write(struct wk_tls *tls, const void *data, size_t len) {
  if (tls->begun > 0 && tls->begun < len)
    len = tls->begun;
  const int rc = mbedtls_ssl_write(&tls->ssl, data, len);
  if (rc >= 0) {
    tls->begun = 0;
    return rc;
  }
  const bool later = is_news(rc) || rc == MBEDTLS_ERR_SSL_WANT_WRITE;
  tls->begun = later ? len : 0;
  return again(later);
}

bool wk_tls_pending(const struct wk_tls *tls) {
  return mbedtls_ssl_get_bytes_avail(&tls->ssl) > 0;
}

void wk_tls_end(struct wk_tls *tls) {
  (void)mbedtls_ssl_close_notify(&tls->ssl);
}

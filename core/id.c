/* SPDX-License-Identifier: Apache-2.0 */
#include <whitekey/id.h>

#include <string.h>

#include <whitekey/bytes.h>
#include <whitekey/hmac.h>

/* A quoted string of the protocol: ASCII, no terminator. */
#define TEXT(s)                                                               \
  { (const uint8_t *)(s), sizeof(s) - 1 }

static bool did_char(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

enum wk_err wk_id_init(struct wk_id *id, const uint8_t realm[WK_REALM_LEN],
                       const char *did, size_t did_len) {
  memset(id, 0, sizeof *id);
  if (did_len < 1 || did_len > WK_DID_MAX)
    return WK_ERR_MALFORMED;
  for (size_t i = 0; i < did_len; i++) {
    if (!did_char(did[i]))
      return WK_ERR_MALFORMED;
  }
  memcpy(id->realm, realm, WK_REALM_LEN);
  memcpy(id->did, did, did_len);
  id->did_len = (uint8_t)did_len;
  return WK_OK;
}

void wk_key_server(uint8_t ks[WK_KS_LEN], const uint8_t master[WK_MASTER_LEN],
                   const struct wk_id *id, uint32_t generation) {
  uint8_t gen[4];
  wk_put_be32(gen, generation);
  const struct wk_span parts[] = {
      TEXT("whitekey/1/srv"),
      {id->realm, WK_REALM_LEN},
      {gen, sizeof gen},
      {&id->did_len, 1},
      {(const uint8_t *)id->did, id->did_len},
  };
  wk_hmac(ks, master, parts, sizeof parts / sizeof *parts);
}

void wk_key_message(uint8_t kx[WK_KX_LEN], const uint8_t ks[WK_KS_LEN],
                    const struct wk_id *id, uint32_t epoch,
                    const uint8_t bio_id[WK_BIO_LEN]) {
  uint8_t be_epoch[4];
  uint8_t mac[WK_HASH_LEN];
  wk_put_be32(be_epoch, epoch);
  const struct wk_span parts[] = {
      TEXT("whitekey/1/msg"),      {id->realm, WK_REALM_LEN},
      {be_epoch, sizeof be_epoch}, {bio_id, WK_BIO_LEN},
      {&id->did_len, 1},           {(const uint8_t *)id->did, id->did_len},
  };
  wk_hmac(mac, ks, parts, sizeof parts / sizeof *parts);
  memcpy(kx, mac, WK_KX_LEN);
  wk_wipe(mac, sizeof mac);
}

enum wk_err wk_bio_id(uint8_t bio_id[WK_BIO_LEN], const uint8_t *tmpl,
                      size_t len) {
  memset(bio_id, 0, WK_BIO_LEN);
  if (len != WK_CHARFILE_LEN && len != WK_TEMPLATE_LEN)
    return WK_ERR_ARGUMENT;
  const struct wk_span parts[] = {TEXT("whitekey/1/bio"), {tmpl, len}};
  uint8_t hash[WK_HASH_LEN];
  wk_port_sha256(hash, parts, 2);
  memcpy(bio_id, hash, WK_BIO_LEN);
  wk_wipe(hash, sizeof hash);
  return WK_OK;
}

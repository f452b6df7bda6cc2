/* SPDX-License-Identifier: Apache-2.0 */
#include "columns.h"

#include <string.h>

bool wk_column_bytes(sqlite3_stmt *row, int column, uint8_t *out, size_t len) {
  if (sqlite3_column_type(row, column) != SQLITE_BLOB ||
      (size_t)sqlite3_column_bytes(row, column) != len)
    return false;
  memcpy(out, sqlite3_column_blob(row, column), len);
  return true;
}

/* An integer within min..max. */
static bool column_int(sqlite3_stmt *row, int column, int64_t min, int64_t max,
                       int64_t *out) {
  *out = sqlite3_column_int64(row, column);
  return sqlite3_column_type(row, column) == SQLITE_INTEGER && *out >= min &&
         *out <= max;
}

static bool column_u32(sqlite3_stmt *row, int column, uint32_t *out) {
  int64_t value = 0;
  const bool right = column_int(row, column, 0, UINT32_MAX, &value);
  *out = (uint32_t)value;
  return right;
}

static bool column_time(sqlite3_stmt *row, int column, int64_t *out) {
  return column_int(row, column, 0, INT64_MAX, out);
}

enum device_column {
  DID,
  GENERATION,
  STATE,
  RELEASED,
  BIO_WRAPPED,
  LONG_WALK_AT,
  ENROLLED_AT,
  LOGIN_AT,
  DEVICE_ROLE
};

bool wk_columns_device(sqlite3_stmt *row, struct wk_record *record) {
  static const uint8_t no_realm[WK_REALM_LEN];
  const char *did = (const char *)sqlite3_column_text(row, DID);
  int64_t state = 0;
  int64_t released = 0;
  int64_t role = 0;
  const bool right =
      did &&
      wk_id_init(&record->id, no_realm, did,
                 (size_t)sqlite3_column_bytes(row, DID)) == WK_OK &&
      column_u32(row, GENERATION, &record->generation) &&
      column_int(row, STATE, WK_DEVICE_ENABLED, WK_DEVICE_REVOKED, &state) &&
      column_int(row, RELEASED, 0, 1, &released) &&
      wk_column_bytes(row, BIO_WRAPPED, record->bio_wrapped, WK_WRAP_LEN) &&
      column_time(row, LONG_WALK_AT, &record->long_walk_at) &&
      column_time(row, ENROLLED_AT, &record->enrolled_at) &&
      column_time(row, LOGIN_AT, &record->login_at) &&
      column_int(row, DEVICE_ROLE, 1, UINT8_MAX, &role);
  record->state = (enum wk_device_state)state;
  record->released = released == 1;
  record->role = (uint8_t)role;
  return right;
}

void wk_bind_device(sqlite3_stmt *stmt, const struct wk_record *record) {
  (void)sqlite3_bind_text(stmt, DID + 1, record->id.did, -1, SQLITE_STATIC);
  (void)sqlite3_bind_int64(stmt, GENERATION + 1, record->generation);
  (void)sqlite3_bind_int(stmt, STATE + 1, (int)record->state);
  (void)sqlite3_bind_int(stmt, RELEASED + 1, record->released);
  (void)sqlite3_bind_blob(stmt, BIO_WRAPPED + 1, record->bio_wrapped,
                          WK_WRAP_LEN, SQLITE_STATIC);
  (void)sqlite3_bind_int64(stmt, LONG_WALK_AT + 1, record->long_walk_at);
  (void)sqlite3_bind_int64(stmt, ENROLLED_AT + 1, record->enrolled_at);
  (void)sqlite3_bind_int64(stmt, LOGIN_AT + 1, record->login_at);
}

void wk_bind_role(sqlite3_stmt *stmt, const struct wk_record *record) {
  (void)sqlite3_bind_int(stmt, DEVICE_ROLE + 1, record->role);
}

enum chain_column {
  CHAIN_DID,
  ROLE,
  CHAIN_GENERATION,
  EPOCH,
  N,
  LAST,
  VALUE,
  HASH,
  T_MAX,
  PROMISE,
  PROMISE_RUN,
  PENDING_STATE,
  PENDING_INDEX,
  PENDING_N,
  PENDING_ANCHOR,
  PENDING_VOUCH,
  PREVIOUS_LAST,
  PREVIOUS_VALUE,
  PREVIOUS_HASH
};

static bool columns_pending(sqlite3_stmt *row, struct wk_pending *pending) {
  int64_t state = 0;
  if (!column_int(row, PENDING_STATE, WK_PENDING_NONE, WK_PENDING_VERIFIED,
                  &state))
    return false;
  pending->state = (enum wk_pending_state)state;
  return pending->state == WK_PENDING_NONE ||
         (column_u32(row, PENDING_INDEX, &pending->index) &&
          column_u32(row, PENDING_N, &pending->n) &&
          wk_column_bytes(row, PENDING_ANCHOR, pending->anchor,
                          WK_VALUE_LEN) &&
          wk_column_bytes(row, PENDING_VOUCH, pending->vouch, WK_HASH_LEN));
}

static bool columns_previous(sqlite3_stmt *row, struct wk_previous *previous) {
  if (sqlite3_column_type(row, PREVIOUS_LAST) == SQLITE_NULL)
    return true;
  previous->present = true;
  return column_u32(row, PREVIOUS_LAST, &previous->last) &&
         wk_column_bytes(row, PREVIOUS_VALUE, previous->value, WK_VALUE_LEN) &&
         wk_column_bytes(row, PREVIOUS_HASH, previous->hash, WK_HASH_LEN);
}

bool wk_columns_chain(sqlite3_stmt *row, struct wk_record *record) {
  const int role = sqlite3_column_int(row, ROLE);
  if (role != WK_ROLE_C && role != WK_ROLE_D)
    return false;
  struct wk_chain_record *chain = role == WK_ROLE_C ? &record->c : &record->d;
  chain->present = true;
  return column_u32(row, EPOCH, &chain->epoch) &&
         column_u32(row, N, &chain->n) && chain->n <= WK_CHAIN_LEN_MAX &&
         column_u32(row, LAST, &chain->last) && chain->last <= chain->n &&
         wk_column_bytes(row, VALUE, chain->value, WK_VALUE_LEN) &&
         wk_column_bytes(row, HASH, chain->hash, WK_HASH_LEN) &&
         column_time(row, T_MAX, &chain->t_max) &&
         column_u32(row, PROMISE, &chain->promise) &&
         column_u32(row, PROMISE_RUN, &chain->promise_run) &&
         columns_pending(row, &chain->pending) &&
         columns_previous(row, &chain->previous);
}

static void bind_blob(sqlite3_stmt *stmt, int column, const uint8_t *data) {
  (void)sqlite3_bind_blob(stmt, column + 1, data, WK_HASH_LEN, SQLITE_STATIC);
}

static void bind_u32(sqlite3_stmt *stmt, int column, uint32_t value) {
  (void)sqlite3_bind_int64(stmt, column + 1, value);
}

void wk_bind_chain(sqlite3_stmt *stmt, const struct wk_record *record,
                   enum wk_role role) {
  const struct wk_chain_record *chain =
      role == WK_ROLE_C ? &record->c : &record->d;
  (void)sqlite3_bind_text(stmt, CHAIN_DID + 1, record->id.did, -1,
                          SQLITE_STATIC);
  bind_u32(stmt, ROLE, role);
  bind_u32(stmt, CHAIN_GENERATION, record->generation);
  bind_u32(stmt, EPOCH, chain->epoch);
  bind_u32(stmt, N, chain->n);
  bind_u32(stmt, LAST, chain->last);
  bind_blob(stmt, VALUE, chain->value);
  bind_blob(stmt, HASH, chain->hash);
  (void)sqlite3_bind_int64(stmt, T_MAX + 1, chain->t_max);
  bind_u32(stmt, PROMISE, chain->promise);
  bind_u32(stmt, PROMISE_RUN, chain->promise_run);
  bind_u32(stmt, PENDING_STATE, chain->pending.state);
  if (chain->pending.state != WK_PENDING_NONE) {
    bind_u32(stmt, PENDING_INDEX, chain->pending.index);
    bind_u32(stmt, PENDING_N, chain->pending.n);
    bind_blob(stmt, PENDING_ANCHOR, chain->pending.anchor);
    bind_blob(stmt, PENDING_VOUCH, chain->pending.vouch);
  }
  if (chain->previous.present) {
    bind_u32(stmt, PREVIOUS_LAST, chain->previous.last);
    bind_blob(stmt, PREVIOUS_VALUE, chain->previous.value);
    bind_blob(stmt, PREVIOUS_HASH, chain->previous.hash);
  }
}

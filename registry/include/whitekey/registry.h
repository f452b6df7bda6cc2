/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry.h - the server's memory: which devices are enrolled, what was last
 * accepted from each, and the one function that decides a login.
 *
 * A registry is an SQLite file plus a `master` key file (32 random bytes, mode
 * 0600) that is never stored in it. The file alone gives a thief nothing
 * (protocol section 1). Several processes may open the same file (the broker
 * and the CLI); every change is one transaction. One struct wk_registry is
 * for one thread at a time.
 */
#ifndef WHITEKEY_REGISTRY_H
#define WHITEKEY_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <whitekey/msg.h>
#include <whitekey/why.h>

#define WK_REGISTRY_DEFAULT "/var/lib/whitekey/registry.db"
#define WK_MASTER_DEFAULT "/etc/whitekey/master.key"

struct wk_registry;

/*
 * Makes both files, neither of which may exist: WK_ERR_EXISTS. Nothing is left
 * behind on failure.
 */
WK_MUST_CHECK enum wk_err wk_registry_create(const char *path,
                                             const char *master_path,
                                             struct wk_why *why);

/*
 * WK_ERR_MISSING, WK_ERR_CORRUPT (no registry of this version),
 * WK_ERR_KEY (another registry's master, or others may read it), WK_ERR_IO.
 * *registry is the caller's to close, NULL on failure.
 */
WK_MUST_CHECK enum wk_err wk_registry_open(struct wk_registry **registry,
                                           const char *path,
                                           const char *master_path,
                                           struct wk_why *why);
void wk_registry_close(struct wk_registry *registry);

/* WK_REALM_LEN bytes that live as long as the registry. */
const uint8_t *wk_registry_realm(const struct wk_registry *registry);

/* ---- enrolment and administration ------------------------------------- */

struct wk_enrolled_chain {
  bool present;
  uint32_t epoch;
  uint32_t n; /* WK_CHAIN_ENROL_MIN..WK_CHAIN_LEN_MAX */
  uint8_t anchor[WK_VALUE_LEN];
};

#define WK_ROLE_NAME_MAX 32u
#define WK_ROLE_DEFAULT "device" /* what a device has without another */
#define WK_ROLE_ADMIN "admin"    /* may administer through the broker */

/* What a device hands over; seeds never leave it. */
struct wk_enrolment {
  char did[WK_DID_MAX + 1];
  uint8_t bio_id[WK_BIO_LEN];
  struct wk_enrolled_chain c; /* must be present */
  struct wk_enrolled_chain d; /* present: every login needs an X2 */
  /* Empty: the role that the name has, WK_ROLE_DEFAULT for a new or revoked
   * one. */
  char role[WK_ROLE_NAME_MAX + 1];
};

/*
 * Enrols a new device, or a known one again: next generation, new anchors,
 * quarantine, times and updates cleared.
 * Gives what the device needs back: its generation and Ks (wipe it).
 * WK_ERR_MALFORMED (name), WK_ERR_ARGUMENT (length), WK_ERR_EXISTS (an anchor
 * that this name ever had: a new seed is needed), WK_ERR_MISSING (the role),
 * WK_ERR_IO.
 */
WK_MUST_CHECK enum wk_err wk_registry_enrol(struct wk_registry *registry,
                                            const struct wk_enrolment *device,
                                            uint32_t *generation,
                                            uint8_t ks[WK_KS_LEN],
                                            struct wk_why *why);

/*
 * Enrols a whole fleet in one step, all or nothing: next() fills in device
 * `number` (0, 1 ..) or returns false at the end. Ks follows from the master
 * key (wk_key_server()).
 */
WK_MUST_CHECK enum wk_err wk_registry_enrol_all(
    struct wk_registry *registry,
    bool (*next)(void *context, uint32_t number, struct wk_enrolment *device),
    void *context, struct wk_why *why);

enum wk_device_state {
  WK_DEVICE_ENABLED,
  WK_DEVICE_DISABLED,    /* by an operator; enable undoes it */
  WK_DEVICE_QUARANTINED, /* a clone was seen; release or re-enrol */
  WK_DEVICE_REVOKED      /* a tombstone: keys are gone; re-enrol */
};

/* "enabled", "disabled", "quarantined", "revoked". */
const char *wk_device_state_name(enum wk_device_state state);

struct wk_chain_info {
  bool present;
  uint32_t epoch, n, last;
  bool pending; /* a key update waits */
};

struct wk_device_info {
  char did[WK_DID_MAX + 1];
  uint32_t generation;
  enum wk_device_state state;
  char role[WK_ROLE_NAME_MAX + 1];
  int64_t enrolled_at; /* Unix seconds */
  int64_t login_at;    /* last accepted login, 0: never */
  struct wk_chain_info c, d;
};

/*
 * Calls each() for every device (tombstones included) by name; each() returns
 * false to stop early.
 */
WK_MUST_CHECK enum wk_err
wk_registry_list(struct wk_registry *registry,
                 bool (*each)(void *context, const struct wk_device_info *),
                 void *context, struct wk_why *why);

/* The same from the first name after `after`. */
WK_MUST_CHECK enum wk_err wk_registry_list_after(
    struct wk_registry *registry, const char *after,
    bool (*each)(void *context, const struct wk_device_info *), void *context,
    struct wk_why *why);

/* WK_ERR_MISSING: no such device; info is zeroed. */
WK_MUST_CHECK enum wk_err wk_registry_get(struct wk_registry *registry,
                                          const char *did,
                                          struct wk_device_info *info,
                                          struct wk_why *why);

enum wk_change {
  WK_CHANGE_ENABLE,  /* disabled -> enabled */
  WK_CHANGE_DISABLE, /* enabled -> disabled */
  WK_CHANGE_RELEASE, /* quarantined -> enabled */
  WK_CHANGE_REVOKE   /* any -> revoked; keys erased, name and anchors kept */
};

/*
 * WK_ERR_MISSING: no such device. WK_ERR_ARGUMENT: the device's state does not
 * allow this change; why names both. Already there counts as done.
 */
WK_MUST_CHECK enum wk_err wk_registry_change(struct wk_registry *registry,
                                             const char *did,
                                             enum wk_change change,
                                             struct wk_why *why);

/*
 * From now on this device asks for what is asked of the registry: every change
 * looks again, within its own step, and is refused as this is.
 * WK_ERR_ARGUMENT: not enabled, not of this generation or without the role
 * WK_ROLE_ADMIN; WK_ERR_MISSING: no such device; WK_ERR_IO.
 */
WK_MUST_CHECK enum wk_err wk_registry_act_for(struct wk_registry *registry,
                                              const char *did,
                                              uint32_t generation,
                                              struct wk_why *why);
/* True once a change since then was refused so. */
bool wk_registry_denied(const struct wk_registry *registry);

/*
 * The file came from a backup (section 7): it does not know what was spent
 * until `at`, Unix seconds. From now on a message counts only if its time is
 * after `at` and a clock that may run max_skew ahead, or with a challenge.
 * *not_before, the first time that counts, never moves back.
 * WK_ERR_BUSY: a server runs on it. WK_ERR_CORRUPT: a page of it is damaged.
 */
WK_MUST_CHECK enum wk_err wk_registry_restore(struct wk_registry *registry,
                                              int64_t at, uint32_t max_skew,
                                              int64_t *not_before,
                                              struct wk_why *why);

/* ---- login ------------------------------------------------------------- */

/* What counted as proof of freshness when a device was called a clone. */
enum wk_evidence { WK_EVIDENCE_NONE, WK_EVIDENCE_TIME, WK_EVIDENCE_CHALLENGE };

enum wk_on_clone { WK_ON_CLONE_QUARANTINE, WK_ON_CLONE_ALARM };

struct wk_policy {
  uint32_t window;   /* longest ordinary walk, in steps */
  uint32_t max_skew; /* seconds, inclusive */
  bool require_time; /* refuse time 0 without a challenge */
  enum wk_on_clone on_clone_time;
  enum wk_on_clone on_clone_challenge;
};

/* Protocol defaults: 4096 steps, 120 s, time 0 allowed, quarantine. */
void wk_policy_init(struct wk_policy *policy);

/* A challenge as issued: what was already spent then (section 4). */
struct wk_challenge {
  uint8_t bytes[WK_CHALLENGE_LEN];
  uint32_t c_epoch, c_last;
  uint32_t d_epoch, d_last;
};

/* One try to log in, as it came from the network. */
struct wk_attempt {
  char did[WK_DID_MAX + 1]; /* empty: no valid name was given */
  uint8_t x1[WK_X1_LEN];
  size_t x1_len; /* 0: it was no message */
  uint8_t x2[WK_X2_LEN];
  size_t x2_len;
  bool has_x2;
  const struct wk_challenge *challenge; /* NULL: none was issued */
  bool late;   /* it answers one whose time was over; for the audit only */
  int64_t now; /* Unix seconds, the server's clock */
  const char *client_id; /* MQTT client id, or NULL where there is none */
  bool client_id_taken;  /* a session of another d_id has this client id */
};

/* MQTT username and password; either may be NULL. Wire-sized, no copy kept. */
void wk_attempt_password(struct wk_attempt *attempt, const char *username,
                         const char *password);

/*
 * Enhanced authentication: lv(d_id) || X1 [|| X2]. A username given too must
 * equal the d_id, else the attempt is made malformed (section 5).
 */
void wk_attempt_binary(struct wk_attempt *attempt, const char *username,
                       const uint8_t *data, size_t len);

/* The messages alone: what answers the challenge of a d_id (section 5). */
void wk_attempt_answer(struct wk_attempt *attempt, const char *did,
                       const uint8_t *data, size_t len);

/* The decision's rows (section 4); names by wk_reason_name(). */
enum wk_reason {
  WK_REASON_OK,
  WK_REASON_MALFORMED,
  WK_REASON_UNKNOWN,
  WK_REASON_DISABLED,
  WK_REASON_QUARANTINED,
  WK_REASON_FORGED,
  WK_REASON_CLOCK,
  WK_REASON_EPOCH,
  WK_REASON_REPLAY,
  WK_REASON_STALE,
  WK_REASON_CLONE,
  WK_REASON_RESERVED,
  WK_REASON_EXHAUSTED,
  WK_REASON_GAP,
  WK_REASON_CHAIN,
  WK_REASON_REQUIRED, /* always user-required */
  WK_REASON_CLIENT_ID,
  WK_REASON_STORE
};
#define WK_REASON_COUNT (WK_REASON_STORE + 1)

/* "ok", "malformed" .. "store"; with user: "user-malformed" .. */
const char *wk_reason_name(enum wk_reason reason, bool user);

/* What an operator must hear of, as a set. */
enum wk_alarm {
  WK_ALARM_CLONE = 1 << 0,
  WK_ALARM_CHAIN = 1 << 1,   /* opens, but is not of the chain */
  WK_ALARM_SUSPECT = 1 << 2, /* a spent index, not the last message */
  WK_ALARM_EPOCH = 1 << 3,   /* of the previous chain */
  WK_ALARM_VOUCH = 1 << 4    /* a pending update was not vouched for */
};

/* An accepted login, as long as its connection lives. */
struct wk_accepted {
  char did[WK_DID_MAX + 1];
  uint32_t generation;
  uint32_t c_epoch, c_index;     /* of its X1 */
  uint32_t d_epoch, d_index;     /* of its X2; index 0: there was none */
  uint8_t digest[WK_DIGEST_LEN]; /* H(X1)[0..16) */
  bool challenged;               /* X4 carries the challenge too */
  uint8_t challenge[WK_CHALLENGE_LEN];
  enum wk_status c_status, d_status; /* what X4 says */
  bool c_updated, d_updated;         /* it has sent an X3 for that chain */
};

struct wk_verdict {
  enum wk_reason reason;
  bool user;       /* the reason is about chain D */
  unsigned alarms; /* enum wk_alarm */
  enum wk_evidence evidence;
  bool quarantined;            /* this attempt put the device in quarantine */
  uint32_t epoch, index;       /* as the refused or accepted message claims */
  struct wk_accepted accepted; /* accepted logins only */
};

#endif

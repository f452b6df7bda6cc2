/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spend.h - which index of which chain a login spends, and what its end means
 * for the credential (protocol sections 2 and 6.5). Pure functions: making
 * the result durable is the caller's business.
 *
 * While an update is open its turn tells which chain the next login uses. It
 * steps with every login that is drawn, so a process that dies has simply got
 * no answer:
 *
 *   turn   0    1    2    3
 *   C      old  new  old  new     an update begins at 0: the old chain is
 *   D      old  new  old  new     next; an accepted login sets 3: the new one
 *   D *    old  old  new  new     * where C's update is open or unknown
 *
 * Two updates that alternate in step would never try one new and one old
 * chain together, which may be the only valid pair: D goes at half the pace,
 * and four logins try all four pairs.
 */
#ifndef WK_CLIENT_SPEND_H
#define WK_CLIENT_SPEND_H

#include <whitekey/credential.h>
#include <whitekey/msg.h>

/* What a login spent of one role's chains. */
struct spent {
  bool present;
  uint32_t epoch;
  uint32_t index;
  bool updating; /* an update was open then */
};

/* The role's chain of an epoch, an open update's included; NULL: none. */
struct wk_credential_chain *spend_chain(struct wk_credential *credential,
                                        enum wk_role role, uint32_t epoch);

/*
 * Takes the role's next index; spent->present is false where the credential
 * has no such chain. WK_ERR_EXHAUSTED: none is left; nothing is changed.
 */
WK_MUST_CHECK enum wk_err spend(struct spent *spent,
                                struct wk_credential *credential,
                                enum wk_role role);

/* The login was refused: the next one on that chain skips ahead. */
void spend_refused(struct wk_credential *credential, enum wk_role role,
                   const struct spent *spent);

/* The login was accepted, whether or not an X4 will tell more. True when the
 * credential changed; the same for spend_answered(). */
bool spend_accepted(struct wk_credential *credential, enum wk_role role,
                    const struct spent *spent);

/* An X4 told the login's status: it may decide an open update. */
bool spend_answered(struct wk_credential *credential, enum wk_role role,
                    const struct spent *spent, enum wk_status status);

/*
 * True when the reply tells of a switch, or of a vouched update, that nobody
 * with this credential began. spent is NULL where it answers an X3.
 */
bool spend_foreign(const struct wk_credential *credential,
                   const struct spent *spent, const struct wk_reply *reply);

#endif

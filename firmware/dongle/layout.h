/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layout.h - what stands where in the chip's EEPROM.
 *
 * Every record begins with a byte that says whether it is valid. It is made
 * invalid before a byte of the record changes, and valid after the last one
 * has: power may fail in any write, with any bits in the byte being written,
 * and the record is the old one, the new one or invalid.
 */
#ifndef WHITEKEY_DONGLE_LAYOUT_H
#define WHITEKEY_DONGLE_LAYOUT_H

/* Address 0 stays unused: a falling supply may hit it (data sheet 8.6.6). */
#define WK_AT_VAULT 2u      /* the key that opens the rest, unattended only */
#define WK_AT_LOCK 2u       /* or, with a finger: two records, without keys */
#define WK_AT_SENSOR 12u    /* the sensor's password */
#define WK_AT_WRAPPED_0 16u /* the key that opens the rest, wrapped */
#define WK_AT_DEVICE 32u    /* who we are */
#define WK_AT_EPOCHS 103u   /* of even and odd epochs: a chain's seed */
#define WK_AT_UPDATE 193u   /* a key update is open, and whose turn it is */
#define WK_AT_COUNTER 206u
#define WK_AT_KS 346u /* what the server gave */
#define WK_AT_SLOTS 383u
#define WK_AT_WRAPPED_1 1008u /* for the second record */
#define WK_NV_LEN 1024u

#define WK_VAULT_SIZE 17u /* valid, key */
#define WK_LOCK_SIZE 5u   /* valid, tag */
#define WK_WRAPPED_SIZE 16u
#define WK_DEVICE_SIZE 71u  /* valid, public part, sealed bio_id, tag */
#define WK_EPOCH_SIZE 45u   /* two: valid, epoch, draft, sealed seed, tag */
#define WK_UPDATE_SIZE 13u  /* valid, turns */
#define WK_COUNTER_SIZE 35u /* two for each epoch: valid, block, marks */
#define WK_KS_SIZE 37u      /* valid, sealed Ks, tag */
#define WK_SLOT_SIZE 39u    /* valid, block, sealed value, tag */
#define WK_SLOTS 16u        /* 12 values, 3 of the next chain, a spare */

_Static_assert(WK_AT_VAULT + WK_VAULT_SIZE <= WK_AT_DEVICE, "vault");
_Static_assert(WK_AT_LOCK + 2 * WK_LOCK_SIZE <= WK_AT_SENSOR, "lock");
_Static_assert(WK_AT_SENSOR + 4 <= WK_AT_WRAPPED_0, "sensor");
_Static_assert(WK_AT_WRAPPED_0 + WK_WRAPPED_SIZE <= WK_AT_DEVICE, "wrapped");
_Static_assert(WK_AT_DEVICE + WK_DEVICE_SIZE <= WK_AT_EPOCHS, "device");
_Static_assert(WK_AT_EPOCHS + 2 * WK_EPOCH_SIZE <= WK_AT_UPDATE, "epochs");
_Static_assert(WK_AT_UPDATE + WK_UPDATE_SIZE <= WK_AT_COUNTER, "update");
_Static_assert(WK_AT_COUNTER + 4 * WK_COUNTER_SIZE <= WK_AT_KS, "counter");
_Static_assert(WK_AT_KS + WK_KS_SIZE <= WK_AT_SLOTS, "ks");
_Static_assert(WK_AT_SLOTS + WK_SLOTS * WK_SLOT_SIZE <= WK_AT_WRAPPED_1,
               "slots");
_Static_assert(WK_AT_WRAPPED_1 + WK_WRAPPED_SIZE <= WK_NV_LEN, "wrapped");

#endif

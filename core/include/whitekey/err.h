/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err.h - the one result type of the project.
 *
 * Every fallible function returns enum wk_err and is marked WK_MUST_CHECK.
 * After a failure outputs are untouched or zeroed, as the function says.
 */
#ifndef WHITEKEY_ERR_H
#define WHITEKEY_ERR_H

enum wk_err {
  WK_OK = 0,
  WK_ERR_ARGUMENT,  /* a caller's value is out of its documented range */
  WK_ERR_MALFORMED, /* bytes or text not of the form the format demands */
  WK_ERR_FORGED,    /* an authentication tag does not match */
  WK_ERR_CHAIN,     /* a value does not walk to the stored one */
  WK_ERR_EXHAUSTED, /* no index is left in this chain */
  WK_ERR_SPACE,     /* an output buffer is too small */
  WK_ERR_EXISTS,    /* it is there already and must not be overwritten */
  WK_ERR_MISSING,   /* no such file, device or row */
  WK_ERR_BUSY,      /* another process holds the lock */
  WK_ERR_CORRUPT,   /* stored data contradicts itself */
  WK_ERR_KEY,       /* the wrong key file for this data */
  WK_ERR_IO,        /* the operating system or a database refused */
  WK_ERR_MEMORY,    /* the heap is exhausted (never from core) */
  WK_ERR_AGAIN      /* not done yet: the same call is due again */
};

#if defined(__GNUC__)
#define WK_MUST_CHECK __attribute__((warn_unused_result))
#else
#define WK_MUST_CHECK
#endif

#endif

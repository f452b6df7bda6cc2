/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sha256.S - one block of SHA-256 (FIPS 180-4) on the AVR.
 *
 * void wk_avr_sha256_block(struct wk_avr_sha256 *s): see sha256.h.
 *
 * Constant time: no branch and no address depends on data; the loops count
 * rounds and words.
 *
 * The state's words stay where they are: where FIPS 180-4 renames a..h, the
 * four rounds of one turn address other slots instead. Between rounds the
 * registers hold a, e, h and b ^ c, because
 *
 *   Maj(a,b,c) = ((a ^ b) & (b ^ c)) ^ b   and b ^ c is the last round's a ^ b
 *   Ch(e,f,g)  = ((f ^ g) & e) ^ g         and g is the next round's h
 *
 * Rotations by whole bytes cost nothing: the registers are named differently.
 * Words stand with their lowest byte first, in registers and in memory.
 */
#define WORK 0   /* a..h, 32 bytes */
#define STATE 32 /* the hash so far, 32 bytes */
#define BLOCK 64 /* the message schedule's last 16 words, 64 bytes */

tmp = 0
zero = 1

/* Six words. Rounds: a, e, p = b ^ c, t = h, and two to work with. */
#define A r2, r3, r4, r5
#define E r6, r7, r8, r9
#define P r10, r11, r12, r13
#define T r14, r15, r16, r17
#define U r18, r19, r20, r21
#define V r22, r23, r24, r25

/* The schedule's: w[t-16], w[t-1], w[t-2], w[t-15], and two to work with. */
#define S A
#define W1 E
#define W2 P
#define X15 T

.macro copy d0 d1 d2 d3 s0 s1 s2 s3
  movw \d0, \s0
  movw \d2, \s2
.endm

.macro xor d0 d1 d2 d3 s0 s1 s2 s3
  eor \d0, \s0
  eor \d1, \s1
  eor \d2, \s2
  eor \d3, \s3
.endm

.macro and4 d0 d1 d2 d3 s0 s1 s2 s3
  and \d0, \s0
  and \d1, \s1
  and \d2, \s2
  and \d3, \s3
.endm

.macro plus d0 d1 d2 d3 s0 s1 s2 s3
  add \d0, \s0
  adc \d1, \s1
  adc \d2, \s2
  adc \d3, \s3
.endm

.macro load d0 d1 d2 d3 at
  ldd \d0, Y + \at
  ldd \d1, Y + \at + 1
  ldd \d2, Y + \at + 2
  ldd \d3, Y + \at + 3
.endm

.macro store at s0 s1 s2 s3
  std Y + \at, \s0
  std Y + \at + 1, \s1
  std Y + \at + 2, \s2
  std Y + \at + 3, \s3
.endm

/* The word at a pointer, added; the pointer moves on. */
.macro plus_next d0 d1 d2 d3 load:req from:req
  \load tmp, \from
  add \d0, tmp
  \load tmp, \from
  adc \d1, tmp
  \load tmp, \from
  adc \d2, tmp
  \load tmp, \from
  adc \d3, tmp
.endm

/* One bit right; tmp's lowest bit comes in at the top. */
.macro right d0 d1 d2 d3
  lsr tmp
  ror \d3
  ror \d2
  ror \d1
  ror \d0
.endm

/* Rotate one bit left. */
.macro rotl1 d0 d1 d2 d3
  lsl \d0
  rol \d1
  rol \d2
  rol \d3
  adc \d0, zero
.endm

/* acc = S1(e) = rotr(e, 11) ^ rotr(e, 25) ^ rotr(e, 6), by way of u. */
.macro big_sigma1 l3 l0 l1 l2 m3 m0 m1 m2 e0 e1 e2 e3
  copy \l3, \l0, \l1, \l2, \e0, \e1, \e2, \e3 /* rotr 8 */
  mov tmp, \e1
  right \l0, \l1, \l2, \l3
  right \l0, \l1, \l2, \l3
  xor \l0, \l1, \l2, \l3, \e3, \e0, \e1, \e2 /* ^ rotr 24 */
  mov tmp, \l0
  right \l0, \l1, \l2, \l3
  copy \m3, \m0, \m1, \m2, \e0, \e1, \e2, \e3 /* rotr 8 */
  rotl1 \m0, \m1, \m2, \m3
  rotl1 \m0, \m1, \m2, \m3
  xor \l0, \l1, \l2, \l3, \m0, \m1, \m2, \m3
.endm

/* t += S1(e); acc and u are lost. */
.macro add_sigma1 t0 t1 t2 t3 l3 l0 l1 l2 m0 m1 m2 m3 e0 e1 e2 e3
  big_sigma1 \l3, \l0, \l1, \l2, \m0, \m1, \m2, \m3, \e0, \e1, \e2, \e3
  plus \t0, \t1, \t2, \t3, \l0, \l1, \l2, \l3
.endm

/* a = S0(a) = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22); acc is lost. */
.macro big_sigma0 a0 a1 a2 a3 l0 l1 l2 l3
  copy \l0, \l1, \l2, \l3, \a2, \a3, \a0, \a1 /* rotr 16 */
  rotl1 \l0, \l1, \l2, \l3
  xor \l0, \l1, \l2, \l3, \a3, \a0, \a1, \a2 /* ^ rotr 24 */
  rotl1 \l0, \l1, \l2, \l3
  rotl1 \l0, \l1, \l2, \l3
  mov tmp, \a0
  right \a0, \a1, \a2, \a3
  right \a0, \a1, \a2, \a3
  xor \a0, \a1, \a2, \a3, \l0, \l1, \l2, \l3
.endm

/*
 * Round number r of a turn. t holds h before and is free after; u is free
 * before and holds the next h after. p holds b ^ c before, v a ^ b after.
 */
.macro round r t0 t1 t2 t3 u0 u1 u2 u3 p0 p1 p2 p3 v0 v1 v2 v3
  slot_b = WORK + ((1 - \r) & 3) * 4
  slot_d = WORK + ((3 - \r) & 3) * 4
  slot_f = slot_b + 16
  slot_g = WORK + ((2 - \r) & 3) * 4 + 16
  slot_h = slot_d + 16
  add_sigma1 \t0, \t1, \t2, \t3, \u0, \u1, \u2, \u3, \
    \v0, \v1, \v2, \v3, E
  plus_next \t0, \t1, \t2, \t3, lpm, Z+
  plus_next \t0, \t1, \t2, \t3, ld, X+
  load \u0, \u1, \u2, \u3, slot_g /* Ch */
  load \v0, \v1, \v2, \v3, slot_f
  xor \v0, \v1, \v2, \v3, \u0, \u1, \u2, \u3
  and4 \v0, \v1, \v2, \v3, E
  xor \v0, \v1, \v2, \v3, \u0, \u1, \u2, \u3
  plus \t0, \t1, \t2, \t3, \v0, \v1, \v2, \v3
  load E, slot_d /* t = T1: e = d + T1 */
  plus E, \t0, \t1, \t2, \t3
  store slot_h, E
  load \v0, \v1, \v2, \v3, slot_b /* Maj */
  xor \v0, \v1, \v2, \v3, A
  and4 \p0, \p1, \p2, \p3, \v0, \v1, \v2, \v3
  xor \p0, \p1, \p2, \p3, \v0, \v1, \v2, \v3
  xor \p0, \p1, \p2, \p3, A
  plus \t0, \t1, \t2, \t3, \p0, \p1, \p2, \p3
  big_sigma0 A, \p0, \p1, \p2, \p3
  plus A, \t0, \t1, \t2, \t3
  store slot_d, A
.endm

/* acc = s1(x) = rotr(x, 17) ^ rotr(x, 19) ^ shr(x, 10) */
.macro small_sigma1 l0 l1 l2 l3 x0 x1 x2 x3
  copy \l0, \l1, \l2, \l3, \x2, \x3, \x0, \x1 /* rotr 16 */
  mov tmp, \x2
  right \l0, \l1, \l2, \l3
  eor \l0, \x1 /* ^ shr 8: its bits are lost below, not rotated */
  eor \l1, \x2
  eor \l2, \x3
  right \l0, \l1, \l2, \l3
  xor \l0, \l1, \l2, \l3, \x2, \x3, \x0, \x1 /* ^ rotr 16 */
  eor tmp, \x2
  right \l0, \l1, \l2, \l3
.endm

/* acc = s0(x) = rotr(x, 7) ^ rotr(x, 18) ^ shr(x, 3), by way of m. */
.macro small_sigma0 l0 l1 l2 l3 m3 m0 m1 m2 x0 x1 x2 x3
  copy \l0, \l1, \l2, \l3, \x0, \x1, \x2, \x3
  lsr \l3
  ror \l2
  ror \l1
  ror \l0
  xor \l0, \l1, \l2, \l3, \x2, \x3, \x0, \x1 /* ^ rotr 16 */
  mov tmp, \x2
  right \l0, \l1, \l2, \l3
  right \l0, \l1, \l2, \l3
  copy \m3, \m0, \m1, \m2, \x0, \x1, \x2, \x3 /* rotr 8 */
  mov tmp, \x0
  lsl tmp
  rol \m0
  rol \m1
  rol \m2
  rol \m3
  xor \l0, \l1, \l2, \l3, \m0, \m1, \m2, \m3
.endm

.macro load_next d0 d1 d2 d3 from:req
  ld \d0, \from
  ld \d1, \from
  ld \d2, \from
  ld \d3, \from
.endm

.macro store_next s0 s1 s2 s3 to:req
  st \to, \s0
  st \to, \s1
  st \to, \s2
  st \to, \s3
.endm

.section .text.wk_avr_sha256,"ax",@progbits

/*
 * Moves the schedule on by r18 words: w[t] takes the place of w[t-16] at Y.
 * X points at w[t-7], Z at w[t-15]; all three move on. r1 is lost.
 */
expand:
  mov r1, r18
1:
  small_sigma1 U, W2
  plus S, U
  plus_next S, ld, X+
  load_next X15, Z+
  small_sigma0 U, V, X15
  plus S, U
  store_next S, Y+
  copy W2, W1
  copy W1, S
  copy S, X15
  dec r1
  breq 2f
  rjmp 1b
2:
  ret

/* The next 16 words of the schedule in place; Y and Z stay. */
schedule:
  push r30
  push r31
  subi r28, -BLOCK
  sbci r29, -1
  load W1, 60
  load W2, 56
  load S, 0
  movw r26, r28
  adiw r26, 36
  movw r30, r28
  adiw r30, 4
  ldi r18, 7
  rcall expand
  movw r26, r28 /* w[t-7] is at the start again */
  sbiw r26, 28
  ldi r18, 8
  rcall expand
  movw r30, r28 /* and now w[t-15] */
  sbiw r30, 60
  ldi r18, 1
  rcall expand
  subi r28, 2 * BLOCK
  sbc r29, r1
  pop r31
  pop r30
  ret

/* The message comes with the highest byte first. Y points 32 bytes along. */
turn_words:
  movw r26, r28
  adiw r26, BLOCK - 32
  movw r30, r26
  ldi r18, 16
1:
  load_next r5, r4, r3, r2, X+
  store_next r2, r3, r4, r5, Z+
  dec r18
  brne 1b
  ret

.global wk_avr_sha256_block
.type wk_avr_sha256_block, @function
wk_avr_sha256_block:
  .irp reg, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,28,29
  push \reg
  .endr
  movw r28, r24
  movw r26, r24
  ldi r18, 8
1: /* the working variables begin as the state */
  load r2, r3, r4, r5, STATE
  adiw r28, 4
  store_next r2, r3, r4, r5, X+
  dec r18
  brne 1b
  rcall turn_words
  sbiw r28, 32
  ldi r30, lo8(wk_avr_sha256_k)
  ldi r31, hi8(wk_avr_sha256_k)
  rjmp 3f
2:
  rcall schedule
3: /* sixteen rounds */
  load A, WORK
  load P, WORK + 4
  load E, WORK + 16
  load T, WORK + 28
  load U, WORK + 8
  xor P, U
  movw r26, r28
  subi r26, -BLOCK
  sbci r27, -1
4:
  round 0, T, U, P, V
  round 1, U, T, V, P
  round 2, T, U, P, V
  round 3, U, T, V, P
  mov r18, r30 /* the table is aligned: its low byte counts the rounds */
  andi r18, 63
  breq 5f
  rjmp 4b
5:
  cpi r30, lo8(wk_avr_sha256_k)
  breq 6f
  rjmp 2b
6:
  movw r26, r28
  ldi r18, 8
7: /* state += working variables */
  load r2, r3, r4, r5, STATE
  plus_next r2, r3, r4, r5, ld, X+
  store STATE, r2, r3, r4, r5
  adiw r28, 4
  dec r18
  brne 7b
  .irp reg, 29,28,17,16,15,14,13,12,11,10,9,8,7,6,5,4,3,2
  pop \reg
  .endr
  ret
.size wk_avr_sha256_block, . - wk_avr_sha256_block

/* Aligned to 16 words: whole schedules end where the low bits are zero. All of
 * it is as long as a low byte counts: there it is as it began. */
.section .progmem.data.wk_avr_sha256_k,"a",@progbits
.balign 64
.global wk_avr_sha256_k
.type wk_avr_sha256_k, @object
wk_avr_sha256_k:
  .long 0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5
  .long 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5
  .long 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3
  .long 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174
  .long 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc
  .long 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da
  .long 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7
  .long 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967
  .long 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13
  .long 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85
  .long 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3
  .long 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070
  .long 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5
  .long 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3
  .long 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208
  .long 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
.size wk_avr_sha256_k, . - wk_avr_sha256_k

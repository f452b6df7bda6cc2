/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aes128.S - AES-128 encryption (FIPS 197) on the AVR: wk_port_aes_encrypt()
 * of whitekey/port.h. The opaque key is the key itself: round keys are computed
 * on the way.
 *
 * Constant time: no branch depends on data. The S-box is looked up in flash
 * at an address that does, which this chip does in three cycles whatever the
 * address is: it has neither cache nor wait states.
 *
 * The state stands in r0..r15, byte i of the block in register i. Rows shift
 * by where the S-box's results go. Of the round key the last word is in
 * registers, and the first two bytes; the other ten are on the stack, where Y
 * points one below them.
 */
v1 = 18
v2 = 19
v3 = 20
sum = 21
mask = 22
rcon = 23
k0 = 26
k1 = 27
k12 = 16
k13 = 17
k14 = 24
k15 = 25
#define KEPT 10 /* bytes of the round key on the stack: 2..11 */

/* d = S-box(s) */
.macro sub d s
  mov r30, \s
  lpm \d, Z
.endm

/* d = 2 d in GF(2^8) */
.macro xtime d
  lsl \d
  sbc mask, mask
  andi mask, 0x1b
  eor \d, mask
.endm

/*
 * MixColumns of one column: a' = a ^ sum ^ 2 (a ^ b), and so on in a circle;
 * 2 (d ^ a) is the sum of the other three.
 */
.macro mix a b c d
  mov v1, \a
  eor v1, \b
  mov v2, \b
  eor v2, \c
  mov v3, \c
  eor v3, \d
  mov sum, v1
  eor sum, v3
  xtime v1
  xtime v2
  xtime v3
  eor v1, sum
  eor v2, sum
  eor v3, sum
  eor \a, v1
  eor \b, v2
  eor \c, v3
  eor \d, v1
  eor \d, v2
  eor \d, v3
.endm

/* The next round key's byte i, v ^ the last one's, is v; added to the state. */
.macro next i v
  ldd r30, Y + \i - 1
  eor \v, r30
  std Y + \i - 1, \v
  eor \i, \v
.endm

.macro next_in_register i v k
  eor \k, \v
  mov \v, \k
  eor \i, \v
.endm

.section .text.wk_avr_aes,"ax",@progbits
.global wk_port_aes_encrypt
.type wk_port_aes_encrypt, @function
wk_port_aes_encrypt: /* r25:r24 key, r23:r22 out, r21:r20 in */
  .irp reg, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,28,29,22,23
  push \reg
  .endr
  movw r28, r24
  movw r26, r20
  .irp reg, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
  ld \reg, X+
  .endr
  .irp i, 11,10,9,8,7,6,5,4,3,2
  ldd r30, Y + \i
  eor \i, r30
  push r30
  .endr
  ldd k0, Y + 0
  eor 0, k0
  ldd k1, Y + 1
  eor 1, k1
  ldd k12, Y + 12
  eor 12, k12
  ldd k13, Y + 13
  eor 13, k13
  ldd k14, Y + 14
  eor 14, k14
  ldd k15, Y + 15
  eor 15, k15
  in r28, 0x3d
  in r29, 0x3e
  ldi r31, hi8(wk_avr_aes_sbox)
  ldi rcon, 1
1:
  sub 0, 0
  sub 4, 4
  sub 8, 8
  sub 12, 12
  sub sum, 1
  sub 1, 5
  sub 5, 9
  sub 9, 13
  mov 13, sum
  sub sum, 2
  sub 2, 10
  mov 10, sum
  sub sum, 6
  sub 6, 14
  mov 14, sum
  sub sum, 3
  sub 3, 15
  sub 15, 11
  sub 11, 7
  mov 7, sum
  cpi rcon, 0x36 /* the last round has no MixColumns */
  brne 2f
  rjmp 3f
2:
  mix 0, 1, 2, 3
  mix 4, 5, 6, 7
  mix 8, 9, 10, 11
  mix 12, 13, 14, 15
3:
  sub v1, k13
  eor v1, rcon
  sub v2, k14
  sub v3, k15
  sub sum, k12
  next_in_register 0, v1, k0
  next_in_register 1, v2, k1
  next 2, v3
  next 3, sum
  next 4, v1
  next 5, v2
  next 6, v3
  next 7, sum
  next 8, v1
  next 9, v2
  next 10, v3
  next 11, sum
  eor k12, v1
  eor 12, k12
  eor k13, v2
  eor 13, k13
  eor k14, v3
  eor 14, k14
  eor k15, sum
  eor 15, k15
  lsl rcon
  brcc 4f
  ldi rcon, 0x1b
4:
  cpi rcon, 0x6c
  breq 5f
  rjmp 1b
5:
  ldd r27, Y + KEPT + 1 /* where the result goes, was pushed last */
  ldd r26, Y + KEPT + 2
  .irp reg, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
  st X+, \reg
  .endr
  clr r1
  .irp i, 1,2,3,4,5,6,7,8,9,10 /* any round key tells the key */
  std Y + \i, r1
  .endr
  adiw r28, KEPT + 2
  in r0, 0x3f
  cli
  out 0x3e, r29
  out 0x3f, r0
  out 0x3d, r28
  .irp reg, 29,28,17,16,15,14,13,12,11,10,9,8,7,6,5,4,3,2
  pop \reg
  .endr
  ret
.size wk_port_aes_encrypt, . - wk_port_aes_encrypt

/* Aligned: a byte is its own index. */
.section .progmem.data.wk_avr_aes_sbox,"a",@progbits
.balign 256
.global wk_avr_aes_sbox
.type wk_avr_aes_sbox, @object
wk_avr_aes_sbox:
  .byte 0x63, 0x7c, 0x77, 0x7b, 0xf2, 0x6b, 0x6f, 0xc5
  .byte 0x30, 0x01, 0x67, 0x2b, 0xfe, 0xd7, 0xab, 0x76
  .byte 0xca, 0x82, 0xc9, 0x7d, 0xfa, 0x59, 0x47, 0xf0
  .byte 0xad, 0xd4, 0xa2, 0xaf, 0x9c, 0xa4, 0x72, 0xc0
  .byte 0xb7, 0xfd, 0x93, 0x26, 0x36, 0x3f, 0xf7, 0xcc
  .byte 0x34, 0xa5, 0xe5, 0xf1, 0x71, 0xd8, 0x31, 0x15
  .byte 0x04, 0xc7, 0x23, 0xc3, 0x18, 0x96, 0x05, 0x9a
  .byte 0x07, 0x12, 0x80, 0xe2, 0xeb, 0x27, 0xb2, 0x75
  .byte 0x09, 0x83, 0x2c, 0x1a, 0x1b, 0x6e, 0x5a, 0xa0
  .byte 0x52, 0x3b, 0xd6, 0xb3, 0x29, 0xe3, 0x2f, 0x84
  .byte 0x53, 0xd1, 0x00, 0xed, 0x20, 0xfc, 0xb1, 0x5b
  .byte 0x6a, 0xcb, 0xbe, 0x39, 0x4a, 0x4c, 0x58, 0xcf
  .byte 0xd0, 0xef, 0xaa, 0xfb, 0x43, 0x4d, 0x33, 0x85
  .byte 0x45, 0xf9, 0x02, 0x7f, 0x50, 0x3c, 0x9f, 0xa8
  .byte 0x51, 0xa3, 0x40, 0x8f, 0x92, 0x9d, 0x38, 0xf5
  .byte 0xbc, 0xb6, 0xda, 0x21, 0x10, 0xff, 0xf3, 0xd2
  .byte 0xcd, 0x0c, 0x13, 0xec, 0x5f, 0x97, 0x44, 0x17
  .byte 0xc4, 0xa7, 0x7e, 0x3d, 0x64, 0x5d, 0x19, 0x73
  .byte 0x60, 0x81, 0x4f, 0xdc, 0x22, 0x2a, 0x90, 0x88
  .byte 0x46, 0xee, 0xb8, 0x14, 0xde, 0x5e, 0x0b, 0xdb
  .byte 0xe0, 0x32, 0x3a, 0x0a, 0x49, 0x06, 0x24, 0x5c
  .byte 0xc2, 0xd3, 0xac, 0x62, 0x91, 0x95, 0xe4, 0x79
  .byte 0xe7, 0xc8, 0x37, 0x6d, 0x8d, 0xd5, 0x4e, 0xa9
  .byte 0x6c, 0x56, 0xf4, 0xea, 0x65, 0x7a, 0xae, 0x08
  .byte 0xba, 0x78, 0x25, 0x2e, 0x1c, 0xa6, 0xb4, 0xc6
  .byte 0xe8, 0xdd, 0x74, 0x1f, 0x4b, 0xbd, 0x8b, 0x8a
  .byte 0x70, 0x3e, 0xb5, 0x66, 0x48, 0x03, 0xf6, 0x0e
  .byte 0x61, 0x35, 0x57, 0xb9, 0x86, 0xc1, 0x1d, 0x9e
  .byte 0xe1, 0xf8, 0x98, 0x11, 0x69, 0xd9, 0x8e, 0x94
  .byte 0x9b, 0x1e, 0x87, 0xe9, 0xce, 0x55, 0x28, 0xdf
  .byte 0x8c, 0xa1, 0x89, 0x0d, 0xbf, 0xe6, 0x42, 0x68
  .byte 0x41, 0x99, 0x2d, 0x0f, 0xb0, 0x54, 0xbb, 0x16
.size wk_avr_aes_sbox, . - wk_avr_aes_sbox

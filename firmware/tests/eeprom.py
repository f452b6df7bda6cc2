# SPDX-License-Identifier: Apache-2.0
"""The dongle's EEPROM, read from outside: firmware/dongle/layout.h."""

import hashlib
import struct

from cryptography.hazmat.primitives.ciphers.aead import AESCCM

VAULT, DEVICE, COUNTER, SLOTS = 2, 32, 192, 272
LOCK, LOCK_SIZE, WRAPPED = 2, 5, (16, 1008)
COUNTER_SIZE, SLOT_SIZE, SLOT_COUNT, BLOCK = 35, 39, 13, 32
VALID, FREE = 0xa5, 0xff
MARK_AT = 3


class Damaged(Exception):
    """Something valid does not open."""


def _open(key, kind, epoch, number, sealed):
    """CCM's keystream also opens; the tag is cut to four bytes."""
    ccm = AESCCM(key)
    nonce = struct.pack(">BHI6x", kind, number, epoch)
    body = ccm.encrypt(nonce, sealed[:-4], None)[:len(sealed) - 4]
    if ccm.encrypt(nonce, body, None)[len(body):][:4] != sealed[-4:]:
        raise Damaged(f"{chr(kind)} {number}")
    return body


class Image:
    def __init__(self, data):
        self.data = data

    def is_enrolled(self):
        return self.data[DEVICE] == VALID

    def key(self):
        return self.data[VAULT + 1:VAULT + 17]

    def locks(self):
        """The sensor's pages from which a finger opens."""
        return [page for page in (0, 1)
                if self.data[LOCK + page * LOCK_SIZE] == VALID]

    def unwrapped(self, page, template_hash):
        """The key, of an image with a finger."""
        at = LOCK + page * LOCK_SIZE
        wrapped = self.data[WRAPPED[page]:][:16] + self.data[at + 1:at + 5]
        return _open(template_hash[16:], ord("W"), 0, page, wrapped)

    def secrets(self):
        """bio_id and seed."""
        body = _open(self.key(), ord("D"), 0, 0,
                     self.data[DEVICE + 55:DEVICE + 107])
        return body[:16], body[16:]

    def counter(self):
        """The current block and how many of its passwords are used."""
        areas = [self.data[COUNTER + i * COUNTER_SIZE:][:COUNTER_SIZE]
                 for i in (0, 1)]
        block, marks = max((int.from_bytes(area[1:3], "big"), area[MARK_AT:])
                           for area in areas if area[0] == VALID)
        return block, len(marks.rstrip(b"\xff"))

    def slots(self):
        """{block: value} of all valid slots; each has to open."""
        values = {}
        for i in range(SLOT_COUNT):
            slot = self.data[SLOTS + i * SLOT_SIZE:][:SLOT_SIZE]
            if slot[0] == VALID:
                block = int.from_bytes(slot[1:3], "big")
                values[block] = _open(self.key(), ord("S"), 0, block,
                                      slot[3:])
        return values


def chain_of(seed, salt, n):
    """Every value of a chain, x[0] first."""
    x = hashlib.sha256(b"\2" + salt + struct.pack(">I", n) + seed).digest()
    values = [x]
    for j in range(n - 1, -1, -1):
        x = hashlib.sha256(b"\1" + salt + struct.pack(">I", j) + x).digest()
        values.append(x)
    return values[::-1]

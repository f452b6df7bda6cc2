# SPDX-License-Identifier: Apache-2.0
"""The dongle's EEPROM, read from outside: firmware/dongle/layout.h."""

import hashlib
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

LOCK, LOCK_SIZE, WRAPPED = 2, 5, (16, 1008)
VAULT, DEVICE, EPOCHS, UPDATE = 2, 32, 103, 193
COUNTER, KS, SLOTS = 206, 346, 383
EPOCH_SIZE, UPDATE_SIZE, COUNTER_SIZE, SLOT_SIZE = 45, 13, 35, 39
SLOT_COUNT, BLOCK = 16, 32
VALID, FREE = 0xa5, 0xff
MARK_AT = 3


class Damaged(Exception):
    """Something valid does not open."""


def chain_key(key, epoch, draft):
    """What belongs to one chain is sealed under this."""
    block = struct.pack("<cII7x", b"L", epoch, draft)
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)


def _open(key, name, sealed):
    """CCM's keystream also opens; the tag is cut to four bytes. name: kind,
    number."""
    ccm = AESCCM(key)
    nonce = struct.pack(">cH10x", *name)
    body = ccm.encrypt(nonce, sealed[:-4], None)[:len(sealed) - 4]
    if ccm.encrypt(nonce, body, None)[len(body):][:4] != sealed[-4:]:
        raise Damaged(name)
    return body


class Image:
    def __init__(self, data):
        self.data = data

    def is_enrolled(self):
        return self.data[DEVICE] == VALID

    def is_open(self):
        """A key update: X3 has left."""
        return self.data[UPDATE] == VALID

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
        return _open(template_hash[16:], (b"W", page), wrapped)

    def bio_id(self):
        return _open(self.key(), (b"D", 0),
                     self.data[DEVICE + 51:DEVICE + 71])

    def drafts(self):
        """{epoch: draft} of the chains there are, the older one first."""
        found = {}
        for side in (0, 1):
            record = self.data[EPOCHS + side * EPOCH_SIZE:][:EPOCH_SIZE]
            if record[0] == VALID:
                epoch, draft = struct.unpack(">II", record[1:9])
                assert epoch % 2 == side, epoch
                found[epoch] = draft
        return dict(sorted(found.items()))

    def seeds(self):
        """{epoch: seed}."""
        return {epoch: _open(chain_key(self.key(), epoch, draft), (b"E", 0),
                             self.data[EPOCHS + epoch % 2 * EPOCH_SIZE:]
                             [9:EPOCH_SIZE])
                for epoch, draft in self.drafts().items()}

    def seed(self):
        """Of the one chain there is."""
        (seed,) = self.seeds().values()
        return seed

    def with_used(self, used, torn=False):
        """The same where so many passwords of the block were given; torn:
        power failed before anything was done for the next block."""
        data = bytearray(self.data)
        areas = [COUNTER, COUNTER + COUNTER_SIZE]  # of even epochs
        areas.sort(key=lambda at: data[at] == VALID)
        for at, marks in zip(areas, (BLOCK if torn else 0, used)):
            data[at + MARK_AT:at + COUNTER_SIZE] = \
                bytes(marks) + bytes([FREE]) * (BLOCK - marks)
        return bytes(data)

    def slots(self, epoch=0):
        """{block: value} of an epoch's valid slots; each has to open."""
        key, values = chain_key(self.key(), epoch, self.drafts()[epoch]), {}
        for i in range(SLOT_COUNT):
            slot = self.data[SLOTS + i * SLOT_SIZE:][:SLOT_SIZE]
            what = int.from_bytes(slot[1:3], "big")
            if slot[0] == VALID and what >> 15 == epoch % 2:
                block = what & 0x7fff
                values[block] = _open(key, (b"S", block), slot[3:])
        return values


def chain_of(seed, salt, n):
    """Every value of a chain, x[0] first."""
    x = hashlib.sha256(b"\2" + salt + struct.pack(">I", n) + seed).digest()
    values = [x]
    for j in range(n - 1, -1, -1):
        x = hashlib.sha256(b"\1" + salt + struct.pack(">I", j) + x).digest()
        values.append(x)
    return values[::-1]

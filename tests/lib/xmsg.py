# SPDX-License-Identifier: Apache-2.0
"""Messages of protocol section 3, opened by another implementation."""

import base64
import hashlib
import hmac
import os
import struct
import time

from cryptography.hazmat.primitives.ciphers.aead import AESCCM

HEADER, X1_LEN, X4_LEN = 18, 70, 64


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def binary(did, password):
    """Enhanced authentication data (section 5) for a password."""
    messages = b"".join(unb64(part) for part in password.split("."))
    return bytes([len(did)]) + did.encode() + messages


def _lv(did):
    return bytes([len(did)]) + did


def _be32(number):
    return struct.pack(">I", number)


class Device:
    """Makes any message of an enrolled device, at any index: from its
    credential as it was when read here."""

    def __init__(self, credential):
        held = credential.load()
        self.did = held["d_id"]
        self.realm, self.ks, self.bio_id = (
            unb64(held[key]) for key in ("realm", "ks", "bio_id"))
        self.clock = 0  # seconds that it is ahead
        self.chains = {}  # seed and length by role and epoch
        for role, chain in held["chains"].items():
            self.chains[role, chain["epoch"]] = (
                unb64(chain["seed"]), chain["n"])

    def value(self, role, epoch, index):
        """x[index], section 2."""
        seed, length = self.chains[role, epoch]
        salt = hashlib.sha256(
            b"whitekey/1/salt" + self.realm + role.encode() + _be32(epoch)
            + _lv(self.did.encode())).digest()[:16]
        x = hashlib.sha256(b"\2" + salt + _be32(length) + seed).digest()
        for at in range(length - 1, index - 1, -1):
            x = hashlib.sha256(b"\1" + salt + _be32(at) + x).digest()
        return x

    def crypt(self, head, challenge):
        """The cipher, nonce and additional data of a header, section 3."""
        lv = _lv(self.did.encode())
        key = hmac.digest(
            self.ks,
            b"whitekey/1/msg" + self.realm + head[2:6] + self.bio_id + lv,
            "sha256",
        )[:16]
        aad = b"whitekey/1/aad" + self.realm + lv + head + challenge
        return AESCCM(key, tag_length=16), head[1:2] + head[6:18], aad

    def seal(self, kind, epoch, index, body, challenge=b""):
        head = (bytes([1, kind]) + _be32(epoch) + _be32(index)
                + os.urandom(8))
        cipher, nonce, aad = self.crypt(head, challenge)
        return head + cipher.encrypt(nonce, body, aad)

    def login(self, index, epoch=0, user=None, user_epoch=0, challenge=b""):
        """X1, with an X2 of index `user` behind it."""
        now = _be32(int(time.time()) + self.clock)
        x1 = self.seal(1, epoch, index, now + self.value("C", epoch, index),
                       challenge)
        if user is None:
            return x1
        digest = hashlib.sha256(x1).digest()[:16]
        body = now + self.value("D", user_epoch, user) + digest
        return x1 + self.seal(2, user_epoch, user, body, challenge)

    def password(self, index, **more):
        message = self.login(index, **more)
        return ".".join(b64(part) for part in (message[:X1_LEN],
                                               message[X1_LEN:]) if part)

    def update(self, index, role="C", epoch=0, length=300, vouch=None):
        """X3 of the session that login `index` opened; the next chain is
        this device's from now on. vouch: another than the right one."""
        seed = os.urandom(32)
        self.chains[role, epoch + 1] = seed, length
        body = (role.encode() + _be32(epoch + 1) + _be32(length)
                + self.value(role, epoch + 1, 0))
        right = hmac.digest(
            self.value(role, epoch, index + 1),
            b"whitekey/1/vouch" + self.realm + _lv(self.did.encode()) + body,
            "sha256")
        return self.seal(3, epoch, index, body + (vouch or right))


class X4:
    """Raises cryptography's InvalidTag when it does not open."""

    def __init__(self, message, credential, challenge=b""):
        head = message[:HEADER]
        cipher, nonce, aad = Device(credential).crypt(head, challenge)
        body = cipher.decrypt(nonce, message[HEADER:], aad)
        self.type = head[1]
        self.status, self.role, self.epoch, self.index, self.time = (
            struct.unpack(">BBIII", body[:14])
        )
        self.digest = body[14:]

    def answers(self, password):
        """Is it about this login?"""
        return self.is_about(unb64(password.split(".")[0]))

    def is_about(self, message):
        return self.digest == hashlib.sha256(message).digest()[:16]

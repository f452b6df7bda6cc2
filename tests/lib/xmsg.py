# SPDX-License-Identifier: Apache-2.0
"""Messages of protocol section 3, opened by another implementation."""

import base64
import hashlib
import hmac
import struct

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


class X4:
    """Raises cryptography's InvalidTag when it does not open."""

    def __init__(self, message, credential):
        held = credential.load()
        did = held["d_id"].encode()
        realm, head = unb64(held["realm"]), message[:HEADER]
        lv = bytes([len(did)]) + did
        key = hmac.digest(
            unb64(held["ks"]),
            b"whitekey/1/msg" + realm + head[2:6] + unb64(held["bio_id"]) + lv,
            "sha256",
        )[:16]
        nonce = head[1:2] + head[6:10] + head[10:18]
        body = AESCCM(key, tag_length=16).decrypt(
            nonce, message[HEADER:], b"whitekey/1/aad" + realm + lv + head
        )
        self.type = head[1]
        self.status, self.role, self.epoch, self.index, self.time = (
            struct.unpack(">BBIII", body[:14])
        )
        self.digest = body[14:]

    def answers(self, password):
        """Is it about this login?"""
        x1 = unb64(password.split(".")[0])
        return self.digest == hashlib.sha256(x1).digest()[:16]

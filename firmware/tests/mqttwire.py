# SPDX-License-Identifier: Apache-2.0
"""The packets that a server exchanges with the chip."""

import base64
import struct

METHOD = b"WHITEKEY-CHALLENGE"
CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE = 0x10, 0x20, 0x30, 0x40, 0x82
PINGREQ, PINGRESP, DISCONNECT, AUTH = 0xc0, 0xd0, 0xe0, 0xf0
CHALLENGE = bytes(range(7, 23))


def lv(data):
    return struct.pack(">H", len(data)) + data


def packet(kind, body=b""):
    size, length = len(body), b""
    while size >= 128:
        length += bytes([size % 128 | 128])
        size //= 128
    return bytes([kind]) + length + bytes([size]) + body


def props(*pairs):
    """Properties behind their length: numbers, and what they say."""
    data = b"".join(bytes([number]) + value for number, value in pairs)
    return bytes([len(data)]) + data


def challenge(data=CHALLENGE):
    return packet(AUTH, b"\x18" + props((0x15, lv(METHOD)),
                                        (0x16, lv(data))))


RECEIVED = packet(PUBACK, b"\0\7")


def update_answered(topic, x4, text=None):
    """An X4 to an X3; text: what stands in its place."""
    if text is None:
        text = base64.urlsafe_b64encode(x4).rstrip(b"=")
    return packet(PUBLISH | 2, lv(topic) + b"\0\7\0" + text)


def connack(x4, code=0):
    """As Mosquitto's, with what else may stand there."""
    return packet(CONNACK, bytes([0, code]) + props(
        (0x22, b"\0\x0a"), (0x26, lv(b"a") + lv(b"bc")), (0x29, b"\1"),
        (0x15, lv(METHOD)), (0x27, b"\0\1\0\0"), (0x16, lv(x4))))

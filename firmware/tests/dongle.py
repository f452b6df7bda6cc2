# SPDX-License-Identifier: Apache-2.0
"""The dongle's image on a simulated chip, spoken to over its serial line, and
the server's side of what it says."""

import copy
import hashlib
import hmac
import os
import select
import struct
import time
from binascii import crc_hqx

from cryptography.exceptions import InvalidTag  # noqa: F401
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from chip import Chip
from eeprom import Image

HZ = 16_000_000
(INFO, ENROL, PUBLIC, LOGIN, ANSWER, RESET, KEY, FINGER, SITE,
 UPDATE) = range(1, 11)
(OK, UNKNOWN, MALFORMED, WRONG_TIME, BUSY, SPENT, LOCKED, DAMAGED, REFUSED,
 STRANGER, UNREADABLE, CHANGED, SILENT, NOISE, SENSOR,
 STOLEN) = range(16)
NONE, PREPARING, PREPARED, OPEN = range(4)
DUE, NOW = range(2)
TESTING, GOOD, FAILED = range(3)
BLANK, BUILDING, READY, EMPTY, BROKEN, KEYLESS = range(6)
KS = bytes(range(32))
OLD, NEW, ERASED, MIXED = range(4)
CUTS = (OLD, NEW, ERASED, MIXED)


class Cut(Exception):
    """Power failed."""


class Silent(Exception):
    """No answer came in time."""


def frame(content, version=1):
    body = bytes([version]) + content
    body += struct.pack(">H", crc_hqx(body, 0xffff))
    body = body.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")
    return b"\xc0" + body + b"\xc0"


def unframe(data):
    """The content of the one frame in data."""
    body = data.strip(b"\xc0")
    body = body.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")
    if body[:1] != b"\1" or crc_hqx(body, 0xffff) != 0:
        raise AssertionError(f"not a frame: {data.hex()}")
    return body[1:-2]


class Host:
    """The commands, for whoever has raw() to send and idle() to wait."""

    def ask(self, op, payload=b"", seconds=60):
        """The status and what follows it."""
        reply = unframe(self.raw(frame(bytes([op]) + payload), seconds))
        while reply[0] != op | 0x80:  # it was given up too early
            reply = unframe(self.raw(b"", seconds))
        return reply[1], reply[2:]

    def info(self):
        status, body = self.ask(INFO)
        assert status == OK, status
        state, epoch, n, following, at = struct.unpack(">BIIII", body[:17])
        return {"state": state, "epoch": epoch, "n": n, "next": following,
                "at": at, "did": body[18:18 + body[17]].decode(),
                "update": body[18 + body[17]],
                "health": tuple(body[19 + body[17]:])}

    def enrol(self, did="dongle-1", n=256, realm=bytes(16),
              random=bytes(range(32))):
        payload = struct.pack(">I", n) + realm + random
        payload += bytes([len(did)]) + did.encode()
        return self.ask(ENROL, payload)[0]

    def wait_built(self):
        while self.info()["state"] == BUILDING:
            self.idle(HZ)

    def finish_enrolment(self, ks=KS):
        self.wait_built()
        status, _ = self.ask(KEY, ks)
        assert status == OK, status

    def public(self):
        """bio_id and anchor."""
        status, body = self.ask(PUBLIC)
        assert status == OK, status
        return body[:16], body[16:]

    def login(self, skip=0, time=0, nonce=bytes(8), challenge=b""):
        payload = struct.pack(">BI", skip, time) + nonce + challenge
        return self.ask(LOGIN, payload)

    def update(self, when=DUE, random=bytes(32)):
        return self.ask(UPDATE, bytes([when]) + random)


class Dongle(Chip, Host):
    IMAGE = "dongle-unattended"

    def __init__(self, watched=False):
        super().__init__(self.IMAGE, watched)
        self.idle(HZ // 10)

    def power_cycle(self):
        """Off and on; listens when this is over."""
        self.command("power")
        self.idle(HZ // 10)

    def idle(self, cycles):
        """Lets it do what it does on its own."""
        if self.command("run", cycles) == "cut":
            raise Cut()

    def raw(self, data, seconds=0.5):
        """Sends bytes; what comes back until a frame's end."""
        received, left = b"", int(seconds * HZ)
        words = ("talk", left, data.hex())
        self.cycles = 0
        while left > 0:
            end, cycles, *hexed = self.command(*words).split()
            if end == "cut":
                raise Cut()
            self.cycles += int(cycles)
            left -= int(cycles)
            received += bytes.fromhex("".join(hexed))
            if received.strip(b"\xc0") and received.endswith(b"\xc0"):
                return received
            words = ("talk", left)
        raise Silent(received.hex())

    def time_login(self, skip=0):
        """X1, and the cycles from the last byte of its request to its
        first."""
        data = frame(bytes([LOGIN]) + struct.pack(">BI8x", skip, 0))
        _, cycles, *_ = self.command("talk", 2 * HZ, data.hex()).split()
        cycles = self.waited(int(cycles), data)
        reply = unframe(self.raw(b""))
        assert reply[1] == OK, reply[1]
        return reply[2:], cycles

    def waited(self, cycles, data):
        """Without the time that the request took on the line."""
        return cycles - len(data) * 11 * HZ // 57143  # simavr's UART is slow

    def settle(self):
        """Until it has nothing to do."""
        before = None
        while before != (now := self.command("writes")):
            before = now
            self.idle(HZ // 2)


class FingerDongle(Dongle):
    """The image that asks a sensor; FINGER lies on it."""

    IMAGE = "dongle"
    FINGER = 7
    SMUDGE = 65535
    MOODS = WELL, UNPLUGGED, NOISY, BENT, FICKLE = range(5)

    def finger(self, number=FINGER):
        self.command("finger", number)

    def sensor(self, mood=WELL, baud=57600, packet=128):
        self.command("sensor", mood, baud, packet)

    def template(self, page):
        return bytes.fromhex(self.command("template", page))

    def hash(self, page=0):
        return hashlib.sha256(b"whitekey/1/bio" +
                              self.template(page)).digest()

    def key(self, page=0):
        """The vault's key, as the EEPROM and a template have it."""
        image = bytes.fromhex(self.command("eeprom"))
        return Image(image).unwrapped(page, self.hash(page))

    def waited(self, _cycles, _data):
        """From the last byte of the template on."""
        return int(self.command("lag"))

    def teach(self, step):
        return self.ask(FINGER, bytes([step]))[0]

    def set_up(self):
        """A finger is known to the sensor."""
        self.finger()
        return [self.teach(1), self.teach(2)]


class Port(Host):
    """A dongle behind a serial port."""

    def __init__(self, name):
        self.fd = os.open(name, os.O_RDWR | os.O_NOCTTY)
        self.unread = b""

    def close(self):
        os.close(self.fd)

    def idle(self, _cycles):
        time.sleep(0.01)

    def raw(self, data, seconds=10):
        os.write(self.fd, data)
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            content, end, rest = self.unread.lstrip(b"\xc0").partition(b"\xc0")
            if end:
                self.unread = rest
                return content
            if select.select([self.fd], [], [], left)[0]:
                self.unread += os.read(self.fd, 256)
        raise Silent(self.unread.hex())


class Server:
    """What a registry does with the messages of one dongle."""

    def __init__(self, dongle, did="dongle-1", n=256, realm=bytes(16),
                 ks=KS, epoch=0):
        self.bio_id, self.anchor = dongle.public()
        lv = bytes([len(did)]) + did.encode()
        self.salt = self.salt_of(did, realm, epoch)
        self.ks, self.told = ks, (b"whitekey/1/msg" + realm, self.bio_id + lv)
        self.kx = self.kx_of(epoch)
        self.aad = b"whitekey/1/aad" + realm + lv
        self.epoch, self.n = epoch, n
        self.last, self.value, self.time = 0, self.anchor, 0
        self.seen = set()

    def kx_of(self, epoch):
        head, tail = self.told
        return hmac.digest(self.ks, head + struct.pack(">I", epoch) + tail,
                           "sha256")[:16]

    def of_epoch(self, epoch):
        """The same for another epoch's messages."""
        other = copy.copy(self)
        other.kx = self.kx_of(epoch)
        return other

    @staticmethod
    def salt_of(did, realm=bytes(16), epoch=0):
        salted = b"whitekey/1/salt" + realm + b"C" + struct.pack(">I", epoch)
        salted += bytes([len(did)]) + did.encode()
        return hashlib.sha256(salted).digest()[:16]

    def open(self, x1, challenge=b""):
        """index, time and value; each index may come once only."""
        version, kind, epoch, index = struct.unpack(">BBII", x1[:10])
        assert (version, kind, epoch) == (1, 1, self.epoch), x1.hex()
        nonce = bytes([kind]) + x1[6:18]
        body = AESCCM(self.kx).decrypt(nonce, x1[18:],
                                       self.aad + x1[:18] + challenge)
        assert index not in self.seen, f"index {index} came twice"
        self.seen.add(index)
        return index, struct.unpack(">I", body[:4])[0], body[4:]

    def take(self, x1, challenge=b""):
        """The index of a login that the registry would let in."""
        index, time, value = self.open(x1, challenge)
        assert self.last < index <= self.n, (self.last, index)
        x = value
        for j in range(index - 1, self.last - 1, -1):
            x = hashlib.sha256(b"\1" + self.salt + struct.pack(">I", j) +
                               x).digest()
        assert x == self.value, f"a wrong value at {index}"
        assert time == 0 or time >= self.time, (time, self.time)
        self.last, self.value = index, value
        self.time = max(time, self.time)
        return index

    def answer(self, x1, status=1, challenge=b"", epoch=None):
        """The X4 for an X1, or an X3; epoch: the server's, afterwards."""
        header = b"\1\4" + x1[2:10] + bytes(8)
        state = x1[2:10] if epoch is None else struct.pack(">II", epoch, 1)
        body = bytes([status]) + b"C" + state + struct.pack(">I", 7)
        body += hashlib.sha256(x1).digest()[:16]
        nonce = header[1:2] + header[6:18]
        return header + AESCCM(self.kx).encrypt(
            nonce, body, self.aad + header + challenge)

# SPDX-License-Identifier: Apache-2.0
"""The chip as an MQTT client by itself, packet by packet, against a server
that this test plays."""

import base64
import json
import os
import random
import select
import struct
import time
import unittest

import dongle as d
import wk
from donglesim import Dongle
from mqttwire import (AUTH, CHALLENGE, CONNACK, CONNECT, DISCONNECT, METHOD,
                      PINGREQ, PINGRESP, PUBACK, PUBLISH, SUBSCRIBE,
                      challenge, connack, lv, packet, props, update_answered)

X4_TOPIC = b"whitekey/v1/door-1/x4"
READINGS_MAX = 10


class Wire:
    """The server's end of the chip's serial line."""

    def __init__(self, name):
        # It is raw already; to make it so would drop what came.
        self.fd = os.open(name, os.O_RDWR | os.O_NOCTTY)
        self.unread = b""

    def close(self):
        os.close(self.fd)

    def send(self, data):
        os.write(self.fd, data)

    def packet(self, seconds=wk.PATIENCE):
        """First byte and body of the next packet; None: none in time."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            size, at = 0, 1
            for at in range(1, len(self.unread)):
                size |= (self.unread[at] & 127) << 7 * (at - 1)
                if self.unread[at] < 128:
                    break
            else:
                size = len(self.unread)
            if len(self.unread) > at + size:
                kind, body = self.unread[0], self.unread[at + 1:][:size]
                self.unread = self.unread[at + 1 + size:]
                return kind, body
            if select.select([self.fd], [], [], left)[0]:
                self.unread += os.read(self.fd, 256)
        return None


class ScriptCase(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.dongle = Dongle(self)
        port = d.Port(self.dongle.port)
        self.addCleanup(port.close)
        port.enrol(did="door-1")
        port.wait_built()
        self.server = d.Server(port, did="door-1")
        port.finish_enrolment()
        self.spend(port)
        self.dongle.restart("--mqtt", "--haste", "4")
        self.wire = Wire(self.dongle.port)
        self.addCleanup(self.wire.close)

    def spend(self, port):
        """What the chip did before it became a client."""

    def expect(self, kind):
        got = self.wire.packet()
        self.assertIsNotNone(got, "the chip says nothing")
        self.assertEqual(got[0], kind, got)
        return got[1]

    def answered(self):
        """X1 of the next try."""
        self.expect(CONNECT)
        self.wire.send(challenge())
        body = self.expect(AUTH)
        head = b"\x18" + bytes([94]) + b"\x15" + lv(METHOD) + b"\x16\0\x46"
        self.assertEqual(body[:-70], head)
        return body[-70:]

    def log_in(self, status=1):
        x1 = self.answered()
        self.server.take(x1, challenge=CHALLENGE)
        self.wire.send(connack(self.server.answer(x1, status, CHALLENGE)))

    def reading(self):
        body = self.expect(PUBLISH)
        size, = struct.unpack(">H", body[:2])
        self.assertEqual(body[2:2 + size], b"sensors/door-1/analog")
        self.assertEqual(body[2 + size], 0)
        self.expect(PINGREQ)
        return json.loads(body[3 + size:])


class ScriptTest(ScriptCase):
    def test_connect__says_what_it_should(self):
        body = self.expect(CONNECT)
        self.assertEqual(body[:10], b"\0\4MQTT\5\2\0\x0f")
        want = props((0x27, (141).to_bytes(4, "big")), (0x15, lv(METHOD)),
                     (0x16, lv(b"\6door-1"))) + lv(b"door-1")
        self.assertEqual(body[10:], want)

    def test_session__readings_while_the_server_is_there(self):
        self.log_in()
        first = self.reading()
        self.assertIn(first["analog"], (511, 512))
        self.wire.send(packet(PINGRESP))
        second = self.reading()
        self.assertGreater(second["uptime"], first["uptime"])
        # Nothing came: it logs in anew, with the next index.
        self.log_in()
        self.reading()
        self.wire.send(packet(DISCONNECT, b"\x8e"))
        self.log_in()
        self.assertEqual(self.server.last, 3)

    def test_session__passes_over_what_is_too_long(self):
        self.log_in()
        self.reading()
        self.wire.send(packet(PUBLISH, lv(b"t") + b"\0" + bytes(300)))
        self.reading()

    def test_login__spends_nothing_where_nobody_answers(self):
        for _ in range(2):
            self.expect(CONNECT)
        self.log_in()
        self.assertEqual(self.server.last, 1)

    def test_login__skips_ahead_after_refusals_alone(self):
        indices = []
        for refusal in (connack(b"", 0x87), packet(DISCONNECT),
                        connack(b"", 0x89), connack(b"", 0x86)):
            x1 = self.answered()
            indices.append(self.server.open(x1, challenge=CHALLENGE)[0])
            self.wire.send(refusal)
            if refusal[0] == CONNACK:
                self.expect(DISCONNECT)
        self.log_in()
        # 1 after the first refusal, 2 after the second one.
        self.assertEqual(indices + [self.server.last], [1, 2, 3, 4, 6])

    def test_login__a_server_that_cannot_prove_itself_hears_nothing(self):
        x1 = self.answered()
        x4 = self.server.answer(x1, challenge=CHALLENGE)
        wrong = [x4[:-1] + bytes([x4[-1] ^ 1]), self.server.answer(x1),
                 x4[:-1], b""]
        for attempt in wrong:
            self.wire.send(connack(attempt))
            self.assertEqual(self.expect(DISCONNECT), b"")
            self.server.open(self.answered(), challenge=CHALLENGE)

    def test_login__answers_out_of_place(self):
        x4 = self.server.answer(bytes(70), challenge=CHALLENGE)
        for said in (connack(x4), challenge(CHALLENGE[1:]), challenge(b""),
                     packet(AUTH), packet(AUTH, b"\x18\5\x16\xff\xff"),
                     packet(CONNACK)):
            self.expect(CONNECT)
            self.wire.send(said)
            self.assertEqual(self.expect(DISCONNECT), b"")
            self.dongle.power_fails()
            self.wire = Wire(self.dongle.port)
            self.addCleanup(self.wire.close)
        self.log_in()
        self.assertEqual(self.server.last, 1)

    def test_noise__it_goes_on_behind_it(self):
        source = random.Random(5)
        self.expect(CONNECT)
        self.wire.send(source.randbytes(400) + b"\x20" + b"\xff" * 9)
        until = time.monotonic() + wk.PATIENCE
        while self.server.last == 0:
            self.assertLess(time.monotonic(), until)
            kind, body = self.wire.packet()
            if kind == CONNECT:
                self.wire.send(challenge())
            elif kind == AUTH:
                self.server.take(body[-70:], challenge=CHALLENGE)

    def test_session__an_answer_to_nothing_ends_it(self):
        x4 = self.server.answer(bytes(70))
        for text in (None, b"", b"A" * 85, b"=" * 86):
            self.log_in()
            self.reading()
            self.wire.send(update_answered(X4_TOPIC, x4, text))
            self.assertEqual(self.expect(PUBACK), b"\0\7")
            self.assertEqual(self.expect(DISCONNECT), b"")

    def test_power__fails_anywhere_and_no_index_comes_twice(self):
        for _ in range(4):
            self.log_in()
            self.dongle.power_fails()
            self.wire = Wire(self.dongle.port)
            self.addCleanup(self.wire.close)


class UpdateTest(ScriptCase):
    def spend(self, port):
        """Less than 192 passwords are left: an update is due."""
        _, x1 = port.login(skip=64)
        self.server.take(x1)

    def until(self, kind):
        """The next packet of a kind; some readings come before it."""
        for _ in range(READINGS_MAX):
            got = self.wire.packet()
            self.assertIsNotNone(got, "the chip says nothing")
            if got[0] == kind:
                return got[1]
            self.assertIn(got[0], (PUBLISH, PINGREQ), got)
            if got[0] == PINGREQ:
                self.wire.send(packet(PINGRESP))
        self.fail(f"the chip goes on without {kind:#x}")

    def update(self):
        """The X3 of a session."""
        self.log_in()
        self.assertEqual(self.until(SUBSCRIBE),
                         b"\0\2\0" + lv(X4_TOPIC) + b"\1")
        body = self.until(PUBLISH | 2)
        self.assertEqual(body[:-143],
                         lv(b"whitekey/v1/door-1/x3") + b"\0\1\0")
        return base64.urlsafe_b64decode(body[-143:] + b"=")

    def answer(self, x4):
        self.wire.send(update_answered(X4_TOPIC, x4))
        self.assertEqual(self.until(PUBACK), b"\0\7")

    def test_update__the_right_answer_once(self):
        x4 = self.server.answer(self.update(), status=2)
        self.answer(x4)
        self.until(PUBLISH)
        self.answer(x4)
        self.until(DISCONNECT)

    def test_update__a_refusal_is_an_answer(self):
        self.answer(self.server.answer(self.update(), status=4))
        self.until(PUBLISH)

    def test_update__a_bit_changed_ends_the_session(self):
        x4 = self.server.answer(self.update(), status=2)
        self.answer(x4[:-1] + bytes([x4[-1] ^ 1]))
        self.until(DISCONNECT)

    def test_update__a_chain_of_somebody_elses_ends_the_session(self):
        self.answer(self.server.answer(self.update(), status=2, epoch=9))
        self.until(DISCONNECT)

    def test_update__an_answer_from_before_power_failed_ends_the_session(self):
        x4 = self.server.answer(self.update(), status=2)
        self.dongle.power_fails()
        self.wire = Wire(self.dongle.port)
        self.addCleanup(self.wire.close)
        self.log_in(status=2)
        self.reading()
        self.answer(x4)
        self.until(DISCONNECT)


if __name__ == "__main__":
    unittest.main(verbosity=2)

# SPDX-License-Identifier: Apache-2.0
"""whitekey-sim against peers that are no honest broker."""

import json
import socket
import threading
import unittest

import wk

CONNACK_311 = bytes.fromhex("20020000")
BARE = bytes.fromhex("2003000000")
METHOD = b"\x15\x00\x08WHITEKEY"


def connack_5(properties):
    body = b"\0\0" + bytes([len(properties)]) + properties
    return b"\x20" + bytes([len(body)]) + body


def with_data(data):
    return connack_5(METHOD + b"\x16" + len(data).to_bytes(2, "big") + data)


class Impostor:
    """Answers each CONNECT with the same bytes; keeps what came after."""

    def __init__(self, answer, close):
        self.answer = answer
        self.close = close
        self.heard = b""
        self.listener = socket.create_server((wk.HOST, 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                self.talk(connection)

    def talk(self, connection):
        try:
            connection.recv(4096)
            connection.sendall(self.answer)
            while not self.close:
                more = connection.recv(4096)
                if not more:
                    return
                self.heard += more
        except ConnectionError:
            pass

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(wk.PATIENCE)


class ImpostorTest(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()

    def meet(self, answer, protocol="5", close=False):
        """Runs one device for a moment; gives its summary."""
        impostor = Impostor(answer, close)
        try:
            done = wk.run("whitekey-sim", "-p", impostor.port, "-n", 1,
                          "--length", 256, "-d", 0.3, "--protocol", protocol,
                          env=self.store.env, check=1)
        finally:
            impostor.stop()
        self.assertNotIn(b"sensors/", impostor.heard)
        summary = json.loads(done.stdout)
        self.assertEqual(summary["published"], 0)
        self.assertEqual(summary["verified"], 0)
        return summary

    def test_answer__no_mqtt_is_no_answer(self):
        for name, answer in (
                ("nothing", b""),
                ("another protocol", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
                ("reserved flags", b"\x2f\x02\0\0"),
                ("length of five bytes", b"\x20\xff\xff\xff\xff\x7f"),
                ("longer than we take", b"\x20\x80\x08"),
                ("cut", b"\x20\x02\x00"),
                ("session present behind a refusal", b"\x20\x03\x01\x87\x00"),
                ("property twice", connack_5(METHOD + METHOD)),
                ("PUBACK first", b"\x40\x02\x00\x01")):
            with self.subTest(name):
                summary = self.meet(answer, close=True)
                self.assertEqual(summary["connects"], 0)
                self.assertGreater(summary["unanswered"], 0)

    def test_answer__cut_3_1_1_is_no_answer(self):
        summary = self.meet(b"\x20\x02", "3.1.1", close=True)
        self.assertGreater(summary["unanswered"], 0)

    def test_proof__missing_or_forged_gets_no_reading(self):
        for name, answer in (
                ("none", BARE),
                ("method alone", connack_5(METHOD)),
                ("another method", connack_5(b"\x15\x00\x01x")),
                ("too short", with_data(bytes(63))),
                ("too long", with_data(bytes(65))),
                ("zeros", with_data(bytes(64))),
                ("made up", with_data(b"\1\4" + bytes(7) + b"\1" +
                                      bytes(54)))):
            with self.subTest(name):
                summary = self.meet(answer)
                self.assertGreater(summary["unverified"], 0)
                self.assertEqual(summary["unverified"], summary["connects"])

    def test_proof__forged_on_the_topic_gets_no_reading(self):
        topic = b"whitekey/v1/sim-0001/x4"
        for name, payload in (("no text", bytes(86)), ("zeros", b"A" * 86),
                              ("empty", b"")):
            with self.subTest(name):
                body = len(topic).to_bytes(2, "big") + topic + payload
                publish = b"\x30" + bytes([len(body)]) + body
                summary = self.meet(CONNACK_311 + publish, "3.1.1")
                self.assertGreater(summary["unverified"], 0)

    def test_busy__is_no_refusal(self):
        for answer, protocol in ((b"\x20\x02\x00\x03", "3.1.1"),
                                 (b"\x20\x03\x00\x89\x00", "5")):
            with self.subTest(protocol):
                summary = self.meet(answer, protocol)
                self.assertEqual(summary["refused"], 0)
                self.assertGreater(summary["unanswered"], 0)
                self.assertEqual(len(summary["refusals"]), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)

# SPDX-License-Identifier: Apache-2.0
"""AUTH packets that nobody asked for, with the broker under valgrind.

Mosquitto's own state is what such packets corrupt, and it says nothing about
it until it crashes.
"""

import shutil

import rawmqtt
import wk
import xmsg

CHALLENGE = "WHITEKEY-CHALLENGE"
NAME = b"\x08thermo-1"
EMPTY = b"\xf0\x00"
MEMCHECK = [shutil.which("valgrind"), "--quiet", "--error-exitcode=99",
            "--leak-check=no"]


class AbuseTest(wk.TestCase):
    """One broker for all: what the first breaks the last may notice."""

    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.thermo = self.store.enrol("thermo-1")
        self.device = xmsg.Device(self.thermo)
        self.index = 0

    def client(self, client_id="c1", version=5):
        client = rawmqtt.Client(self.server.port, client_id, version)
        self.addCleanup(client.disconnect, polite=False)
        return client

    def fresh(self):
        self.index += 1
        return self.index

    def half_open(self, **more):
        client = self.client()
        return client, client.challenge(CHALLENGE, NAME, **more)

    def live(self, method="WHITEKEY"):
        client = self.client()
        if method is None:
            password = self.device.password(self.fresh())
            client.connect("thermo-1", password)
        elif method == CHALLENGE:
            challenge = client.challenge(CHALLENGE, NAME)
            client.answer(method, self.device.login(
                self.fresh(), challenge=challenge))
        else:
            client.connect(method=method,
                           data=NAME + self.device.login(self.fresh()))
        self.assertTrue(client.alive(), self.server.log())
        return client

    def ended(self, client, *packets):
        """The broker closes, or the peer does when it has sent all."""
        try:
            for packet in packets:
                client.send(packet)
            client.ping()
        except (rawmqtt.Closed, OSError):
            pass
        client.disconnect(polite=False)

    def auth(self, method=CHALLENGE, data=None, reason=0x18):
        """An AUTH packet's bytes."""
        sent = []
        client = rawmqtt.Client.__new__(rawmqtt.Client)
        client.send = sent.append
        client.auth(method, data, reason)
        return sent[0]

    def connect_packet(self):
        """That of a challenge, to be sent a second time."""
        sent = []
        client = rawmqtt.Client.__new__(rawmqtt.Client)
        client.version, client.client_id = 5, "c1"
        client.send = sent.append
        client.begin(method=CHALLENGE, data=NAME)
        return sent[0]

    def before_connect(self):
        for version in (4, 5):
            for packet in (EMPTY, self.auth(), self.auth(reason=0x19),
                           self.auth(None), self.auth(data=b""),
                           EMPTY + self.connect_packet() + EMPTY):
                self.ended(self.client(version=version), packet)

    def version_3_1_1(self):
        for packet in (EMPTY, self.auth(), self.auth(reason=0x19),
                       self.auth(None), self.auth(data=b""), EMPTY * 50):
            client = self.client(version=4)
            password = self.device.password(self.fresh())
            client.connect("thermo-1", password)
            self.assertTrue(client.alive(), self.server.log())
            self.ended(client, packet)

    def half_open_connections(self):
        packets = (
            [EMPTY], [EMPTY] * 50, [self.auth()], [self.auth(reason=0x19)],
            [self.auth("WHITEKEY")], [self.auth(None)], [self.auth(reason=0)],
            [b"\xf0\x01\x18"], [b"\xf0\x02\x18\x7f"], [b"\xe0\x00"],
            [self.auth(data=b"")], [self.auth(data=b"")] * 2,
            [self.auth(data=b""), EMPTY], [self.auth(data=b"", reason=0x19)],
            [self.auth(data=bytes(70))] * 2, [self.auth(data=bytes(60000))],
            [self.connect_packet()], [self.auth(data=b""), b"\xe0\x00"],
            [b"\x82\x08\x00\x01\x00\x00\x01a\x01"[:10]], [b"\xc0\x00"], [],
        )
        for burst in packets:
            for expiry in (0, 600):
                client, _ = self.half_open(
                    expiry=expiry, will=("sensors/thermo-1/x", "w"))
                self.ended(client, b"".join(burst))

    def answered_twice(self):
        client, challenge = self.half_open()
        message = self.device.login(self.fresh(), challenge=challenge)
        self.ended(client, self.auth(data=message) * 3 + EMPTY)

    def live_sessions(self):
        for method in ("WHITEKEY", CHALLENGE, None):
            for packet in (EMPTY, EMPTY * 50, self.auth(method),
                           self.auth(method, reason=0x19),
                           self.auth(method, data=b""),
                           self.auth(method, data=b"", reason=0x19) * 2,
                           self.auth("OTHER"), self.auth("OTHER", b"", 0x19),
                           EMPTY + self.connect_packet(),
                           EMPTY + self.auth(method, bytes(70)) * 2,
                           EMPTY + b"\xc0\x00"):
                self.ended(self.live(method), packet)

    def under_a_live_id(self):
        client = self.live()
        for _ in range(3):
            stranger, _ = self.half_open()
            self.ended(stranger, EMPTY)
            stranger, _ = self.half_open()
            stranger.disconnect(polite=False)
        client.ping()
        self.live()
        self.ended(client)

    def test_abuse__broker_touches_no_memory_that_is_not_its_own(self):
        self.server = self.broker(self.store, under=MEMCHECK)
        for abuse in (self.before_connect, self.version_3_1_1,
                      self.half_open_connections, self.answered_twice,
                      self.live_sessions, self.under_a_live_id):
            abuse()
            self.server.reload()
            self.assertTrue(self.live().alive(), abuse.__name__)
        self.assertEqual(self.server.stop(), 0, self.server.log())

    def test_abuse__valgrind_would_tell(self):
        """The status alone must not be trusted: it is 0 by default."""
        bad = self.folder.write("bad.c", (
            "#include <stdlib.h>\n"
            "int main(void) { char *p = calloc(1, 1); free(p);"
            " return p[0] == 42; }\n"))
        program = self.folder.path("bad")
        wk.run("gcc", "-w", "-O0", "-o", program, bad, check=0)
        wk.run(MEMCHECK[0], *MEMCHECK[1:], program, check=99)


if __name__ == "__main__":
    wk.main()

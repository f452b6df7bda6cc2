# SPDX-License-Identifier: Apache-2.0
"""whitekey-agent before a broker that lies, talks without end or is far away:
whoever is connected goes on undisturbed."""

import socket
import threading
import time

import rawmqtt
import wk
from abuse_case import AbuseTest, Flood
from agent_case import UNAVAILABLE

LINE = 150_000  # bytes a second
X4_JUNK = b"\x30\x1b\x00\x17whitekey/v1/thermo-1/x4A1"


class Between:
    """A broker's port: passes connections on to it, until told to answer them
    itself."""

    def __init__(self, port):
        self._broker = port
        self._answer = self._flood = None
        self._slow = False
        self._floods = []
        self._sockets = []
        self._listener = socket.create_server((wk.HOST, 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def slow_down(self):
        """From now on a line as of years ago."""
        self._slow = True

    def lie(self, answer, flood=None):
        """answer: what a CONNECT gets; flood: a file that comes then."""
        self._answer, self._flood = answer, flood

    def _accept(self):
        try:
            while True:
                near = self._listener.accept()[0]
                self._sockets.append(near)
                if self._answer is None:
                    self._pass_on(near)
                else:
                    near.recv(4096)
                    near.sendall(self._answer)
                    if self._flood is not None:
                        self._floods.append(Flood(near, self._flood))
        except OSError:
            pass

    def _pass_on(self, near):
        far = socket.create_connection((wk.HOST, self._broker))
        self._sockets.append(far)
        for one, other in ((near, far), (far, near)):
            threading.Thread(target=self._copy, args=(one, other),
                             daemon=True).start()

    def _copy(self, one, other):
        try:
            while data := one.recv(8192 if self._slow else 65536):
                other.sendall(data)
                if self._slow:
                    time.sleep(len(data) / LINE)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        for flood in self._floods:
            flood.stop()
        for one in (self._listener, *self._sockets):
            one.close()


class LyingTest(AbuseTest):
    def setUp(self):
        super().setUp()
        self.between = Between(self.server.port)
        self.addCleanup(self.between.close)

    def test_junk__without_end_holds_up_nobody(self):
        self.agent(clients="many", broker_port=self.between.port)
        first = self.client("first")
        first.connect()
        self.between.lie(b"\x20\x02\x00\x00\x90\x03\x00\x01\x00",
                         self.junk(X4_JUNK))
        second = self.client("second")
        second.begin()
        for _ in range(10):
            self.assertTrue(first.ping())
        self.assertEqual(second.wait(rawmqtt.CONNACK)[1], UNAVAILABLE[4])

    def test_slow_line__backlog_before_the_proof_is_waited_for(self):
        self.agent(clients="many", broker_port=self.between.port)
        sleeper = self.client("sleeper")
        sleeper.connect(clean=False)
        sleeper.subscribe("t")
        sleeper.disconnect()
        other = self.client("other", 5)
        other.connect()
        for size in (100_000, 800_000):
            other.publish("t", bytes(size))
        other.disconnect()
        self.between.slow_down()
        self.assertEqual(self.code(4, "sleeper", clean=False), 0)

    def test_lies__reach_no_client(self):
        agent = self.agent(clients="many", broker_port=self.between.port)
        for version, lie in ((4, b"\x30\x04\x00\x01tm"),
                             (4, b"\x20\xff\xff\xff\x7f"),
                             (5, b"\x20\x03\x00\x00\x00"),
                             (5, b"HTTP/1.1 200 OK\r\n\r\n")):
            with self.subTest(lie=lie):
                self.between.lie(lie)
                self.assertEqual(self.code(version), UNAVAILABLE[version])
                self.between.lie(None)
                self.assertComesBack(version)
        self.assertTrue(agent.alive())


if __name__ == "__main__":
    wk.main()

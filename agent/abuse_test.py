# SPDX-License-Identifier: Apache-2.0
"""whitekey-agent among enemies: local programs that push, stall and fill, and
a broker that lies. Whoever is connected goes on undisturbed."""

import os
import select
import socket
import threading

import rawmqtt
import wk
from agent_case import BUSY, UNAVAILABLE, AgentTest, resident

SESSIONS_MAX = 256
CONNECT_MAX = 256 * 1024
MEMORY_MAX = SESSIONS_MAX * 1.5 * CONNECT_MAX
X4_JUNK = b"\x30\x1b\x00\x17whitekey/v1/thermo-1/x4A1"


class Flood:
    """Sends a file to a socket again and again, in several threads where it
    must not run dry."""

    def __init__(self, sock, path, threads=1):
        sock.setblocking(True)
        self._socket, self._path = sock, path
        self._threads = [threading.Thread(target=self._send)
                         for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def _send(self):
        size = os.stat(self._path).st_size
        try:
            with open(self._path, "rb") as file:
                while True:
                    os.sendfile(self._socket.fileno(), file.fileno(), 0, size)
        except OSError:
            pass

    def stop(self):
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.join()

    def join(self):
        """Until the other end has had enough."""
        for thread in self._threads:
            thread.join()


class Between:
    """A broker's port: passes connections on to it, until told to answer them
    itself."""

    def __init__(self, port):
        self._broker = port
        self._answer = self._flood = None
        self._floods = []
        self._sockets = []
        self._listener = socket.create_server((wk.HOST, 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

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

    @staticmethod
    def _copy(one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        for flood in self._floods:
            flood.stop()
        for one in (self._listener, *self._sockets):
            one.close()


class AbuseTest(AgentTest):
    def setUp(self):
        super().setUp()
        self.server = self.broker(self.devices, options={"sessions": "many"})

    def junk(self, data):
        """A file of 16 MB full of data."""
        path = self.folder.path("junk")
        with open(path, "wb") as file:
            file.write(data * ((16 << 20) // len(data)))
        return path


class LocalTest(AbuseTest):
    def socket(self):
        sock = socket.create_connection((wk.HOST, self.port), wk.PATIENCE)
        self.addCleanup(sock.close)
        return sock

    def test_flood__of_one_that_was_refused_holds_up_nobody(self):
        self.agent()
        first = self.client("first")
        first.connect()
        second = self.client("second")
        self.assertEqual(second.connect().code, BUSY[4])
        flood = Flood(second._socket, self.junk(bytes(1 << 20)), threads=3)
        self.addCleanup(flood.stop)
        for _ in range(10):
            self.assertTrue(first.ping())
        flood.join()

    def test_silence__of_many_keeps_nobody_out(self):
        """Who was silent longest makes room, and nobody else."""
        self.agent(clients="many")
        silent = [self.socket() for _ in range(SESSIONS_MAX + 50)]
        client = self.client()
        self.assertEqual(client.connect().code, 0)
        self.assertEqual(silent[0].recv(1), b"")
        self.assertEqual(select.select(silent[51:], [], [], 0), ([], [], []))
        for _ in range(SESSIONS_MAX + 50):
            self.socket()
        self.assertTrue(client.alive())

    def test_half_packets__of_many_take_little_memory(self):
        agent = self.agent(clients="many")
        half = b"\x10\xfc\xff\x0f" + bytes(CONNECT_MAX - 100)
        for _ in range(SESSIONS_MAX - 1):
            self.socket().sendall(half)
        self.assertEqual(self.code(), 0)
        if not wk.SANITIZE:
            self.assertLess(resident(agent.pid), MEMORY_MAX)

    def test_connect__that_is_too_long_is_thrown_out(self):
        self.agent()
        client = self.client()
        client.send(b"\x10\xfd\xff\x0f")
        client.wait_closed()
        self.assertEqual(self.code(), 0)

    def test_refused__for_its_own_fault_costs_the_others_nothing(self):
        self.agent(clients="many")
        for _ in range(3):
            self.assertEqual(self.code(4, "", clean=False), 2)
            self.assertEqual(self.code(4, "good"), 0)

    def test_packet_size__too_small_for_a_proof_is_told(self):
        agent = self.agent(clients="many")
        for _ in range(3):
            self.assertEqual(self.code(5, packet_max=127), 0x95)
            self.assertEqual(self.code(5, "good", packet_max=128), 0)
        agent.wait_log("a maximum packet size below 128")


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

    def test_lies__reach_no_client(self):
        agent = self.agent(clients="many", broker_port=self.between.port)
        for version, lie in ((4, b"\x20\x02\x02\x00"),
                             (4, b"\x30\x04\x00\x01tm"),
                             (4, b"\x20\xff\xff\xff\x7f"),
                             (5, b"\x20\x03\x00\x00\x00"),
                             (5, b"HTTP/1.1 200 OK\r\n\r\n"),
                             (5, b"\xf0\x00")):
            with self.subTest(lie=lie):
                self.between.lie(lie)
                self.assertEqual(self.code(version), UNAVAILABLE[version])
                self.between.lie(None)
                self.assertComesBack(version)
        self.assertTrue(agent.alive())


if __name__ == "__main__":
    wk.main()

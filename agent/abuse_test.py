# SPDX-License-Identifier: Apache-2.0
"""whitekey-agent among local programs that push, stall and fill: whoever is
connected goes on undisturbed."""

import select
import socket

import wk
from abuse_case import AbuseTest, Flood
from agent_case import BUSY, UNAVAILABLE, resident

SESSIONS_MAX = 256
CONNECT_MAX = 256 * 1024
MEMORY_MAX = SESSIONS_MAX * 1.5 * CONNECT_MAX


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

    def test_refused__without_end_costs_few_logins(self):
        """Else anybody who may connect has the chain used up in a minute."""
        agent = self.agent(clients="many")
        for _ in range(50):
            self.assertEqual(self.code(4, "", clean=False), 2)
        self.assertLess(agent.log().count("the broker refused the login"), 25)
        self.assertEqual(self.code(4, "good"), 0)

    def test_leaving__before_the_proof_costs_few_logins(self):
        silent = socket.create_server((wk.HOST, 0))
        self.addCleanup(silent.close)
        self.agent(clients="many", broker_port=silent.getsockname()[1])
        spent = 0
        for i in range(50):
            client = self.client(f"c{i}")
            client.begin()
            ready, _, _ = select.select([silent, client._socket], [], [])
            if silent in ready:
                broker = silent.accept()[0]
                spent += broker.recv(4096) != b""
            client.disconnect(polite=False)
            if silent in ready:
                while broker.recv(4096):
                    pass
                broker.close()
        self.assertLess(spent, 25)

    def test_refused__again_and_again_waits_alone(self):
        """The broker throws one out without a word, and refuses another whose
        id is a device's."""
        self.agent(clients="many")
        self.devices.enrol("thermo-2")
        for name in ("\x01", "thermo-2"):
            for _ in range(3):
                self.assertEqual(self.code(4, name), UNAVAILABLE[4])
                for version in (4, 5):
                    self.assertEqual(self.code(version, "good"), 0)

    def test_refused__two_of_them_are_the_devices_fault(self):
        agent = self.agent(clients="many")
        self.devices.cli("disable", "thermo-1")
        self.assertSoon(UNAVAILABLE[4], self.code)
        self.assertEqual(self.code(4, "second"), UNAVAILABLE[4])
        mark = agent.mark()
        self.assertEqual(self.code(4, "third"), UNAVAILABLE[4])
        self.assertNotIn("third", agent.log(mark))

    def test_packet_size__too_small_for_a_proof_is_told(self):
        agent = self.agent(clients="many")
        for _ in range(3):
            self.assertEqual(self.code(5, packet_max=127), 0x95)
            self.assertEqual(self.code(5, "good", packet_max=128), 0)
        agent.wait_log("a maximum packet size below 128")


if __name__ == "__main__":
    wk.main()

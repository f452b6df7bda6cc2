# SPDX-License-Identifier: Apache-2.0
"""Several local clients through one credential, and programs that nobody here
wrote through a restart of their broker."""

import os
import shutil
import threading

import wk
from agent_case import BUSY, AgentTest

NODE = os.path.join(wk.SOURCE, "agent", "reconnect.js")
MODULES = os.path.join(wk.SOURCE, "tests", "node", "node_modules")


class OneTest(AgentTest):
    def setUp(self):
        super().setUp()
        self.server = self.broker(self.devices)

    def test_one__second_client_is_told_that_it_is_too_much(self):
        agent = self.agent()
        first = self.client("first")
        self.assertEqual(first.connect().code, 0)
        for version in (4, 5):
            self.assertEqual(self.code(version, "second"), BUSY[version])
        agent.wait_log('client "second": refused, client "first" is there')
        self.assertTrue(first.alive())
        first.disconnect()
        self.assertComesBack(client_id="second")

    def test_one__its_own_successor_gets_in(self):
        self.agent()
        first = self.client("same")
        self.assertEqual(first.connect().code, 0)
        second = self.client("same")
        self.assertEqual(second.connect().code, 0)
        first.wait_closed()
        self.assertTrue(second.alive())

    def test_many__a_broker_that_allows_one_is_named_as_the_cause(self):
        agent = self.agent(clients="many")
        first = self.client("first")
        first.connect()
        self.assertEqual(self.client("second").connect().code, 0)
        first.wait_closed()
        agent.wait_log('client "first": the broker ended its session when'
                       ' client "second" logged in; .*plugin_opt_sessions')


class ManyTest(AgentTest):
    def setUp(self):
        super().setUp()
        self.server = self.broker(self.devices, options={"sessions": "many"})

    def test_many__all_live_side_by_side(self):
        self.agent(clients="many")
        clients = [self.client(f"c{i}", 4 + i % 2) for i in range(20)]
        codes = [None] * len(clients)

        def connect(i):
            codes[i] = clients[i].connect().code

        threads = [threading.Thread(target=connect, args=(i,))
                   for i in range(len(clients))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(codes, [0] * len(clients))
        for client in clients:
            self.assertTrue(client.alive())
        self.assertSoon(20, lambda: len(self.reasons()))
        self.assertEqual(set(self.reasons()), {"ok"})

    def test_leaving__in_the_middle_of_a_login_harms_nobody(self):
        agent = self.agent(clients="many")
        for i in range(30):
            client = self.client(f"c{i}", 4 + i % 2)
            client.begin()
            client.disconnect(polite=False)
        self.assertComesBack()
        self.assertTrue(agent.alive())

    def test_greeting__junk_is_thrown_out(self):
        agent = self.agent(clients="many")
        for junk in (b"GET / HTTP/1.1\r\n\r\n", b"\x10\xff\xff\xff\x7f",
                     b"\x10\x00", b"\xc0\x00", b"\x00" * 64):
            client = self.client()
            client.send(junk)
            client.wait_closed()
        self.assertEqual(self.code(), 0)
        self.assertTrue(agent.alive())


class StockTest(AgentTest):
    def setUp(self):
        super().setUp()
        self.server = self.broker(self.devices)

    def test_npm_mqtt__comes_back_by_itself(self):
        for version in (4, 5):
            with self.subTest(version=version):
                agent = self.agent()
                client = self.process(
                    shutil.which("node"), NODE, self.port, version,
                    env={"NODE_PATH": MODULES})
                client.wait_log("^heard 1$")
                mark = client.mark()
                self.server.restart()
                client.wait_log("^heard 1$", mark, timeout=60)
                client.stop()
                agent.stop()


if __name__ == "__main__":
    wk.main()

# SPDX-License-Identifier: Apache-2.0
"""Towards the broker by TLS: whom the agent trusts, and whom it does not."""

import hashlib
import os
import queue
import socket
import ssl

import rawmqtt
import wk
from agent_case import UNAVAILABLE, AgentTest

NAME = "broker.example"
# mbedTLS 2.28, and 3.6 where TLS 1.3 says less.
UNTRUSTED = "TLS: .*(not correctly signed|verification failed)"


class TlsTest(AgentTest):
    def setUp(self):
        super().setUp()
        self.cert, self.key = self.certificate("broker", f"DNS:{NAME}")
        self.server = self.broker(
            self.devices, config=f"certfile {self.cert}\nkeyfile {self.key}")

    def tls_agent(self, **settings):
        url = f"mqtts://{wk.HOST}:{self.server.port}"
        return self.agent(broker=url, **settings)

    def pin(self, cert):
        with open(cert, encoding="ascii") as file:
            return hashlib.sha256(
                ssl.PEM_cert_to_DER_cert(file.read())).hexdigest()

    def test_authority__lets_both_versions_through(self):
        self.tls_agent(cafile=self.cert, server_name=NAME)
        for version in (4, 5):
            self.assertEqual(self.code(version), 0)

    def test_authority__large_messages_come_back_as_they_were(self):
        self.tls_agent(cafile=self.cert, server_name=NAME)
        client = self.client(version=5)
        client.connect()
        client.subscribe("t")
        for size in (1, 16383, 16384, 16385, 3_000_000):
            payload = os.urandom(size)
            client.publish("t", payload)
            self.assertEqual(client.wait_message("t").payload, payload)

    def test_restart__comes_back(self):
        self.tls_agent(cafile=self.cert, server_name=NAME)
        client = self.client()
        client.connect()
        self.server.restart()
        client.wait_closed()
        self.assertComesBack()

    def refused(self, agent, words):
        self.assertEqual(self.code(5), UNAVAILABLE[5])
        agent.wait_log(words)
        self.assertEqual(self.logins(), [])

    def test_authority__another_one_is_not_trusted(self):
        other, _ = self.certificate("other", f"DNS:{NAME}")
        self.refused(self.tls_agent(cafile=other, server_name=NAME),
                     UNTRUSTED)

    def test_authority__debians_do_not_know_it(self):
        self.refused(self.tls_agent(server_name=NAME),
                     UNTRUSTED)

    def test_name__another_one_is_not_trusted(self):
        self.refused(
            self.tls_agent(cafile=self.cert, server_name="other.example"),
            "TLS: .*(does not match|verification failed)")

    def test_name__is_what_the_broker_is_asked_for(self):
        """Several brokers may share an address: SNI."""
        asked = queue.Queue()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        context.sni_callback = lambda tls, name, whole: asked.put(name)
        listener = socket.create_server((wk.HOST, 0))
        self.addCleanup(listener.close)
        self.agent(broker=f"mqtts://{wk.HOST}:{listener.getsockname()[1]}",
                   cafile=self.cert, server_name=NAME)
        client = self.client()
        client.begin()
        sock = listener.accept()[0]
        context.wrap_socket(sock, server_side=True).close()
        self.assertEqual(asked.get_nowait(), NAME)
        self.assertEqual(client.wait(rawmqtt.CONNACK)[1], UNAVAILABLE[4])

    def test_pin__alone_is_enough(self):
        pin = self.pin(self.cert).upper()
        self.tls_agent(pin=":".join(
            pin[i:i + 2] for i in range(0, len(pin), 2)))
        self.assertEqual(self.code(5), 0)

    def test_pin__another_certificate_is_refused(self):
        other, _ = self.certificate("other", f"DNS:{NAME}")
        self.refused(self.tls_agent(pin=self.pin(other)),
                     "TLS: the broker's certificate is not the pinned one")

    def test_pin__and_authority_must_both_hold(self):
        other, _ = self.certificate("other", f"DNS:{NAME}")
        agent = self.tls_agent(cafile=self.cert, server_name=NAME,
                               pin=self.pin(other))
        self.refused(agent, "not the pinned one")
        agent.stop()
        agent = self.tls_agent(cafile=other, server_name=NAME,
                               pin=self.pin(self.cert))
        self.refused(agent, UNTRUSTED)

    def test_plain_broker__is_no_tls_broker(self):
        plain = self.broker()
        self.refused(self.agent(broker=f"mqtts://{wk.HOST}:{plain.port}",
                                cafile=self.cert, server_name=NAME),
                     "no login at")


if __name__ == "__main__":
    wk.main()

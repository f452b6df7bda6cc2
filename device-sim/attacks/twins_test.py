# SPDX-License-Identifier: Apache-2.0
"""Each attack has a twin, where a defence is missing: the verdict turns, and
whitekey-sim ends with 1.
"""

import os
import re
import select
import socket
import socketserver
import ssl
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from signal import SIGKILL

import wk
from attack_case import Case, readme_rows

# What a broker falls for that lets everybody in.
LOGINS = ("replay", "pre-play", "copy-first", "copy-second",
          "copy-alternating", "rollback", "forged", "bit-flip",
          "cross-device", "cross-realm", "spliced-update", "stolen-registry",
          "stolen-master", "chain-end", "small-n", "flood-name",
          "flood-address", "mixed-pairs")


class Server(socketserver.ThreadingTCPServer):
    """Something at which the simulator is let loose in a broker's place."""

    daemon_threads = True

    def __init__(self, handler):
        super().__init__((wk.HOST, 0), handler)
        self.port = self.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Careless(Server):
    """A broker that asks for an answer to its challenge, and takes any."""

    def __init__(self):
        super().__init__(Answers)


class Answers(socketserver.BaseRequestHandler):
    METHOD = b"WHITEKEY-CHALLENGE"
    PROPS = (b"\x15\0" + bytes([len(METHOD)]) + METHOD
             + b"\x16\0\x10" + bytes(16))
    AUTH = bytes([0xF0, len(PROPS) + 2, 0x18, len(PROPS)]) + PROPS
    YES = {4: b"\x20\x02\0\0", 5: b"\x20\x03\0\0\0"}

    def handle(self):
        """What is sent to it comes packet by packet."""
        while packet := self.request.recv(4096):
            if packet[0] == 0x10:
                version = packet[packet.index(b"MQTT") + 4]
                self.request.sendall(
                    self.AUTH if self.METHOD in packet else self.YES[version])
            elif packet[0] == 0xF0:
                self.request.sendall(self.YES[5])
            elif packet[0] == 0xC0:
                self.request.sendall(b"\xd0\0")


class Fatal(Server):
    """The way to a broker that an empty AUTH packet kills."""

    def __init__(self, broker):
        super().__init__(Passes)
        self.broker = broker


class Passes(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            place = wk.HOST, self.server.broker.port
            with socket.create_connection(place) as broker:
                self.carry(broker)
        except OSError:
            return

    def carry(self, broker):
        other = {self.request: broker, broker: self.request}
        while True:
            for end in select.select(list(other), [], [])[0]:
                data = end.recv(4096)
                if data.startswith(b"\xf0\0"):
                    self.server.broker.stop(SIGKILL)
                    return
                if not data:
                    return
                other[end].sendall(data)


class Leaky(Server):
    """A broker's end of TLS that takes a PUBLISH from outside it, too."""

    def __init__(self, broker, cert, key):
        super().__init__(Leaks)
        self.broker = broker
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)


class Leaks(socketserver.BaseRequestHandler):
    PUBLISH = b"\x32"

    def handle(self):
        self.coming, self.going = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = self.server.context.wrap_bio(
            self.coming, self.going, server_side=True)
        place = wk.HOST, self.server.broker.port
        try:
            with socket.create_connection(place) as self.broker:
                self.carry()
        except OSError:
            return

    def carry(self):
        hear = {self.request: self.from_device, self.broker: self.tls.write}
        while True:
            for end in select.select(list(hear), [], [])[0]:
                data = end.recv(4096)
                if not data:
                    return
                hear[end](data)
            self.request.sendall(self.going.read())

    def from_device(self, data):
        if data.startswith(self.PUBLISH):
            self.broker.sendall(data)
            self.request.sendall(self.broker.recv(4096))
            return
        self.coming.write(data)
        try:
            while said := self.tls.read(4096):
                self.broker.sendall(said)
        except ssl.SSLWantReadError:
            return


class TwinTest(Case):
    def setUp(self):
        super().setUp()
        self.store = self.registry()

    def attack(self, port, name, *args, path=None):
        """What the attack gives; the claim must not hold."""
        env = self.store.env | ({"PATH": path} if path else {})
        done = wk.run("whitekey-sim", "attack", name, "--port", port,
                      "--length", 256, "--json", self.folder.path(name),
                      *args, env=env, check=1)
        row = self.report(name)[name]
        self.assertFalse(row["held"], row)
        self.assertIn(f"{name} ", done.stdout)
        return row

    def attacks(self, port, names, *args):
        """Name and row of each; most of what they do is to wait."""
        with ThreadPoolExecutor(len(names)) as pool:
            rows = [pool.submit(self.attack, port, name, *args)
                    for name in names]
        return [(name, row.result()) for name, row in zip(names, rows)]

    def verdict(self, *args, **more):
        return self.attack(*args, **more)["verdict"]

    def test_logins__at_a_broker_that_lets_everybody_in(self):
        port = self.broker().port
        for name, row in self.attacks(port, LOGINS, "--protocol", "3.1.1"):
            with self.subTest(name):
                self.assertEqual(row["verdict"], "not stopped")

    def test_copies__where_a_copy_is_an_alarm_alone(self):
        port = self.broker(self.store, options={"on_clone": "alarm"}).port
        names = ("copy-first", "copy-second", "copy-alternating",
                 "copy-challenge")
        for name, row in self.attacks(port, names):
            with self.subTest(name):
                self.assertEqual(row["verdict"], "not stopped")
                self.assertIn('"reason":"clone"', row["evidence"])
        self.assertEqual(self.verdict(port, "false-clone"), "stopped")

    def test_challenge__whose_answer_nobody_looks_at(self):
        with Careless() as careless:
            self.assertEqual(
                self.verdict(careless.port, "challenge-reuse"), "not stopped")

    def test_copy_no_clock__where_devices_must_have_one(self):
        broker = self.broker(self.store, options={"require_time": "true"})
        row = self.attack(broker.port, "copy-no-clock")
        self.assertEqual(row["verdict"], "not tried")
        self.assertIn("first login was not let in", row["evidence"])

    def test_trespass__where_roles_decide_nothing(self):
        row = self.attack(self.broker(self.store).port, "topic-trespass")
        self.assertEqual(row["verdict"], "not stopped")
        self.assertIn("PUBACK sensors/sim-topic-trespass/t: taken, code 16",
                      row["steps"])

    def test_control__by_a_device_of_the_role_admin(self):
        self.store.enrol("sim-intruder", "--role", "admin")
        row = self.attack(self.broker(self.store).port, "control-trespass")
        self.assertEqual(row["verdict"], "not stopped")
        self.assertIn("the attacker: disabled another device", row["steps"])

    def test_empty_auth__that_kills_the_broker(self):
        with Fatal(self.broker(self.store)) as fatal:
            row = self.attack(fatal.port, "empty-auth")
        self.assertEqual(row["verdict"], "not stopped")
        self.assertEqual(row["evidence"], "the broker is gone")

    def test_restored_backup__at_a_broker_without_the_plugin(self):
        port = wk.free_port()
        config = self.folder.write("mosquitto.conf", "\n".join([
            f"log_dest file {self.folder.path('log')}",
            f"listener {port} {wk.HOST}", "allow_anonymous true", ""]))
        path = wk.programs_folder(self.folder) + ":" + os.environ["PATH"]
        self.assertEqual(
            self.verdict(port, "restored-backup", "--protocol", "3.1.1",
                         "--broker", config, path=path), "not stopped")

    def test_live_relay__of_a_device_that_may_say_nothing(self):
        self.store.cli("role", "set", "mute", "--subscribe", "x")
        self.store.enrol("sim-live-relay", "--role", "mute")
        broker = self.broker(self.store, options={"acl": None})
        self.assertEqual(self.verdict(broker.port, "live-relay"), "stopped")

    def test_live_relay_tls__where_not_all_goes_through_tls(self):
        cert, key = self.certificate("broker", "DNS:localhost")
        broker = self.broker(self.store)
        with Leaky(broker, cert, key) as leaky:
            row = self.attack(broker.port, "live-relay-tls", "--tls-port",
                              leaky.port, "--cafile", cert)
        self.assertEqual(row["verdict"], "not stopped")
        self.assertIn("the attacker: reads or speaks within TLS",
                      row["steps"])

    def test_live_relay_tls__with_anothers_certificate_is_not_tried(self):
        cert, key = self.certificate("broker", "DNS:localhost")
        other, _ = self.certificate("other", "DNS:localhost")
        broker = self.broker(self.store)
        with Leaky(broker, cert, key) as leaky:
            row = self.attack(broker.port, "live-relay-tls", "--tls-port",
                              leaky.port, "--cafile", other)
        self.assertEqual(row["verdict"], "not tried")

    def test_not_stopped__at_a_broker_that_lets_nobody_in(self):
        nobody = self.folder.write("nobody", "")
        port = self.broker(config=f"password_file {nobody}").port
        for name in ("takeover", "chip-owner"):
            with self.subTest(name):
                self.assertEqual(
                    self.verdict(port, name, "--protocol", "3.1.1"),
                    "stopped")

    def test_twins__are_there_for_each_attack(self):
        with open(__file__, encoding="utf-8") as file:
            twins = set(re.findall(r'"([a-z-]+)"', file.read()))
        self.assertEqual({row[0] for row in readme_rows()} - twins, set())


if __name__ == "__main__":
    unittest.main(verbosity=2)

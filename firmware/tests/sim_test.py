# SPDX-License-Identifier: Apache-2.0
"""whitekey-dongle-sim: the dongle behind a serial port, and a real broker
that lets it in."""

import base64
import json
import os
import signal
import time
import unittest

import dongle as d
import rawmqtt
import wk
from dongle import Port
from xmsg import unb64

SIM = os.environ["WK_DONGLE_SIM"]
CONTROL = "$CONTROL/whitekey/v1"


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class SimCase(wk.TestCase):
    def start(self, *args):
        """The simulator and its port."""
        sim = self.process(SIM, *args)
        name = sim.wait_log(r"^port (/\S+)$").group(1)
        port = Port(name)
        self.addCleanup(port.close)
        port.info()  # it has started
        return sim, port

    def kept(self):
        return self.folder.path("eeprom")


class SimTest(SimCase):
    def test_sim__several_at_once(self):
        ports = [self.start("--fast")[1] for _ in range(2)]
        self.assertEqual(ports[0].enrol(did="one"), d.OK)
        self.assertEqual([port.info()["did"] for port in ports], ["one", ""])

    def test_sim__keeps_the_eeprom_through_any_end(self):
        sim, port = self.start("--fast", "--eeprom", self.kept())
        self.assertEqual(os.stat(self.kept()).st_mode & 0o777, 0o600)
        port.enrol()
        port.finish_enrolment()
        server = d.Server(port)
        self.assertEqual(server.take(port.login()[1]), 1)
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
            self.assertIn(sim.stop(number), (0, -signal.SIGKILL))
            sim, port = self.start("--fast", "--eeprom", self.kept())
            self.assertEqual(server.take(port.login()[1]), server.last)

    def test_sim__at_real_speed(self):
        _, port = self.start()
        begin = time.monotonic()
        port.enrol()
        port.finish_enrolment()
        # 256 steps of 1.34 ms, and the EEPROM's writes.
        self.assertGreater(time.monotonic() - begin, 0.3)

    def test_sim__reports_what_the_eeprom_went_through(self):
        sim, port = self.start("--fast")
        port.enrol()
        port.finish_enrolment()
        self.assertEqual(sim.stop(), 0)
        sim.wait_log(r"^ 206\.\.345 +counters +[1-9]\d* +[1-9]")
        sim.wait_log(r"^stack: \d+ bytes deep")

    def test_sim__bad_arguments(self):
        wk.run(SIM, "--slow", check=2)
        wk.run(SIM, "more", check=2)
        for number in ("0", "65535", "thumb"):
            said = wk.run(SIM, "--finger", number, check=2).stderr
            self.assertIn(f'"{number}" is no finger', said)
        for haste in ("0", "101", "x", ""):
            said = wk.run(SIM, "--haste", haste, check=2).stderr
            self.assertIn(f'"{haste}" is no haste', said)
        wk.run(SIM, "--mqtt", "--finger", "1", check=2)
        self.assertIn("usage", wk.run(SIM, "--help", check=0).stdout)
        said = wk.run(SIM, "--image", "/dev/null", check=1).stderr
        self.assertIn("/dev/null: no image for the chip", said)

    def test_sim__an_eeprom_of_another_size_or_in_use(self):
        path = self.folder.write("short", "x")
        said = wk.run(SIM, "--eeprom", path, check=1).stderr
        self.assertIn("the EEPROM has 1024 bytes", said)
        self.start("--fast", "--eeprom", self.kept())
        said = wk.run(SIM, "--eeprom", self.kept(), check=1).stderr
        self.assertIn("another chip has this EEPROM", said)


class FingerTest(SimCase):
    FILES = "eeprom", "sensor"

    def start(self, *args):
        files = [arg for name in self.FILES
                 for arg in (f"--{name}", self.folder.path(name))]
        return super().start("--fast", *files, *args)

    def wait(self, port, status):
        while (said := port.login())[0] != status:
            pass
        return said

    def test_finger__opens_what_it_enrolled_and_no_other_does(self):
        sim, port = self.start("--finger", "4")
        self.assertEqual([port.ask(d.FINGER, bytes([step]))[0]
                          for step in (1, 2)], [d.OK, d.OK])
        self.assertEqual(port.enrol(), d.OK)
        port.finish_enrolment()
        server = d.Server(port)
        for args, status in ((("--finger", "5"), d.STRANGER),
                             (("--no-finger",), d.LOCKED),
                             (("--finger", "4"), d.OK)):
            sim.stop(signal.SIGKILL)
            sim, port = self.start(*args)
            self.assertEqual(port.login()[0], status)
        sim.signal(signal.SIGUSR1)
        self.wait(port, d.LOCKED)
        sim.signal(signal.SIGUSR1)
        server.take(self.wait(port, d.OK)[1])

    def test_sensor__is_another_file_than_the_eeprom(self):
        path = self.folder.write("short", "x")
        said = wk.run(SIM, "--sensor", path, check=1).stderr
        self.assertIn("the sensor has", said)

    def test_sim__reports_the_lock(self):
        sim, port = self.start("--no-finger")
        port.info()
        self.assertEqual(sim.stop(), 0)
        sim.wait_log(r"^1008\.\.1023 +wrapped 1 ")


class BrokerTest(SimCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.owner = self.store.enrol("owner", "--role", "admin")
        self.server = self.broker(self.store)

    def client(self, did, password, name):
        client = rawmqtt.Client(self.server.port, name)
        self.addCleanup(client.disconnect, polite=False)
        return client, client.connect(did, password).code

    def enrol(self, port, did):
        """As an operator does: public values there, Ks back."""
        realm = unb64(self.owner.load()["realm"])
        self.assertEqual(port.enrol(did=did, realm=realm), d.OK)
        port.wait_built()
        bio_id, anchor = port.public()
        admin, code = self.client("owner", self.store.otp(self.owner), "own")
        self.assertEqual(code, 0)
        document = {"whitekey": 1, "d_id": did, "bio_id": b64(bio_id),
                    "chains": [{"role": "C", "epoch": 0, "n": 256,
                                "anchor": b64(anchor)}]}
        self.assertFits("enrolment", document)
        request = {"command": "enrolDevice", "enrolment": document}
        admin.publish(CONTROL, json.dumps({"commands": [request]}))
        answer = json.loads(admin.wait_message(CONTROL + "/response").payload)
        ks = answer["responses"][0]["data"]["ks"]
        port.finish_enrolment(unb64(ks))

    def password(self, port):
        status, x1 = port.login(time=int(time.time()))
        self.assertEqual(status, d.OK)
        return x1

    def test_dongle__logs_in_and_knows_the_server(self):
        _, port = self.start("--fast")
        self.enrol(port, "door-1")
        for _ in range(3):
            x1 = self.password(port)
            client, code = self.client("door-1", b64(x1), "door")
            self.assertEqual(code, 0)
            topic = "whitekey/v1/door-1/x4"
            client.subscribe(topic)
            x4 = unb64(client.wait_message(topic).payload.decode())
            status, said = port.ask(d.ANSWER, x4)
            self.assertEqual((status, said[0]), (d.OK, 1))

    def test_dongle__logs_in_after_power_failed(self):
        sim, port = self.start("--fast", "--eeprom", self.kept())
        self.enrol(port, "door-1")
        used = []
        for _ in range(4):
            used.append(b64(self.password(port)))
            self.assertEqual(self.client("door-1", used[-1], "door")[1], 0)
            sim.stop(signal.SIGKILL)
            sim, port = self.start("--fast", "--eeprom", self.kept())
        for password in used:
            self.assertNotEqual(self.client("door-1", password, "door")[1], 0)
        self.assertEqual(
            self.client("door-1", b64(self.password(port)), "door")[1], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)

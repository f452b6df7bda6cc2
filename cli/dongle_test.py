# SPDX-License-Identifier: Apache-2.0
"""`whitekey enrol --dongle` and `whitekey otp --dongle`: the dongle's image
behind a serial port, and a real broker."""

import fcntl
import json
import os
import pty
import signal
import tty

from cli_case import CliTest, RemoteCase, index_of, mode

import wk
from donglesim import Dongle


class DongleCase(CliTest):
    def enrol(self, dongle, did="door-1", *args):
        return self.store.cli("enrol", did, "--dongle", dongle.port,
                              "--length", "256", *args).stdout

    def otp(self, dongle, *args):
        return wk.run("whitekey", "otp", "--dongle", dongle.port, *args,
                      check=0).stdout.strip()

    def refused(self, *args, says, code=1):
        return self.fails(*args, says=says, code=code, env=self.store.env)

    def logs_in(self, password, did="door-1"):
        done = wk.run("mosquitto_pub", "-h", wk.HOST, "-p", self.server.port,
                      "-u", did, "-P", password, "-t", f"sensors/{did}/t",
                      "-m", "1", "-q", "1")
        return done.returncode == 0


class EnrolTest(DongleCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.dongle = Dongle(self)

    def test_enrol__logs_in_each_password_once_and_after_power_failed(self):
        said = self.enrol(self.dongle)
        self.assertIn("door-1: enrolled for 256 logins, generation 0", said)
        self.server = self.broker(self.store)
        used = []
        for _ in range(3):
            used.append(self.otp(self.dongle))
            self.assertTrue(self.logs_in(used[-1]))
            self.dongle.power_fails()
        self.assertEqual([self.logs_in(p) for p in used], [False] * 3)

    def test_enrol__with_a_user_s_phone(self):
        phone = self.folder.path("phone")
        said = self.enrol(self.dongle, "door-1", "--user-out", phone)
        self.assertIn(f"user's credential: {phone}", said)
        self.assertEqual(mode(phone), 0o600)
        with open(phone, encoding="utf-8") as file:
            self.assertEqual(list(json.load(file)["chains"]), ["D"])
        self.server = self.broker(self.store)
        self.assertFalse(self.logs_in(self.otp(self.dongle)))
        both = self.otp(self.dongle, "--user-credential", phone)
        self.assertTrue(self.logs_in(both))

    def test_enrol__again_only_when_it_is_erased(self):
        self.enrol(self.dongle)
        self.refused("enrol", "door-2", "--dongle", self.dongle.port,
                     "--length", "256", says="is enrolled already")
        self.refused("show", "door-2", says='no device "door-2"')
        said = self.enrol(self.dongle, "door-2", "--erase", "--role", "admin")
        self.assertIn("door-2: enrolled", said)
        shown = json.loads(self.store.cli("show", "door-2", "--json").stdout)
        self.assertEqual(shown["role"], "admin")
        self.server = self.broker(self.store)
        self.assertTrue(self.logs_in(self.otp(self.dongle), "door-2"))

    def test_enrol__refused_leaves_a_dongle_to_begin_anew(self):
        self.refused("enrol", "events", "--dongle", self.dongle.port,
                     "--length", "256", says="no device may be named")
        self.refused("otp", "--dongle", self.dongle.port,
                     says="is not enrolled, or not yet")
        self.enrol(self.dongle, "door-1", "--erase")

    def test_enrol__arguments_without_sense(self):
        port = ("--dongle", self.dongle.port)
        for more, says in (
                ((), "--out FILE or --dongle PORT"),
                ((*port, "--out", "x"), "not for --dongle"),
                ((*port, "--template", "x"), "not for --dongle"),
                ((*port, "--user"), "--user needs --user-out"),
                ((*port, "--length", "300"), "a power of two"),
                ((*port, "--length", "131072"), "a power of two"),
                (("--erase", "--out", "x"), "--erase is for --dongle")):
            self.refused("enrol", "door-1", *more, says=says, code=2)

    def test_enrol__needs_the_registry_before_anything_is_erased(self):
        self.enrol(self.dongle)
        os.rename(self.store.path, self.store.path + "x")
        self.refused("enrol", "door-1", "--dongle", self.dongle.port,
                     "--erase", says="registry")
        os.rename(self.store.path + "x", self.store.path)
        self.assertEqual(index_of(self.otp(self.dongle)), 1)


class OtpTest(DongleCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.dongle = Dongle(self)

    def test_otp__never_twice(self):
        self.enrol(self.dongle)
        given = self.otp(self.dongle, "--count", "5").split()
        given += [self.otp(self.dongle, "--no-time") for _ in range(3)]
        self.assertEqual([index_of(p) for p in given],
                         sorted({index_of(p) for p in given}))

    def test_otp__of_a_blank_dongle(self):
        self.refused("otp", "--dongle", self.dongle.port,
                     says="the dongle is blank")

    def test_otp__when_none_is_left(self):
        self.enrol(self.dongle)
        self.otp(self.dongle, "--count", "256")
        self.refused("otp", "--dongle", self.dongle.port,
                     says="has no password left")

    def test_otp__which_credential(self):
        self.refused("otp", says="--credential FILE or --dongle", code=2)
        self.refused("otp", "-c", "x", "-d", "y",
                     says="--credential FILE or --dongle", code=2)


class FingerTest(DongleCase):
    """A dongle with a sensor asks for its finger."""

    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.sensor = ("--sensor", self.folder.path("sensor"))
        self.dongle = Dongle(self, "--no-finger", *self.sensor)

    def touch(self):
        """The finger is put there, or lifted."""
        self.dongle.process.signal(signal.SIGUSR1)

    def asked(self, *args):
        """A command that waits for the finger, which then comes."""
        process = self.process("whitekey", *args, "--dongle",
                               self.dongle.port, env=self.store.env)
        process.wait_log("touch the sensor")
        self.touch()
        self.assertEqual(process.wait(), 0, process.log())
        return process.log()

    def test_finger__is_learnt_and_asked_for(self):
        said = self.asked("enrol", "door-1", "--length", "256")
        self.assertIn("for it to learn a finger", said)
        self.assertIn("door-1: enrolled for 256 logins", said)
        self.server = self.broker(self.store)
        self.assertTrue(self.logs_in(self.otp(self.dongle)))
        self.touch()
        self.assertTrue(self.logs_in(self.asked("otp").split()[-1]))

    def test_finger__another_one_gets_nothing(self):
        self.asked("enrol", "door-1", "--length", "256")
        self.dongle.restart("--finger", "9", *self.sensor)
        self.refused("otp", "--dongle", self.dongle.port,
                     says="knows another finger")
        self.refused("enrol", "door-2", "--dongle", self.dongle.port,
                     "--length", "256", "--erase",
                     says="knows another finger")


class SensorTest(DongleCase):
    """What a dongle with a sensor does beside passwords."""

    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.sensor = ("--sensor", self.folder.path("sensor"))
        self.dongle = Dongle(self, "--finger", "1", *self.sensor)
        self.enrol(self.dongle)

    def site(self, label):
        return wk.run("whitekey", "site", label, "--dongle", self.dongle.port,
                      check=0).stdout.strip()

    def test_site__a_secret_for_each_label(self):
        home = self.site("home")
        self.assertEqual((len(home), self.site("home")), (43, home))
        self.assertNotEqual(self.site("office"), home)
        port = ("--dongle", self.dongle.port)
        for label in ("", "x" * 131, "x" * 257):
            self.refused("site", label, *port, says="1 to 130 bytes")
        self.refused("site", *port, says="a secret for what", code=2)

    def test_finger__is_replaced_by_another(self):
        home = self.site("home")
        finger = self.process("whitekey", "finger", "--dongle",
                              self.dongle.port)
        finger.wait_log("the new finger opens it")
        self.assertEqual(finger.wait(), 0)
        self.assertEqual(self.site("home"), home)

    def test_finger__waits_for_the_old_one(self):
        self.dongle.restart("--finger", "2", *self.sensor)
        finger = self.process("whitekey", "finger", "--dongle",
                              self.dongle.port)
        finger.wait_log("touch the sensor with the old finger")
        self.assertTrue(finger.alive())
        finger.stop(signal.SIGKILL)
        self.refused("site", "home", "--dongle", self.dongle.port,
                     says="knows another finger")

    def test_unattended__has_no_sensor(self):
        self.dongle.restart()
        port = ("--dongle", self.dongle.port)
        self.refused("finger", *port, says="has no sensor")
        self.refused("site", "home", *port, says="does not know this command")
        self.refused("finger", says="--dongle PORT is needed", code=2)


class PortTest(DongleCase):
    """Ports that are none, in use, or without a dongle."""

    def otp_says(self, port, says):
        self.fails("otp", "--dongle", port, says=says)

    def test_port__none(self):
        path = self.folder.path("nothing")
        self.otp_says(path, f"{path}: No such file")
        self.otp_says(self.folder.write("file", ""), "is no serial port")

    def test_port__of_another_program(self):
        _, slave = self.line()
        fcntl.flock(slave, fcntl.LOCK_EX)
        self.otp_says(os.ttyname(slave), "another program uses the dongle")

    def test_port__silent(self):
        _, slave = self.line()
        self.otp_says(os.ttyname(slave), "no answer: is there a dongle")

    def line(self):
        """A serial line with nobody at its other end."""
        master, slave = pty.openpty()
        tty.setraw(slave)
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        return master, slave


class BrokerTest(RemoteCase):
    def test_enrol__through_the_broker(self):
        self.start()
        dongle = Dongle(self)
        self.remote("enrol", "door-1", "--dongle", dongle.port, "--length",
                    "256")
        password = wk.run("whitekey", "otp", "--dongle", dongle.port,
                          check=0).stdout.strip()
        wk.run("mosquitto_pub", "-h", wk.HOST, "-p", self.server.port, "-u",
               "door-1", "-P", password, "-t", "sensors/door-1/t", "-m", "1",
               check=0)


if __name__ == "__main__":
    wk.main()

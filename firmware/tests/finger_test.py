# SPDX-License-Identifier: Apache-2.0
"""The image that asks for a finger, with a sensor at its pins."""

import hmac
import unittest

import dongle as d
from dongle import FingerDongle, Server
from eeprom import Image

ASKING = {d.LOGIN: bytes(13), d.SITE: b"\4home", d.RESET: b"ERASE",
          d.FINGER: b"\3"}


class FingerCase(unittest.TestCase):
    def setUp(self):
        self.dongle = FingerDongle()
        self.addCleanup(self.dongle.__exit__, None)

    def enrolled(self, n=256):
        self.assertEqual(self.dongle.set_up(), [d.OK, d.OK])
        self.assertEqual(self.dongle.enrol(n=n), d.OK)
        self.dongle.finish_enrolment()
        self.server = Server(self.dongle, n=n)
        self.dongle.settle()

    def login(self, **wish):
        status, x1 = self.dongle.login(**wish)
        self.assertEqual(status, d.OK)
        return self.server.take(x1)

    def refused(self, status, op=d.LOGIN, payload=bytes(13)):
        """Nothing but the status, and no index spent."""
        before = self.dongle.info()["next"]
        self.assertEqual(self.dongle.ask(op, payload), (status, b""))
        self.assertEqual(self.dongle.info()["next"], before)

    def image(self):
        return bytes.fromhex(self.dongle.command("eeprom"))

    def in_ram(self, secret):
        return secret in self.dongle.peek(0, 0x900)


class EnrolTest(FingerCase):
    def test_enrol__wants_a_finger_that_was_set_up(self):
        self.assertEqual(self.dongle.enrol(), d.SENSOR)  # has no password yet
        self.assertEqual(self.dongle.teach(1), d.LOCKED)
        self.dongle.finger()
        self.assertEqual(self.dongle.teach(1), d.OK)
        self.assertEqual(self.dongle.enrol(), d.STRANGER)
        self.assertEqual(self.dongle.info()["state"], d.BLANK)
        self.assertEqual(self.dongle.teach(2), d.OK)
        self.assertEqual(self.dongle.enrol(), d.OK)

    def test_set_up__two_fingers_make_no_template(self):
        self.dongle.finger(1)
        self.assertEqual(self.dongle.teach(1), d.OK)
        self.dongle.finger(2)
        self.assertEqual(self.dongle.teach(2), d.UNREADABLE)
        self.assertEqual(self.dongle.teach(4), d.MALFORMED)
        self.assertEqual(self.dongle.teach(3), d.WRONG_TIME)

    def test_enrol__refuses_a_sensor_that_is_fickle(self):
        self.dongle.set_up()
        self.dongle.sensor(d.FingerDongle.FICKLE)
        self.assertEqual(self.dongle.enrol(), d.CHANGED)
        self.assertEqual(self.dongle.info()["state"], d.BLANK)
        self.assertFalse(Image(self.image()).locks())

    def test_enrol__bio_id_is_the_templates(self):
        self.enrolled()
        self.assertEqual(self.server.bio_id, self.dongle.hash()[:16])
        self.assertEqual(self.login(), 1)

    def test_enrol__is_one_visit_and_goes_on_after_power_failed(self):
        self.dongle.set_up()
        self.dongle.enrol(n=512)
        self.dongle.power_cycle()
        self.dongle.finger(0)
        self.refused(d.LOCKED, d.PUBLIC, b"")
        self.dongle.finger()
        self.assertEqual(self.dongle.ask(d.PUBLIC)[0], d.BUSY)
        self.dongle.wait_built()
        self.dongle.finger(0)
        self.dongle.finish_enrolment()
        self.dongle.finger()
        self.server = Server(self.dongle, n=512)
        self.assertEqual(self.login(), 1)

    def test_sensor__gets_a_password_and_keeps_it(self):
        self.enrolled()
        word = self.image()[12:16]
        self.assertNotIn(word, (bytes(4), b"\xff" * 4))
        self.dongle.ask(d.RESET, b"ERASE")
        self.assertEqual(self.image()[12:16], word)
        self.enrolled()

    def test_sensor__of_another_dongle_is_refused(self):
        self.enrolled()
        image = bytearray(self.image())
        image[12] ^= 1
        self.dongle.command("burn", image.hex())
        self.refused(d.SENSOR)
        self.dongle.command("jumper", 1)
        self.assertEqual(self.dongle.ask(d.RESET, b"ERASE")[0], d.OK)
        self.assertEqual(self.dongle.teach(1), d.SENSOR)


class LoginTest(FingerCase):
    def setUp(self):
        super().setUp()
        self.enrolled()

    def test_login__each_password_wants_the_finger(self):
        for i in range(1, 4):
            self.assertEqual(self.login(), i)
            self.dongle.finger(0)
            self.refused(d.LOCKED)
            self.dongle.finger()
        self.dongle.power_cycle()
        self.assertEqual(self.login(), 4)

    def test_login__what_is_wrong_is_told(self):
        for finger, status in ((0, d.LOCKED), (8, d.STRANGER),
                               (FingerDongle.SMUDGE, d.UNREADABLE)):
            self.dongle.finger(finger)
            self.refused(status)
        self.dongle.finger()
        for mood, status in ((FingerDongle.UNPLUGGED, d.SILENT),
                             (FingerDongle.NOISY, d.NOISE),
                             (FingerDongle.BENT, d.NOISE),
                             (FingerDongle.FICKLE, d.CHANGED)):
            self.dongle.sensor(mood)
            self.refused(status)
        self.dongle.sensor()
        self.assertEqual(self.login(), 1)

    def test_login__another_template_opens_nothing(self):
        self.dongle.command("change", 0)
        self.refused(d.CHANGED)

    def test_nothing__without_the_finger(self):
        self.dongle.finger(8)
        for op, payload in ASKING.items():
            status = d.WRONG_TIME if op == d.FINGER else d.STRANGER
            self.refused(status, op, payload)
        self.refused(d.STRANGER, d.PUBLIC, b"")
        self.dongle.finger()
        self.assertEqual(self.login(), 1)

    def test_login__an_open_vault_is_no_consent(self):
        """A block's end is worked on for half a second."""
        self.login(skip=31)
        self.dongle.finger(0)
        self.assertTrue(self.in_ram(self.dongle.key()))
        self.assertEqual(self.dongle.ask(d.LOGIN, bytes(13)), (d.LOCKED, b""))
        self.assertTrue(self.in_ram(self.dongle.key()))

    def test_answer__needs_no_finger(self):
        _, x1 = self.dongle.login()
        self.dongle.settle()
        self.dongle.finger(0)
        x4 = self.server.answer(x1)
        self.assertEqual(self.dongle.ask(d.ANSWER, x4)[0], d.OK)

    def test_key__is_in_ram_for_one_password_only(self):
        key = self.dongle.key()
        self.assertFalse(self.in_ram(key))
        self.dongle.command("talk", d.HZ // 100, d.frame(
            bytes([d.LOGIN]) + bytes(13)).hex())
        self.dongle.command("run", d.HZ, "wk_store_take")
        self.assertTrue(self.in_ram(key))
        self.dongle.idle(d.HZ)
        self.assertFalse(self.in_ram(key))
        self.assertFalse(self.in_ram(self.dongle.hash()[16:]))

    def test_kx__is_in_ram_until_the_answer(self):
        self.assertFalse(self.in_ram(self.server.kx))
        _, x1 = self.dongle.login()
        self.dongle.idle(d.HZ)
        self.assertTrue(self.in_ram(self.server.kx))
        self.dongle.ask(d.ANSWER, self.server.answer(x1))
        self.dongle.idle(d.HZ)
        self.assertFalse(self.in_ram(self.server.kx))

    def test_line__rates_and_packets_of_other_sensors(self):
        for baud in (56400, 57600, 58800):
            self.dongle.sensor(baud=baud)
            self.login()
        for packet in (32, 64, 256):
            self.dongle.sensor(packet=packet)
            self.login()
        self.dongle.sensor(baud=38400)
        self.refused(d.SILENT)

    def test_host__that_talks_meanwhile_disturbs_nothing(self):
        """Not even where the sensor's bits are at the limit already."""
        login = d.frame(bytes([d.LOGIN]) + bytes(13))
        for index, baud in enumerate((56000, 57600, 59000), 1):
            self.dongle.sensor(baud=baud)
            reply = d.unframe(self.dongle.raw(login + b"\x55" * 2000, 2))
            self.assertEqual(reply[1], d.OK)
            self.assertEqual(self.server.take(reply[2:]), index)
            self.dongle.settle()


class SiteTest(FingerCase):
    def site(self, label):
        status, secret = self.dongle.ask(
            d.SITE, bytes([len(label)]) + label)
        self.assertEqual(status, d.OK)
        return secret

    def test_site__a_secret_for_each_label(self):
        self.enrolled()
        for label in (b"home", b"l" * 130):
            self.assertEqual(self.site(label), hmac.digest(
                self.dongle.key(),
                b"whitekey/1/site" + bytes([len(label)]) + label,
                "sha256"))
        self.refused(d.MALFORMED, d.SITE, b"\0")
        self.refused(d.MALFORMED, d.SITE, b"\5home")

    def test_site__of_a_blank_dongle(self):
        self.refused(d.WRONG_TIME, d.SITE, b"\4home")


class ReplaceTest(FingerCase):
    NEW = 9

    def teach_new(self):
        self.dongle.finger(self.NEW)
        self.assertEqual([self.dongle.teach(step) for step in (1, 2)],
                         [d.OK, d.OK])

    def test_replace__only_the_new_finger_opens(self):
        self.enrolled()
        secrets = self.dongle.key(), self.login()
        for old, new, page in ((7, 9, 1), (9, 7, 0)):
            self.NEW = new
            self.teach_new()
            self.refused(d.STRANGER, d.FINGER, b"\3")
            self.dongle.finger(old)
            self.assertEqual(self.dongle.teach(3), d.OK)
            self.refused(d.STRANGER)
            self.dongle.finger(new)
            self.login()
            self.assertEqual(self.dongle.key(page), secrets[0])
        self.assertEqual(Image(self.image()).locks(), [0])

    def test_replace__wants_a_new_finger_first(self):
        self.enrolled()
        self.refused(d.WRONG_TIME, d.FINGER, b"\3")
        self.teach_new()
        self.dongle.power_cycle()
        self.refused(d.WRONG_TIME, d.FINGER, b"\3")
        self.dongle.finger()
        self.assertEqual(self.login(), 1)

    def test_replace__refuses_a_fickle_sensor(self):
        self.enrolled()
        self.teach_new()
        self.dongle.finger()
        self.dongle.sensor(FingerDongle.FICKLE)
        self.refused(d.CHANGED, d.FINGER, b"\3")
        self.dongle.sensor()
        self.assertEqual(self.login(), 1)


class ResetTest(FingerCase):
    def test_reset__with_the_finger_or_the_jumper(self):
        for jumper, finger in ((0, FingerDongle.FINGER), (1, 0)):
            self.enrolled()
            self.dongle.finger(0)
            self.refused(d.LOCKED, d.RESET, b"ERASE")
            self.dongle.finger(finger)
            self.dongle.command("jumper", jumper)
            self.assertEqual(self.dongle.ask(d.RESET, b"ERASE")[0], d.OK)
            self.dongle.command("jumper", 0)
            self.assertEqual(self.dongle.info()["state"], d.BLANK)
            self.dongle.finger()
            self.assertEqual(self.dongle.enrol(), d.STRANGER)


class UnattendedTest(unittest.TestCase):
    def test_unattended__knows_no_finger(self):
        with d.Dongle() as dongle:
            self.assertEqual(dongle.ask(d.FINGER, b"\1")[0], d.UNKNOWN)
            self.assertEqual(dongle.ask(d.SITE, b"\4home")[0], d.UNKNOWN)


if __name__ == "__main__":
    unittest.main(verbosity=2)

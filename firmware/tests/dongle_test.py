# SPDX-License-Identifier: Apache-2.0
"""The dongle's image, spoken to over its serial line."""

import os
import random
import struct
import unittest

import dongle as d
from dongle import Dongle, Server, frame
from eeprom import (BLOCK, COUNTER, COUNTER_SIZE, DEVICE, VALID, Image,
                    chain_of)


class DongleTest(unittest.TestCase):
    def setUp(self):
        self.dongle = Dongle()
        self.addCleanup(self.dongle.__exit__, None)

    def enrolled(self, n=256, ks=d.KS, **who):
        self.assertEqual(self.dongle.enrol(n=n, **who), d.OK)
        self.dongle.finish_enrolment(ks)
        return Server(self.dongle, n=n, ks=ks, **who)

    def login(self, server, **wish):
        status, x1 = self.dongle.login(**wish)
        self.assertEqual(status, d.OK)
        return server.take(x1, wish.get("challenge", b""))

    def refused(self, status, op, payload=b""):
        self.assertEqual(self.dongle.ask(op, payload), (status, b""))


class EnrolTest(DongleTest):
    def test_info__of_a_blank_dongle(self):
        self.assertEqual(self.dongle.info(), {
            "state": d.BLANK, "epoch": 0, "n": 0, "next": 0, "at": 0,
            "did": "", "update": d.NONE,
            "health": (d.TESTING, d.TESTING)})

    def test_enrol__tells_its_progress_then_is_ready(self):
        self.assertEqual(self.dongle.enrol(n=1024), d.OK)
        info = self.dongle.info()
        self.assertEqual((info["state"], info["n"], info["did"]),
                         (d.BUILDING, 1024, "dongle-1"))
        self.assertEqual(self.dongle.login()[0], d.BUSY)
        self.dongle.idle(d.HZ)
        later = self.dongle.info()["at"]
        self.assertTrue(0 < later < 1024, later)
        self.dongle.wait_built()
        self.assertEqual(self.dongle.info()["state"], d.KEYLESS)
        self.dongle.finish_enrolment()
        info = self.dongle.info()
        self.assertEqual((info["state"], info["next"]), (d.READY, 1))

    def test_key__ends_an_enrolment_and_counts_once(self):
        self.refused(d.WRONG_TIME, d.KEY, d.KS)
        self.dongle.enrol()
        self.dongle.wait_built()
        self.dongle.power_cycle()
        self.assertEqual(self.dongle.login()[0], d.WRONG_TIME)
        before = self.dongle.public()
        self.refused(d.MALFORMED, d.KEY, d.KS[1:])
        self.dongle.finish_enrolment()
        self.assertEqual(self.dongle.public(), before)
        self.refused(d.WRONG_TIME, d.KEY, bytes(32))
        self.dongle.power_cycle()
        self.assertEqual(self.login(Server(self.dongle)), 1)

    def test_enrol__takes_the_longest_name(self):
        who = {"did": "d" * 32, "realm": bytes(range(16)), "ks": b"\xc0" * 32}
        server = self.enrolled(**who)
        self.assertEqual(self.login(server), 1)

    def test_enrol__another_seed_each_time(self):
        first = self.enrolled()
        self.assertEqual(self.dongle.ask(d.RESET, b"ERASE")[0], d.OK)
        self.assertEqual(self.dongle.info()["state"], d.BLANK)
        second = self.enrolled()
        self.assertNotEqual(first.anchor, second.anchor)
        self.assertNotEqual(first.bio_id, second.bio_id)

    def test_enrol__bad_values_are_refused(self):
        for n in (0, 2, 128, 257, 1000, 131072):
            self.assertEqual(self.dongle.enrol(n=n), d.MALFORMED, n)
        for did in ("", "d" * 33, "two words", "umläut"):
            self.assertEqual(self.dongle.enrol(did=did), d.MALFORMED, did)
        self.assertEqual(self.dongle.info()["state"], d.BLANK)

    def test_enrol__only_once(self):
        server = self.enrolled()
        self.assertEqual(self.dongle.enrol(), d.WRONG_TIME)
        self.assertEqual(self.login(server), 1)

    def test_public__only_before_the_first_password(self):
        self.refused(d.BUSY, d.PUBLIC)
        server = self.enrolled()
        self.login(server)
        self.refused(d.WRONG_TIME, d.PUBLIC)

    def test_power_on__what_another_firmware_left_is_told(self):
        """Older ones sealed otherwise, and had log2(n) alone in that byte."""
        self.enrolled()
        image = bytearray.fromhex(self.dongle.command("eeprom"))
        for left in (8, 0x48):
            image[DEVICE + 1] = left
            self.dongle.command("burn", image.hex())
            self.dongle.power_cycle()
            self.assertEqual(self.dongle.info()["state"], d.BROKEN)
            self.assertEqual(self.dongle.login()[0], d.DAMAGED)
            self.assertEqual(self.dongle.enrol(), d.WRONG_TIME)
        self.refused(d.OK, d.RESET, b"ERASE")
        self.assertEqual(self.login(self.enrolled()), 1)

    def test_reset__only_with_the_word(self):
        server = self.enrolled()
        self.refused(d.MALFORMED, d.RESET)
        self.refused(d.MALFORMED, d.RESET, b"erase")
        self.assertEqual(self.login(server), 1)


class LoginTest(DongleTest):
    def test_login__every_password_of_a_chain(self):
        server = self.enrolled(n=256)
        for i in range(1, 257):
            self.assertEqual(self.login(server), i)
        self.assertEqual(self.dongle.login()[0], d.SPENT)
        self.assertEqual(self.dongle.info()["state"], d.EMPTY)
        self.dongle.power_cycle()
        self.assertEqual(self.dongle.login()[0], d.SPENT)

    def test_login__after_each_power_cycle(self):
        server = self.enrolled()
        for i in range(1, 36):
            self.assertEqual(self.login(server), i)
            self.dongle.power_cycle()

    def test_login__skips(self):
        server = self.enrolled(n=512)
        self.assertEqual(self.login(server, skip=4), 5)
        self.assertEqual(self.login(server, skip=64), 70)
        self.assertEqual(self.login(server, skip=26), 97)
        self.refused(d.MALFORMED, d.LOGIN, b"\x41" + bytes(12))
        self.assertEqual(self.login(server), 98)

    def test_login__skips_over_the_end(self):
        server = self.enrolled(n=256)
        for _ in range(3):
            self.login(server, skip=63)
        self.assertEqual(self.dongle.login(skip=64)[0], d.SPENT)
        self.assertEqual(self.login(server, skip=63), 256)

    def test_login__with_a_challenge(self):
        server = self.enrolled()
        challenge = bytes(range(16))
        self.assertEqual(self.login(server, challenge=challenge), 1)
        status, x1 = self.dongle.login(challenge=challenge)
        self.assertEqual(status, d.OK)
        with self.assertRaises(d.InvalidTag):
            server.open(x1)

    def test_time__never_goes_back_and_waits_after_power_on(self):
        server = self.enrolled()

        def sent(time):
            return server.open(self.dongle.login(time=time)[1])[1]

        self.assertEqual([sent(t) for t in (0, 500, 739, 740, 739, 0, 741)],
                         [0, 0, 0, 740, 0, 0, 741])
        self.dongle.power_cycle()
        self.assertEqual([sent(t) for t in (700, 939, 941)], [0, 0, 941])
        self.dongle.power_cycle()
        self.assertEqual([sent(2**32 - 9), sent(2**32 - 2)], [0, 0])

    def test_nonces__differ_though_the_host_repeats_its_own(self):
        self.enrolled()
        nonces = {self.dongle.login()[1][10:18] for _ in range(5)}
        self.assertEqual(len(nonces), 5)

    def test_login__of_a_blank_dongle(self):
        self.assertEqual(self.dongle.login()[0], d.WRONG_TIME)


@unittest.skipUnless(os.environ.get("WK_WHOLE_CHAINS") == "1",
                     "a minute and more: ./run soak")
class LongTest(DongleTest):
    """The longest chain: at its start, late, and with almost all lost."""

    N = 65536

    def setUp(self):
        super().setUp()
        self.server = self.enrolled(n=self.N)
        self.chain = chain_of(self.image().seed(), self.server.salt,
                              self.N)

    def image(self):
        return Image(bytes.fromhex(self.dongle.command("eeprom")))

    def check_login(self, index, **wish):
        status, x1 = self.dongle.login(**wish)
        self.assertEqual(status, d.OK)
        given, _, value = self.server.open(x1)
        self.assertEqual((given, value), (index, self.chain[index]))

    def jump(self, block):
        """As if all passwords up to this block had been given, and the work
        at their blocks' ends been lost."""
        self.dongle.settle()
        data = bytearray(self.image().data)
        areas = [COUNTER + (block + i) % 2 * COUNTER_SIZE for i in (0, 1)]
        data[areas[0] + 1:areas[0] + 3] = block.to_bytes(2, "big")
        data[areas[0] + 3:areas[0] + 35] = b"\xff" * BLOCK
        data[areas[0]], data[areas[1]] = VALID, 0
        self.dongle.command("burn", data.hex())
        self.dongle.power_cycle()
        self.dongle.settle()
        while self.dongle.info()["at"] != 0:  # it walks
            self.dongle.idle(d.HZ)
            self.dongle.settle()

    def test_login__of_the_longest_chain(self):
        self.check_login(1)
        for index in range(34, 34 + 33 * 20, 33):
            self.check_login(index, skip=32)
            self.dongle.idle(d.HZ)
        for block in (300, 1024, 1500, 2047):
            self.jump(block)
            self.check_login(block * BLOCK + 1)
            self.check_login(block * BLOCK + 32, skip=30)
        self.assertEqual(self.dongle.login()[0], d.SPENT)


class AnswerTest(DongleTest):
    def test_answer__the_servers_is_known(self):
        server = self.enrolled()
        challenge = bytes(range(16))
        for challenge in (b"", challenge):
            _, x1 = self.dongle.login(challenge=challenge)
            x4 = server.answer(x1, challenge=challenge)
            status, body = self.dongle.ask(d.ANSWER, x4)
            index = struct.unpack(">I", x1[6:10])[0]
            self.assertEqual(status, d.OK)
            self.assertEqual(struct.unpack(">BBIII", body),
                             (1, ord("C"), 0, index, 7))

    def test_answer__others_are_refused(self):
        server = self.enrolled()
        _, x1 = self.dongle.login()
        x4 = server.answer(x1)
        _, later = self.dongle.login()
        self.refused(d.REFUSED, d.ANSWER, x4)
        for bit in range(0, len(x4) * 8, 37):
            bent = bytearray(server.answer(later))
            bent[bit // 8] ^= 1 << bit % 8
            self.refused(d.REFUSED, d.ANSWER, bytes(bent))
        self.refused(d.MALFORMED, d.ANSWER, x4[:-1])

    def test_answer__counts_once(self):
        server = self.enrolled()
        x4 = server.answer(self.dongle.login()[1])
        self.assertEqual(self.dongle.ask(d.ANSWER, x4)[0], d.OK)
        self.refused(d.REFUSED, d.ANSWER, x4)


class FrameTest(DongleTest):
    def test_frames__bad_ones_are_not_answered(self):
        info = frame(bytes([d.INFO]))
        crc = bytearray(info)
        crc[-3] ^= 1
        silent = [bytes(crc), frame(bytes([d.INFO]), version=2), b"\xc0" * 9,
                  frame(b""), b"\xc0\1\xc0", frame(bytes(200)),
                  info[:-1] + b"\xdb"]
        for data in silent:
            with self.subTest(data=data.hex()):
                with self.assertRaises(d.Silent):
                    self.dongle.raw(data, seconds=0.2)
        self.dongle.raw(b"\xc0" + info)

    def test_frames__noise_before_one_is_passed_over(self):
        noise = bytes(range(1, 190))
        self.dongle.raw(noise + frame(bytes([d.INFO])))

    def test_frames__noise_before_one_is_passed_over_by_a_busy_chip(self):
        """It looks for a frame every few milliseconds only."""
        self.assertEqual(self.dongle.enrol(n=4096), d.OK)
        for size in range(4, 24):
            self.dongle.raw(bytes(range(1, size)) + frame(bytes([d.INFO])))
        self.assertEqual(self.dongle.info()["state"], d.BUILDING)

    def test_commands__every_length_but_the_right_one(self):
        right = {d.INFO: 0, d.PUBLIC: 0, d.LOGIN: 13, d.ANSWER: 64,
                 d.RESET: 5, d.KEY: 32, d.UPDATE: 33}
        for op, size in right.items():
            for other in {0, 1, size - 1, size + 1, 131} - {size, -1}:
                self.refused(d.MALFORMED, op, bytes(other))
        self.refused(d.MALFORMED, d.ENROL, bytes(100))
        self.refused(d.UNKNOWN, 0)
        self.refused(d.UNKNOWN, 0x7f)


class NoiseTest(DongleTest):
    """Bytes from anywhere: the harness stops a chip that goes astray."""

    def setUp(self):
        super().setUp()
        self.random = random.Random(11)

    def commands(self, count):
        for _ in range(count):
            op = self.random.randrange(1, 10)
            payload = self.random.randbytes(self.random.randrange(132))
            status, rest = self.dongle.ask(op, payload)
            self.assertIn(status, range(10))
            self.assertTrue(status == d.OK or not rest, (op, status, rest))

    def test_noise__commands_without_sense_are_answered(self):
        self.commands(100)
        self.assertEqual(self.dongle.info()["state"], d.BLANK)
        server = self.enrolled()
        self.commands(100)
        following = self.dongle.info()["next"]
        self.assertEqual(self.login(server), following)

    def test_noise__bytes_without_frames_leave_it_listening(self):
        for size in (1, 50, 300, 2000):
            noise = self.random.randbytes(size) + b"\xc0"
            with self.assertRaises(d.Silent):
                self.dongle.raw(noise, seconds=0.01)
            self.dongle.idle(d.HZ)
            self.assertEqual(self.dongle.info()["state"], d.BLANK)


if __name__ == "__main__":
    unittest.main(verbosity=2)

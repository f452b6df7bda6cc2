# SPDX-License-Identifier: Apache-2.0
"""Key updates of the dongle at the real server: see update_case.py."""

import unittest

import dongle as d
from eeprom import Image
from update_case import DID, UpdateCase

ANSWER_MAX = d.HZ // 25  # with its way on the line


class UpdateTest(UpdateCase):
    def test_update__switches_to_a_chain_of_its_own(self):
        self.enrol()
        before = Image(self.image()).seed()
        self.go_to_due()
        self.prepare()
        self.assertEqual(self.log_in(), ("ok", 1))
        self.assertEqual(self.send(), 2)
        self.assertEqual(self.epoch(), 0)
        self.assertEqual(self.log_in(), ("ok", 2))
        info = self.dongle.info()
        self.assertEqual((info["epoch"], info["next"]), (1, 1))
        self.assertEqual(self.log_in(), ("ok", 3))
        self.assertEqual(self.dongle.info()["update"], d.NONE)
        after = Image(self.image())
        self.assertNotEqual(after.seed(), before)
        self.assertNotIn(before, after.data)
        for _ in range(3):
            self.assertEqual(self.log_in(), ("ok", 1))

    def longest_answer(self):
        """Cycles, of what is asked in the next half second."""
        until = self.dongle.cycles + d.HZ // 2
        longest, spent = self.dongle.cycles, 0
        while spent < until:
            self.dongle.info()
            longest = max(longest, self.dongle.cycles)
            spent += self.dongle.cycles
        return longest

    def test_update__keeps_nobody_waiting(self):
        """It begins with some ninety writes to the EEPROM, and ends so."""
        self.enrol()
        self.go_to_due()
        self.assertEqual(self.dongle.update()[0], d.BUSY)
        self.assertLess(self.longest_answer(), ANSWER_MAX)
        while self.dongle.info()["update"] == d.PREPARING:
            self.dongle.idle(d.HZ)
        self.log_in()
        self.assertEqual(self.send(), 2)
        self.assertEqual(self.log_in(), ("ok", 2))
        self.assertEqual(self.log_in(), ("ok", 3))
        self.assertLess(self.longest_answer(), ANSWER_MAX)

    def test_update__again_and_again(self):
        self.enrol()
        for epoch in range(4):
            self.assertEqual(self.epoch(), epoch)
            self.go_to_due()
            self.prepare()
            self.log_in()
            self.assertEqual(self.send(), 2)
            self.assertEqual([self.log_in()[1] for _ in range(2)], [2, 3])
            if epoch % 2:
                self.dongle.power_cycle()

    def test_update__not_before_it_is_due(self):
        self.enrol()
        self.log_in()
        self.assertEqual(self.dongle.update()[0], d.WRONG_TIME)
        self.assertEqual(self.dongle.update(d.NOW)[0], d.WRONG_TIME)
        self.log_in(skip=61)
        self.assertEqual(self.dongle.update(d.NOW)[0], d.WRONG_TIME)
        self.log_in()
        self.assertEqual(self.dongle.update(d.DUE)[0], d.WRONG_TIME)
        self.assertEqual(self.dongle.update(d.NOW)[0], d.BUSY)

    def test_update__not_with_too_few_left(self):
        self.enrol()
        self.go_to_due()
        self.log_in(skip=61)
        self.assertEqual(self.n + 1 - self.dongle.info()["next"], 129)
        self.assertEqual(self.dongle.update(d.NOW)[0], d.WRONG_TIME)

    def test_update__only_in_the_session_of_a_login_that_was_answered(self):
        self.enrol()
        self.go_to_due()
        self.prepare()
        self.dongle.power_cycle()
        self.assertEqual(self.dongle.info()["update"], d.PREPARED)
        self.assertEqual(self.dongle.update()[0], d.WRONG_TIME)
        self.log_in(hears=False)
        self.assertEqual(self.dongle.update()[0], d.WRONG_TIME)
        self.log_in()
        self.draw()  # another session has begun
        self.assertEqual(self.dongle.update()[0], d.WRONG_TIME)
        self.log_in()
        self.assertEqual(self.send(), 2)
        self.assertEqual(self.dongle.update()[0], d.WRONG_TIME)

    def test_update__malformed(self):
        self.enrol()
        self.assertEqual(self.dongle.update(when=2)[0], d.MALFORMED)
        self.assertEqual(self.dongle.info()["update"], d.NONE)

    def test_x3_lost__the_new_chain_is_dropped(self):
        self.enrol()
        self.go_to_due()
        self.prepare()
        self.log_in()
        draft = Image(self.image()).drafts()[1]
        self.assertEqual(self.dongle.update()[0], d.OK)
        self.assertEqual(self.dongle.info()["update"], d.OPEN)
        self.assertEqual(self.log_in(), ("ok", 1))
        self.assertEqual(self.dongle.info()["update"], d.NONE)
        self.recover(0)
        self.assertNotEqual(Image(self.image()).drafts()[1], draft)

    def test_x4_lost__old_and_new_take_turns(self):
        self.to_open()
        self.assertEqual(self.log_in(hears=False)[0], "ok")
        reason, _ = self.log_in(hears=False)  # the switch, unheard
        self.assertEqual((reason, self.epoch()), ("ok", 0))
        self.assertEqual(self.log_in(), ("epoch", None))
        self.assertEqual(self.log_in(), ("ok", 1))
        self.assertEqual((self.epoch(), self.dongle.info()["update"]),
                         (1, d.NONE))

    def test_turns__outlive_power(self):
        self.to_open()
        drawn = []
        for _ in range(6):
            drawn.append(self.draw()[5])
            self.dongle.power_cycle()
        self.assertEqual(drawn, [0, 1, 0, 1, 0, 1])
        self.recover(0)

    def test_late_x4__of_the_login_before_x3_decides_nothing(self):
        self.enrol()
        self.go_to_due()
        self.prepare()
        _, x4 = self.registry.login(DID, self.draw())
        self.assertEqual(self.dongle.ask(d.ANSWER, x4)[0], d.OK)
        self.assertEqual(self.send(), 2)
        self.assertEqual(self.dongle.ask(d.ANSWER, x4)[0], d.REFUSED)
        self.assertEqual(self.dongle.info()["update"], d.OPEN)
        self.recover(0)

    def test_end_of_the_old_chain__the_new_one_alone_is_used(self):
        self.to_open()
        while self.dongle.info()["update"] == d.OPEN:
            info = self.dongle.info()
            if info["epoch"] == 1 and len(self.seen) > 12:
                break
            self.draw(skip=min(64, self.n - info["next"])
                      if info["epoch"] == 0 else 0)
        first = self.draw()
        second = self.draw()
        self.assertEqual((first[5], second[5]), (1, 1))


class StolenTest(UpdateCase):
    """The server speaks of a chain that this dongle never made."""

    def test_answer__of_another_epoch_is_told(self):
        server = d.Server(self.enrolled())
        x1 = self.dongle.login()[1]
        for status, epoch in ((1, 1), (2, 0), (3, 0), (3, 1)):
            x1 = self.dongle.login()[1]
            x4 = server.answer(x1, status=status, epoch=epoch)
            self.assertEqual(self.dongle.ask(d.ANSWER, x4),
                             (d.STOLEN, b""))
        x4 = server.answer(x1, status=4)
        self.assertEqual(self.dongle.ask(d.ANSWER, x4)[0], d.REFUSED)

    def enrolled(self):
        self.assertEqual(self.dongle.enrol(), d.OK)
        self.dongle.finish_enrolment()
        return self.dongle

    def test_answer__that_an_unused_new_chain_was_used(self):
        server = d.Server(self.enrolled())
        for skip in (64, 0):
            x1 = self.dongle.login(skip=skip)[1]
            self.assertEqual(self.dongle.ask(d.ANSWER, server.answer(x1))[0],
                             d.OK)
        self.prepare()
        self.assertEqual(self.dongle.update()[0], d.OK)
        x1 = self.dongle.login()[1]
        x4 = server.answer(x1, status=3, epoch=1)
        self.assertEqual(self.dongle.ask(d.ANSWER, x4)[0], d.STOLEN)
        self.assertEqual(self.dongle.info()["update"], d.OPEN)


if __name__ == "__main__":
    unittest.main(verbosity=2)

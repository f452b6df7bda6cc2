# SPDX-License-Identifier: Apache-2.0
"""Power fails in any write of a key update: see power_case.py. Afterwards the
real server lets the dongle in, with no index twice and no wrong value, and the
update comes to its end.

A sample of the writes of each step; all of them, each way they may be left,
with WK_EVERY_WRITE=1 in the environment (./run soak).
"""

import os
import unittest

import dongle as d
from dongle import Server
from eeprom import BLOCK, Image, chain_of
from update_case import DID, UpdateCase

EVERY = os.environ.get("WK_EVERY_WRITE") == "1"
SAMPLE = 5  # images of a step
START_UP = 18 * d.HZ  # the dongle's own chance is good afterwards


class PowerTest(UpdateCase):
    def setUp(self):
        super().setUp()
        self.chains = {}

    def to_due(self):
        """The second update: it finds both places used. Gives the epoch."""
        self.to_open()
        while self.dongle.info()["update"] != d.NONE:
            self.log_in()
        self.go_to_due()
        self.dongle.settle()
        return self.epoch()

    def chain(self, seed, epoch):
        if seed not in self.chains:
            realm = bytes.fromhex(self.registry.command("realm"))
            salt = Server.salt_of(DID, realm, epoch)
            self.chains[seed] = chain_of(seed, salt, self.n)
        return self.chains[seed]

    def check_values(self, image):
        """No valid slot holds a wrong value of a chain that there is."""
        seeds = Image(image).seeds()
        self.assertIn(len(seeds), (1, 2))
        for epoch, seed in seeds.items():
            chain = self.chain(seed, epoch)
            for block, value in Image(image).slots(epoch).items():
                self.assertEqual(value, chain[(block + 1) * BLOCK])

    def pick(self, before, writes):
        """(k, image) for a sample, first and last write included."""
        images = list(self.images(before, writes))
        if EVERY or len(images) <= SAMPLE:
            return images
        return [images[0], images[-1],
                *self.random.sample(images[1:-1], SAMPLE - 2)]

    def survive_step(self, act, epoch):
        """act() is done with power failing in each of its writes; then it is
        done once without. The server hears nothing of it meanwhile."""
        seen = set(self.seen)
        self.registry.command("save")
        before, writes = self.record(act)
        after, drawn = self.image(), self.seen - seen
        self.assertTrue(writes)
        for k, image in self.pick(before, writes):
            with self.subTest(write=k, at=writes[k][0]):
                self.check_values(image)
                self.registry.command("load")
                self.boot(image)
                self.seen = seen | (drawn if writes[k][3] else set())
                self.recover(epoch)
        print(f"\n{len(writes)} writes", end=" ")
        self.registry.command("load")
        self.boot(after)
        self.seen = seen | drawn

    def test_preparation(self):
        epoch = self.to_due()

        def prepare():
            self.prepare()
            self.dongle.settle()

        self.survive_step(prepare, epoch)

    def test_preparation__that_begins_by_itself(self):
        def log_in_and_wait():
            self.log_in()
            self.dongle.settle()
            self.assertEqual(self.dongle.info()["update"], d.PREPARED)

        epoch = self.to_due()
        self.dongle.idle(START_UP)
        self.survive_step(log_in_and_wait, epoch)

    def to_x3(self):
        """In a session in which X3 may be sent. Gives the epoch."""
        epoch = self.to_due()
        self.prepare()
        self.dongle.settle()
        self.log_in()
        return epoch

    def to_new_chain(self):
        """The next password is of the new chain, and switches."""
        epoch = self.to_x3()
        self.send()
        self.log_in()
        self.dongle.settle()
        return epoch

    def unheard_answer(self):
        _, x4 = self.registry.login(DID, self.draw())
        self.dongle.settle()
        return x4

    def hear(self, x4):
        self.assertEqual(self.dongle.ask(d.ANSWER, x4)[0], d.OK)
        self.assertEqual(self.dongle.info()["update"], d.NONE)
        self.dongle.settle()

    def test_x3_and_the_old_chain_after_it(self):
        epoch = self.to_x3()
        self.survive_step(self.dongle.update, epoch)
        self.survive_step(self.draw, epoch)

    def test_login_by_the_new_chain_and_the_switch(self):
        epoch = self.to_new_chain()
        self.survive_step(self.draw, epoch)
        self.recover(epoch)

    def test_switch(self):
        epoch = self.to_new_chain()
        x4 = self.unheard_answer()
        self.survive_step(lambda: self.hear(x4), epoch)
        self.assertEqual(self.epoch(), epoch + 1)

    def test_drop(self):
        epoch = self.to_x3()
        self.assertEqual(self.dongle.update()[0], d.OK)
        x4 = self.unheard_answer()
        self.survive_step(lambda: self.hear(x4), epoch)


if __name__ == "__main__":
    unittest.main(verbosity=2)

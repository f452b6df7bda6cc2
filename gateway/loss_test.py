# SPDX-License-Identifier: Apache-2.0
"""Crashes between any two steps: no reading is lost."""

import json
import signal
import sqlite3

import gateway_fixture as fixture
import wk
from gateway_fixture import PUBLIC, READING, SEALED, TOPIC


class CrashTest(fixture.GatewayCase):
    def setUp(self):
        super().setUp()
        self.start_broker()
        self.running = self.gateway()
        self.sensor = self.client(self.thermo)

    def publish(self, number):
        payload = json.dumps({**READING, "seq": number})
        self.assertEqual(self.sensor.publish(TOPIC, payload), 0)

    def numbers(self):
        return [row["private"]["seq"] for row in self.rows()]

    def lock_store(self):
        """Makes every commit of the gateway fail until rolled back."""
        database = sqlite3.connect(self.store_path, isolation_level=None,
                                   timeout=wk.PATIENCE)
        database.execute("BEGIN IMMEDIATE")
        self.addCleanup(database.close)
        return database

    def test_kill__before_the_commit_the_broker_still_has_the_reading(self):
        database = self.lock_store()
        self.publish(1)
        self.running.wait_log("cannot be stored, trying again")
        self.kill(self.running)
        database.execute("ROLLBACK")
        self.assertEqual(self.numbers(), [])
        onlooker = self.client(self.viewer, "sealed/#")
        self.gateway()
        onlooker.wait_message(SEALED)
        self.assertEqual(self.numbers(), [1])

    def test_stop__with_a_reading_not_stored_leaves_it_to_the_broker(self):
        database = self.lock_store()
        self.publish(1)
        self.running.wait_log("cannot be stored, trying again")
        self.assertEqual(self.running.stop(), 1)
        database.execute("ROLLBACK")
        onlooker = self.client(self.viewer, "sealed/#")
        self.gateway()
        onlooker.wait_message(SEALED)
        self.assertEqual(self.numbers(), [1])

    def test_store__that_recovers_takes_the_reading(self):
        database = self.lock_store()
        self.publish(1)
        self.running.wait_log("cannot be stored, trying again")
        database.execute("ROLLBACK")
        self.running.wait_log("readings are stored again")
        self.publish(2)
        onlooker = self.client(self.viewer, "sealed/#")
        self.wait_outbox_empty(onlooker)
        self.assertEqual(self.numbers(), [1, 2])

    def test_kill__in_the_middle_of_the_work_loses_nothing(self):
        count = 60
        onlooker = self.client(self.viewer, "sealed/#", "public/#")
        for number in range(count // 2):
            self.publish(number)
        onlooker.wait_message(SEALED)
        self.kill(self.running)
        for number in range(count // 2, count):
            self.publish(number)
        self.gateway()
        wanted = set(range(count))
        seen = set()
        while seen != wanted:
            token = onlooker.wait_message(SEALED).payload.decode()
            seen.add(json.loads(fixture.jose(self.key, token))["seq"])
            if len(seen) == count - 1:
                seen.add(0)  # taken before the kill
        self.wait_outbox_empty(onlooker)
        self.assertEqual(set(self.numbers()), wanted)
        public = [m for m in onlooker.messages if m.topic == PUBLIC]
        self.assertGreaterEqual(len(public), count)

    def test_outbox__left_by_a_crash_is_published_at_the_next_start(self):
        onlooker = self.client(self.viewer, "sealed/#", "public/#")
        database = self.lock_store()
        self.publish(1)
        self.running.wait_log("cannot be stored, trying again")
        # The broker stands still: what is sent now is not acknowledged.
        broker = self.server.process
        broker.signal(signal.SIGSTOP)
        self.addCleanup(broker.signal, signal.SIGCONT)
        database.execute("ROLLBACK")
        self.running.wait_log("readings are stored again")
        self.kill(self.running)
        self.assertEqual(self.numbers(), [1])
        self.assertEqual(self.sql("SELECT count(*) FROM outbox"), [(2,)])
        broker.signal(signal.SIGCONT)
        self.gateway()
        onlooker.wait_message(SEALED)
        onlooker.wait_message(PUBLIC)
        self.wait_outbox_empty(onlooker)
        self.assertEqual(self.sql("SELECT count(*) FROM outbox"), [(0,)])


if __name__ == "__main__":
    wk.main()

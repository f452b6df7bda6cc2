# SPDX-License-Identifier: Apache-2.0
"""The gateway's main job, against a real broker with the plugin."""

import json

import gateway_fixture as fixture
import wk
from gateway_fixture import PUBLIC, READING, SEALED, STATE, TOPIC

PRIVATE = {"seq": 7, "heart": 71, "place": {"room": "bed"}}


class SplitTest(fixture.GatewayCase):
    def setUp(self):
        super().setUp()
        self.start_broker()
        self.running = self.gateway()
        self.sensor = self.client(self.thermo)
        self.onlooker = self.client(self.viewer, "public/#", "sealed/#")

    def publish(self, topic, payload):
        if isinstance(payload, dict):
            payload = json.dumps(payload)
        self.assertEqual(self.sensor.publish(topic, payload), 0)

    def test_split__public_part_readable_private_part_sealed(self):
        self.publish(TOPIC, READING)
        public = self.onlooker.wait_message(PUBLIC)
        self.assertEqual(json.loads(public.payload),
                         {"temperature": 21.5, "place": {"floor": 2}})
        self.assertFalse(public.retain)
        self.assertEqual(public.qos, 1)
        token = self.onlooker.wait_message(SEALED).payload.decode()
        self.assertEqual(json.loads(fixture.jose(self.key, token)), PRIVATE)
        head = fixture.head(token)
        self.assertEqual((head["alg"], head["enc"]), ("dir", "A256GCM"))
        self.assertEqual((head["topic"], head["seq"]), (TOPIC, 1))
        self.assertEqual((head["device"], head["class"]),
                         ("thermo-1", "split"))
        with open(self.key, encoding="utf-8") as file:
            self.assertEqual(head["kid"], json.load(file)["kid"])

    def test_split__nothing_private_is_in_the_store_in_clear(self):
        self.publish(TOPIC, READING)
        self.onlooker.wait_message(SEALED)
        self.wait_outbox_empty(self.onlooker)
        self.assertEqual(self.running.stop(), 0)
        with open(self.store_path, "rb") as file:
            data = file.read()
        self.assertNotIn(b"heart", data)
        self.assertNotIn(b"bed", data)
        self.assertIn(TOPIC.encode(), data)

    def test_payload__that_no_rule_understands_is_sealed_as_it_is(self):
        odd = [
            (TOPIC, "21.5"),
            (TOPIC, "{\"temperature\": 21.5"),
            (TOPIC, b"\x00\xff\xfe"),
            (TOPIC, ""),
            (TOPIC, "[1, 2]"),
            (TOPIC, {"humidity": 40}),
            ("sensors/thermo-1/door", {"temperature": 21.5}),
            ("sensors/thermo-1", "x" * 60000),
        ]
        for topic, payload in odd:
            self.publish(topic, payload)
        for topic, payload in odd:
            token = self.onlooker.wait_message("sealed/" + topic)
            token = token.payload.decode()
            if isinstance(payload, dict):
                payload = json.dumps(payload)
            if isinstance(payload, str):
                payload = payload.encode()
            self.assertEqual(fixture.jose(self.key, token), payload)
            self.assertEqual(fixture.head(token)["class"], "whole")
        self.assertEqual(self.onlooker.messages, [])
        self.assertEqual(len(self.rows()), len(odd))

    def test_split__released_whole_is_stored_and_sends_nothing_sealed(self):
        self.publish(TOPIC, {"temperature": 20})
        self.publish(TOPIC, READING)
        self.onlooker.wait_message(PUBLIC)
        token = self.onlooker.wait_message(SEALED).payload.decode()
        self.assertEqual(fixture.head(token)["seq"], 2)
        self.assertEqual([row["private"] for row in self.rows()],
                         [{}, PRIVATE])

    def test_gateway__does_not_read_its_own_publications(self):
        self.publish(TOPIC, READING)
        self.publish(PUBLIC, READING)
        self.publish(SEALED, "x")
        self.publish(TOPIC, READING)
        for _ in range(2):
            self.onlooker.wait_message(PUBLIC)
        self.wait_outbox_empty(self.onlooker)
        self.assertEqual([row["topic"] for row in self.rows()],
                         [TOPIC, TOPIC])

    def test_state__online_then_offline(self):
        watcher = self.client(self.devices.enrol("watcher"), STATE)
        first = watcher.wait_message(STATE)
        self.assertEqual((first.payload, first.retain), (b"online", True))
        self.assertEqual(self.running.stop(), 0)
        self.assertEqual(watcher.wait_message(STATE).payload, b"offline")
        self.gateway()
        self.assertEqual(watcher.wait_message(STATE).payload, b"online")

    def test_state__last_will_after_a_crash(self):
        watcher = self.client(self.devices.enrol("watcher"), STATE)
        self.assertEqual(watcher.wait_message(STATE).payload, b"online")
        self.kill(self.running)
        self.assertEqual(watcher.wait_message(STATE).payload, b"offline")

    def test_store__second_gateway_is_kept_out(self):
        done = wk.run("whitekey-gateway", "-c",
                      self.folder.path("gateway.conf"), check=1)
        self.assertIn("gateway.db.lock: another process holds it",
                      done.stderr)


class ExportTest(fixture.GatewayCase):
    def setUp(self):
        super().setUp()
        self.start_broker()
        running = self.gateway()
        sensor = self.client(self.thermo)
        onlooker = self.client(self.viewer, "sealed/#")
        for number in range(3):
            sensor.publish(TOPIC, json.dumps({**READING, "seq": number}))
        sensor.publish("sensors/lamp/x", "on\n")
        onlooker.wait_message("sealed/sensors/lamp/x")
        self.assertEqual(running.stop(), 0)

    def test_export__jose_opens_every_line(self):
        tokens = self.export().stdout.split()
        self.assertEqual(len(tokens), 4)
        for number, token in enumerate(tokens[:3]):
            opened = json.loads(fixture.jose(self.key, token))
            self.assertEqual(opened, {**PRIVATE, "seq": number})
            self.assertEqual(fixture.head(token)["seq"], number + 1)
        self.assertEqual(fixture.jose(self.key, tokens[3]), b"on\n")

    def test_export__flipped_byte_of_any_part_does_not_open(self):
        token = self.export().stdout.split()[0]
        self.assertIsNotNone(fixture.jose(self.key, token))
        parts = token.split(".")
        for number in (0, 2, 3, 4):
            twin = list(parts)
            old = twin[number]
            twin[number] = ("B" if old[0] == "A" else "A") + old[1:]
            with self.subTest(part=number):
                self.assertIsNone(fixture.jose(self.key, ".".join(twin)))

    def test_export__token_moved_to_another_topic_does_not_open(self):
        tokens = self.export().stdout.split()
        for other in (tokens[1], tokens[3]):
            moved = ".".join([other.split(".")[0], *tokens[0].split(".")[1:]])
            self.assertIsNone(fixture.jose(self.key, moved))

    def test_export__chosen_by_topic_and_number(self):
        one = self.export("--topic", "sensors/lamp/#", "--json").stdout
        self.assertEqual(json.loads(one)["private_b64"], "b24K")
        self.assertEqual(json.loads(one)["device"], "lamp")
        late = self.export("--since", "2", "--json").stdout.splitlines()
        self.assertEqual([json.loads(line)["seq"] for line in late], [3, 4])
        self.assertEqual(self.export("--since", "4").stdout, "")

    def test_export__row_changed_or_moved_does_not_open(self):
        good = self.export("--json").stdout.splitlines()
        changes = [
            "UPDATE reading SET topic = 'sensors/a' WHERE seq = 2",
            "UPDATE reading SET device = 'a' WHERE seq = 2",
            "UPDATE reading SET at = at + 1 WHERE seq = 2",
            "UPDATE reading SET class = class + 256 WHERE seq = 2",
            "UPDATE reading SET sealed = zeroblob(40) WHERE seq = 2",
            "UPDATE reading SET sealed = x'00' WHERE seq = 2",
            "UPDATE reading SET sealed = (SELECT sealed FROM reading"
            " WHERE seq = 1) WHERE seq = 2",
        ]
        self.sql("CREATE TABLE before AS SELECT * FROM reading")
        for change in changes:
            with self.subTest(change=change):
                self.sql(change)
                done = self.export("--json", check=1)
                self.assertEqual(done.stdout.splitlines(),
                                 [good[0], *good[2:]])
                self.assertIn("reading 2 (", done.stderr)
                self.assertIn("does not open", done.stderr)
                self.sql("REPLACE INTO reading SELECT * FROM before")
        self.assertEqual(self.export("--json").stdout.splitlines(), good)

    def test_export__wrong_key_or_no_store_is_named(self):
        other = self.folder.path("other.jwk")
        wk.run("whitekey-gateway", "init-key", other, check=0)
        self.configure(key=other)
        done = self.export(check=1)
        self.assertIn("gateway.db: sealed under the key", done.stderr)
        self.assertEqual(done.stdout, "")
        config = self.folder.path("gateway.conf")
        done = wk.run("whitekey-gateway", "-c", config, check=1)
        self.assertIn("gateway.db: sealed under the key", done.stderr)
        self.configure(store=self.folder.path("none.db"))
        self.assertIn("none.db: No such file", self.export(check=1).stderr)
        self.assertFalse(self.exists(self.folder.path("none.db")))

    def test_export__broken_store_is_named(self):
        with open(self.store_path, "r+b") as file:
            file.write(b"not a database at all")
        self.assertIn("gateway.db: not a gateway's store",
                      self.export(check=1).stderr)


if __name__ == "__main__":
    wk.main()

# SPDX-License-Identifier: Apache-2.0
"""What an admin's program may get wrong: answered, and nothing is changed."""

import json

from control_case import ControlCase, enrolment

import wk

NAMES = ("", "+", "#", "a/b", "thermo-1/#", "thermo-1 ", "%u", "a\nb",
         "x" * 33, "\u00e4", "$SYS", "thermo-1\\")


class AttackTest(ControlCase):
    def setUp(self):
        super().setUp()
        self.start()
        self.before = self.state()

    def tearDown(self):
        self.assertEqual(self.state(), self.before)
        super().tearDown()

    def state(self):
        """What no login changes."""
        devices = json.loads(self.store.cli("list", "--json").stdout)
        return ([(d["d_id"], d["state"], d["role"], d["generation"])
                 for d in devices],
                self.store.cli("role", "list", "--json").stdout)

    def errors(self, payload):
        """Every response is an error; gives them."""
        answers = self.raw(payload)
        self.assertNotEqual(answers, [])
        for answer in answers:
            self.assertIn("error", answer, payload)
            self.assertNotIn("data", answer)
        return [answer["error"] for answer in answers]

    def one(self, text):
        return self.errors('{"commands":[' + text + "]}")[0]

    def all(self, commands):
        """Each alone is wrong; texts, in as few requests as may be."""
        for first in range(0, len(commands), 64):
            some = commands[first:first + 64]
            self.assertEqual(len(self.errors(
                '{"commands":[' + ",".join(some) + "]}")), len(some))

    def test_text__that_is_no_utf_8(self):
        for text in (b"\xff", b'{"commands":[{"command":"\xc3"}]}',
                     b'{"commands":[{"command":"getMetrics",'
                     b'"correlationData":"\xed\xa0\x80"}]}'):
            self.assertEqual(self.errors(text), ["request: not UTF-8"])

    def test_text__cut_within_a_character_is_still_json(self):
        for before in range(4):
            name = "x" * before + "\u20ac" * 400
            self.assertIn("no command", self.one(json.dumps(
                {"command": name}, ensure_ascii=False)))
            self.assertIn('command: "', self.one(json.dumps(
                {"command": "getMetrics", name: 1}, ensure_ascii=False)))

    def test_text__with_escapes_comes_back_as_text(self):
        trick = '"}],"responses":[{\n\x1b[31m\u0007'
        for text in (trick, "\U0001f600", "\\", "\x7f"):
            answer = self.ask("getDevice", d_id="owner", correlationData=text)
            self.assertEqual(answer["correlationData"], text)
            self.assertEqual(self.raw(json.dumps({"commands": [
                {"command": text}]}))[0]["command"], text)

    def test_text__deep_long_and_empty(self):
        self.errors("[" * 100000)
        self.errors('{"commands":' + "[" * 100000)
        self.errors('{"a":' * 50000)
        self.errors(" " * 262145)
        self.errors('{"commands":[' + "1," * 120000 + "1]}")
        self.errors(b"\0" * 1000)
        self.errors(json.dumps({"commands": [{
            "command": "x" * 200000}]}))

    def test_members__twice_refused_at_every_level(self):
        command = '"command":"disableDevice","d_id":"thermo-1"'
        self.assertIn("twice", self.errors(
            '{"commands":[{%s}],"commands":[]}' % command)[0])
        for more in ('"d_id":"owner"', '"command":"getDevice"',
                     '"correlationData":"1","correlationData":"2"'):
            self.assertIn("twice", self.one("{%s,%s}" % (command, more)))
        good = json.dumps(enrolment("dongle-1"))
        for member, twin in (('"n": 256', '"n": 256, "n": 256'),
                             ('"whitekey": 1', '"whitekey": 1, "whitekey": 1'),
                             ('"role": "C"', '"role": "C", "role": "D"')):
            self.assertIn("twice", self.one(
                '{"command":"enrolDevice","enrolment":%s}'
                % good.replace(member, twin)))

    def test_numbers__out_of_range(self):
        self.all(['{"command":"listDevices","count":%s}' % number
                  for number in ("0", "-1", "501", "1.5", "1e400", "-0",
                                 '"1"', "null", "true", "[1]", "4294967296")])
        self.one('{"command":"listDevices","count":NaN}')
        good = json.dumps(enrolment("dongle-1"))
        self.all(['{"command":"enrolDevice","enrolment":%s}'
                  % good.replace(member, member.split(":")[0] + ":" + value)
                  for member, values in (
                      ('"epoch": 0', ("-1", "4294967296", "0.5", "1e99")),
                      ('"n": 256', ("255", "1048577", "256.5", "1e400")),
                      ('"whitekey": 1', ("0", "2", "1.1", "true")))
                  for value in values])

    def test_names__that_are_none(self):
        self.all([json.dumps({"command": verb, "d_id": name})
                  for name in NAMES for verb in (
                      "getDevice", "enableDevice", "disableDevice",
                      "revokeDevice", "releaseDevice")])
        self.all([json.dumps({"command": "setDeviceRole", "d_id": did,
                              "role": role}) for name in NAMES
                  for did, role in ((name, "device"), ("thermo-1", name))])
        self.all([json.dumps({"command": verb, "role": name})
                  for name in NAMES for verb in ("getRole", "removeRole")])
        self.all([json.dumps({"command": "setRole", "role": name,
                              "publish": [], "subscribe": []})
                  for name in NAMES])
        self.all([json.dumps({"command": "enrolDevice",
                              "enrolment": enrolment(name)})
                  for name in (*NAMES, "events")])

    def test_after__any_text_lists_what_follows(self):
        for after, found in (("", 2), ("owner", 1), ("%", 2), ("x" * 5000, 0),
                             ("\u20ac", 0), ("'; DROP TABLE device;--", 2)):
            data = self.data("listDevices", after=after)
            self.assertEqual(len(data["devices"]), found, after)

    def test_list__one_bad_command_leaves_the_others(self):
        answers = self.raw(json.dumps({"commands": [
            {"command": "getDevice", "d_id": "owner"}, 7,
            {"command": "getDevice", "d_id": "#"}, None, [], "getMetrics",
            {"command": "getRole", "role": "device"}]}))
        self.assertEqual(["data" in answer for answer in answers],
                         [True, False, False, False, False, False, True])

    def test_list__of_the_most_commands_and_one_more(self):
        one = {"command": "getDevice", "d_id": "owner"}
        answers = self.raw(json.dumps({"commands": [one] * 64}))
        self.assertEqual(len([a for a in answers if "data" in a]), 64)
        self.assertEqual(len(self.errors(
            json.dumps({"commands": [one] * 65}))), 1)


if __name__ == "__main__":
    wk.main()

# SPDX-License-Identifier: Apache-2.0
"""core's MQTT codec against npm mqtt-packet, which nobody here wrote: packets
drawn by the standards, by seed, both ways; the same ones damaged; and where
the two differ, with the section that decides.

WK_CODEC_BATCHES and WK_CODEC_SEED make it longer: ./run soak.
"""

import functools
import json
import os
import random
import shutil
import unittest

import wk

HERE = os.path.join(wk.SOURCE, "tests", "codec")
MODULES = os.path.join(wk.SOURCE, "tests", "node", "node_modules")
OURS = os.path.join(wk.BUILD, "tests", "codec", "mqtt_fields")
SEED = int(os.environ.get("WK_CODEC_SEED", "1"))
BATCHES = int(os.environ.get("WK_CODEC_BATCHES", "1"))
PACKETS = 4000  # of a batch
USER_PROPERTY = 0x26
UNWRITTEN = "-"
REFUSED = "refused"


def theirs(*args, stdin=None):
    done = wk.run(shutil.which("node"), os.path.join(HERE, "theirs.js"),
                  *args, stdin=stdin, env={"NODE_PATH": MODULES}, check=0,
                  timeout=300)
    return done.stdout.splitlines()


def asked(program, rows):
    """Rows of version and text, answered line by line."""
    answers = program("".join(f"{version} {text}\n" for version, text in rows))
    assert len(answers) == len(rows), (len(answers), len(rows))
    return answers


def they_read(rows):
    return asked(lambda stdin: theirs("read", stdin=stdin), rows)


def we(verb, rows):
    return asked(lambda stdin: wk.run(
        OURS, verb, stdin=stdin, check=0, timeout=300).stdout.splitlines(),
        rows)


def ordered(node):
    """The order of different properties means nothing (2.2.2.2) and
    mqtt-packet does not keep it."""
    if isinstance(node, dict):
        return {key: sorted(map(tuple, value), key=lambda one: (
            one[0], one[1] if one[0] == USER_PROPERTY else ""))
            if key == "props" else ordered(value)
            for key, value in node.items()}
    return node


def fields(line):
    """What a reader made of a packet; REFUSED."""
    return REFUSED if line.startswith(REFUSED) else ordered(json.loads(line))


class Drawn:
    """One packet by the standards: its fields, and mqtt-packet's bytes."""

    def __init__(self, line):
        version, text, self.hex = line.split(" ")
        self.version, self.text = int(version), text
        self.fields = fields(text)


@functools.lru_cache(maxsize=1)
def drawn(seed):
    return [Drawn(line) for line in theirs("draw", seed, PACKETS)]


class DrawnTest(unittest.TestCase):
    def batches(self):
        return range(SEED, SEED + BATCHES)

    def test_theirs__read_by_us(self):
        for seed in self.batches():
            batch = [one for one in drawn(seed) if one.hex != UNWRITTEN]
            self.assertGreater(len(batch), 0.9 * PACKETS)
            answers = we("read", [(one.version, one.hex) for one in batch])
            for one, answer in zip(batch, answers):
                self.assertEqual(fields(answer), one.fields,
                                 f"seed {seed}: {one.hex}")

    def test_ours__read_by_them(self):
        for seed in self.batches():
            batch = drawn(seed)
            written = we("write", [(one.version, one.text) for one in batch])
            self.assertNotIn(REFUSED, written, f"seed {seed}")
            answers = they_read([(one.version, data) for one, data in zip(
                batch, written)])
            for one, data, answer in zip(batch, written, answers):
                if not is_ours_alone(one.version, data, answer):
                    self.assertEqual(fields(answer), one.fields,
                                     f"seed {seed}: {data} {answer}")

    def test_damaged__what_we_take_they_read_alike(self):
        for seed in self.batches():
            dice = random.Random(seed)
            rows = [(one.version, damaged(dice, one.hex))
                    for one in drawn(seed) if one.hex != UNWRITTEN]
            taken = 0
            for row, our, their in zip(rows, we("read", rows),
                                       they_read(rows)):
                our = fields(our)
                if our == REFUSED or is_ours_alone(*row, their):
                    continue
                taken += 1
                self.assertEqual(fields(their), our,
                                 f"seed {seed}: {row} {their}")
            self.assertGreater(taken, 0.1 * PACKETS)


def is_ours_alone(version, text, answer):
    """What the standard allows and mqtt-packet refuses."""
    if version != 5:
        return False
    if text == "f000":  # AUTH 3.15.2.1
        return answer == f"{REFUSED}: Invalid auth reason code"
    if text[:2] == "e0" and text[4:6] == "8c":  # DISCONNECT 2.4, table 2-6
        return answer == f"{REFUSED}: Invalid disconnect reason code"
    return False


def damaged(dice, text):
    """One of a bit, a byte, a piece less or more; the length made right
    again for half of them, or hardly any would be looked at."""
    data = bytearray.fromhex(text)
    head = 2
    while data[head - 1] & 0x80:
        head += 1
    body = bytearray(data[head:]) or bytearray(1)
    at = dice.randrange(len(body))
    kind = dice.randrange(4)
    if kind == 0:
        body[at] ^= 1 << dice.randrange(8)
    elif kind == 1:
        body[at] = dice.randrange(256)
    elif kind == 2:
        del body[at:at + dice.randrange(1, 4)]
    else:
        body[at:at] = dice.randbytes(dice.randrange(1, 4))
    if dice.randrange(2):
        return (data[:head] + body).hex()
    return (data[:1] + varint(len(body)) + body).hex()


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return out


def packet(first, body):
    return (bytes([first]) + varint(len(body)) + body).hex()


def connect(version, flags, rest):
    return packet(0x10, b"\0\4MQTT" + bytes([version, flags]) + b"\0\0"
                  + rest)


def properties(first, before, props, after=b""):
    return packet(first, before + varint(len(props)) + props + after)


# Refused by us and taken by mqtt-packet: the section that decides, the version
# and the packet. Sections are MQTT 5's, for version 4 those of 3.1.1.
STRICT = [
    ("1.5.3", 4, packet(0x30, b"\0\1\xff")),  # no UTF-8
    ("1.5.4", 5, packet(0x30, b"\0\2\xc1\x81\0")),  # overlong
    ("1.5.4", 5, packet(0x30, b"\0\3\xed\xa0\x80\0")),  # a surrogate
    ("1.5.4", 5, packet(0x30, b"\0\1\0\0")),  # U+0000
    ("1.5.5", 5, "30840000016100"),  # a length in more bytes than needed
    ("2.2.1", 5, packet(0x32, b"\0\1a\0\0\0")),  # packet id 0
    ("2.2.2.2", 5, properties(0x30, b"\0\1a", b"\x21\0\1")),  # CONNECT's
    ("2.3.1", 4, packet(0x32, b"\0\1a\0\0")),  # packet id 0
    ("3.1.2.1", 4, packet(0x10, b"\0\6MQIsdp\4\2\0\0\0\1a")),
    ("3.1.2.2", 4, connect(0x84, 2, b"\0\1a")),  # no such version
    # will QoS 3
    ("3.1.2.6", 5, connect(5, 0x1e, b"\0\0\1a\0\0\1w\0\0")),
    ("3.1.2.9", 4, connect(4, 0x42, b"\0\1a\0\1p")),  # password alone
    # receive maximum 0, maximum packet size 0, neither 0 nor 1, data without
    # a method
    ("3.1.2.11.3", 5, connect(5, 2, b"\3\x21\0\0\0\1a")),
    ("3.1.2.11.4", 5, connect(5, 2, b"\5\x27\0\0\0\0\0\1a")),
    ("3.1.2.11.7", 5, connect(5, 2, b"\2\x17\2\0\1a")),
    ("3.1.2.11.10", 5, connect(5, 2, b"\4\x16\0\1x\0\1a")),
    ("3.1.3", 4, connect(4, 2, b"\0\1a\0")),  # more than the flags say
    ("3.2.2.1", 5, packet(0x20, b"\1\x87\0")),  # refused, session present
    ("3.2.2.2", 5, packet(0x20, b"\0\1\0")),  # no such reason
    ("3.2.2.3", 4, packet(0x20, b"\0\6")),  # reserved
    ("3.3.1.1", 5, packet(0x38, b"\0\1a\0")),  # DUP with QoS 0
    ("3.3.2.1", 5, packet(0x30, b"\0\1#\0")),  # wildcard
    ("3.3.2.1", 5, packet(0x30, b"\0\0\0")),  # neither topic nor alias
    # the same property twice, alias 0, subscription identifier 0
    ("3.3.2.3.3", 5, properties(0x30, b"\0\1a", b"\2\0\0\0\1" * 2)),
    ("3.3.2.3.4", 5, properties(0x30, b"\0\1a", b"\x23\0\0")),
    ("3.3.2.3.8", 5, properties(0x30, b"\0\1a", b"\x0b\0")),
    ("3.4", 4, packet(0x40, b"\0\1\0")),  # longer than 2
    ("3.8.3", 5, packet(0x82, b"\0\1\0")),  # no filter
    ("3.8.3.1", 5, packet(0x82, b"\0\1\0\0\x0a$share/g/a\4")),  # no local
    ("3.9.3", 5, packet(0x90, b"\0\1\0")),  # no reason
    ("3.12", 4, packet(0xc0, b"\0")),  # PINGREQ has no body
    ("3.14", 4, packet(0xe0, b"\0")),  # nor DISCONNECT
    ("3.15.2.2.2", 5, packet(0xf0, b"\0\0")),  # no method
    # wildcards out of place
    ("4.7.1.2", 5, packet(0x82, b"\0\1\0\0\4a/#b\0")),
    ("4.7.1.3", 5, packet(0x82, b"\0\1\0\0\2a+\0")),
    ("4.7.3", 5, packet(0x82, b"\0\1\0\0\0\0")),  # empty filter
    ("4.8.2", 5, packet(0x82, b"\0\1\0\0\x0a$share/+/a\0")),
]

# The other way round.
LENIENT = [
    ("2.4", 5, packet(0xe0, b"\x8c\0")),  # bad authentication method
    ("3.15.2.1", 5, packet(0xf0, b"")),  # success, and nothing to say
]


class StrictnessTest(unittest.TestCase):
    def answers(self, rows):
        packets = [row[1:] for row in rows]
        return zip(rows, we("read", packets), they_read(packets))

    def test_strict__we_refuse_what_they_take(self):
        for row, our, their in self.answers(STRICT):
            with self.subTest(row=row):
                self.assertEqual(fields(our), REFUSED)
                self.assertNotEqual(fields(their), REFUSED, their)

    def test_lenient__we_take_what_they_refuse(self):
        for row, our, their in self.answers(LENIENT):
            with self.subTest(row=row):
                self.assertNotEqual(fields(our), REFUSED)
                self.assertTrue(is_ours_alone(*row[1:], their), their)


if __name__ == "__main__":
    wk.main()

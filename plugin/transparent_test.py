# SPDX-License-Identifier: Apache-2.0
"""Who is none of its devices notices nothing of the plugin: conversations byte
by byte, with a broker that has it and with one that has not.
"""

import re
import socket
import struct

import wk


def text(value):
    return struct.pack(">H", len(value)) + value.encode()


def packet(head, body):
    size, count = b"", len(body)
    while True:
        count, low = divmod(count, 128)
        size += bytes([low | (0x80 if count else 0)])
        if not count:
            return bytes([head]) + size + body


def protocol(version):
    return text("MQIsdp" if version == 3 else "MQTT") + bytes([version])


class Wire:
    """A connection, and all bytes that came back on it."""

    def __init__(self, port, version):
        self.version = version
        self.heard = []
        self._socket = socket.create_connection((wk.HOST, port), wk.PATIENCE)
        self._stream = self._socket.makefile("rb")

    def props(self, data=b""):
        return bytes([len(data)]) + data if self.version == 5 else b""

    def connect(self, name, flags=2, props=b"", tail=b"", keep=60):
        self.send(packet(0x10, protocol(self.version) + bytes([flags])
                         + struct.pack(">H", keep) + self.props(props)
                         + text(name) + tail))
        return self.take()

    def publish(self, topic, payload, qos=0, retain=0, dup=0, mid=7,
                props=b""):
        ident = struct.pack(">H", mid) if qos else b""
        self.send(packet(0x30 | dup << 3 | qos << 1 | retain,
                         text(topic) + ident + self.props(props)
                         + payload.encode()))

    def subscribe(self, *filters, props=b"", mid=9):
        self.send(packet(0x82, struct.pack(">H", mid) + self.props(props)
                         + b"".join(text(f) + bytes([options])
                                    for f, options in filters)))

    def unsubscribe(self, *filters):
        self.send(packet(0xA2, b"\0\x0b" + self.props()
                         + b"".join(map(text, filters))))

    def ack(self, head, mid):
        self.send(packet(head, struct.pack(">H", mid)))

    def send(self, data):
        try:
            self._socket.sendall(data)
        except OSError:
            pass  # it was closed, which take() notes

    def take(self):
        """One packet; None where the broker closed."""
        try:
            head = self._stream.read(1)
            size, shift = 0, 0
            while head:
                byte = self._stream.read(1)[0]
                size |= (byte & 0x7F) << shift
                shift += 7
                if byte < 0x80:
                    break
            got = head + self._stream.read(size) if head else None
        except (ConnectionError, IndexError):
            got = None
        # A client id that the broker made up.
        self.heard.append(got and re.sub(
            rb"auto-[0-9A-Fa-f-]{36}", b"auto", got))
        return got

    def drain(self):
        """All until the broker has worked off what was sent before."""
        self.send(b"\xc0\0")
        while True:
            got = self.take()
            if got is None or got[0] == 0xD0:
                return

    def close(self, polite=True):
        if polite:
            self.send(b"\xe0\0")
        self._stream.close()
        self._socket.close()


class Talk:
    """One conversation's connections with one broker."""

    def __init__(self, port, version):
        self.port = port
        self.version = version
        self.wires = []

    def wire(self):
        self.wires.append(Wire(self.port, self.version))
        return self.wires[-1]

    def client(self, name, **more):
        wire = self.wire()
        wire.connect(name, **more)
        return wire

    def end(self):
        for wire in self.wires:
            wire.close()
        return [wire.heard for wire in self.wires]


# ---- conversations ---------------------------------------------------------

def every_qos(talk):
    a = talk.client("a")
    a.subscribe(("t/0", 0), ("t/1", 1), ("t/2", 2))
    a.drain()
    for qos in range(3):
        a.publish(f"t/{qos}", f"m{qos}", qos, mid=20 + qos)
        a.drain()
    a.ack(0x62, 22)
    a.drain()
    a.ack(0x40, 1)
    a.ack(0x50, 2)
    a.drain()
    a.ack(0x70, 2)
    a.drain()


def retained(talk):
    a = talk.client("a")
    for payload in ("first", "second"):
        a.publish("r/x", payload, 1, retain=1)
    a.drain()
    b = talk.client("b")
    b.subscribe(("r/+", 0))
    b.drain()
    a.publish("r/x", "", 1, retain=1)
    a.drain()
    b.drain()
    c = talk.client("c")
    c.subscribe(("r/#", 1))
    c.drain()


def wills(talk):
    a = talk.client("a")
    a.subscribe(("w/#", 0))
    a.drain()
    for name, polite in (("gone", False), ("left", True), ("last", False)):
        b = talk.client(name, flags=0x06, tail=b"".join((
            talk.wires[0].props(), text("w/" + name), text("bye"))))
        b.close(polite)
    while b"w/last" not in (a.take() or b"w/last"):
        pass


def kept_session(talk):
    forever = b"\x11\xff\xff\xff\xff"
    for _ in range(2):
        a = talk.client("keeper", flags=0, props=forever)
        a.subscribe(("k/#", 1))
        a.drain()
        a.close()
        b = talk.client("b")
        b.publish("k/1", "while away", 1)
        b.publish("k/0", "too")
        b.drain()
    a = talk.client("keeper", flags=0, props=forever)
    a.drain()
    a.close()
    talk.client("keeper").drain()


def takeover(talk):
    a = talk.client("same")
    b = talk.client("same")
    a.take()
    b.drain()


def filters(talk):
    a = talk.client("a")
    a.subscribe(("f/+/x", 0), ("f/#", 1), ("+", 0), ("/+", 0), ("$x/#", 0),
                ("f/a/x", 2))
    a.drain()
    b = talk.client("b")
    for topic in ("f/a/x", "f/b/x", "f", "f/", "top", "/top", "$x/y", "f/a"):
        b.publish(topic, topic)
        b.drain()
        a.drain()
    a.unsubscribe("f/+/x", "none", "f/#")
    a.drain()
    b.publish("f/b/x", "late")
    b.drain()
    a.drain()


def wrong_filters(talk):
    for bad in ("a/#/b", "a+", "#a", ""):
        a = talk.client("a")
        a.subscribe((bad, 0))
        a.drain()


def wrong_packets(talk):
    name, alive = protocol(talk.version), b"\0\x3c"
    for data in (
            b"\xc0\0",  # before CONNECT
            packet(0x10, text("MQXX") + bytes([talk.version, 2]) + alive),
            packet(0x10, text("MQTT") + b"\x09\x02" + alive + text("a")),
            packet(0x10, name + b"\3" + alive), packet(0x10, name + b"\2"),
            b"\x10\xff\xff\xff\xff\xff", b"\0\0"):
        wire = talk.wire()
        wire.send(data)
        wire.take()
    for data in (packet(0x36, text("t") + b"\0\1"), packet(0x30, text("a/#")),
                 packet(0x80, b"\0\1" + text("t") + b"\0"), b"\x90\0",
                 packet(0x82, b"\0\0" + text("t") + b"\0"), b"\x62\0",
                 packet(0x10, name + b"\2" + alive),
                 packet(0x30, b"\0\2\xff\xfe"), b"\xf0\0"):
        wire = talk.client("a")
        wire.send(data)
        wire.drain()


def names(talk):
    talk.client("").drain()
    talk.client("", flags=0).drain()
    talk.client("x" * 60).drain()
    talk.client("u", flags=0x42).drain()  # a password that is not there


def control_and_sys(talk):
    a = talk.client("a")
    a.subscribe(("$SYS/broker/version", 0), ("$CONTROL/#", 0))
    a.drain()
    a.publish("$SYS/broker/version", "mine", 1)
    a.publish("$CONTROL/dynamic-security/v1", "{}", 1)
    a.drain()


def v5_properties(talk):
    a = talk.client("a", props=b"\x21\0\x02\x22\0\x05\x27\0\0\x02\0")
    a.subscribe(("p/#", 1), props=b"\x0b\x2a")
    a.drain()
    b = talk.client("b", props=b"\x11\0\0\0\x0a")
    for props in (b"\x01\x01", b"\x02\0\0\0\x3c", b"\x03" + text("json"),
                  b"\x08" + text("p/answer") + b"\x09" + text("7"),
                  b"\x26" + text("k") + text("v"), b"\x23\0\x01", b"\x23\0\0",
                  b"\x23\xff\xff", b"\x0b\x01", b"\x7f"):
        b.publish("p/x", "m", 1, props=props)
        b.drain()
        a.drain()
        a.ack(0x40, 1)
    a.drain()


def v5_subscriptions(talk):
    a = talk.client("a")
    a.publish("s/old", "kept", 1, retain=1)
    a.drain()
    for options in (0x04, 0x08, 0x10, 0x18, 0x20, 0x2C, 0x40):
        b = talk.client("b")
        b.subscribe(("s/#", options), ("s/#", options))
        b.drain()
        b.publish("s/own", "own", retain=1)
        b.drain()
        b.publish("s/own", "", retain=1)
        b.drain()
    for name in "cd":
        talk.client(name).subscribe(("$share/g/s/share", 1))
        talk.wires[-1].drain()
    a.publish("s/share", "one of you")
    a.drain()
    for wire in talk.wires[-2:]:
        wire.drain()
    a.publish("s/old", "", 1, retain=1)
    a.drain()


def v5_refusals(talk):
    for props in (b"\x15" + text("OTHER"), b"\x16" + text("data"),
                  b"\x15" + text("OTHER") + b"\x16" + text("data"),
                  b"\x11\0\0\0\0\x11\0\0\0\0", b"\x21\0\0", b"\x27\0\0\0\0",
                  b"\x17\x01", b"\x17\x02", b"\x19\x01"):
        wire = talk.wire()
        wire.connect("a", props=props)
        wire.drain()
    for data in (b"\xf0\0", b"\xf0\2\x18\0", b"\xf0\2\x19\0",
                 b"\xe0\7\x04\5\x11\0\0\0\1", b"\xe0\1\x04", b"\xe0\1\x81"):
        wire = talk.client("a", flags=0x06, tail=b"\0" + text("w") + text(""))
        wire.send(data)
        wire.drain()


BOTH = (every_qos, retained, wills, kept_session, takeover, filters,
        wrong_filters, wrong_packets, names, control_and_sys)
V5 = (v5_properties, v5_subscriptions, v5_refusals)


class TransparentTest(wk.TestCase):
    def heard(self, broker):
        heard = {}
        for version in (3, 4, 5):
            for talk in BOTH + (V5 if version == 5 else ()):
                told = Talk(broker.port, version)
                talk(told)
                heard[talk.__name__, version] = told.end()
        return heard

    def test_nobody__is_served_as_without_the_plugin(self):
        plain = self.heard(self.broker())
        with_it = self.heard(self.broker(
            self.registry(), options={"acl": None},
            config="allow_anonymous true"))
        for talk, heard in plain.items():
            with self.subTest(talk):
                self.assertEqual(with_it[talk], heard)
        # They were served: a message of each quality of service came.
        said = b"".join(filter(None, plain["every_qos", 5][0]))
        for payload in (b"m0", b"m1", b"m2"):
            self.assertIn(payload, said)


if __name__ == "__main__":
    wk.main()

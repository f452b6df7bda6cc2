# SPDX-License-Identifier: Apache-2.0
"""A minimal MQTT client that sends exactly what a test wants, byte by byte.

For what stock clients hide: binary authentication data, AUTH packets, when
precisely a message came. Blocking; every wait ends after wk.PATIENCE.
"""

import socket
import struct

import wk

CONNECT, CONNACK, PUBLISH, PUBACK = 0x10, 0x20, 0x30, 0x40
PUBREC = 0x50
SUBSCRIBE, SUBACK, PINGREQ, PINGRESP = 0x82, 0x90, 0xC0, 0xD0
DISCONNECT, AUTH = 0xE0, 0xF0
SESSION_EXPIRY, METHOD, DATA, WILL_DELAY = 0x11, 0x15, 0x16, 0x18
PACKET_MAX = 0x27
FOREVER = 0xFFFFFFFF


def _text(value):
    data = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(data)) + data


def _varint(value):
    out = bytearray()
    while True:
        value, low = divmod(value, 128)
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def _packet(kind, body=b""):
    return bytes([kind]) + _varint(len(body)) + body


def _auth_properties(method, data):
    props = b""
    if method is not None:
        props += bytes([METHOD]) + _text(method)
    if data is not None:
        props += bytes([DATA]) + _text(data)
    return props


def _will_properties(delay):
    if delay is None:
        return b"\x00"
    return bytes([5, WILL_DELAY]) + struct.pack(">I", delay)


class Closed(Exception):
    """The broker closed the connection."""


class Connack:
    """code: 0 accepted; properties: of version 5, by number. at: where the
    code stands."""

    def __init__(self, body, version, at=1):
        self.present = bool(body[0] & 1)
        self.code = body[at]
        self.auth_data = None
        if version == 5:
            self._parse(body[at + 1 :])

    def _parse(self, data):
        # Lengths below 128 bytes are one byte long, which all of these are.
        data = data[1 : 1 + data[0]]
        sizes = {0x11: 4, 0x13: 2, 0x21: 2, 0x22: 2, 0x24: 1, 0x25: 1,
                 0x27: 4, 0x28: 1, 0x29: 1, 0x2A: 1}
        while data:
            kind, data = data[0], data[1:]
            if kind in sizes:
                data = data[sizes[kind] :]
                continue
            (size,) = struct.unpack(">H", data[:2])
            if kind == DATA:
                self.auth_data = data[2 : 2 + size]
            data = data[2 + size :]


class Message:
    def __init__(self, flags, body, version):
        self.qos = flags >> 1 & 3
        self.retain = bool(flags & 1)
        (size,) = struct.unpack(">H", body[:2])
        self.topic, rest = body[2 : 2 + size].decode(), body[2 + size :]
        if self.qos:
            self.mid, rest = rest[:2], rest[2:]
        self.payload = rest[1 + rest[0] :] if version == 5 else rest


class Client:
    """connect() gives the CONNACK; received messages gather in .messages.

    acknowledge False: they stay unacknowledged. tls: an ssl.SSLContext.
    """

    def __init__(self, port, client_id, version=4, source=wk.HOST, tls=None):
        self.version = version
        self.client_id = client_id
        self.messages = []
        self.acknowledge = True
        self._buffer = b""
        self._socket = socket.create_connection(
            (wk.HOST, port), wk.PATIENCE, (source, 0))
        if tls is not None:
            self._socket = tls.wrap_socket(
                self._socket, server_hostname=wk.HOST)

    def connect(self, username=None, password=None, **more):
        """more: see begin()."""
        self.begin(username, password, **more)
        return Connack(self.wait(CONNACK), self.version)

    def challenge(self, method, data, **more):
        """CONNECT, and the AUTH's data that answers it; a Connack if that
        is the answer."""
        self.begin(method=method, data=data, **more)
        return self._auth_or_connack()

    def answer(self, method, data, reason=0x18):
        """AUTH, and what comes back, as in challenge()."""
        self.auth(method, data, reason)
        return self._auth_or_connack()

    def _auth_or_connack(self):
        while True:
            kind, body = self._next()
            if kind & 0xF0 == CONNACK:
                return Connack(body, self.version)
            if kind & 0xF0 == AUTH:
                return Connack(body, self.version, 0).auth_data

    def begin(self, username=None, password=None, clean=True, method=None,
              data=None, expiry=0, will=None, will_delay=None,
              packet_max=None):
        """Sends CONNECT. will: topic and payload; its delay in seconds."""
        flags = 2 if clean else 0
        payload = _text(self.client_id)
        if will is not None:
            flags |= 0x04
            if self.version == 5:
                payload += _will_properties(will_delay)
            payload += _text(will[0]) + _text(will[1])
        if username is not None:
            flags |= 0x80
            payload += _text(username)
        if password is not None:
            flags |= 0x40
            payload += _text(password)
        head = _text("MQTT") + bytes([self.version, flags]) + b"\x00\x3c"
        if self.version == 5:
            props = bytes([SESSION_EXPIRY]) + struct.pack(">I", expiry)
            if packet_max is not None:
                props += bytes([PACKET_MAX]) + struct.pack(">I", packet_max)
            props += _auth_properties(method, data)
            head += _varint(len(props)) + props
        self.send(_packet(CONNECT, head + payload))

    def auth(self, method=None, data=None, reason=0x18):
        """Sends AUTH."""
        props = _auth_properties(method, data)
        body = bytes([reason]) + _varint(len(props)) + props
        self.send(_packet(AUTH, body))

    def subscribe(self, topic, qos=1):
        """Gives the broker's return code."""
        props = b"\x00" if self.version == 5 else b""
        body = b"\x00\x01" + props + _text(topic) + bytes([qos])
        self.send(_packet(SUBSCRIBE, body))
        return self.wait(SUBACK)[-1]

    def publish(self, topic, payload, qos=1, retain=False):
        """Gives the PUBACK's (PUBREC's) reason (0 before version 5)."""
        props = b"\x00" if self.version == 5 else b""
        mid = b"\x00\x02" if qos else b""
        data = payload.encode() if isinstance(payload, str) else payload
        body = _text(topic) + mid + props + data
        self.send(_packet(PUBLISH | qos << 1 | retain, body))
        if not qos:
            return 0
        answer = self.wait(PUBACK if qos == 1 else PUBREC)
        return answer[2] if len(answer) > 2 else 0

    def ping(self):
        """True once the broker has worked off all that was sent before."""
        self.send(_packet(PINGREQ))
        self.wait(PINGRESP)
        return True

    def alive(self):
        try:
            return self.ping()
        except (Closed, OSError):
            return False

    def wait_message(self, topic):
        """The oldest message on this topic, taken out of .messages."""
        while True:
            for message in self.messages:
                if message.topic == topic:
                    self.messages.remove(message)
                    return message
            self._next()

    def wait_closed(self, patience=wk.PATIENCE):
        """Waits until the broker closes the connection."""
        self._socket.settimeout(patience)
        try:
            while True:
                self._next()
        except (Closed, ConnectionError):
            return

    def disconnect(self, polite=True):
        if polite:
            self.send(_packet(DISCONNECT))
        self._socket.close()

    def send(self, data):
        self._socket.sendall(data)

    def wait(self, kind):
        while True:
            got, body = self._next()
            if got & 0xF0 == kind & 0xF0:
                return body

    def _next(self):
        """The next packet; messages are kept and acknowledged."""
        head = self._take(1)[0]
        size, shift = 0, 0
        while True:
            byte = self._take(1)[0]
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        body = self._take(size)
        if head & 0xF0 == PUBLISH:
            message = Message(head & 0x0F, body, self.version)
            self.messages.append(message)
            if message.qos and self.acknowledge:
                self.send(_packet(PUBACK, message.mid))
        return head, body

    def _take(self, size):
        while len(self._buffer) < size:
            data = self._socket.recv(65536)
            if not data:
                raise Closed()
            self._buffer += data
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken


class TestCase(wk.TestCase):
    """For tests whose devices, of self.store, log in at several brokers."""

    def login(self, broker, device, version=5, client_id=None, **connect):
        client = Client(broker.port, client_id or "at-" + device.did, version)
        self.addCleanup(client.disconnect, polite=False)
        password = self.store.otp(device)
        answer = client.connect(device.did, password, **connect)
        self.assertEqual(answer.code, 0)
        return client

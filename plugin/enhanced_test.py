# SPDX-License-Identifier: Apache-2.0
"""Enhanced authentication of MQTT 5: the method WHITEKEY, and X4."""

import ctypes
import threading

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

import rawmqtt
import wk
import xmsg

NOT_AUTHORIZED, BAD_METHOD = 0x87, 0x8C
METHOD = "WHITEKEY"


class EnhancedTest(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.thermo = self.store.enrol("thermo-1")
        self.server = self.broker(self.store)

    def client(self, client_id="c1"):
        client = rawmqtt.Client(self.server.port, client_id, version=5)
        self.addCleanup(client.disconnect, polite=False)
        return client

    def login(self, client, password=None, **more):
        password = password or self.store.otp(self.thermo)
        data = xmsg.binary("thermo-1", password)
        return client.connect(method=METHOD, data=data, **more)

    def reasons(self):
        return [e["reason"] for e in self.store.audit()
                if e["event"] == "login"]

    def test_enhanced__connack_carries_a_valid_x4(self):
        password = self.store.otp(self.thermo)
        answer = self.login(self.client(), password)
        self.assertEqual(answer.code, 0, self.server.log())
        x4 = xmsg.X4(answer.auth_data, self.thermo)
        self.assertEqual((x4.type, x4.status, x4.role), (4, 1, ord("C")))
        self.assertEqual((x4.epoch, x4.index), (0, 1))
        self.assertTrue(x4.answers(password))

    def test_enhanced__x4_of_another_login_does_not_fit(self):
        first, second = self.store.otps(self.thermo, 2)
        answer = self.login(self.client(), first)
        x4 = xmsg.X4(answer.auth_data, self.thermo)
        self.assertFalse(x4.answers(second))

    def test_enhanced__session_has_the_devices_name(self):
        acl = self.folder.write("acl", "pattern readwrite own/%u/#\n")
        self.server.stop()  # one broker serves a registry
        broker = self.broker(self.store, config=f"acl_file {acl}")
        client = rawmqtt.Client(broker.port, "c1", version=5)
        self.login(client)
        self.assertEqual(client.publish("own/thermo-1/x", "y"), 0x10)
        self.assertEqual(client.publish("own/door-1/x", "y"), NOT_AUTHORIZED)
        client.disconnect()

    def test_enhanced__same_message_again_refused(self):
        password = self.store.otp(self.thermo)
        self.assertEqual(self.login(self.client(), password).code, 0)
        again = self.login(self.client("c2"), password)
        self.assertEqual(again.code, NOT_AUTHORIZED)
        self.assertIsNone(again.auth_data)
        self.assertSoon(["ok", "replay"], self.reasons)

    def test_enhanced__malformed_data_refused(self):
        good = xmsg.binary("thermo-1", self.store.otp(self.thermo))
        for bad in (None, b"", b"\xff", good[:-1], good + b"\x00",
                    b"\x00" + good[9:], good[:9]):
            answer = self.client().connect(method=METHOD, data=bad)
            self.assertEqual(answer.code, NOT_AUTHORIZED)
        answer = self.client().connect(method=METHOD, data=good)
        self.assertEqual(answer.code, 0)

    def test_enhanced__other_username_refused(self):
        answer = self.login(self.client(), username="door-1")
        self.assertEqual(answer.code, NOT_AUTHORIZED)
        answer = self.login(self.client(), username="thermo-1")
        self.assertEqual(answer.code, 0)

    def test_enhanced__unknown_method_refused(self):
        password = self.store.otp(self.thermo)
        data = xmsg.binary("thermo-1", password)
        for method in ("WHITEKEY-OTHER", "whitekey", "SCRAM-SHA-256"):
            answer = self.client().connect(method=method, data=data)
            self.assertEqual(answer.code, BAD_METHOD)
        self.assertSoon([], self.reasons)

    def test_enhanced__empty_auth_packet_closes_without_a_crash(self):
        client = self.client()
        self.login(client)
        client.send(b"\xf0\x00")
        client.wait_closed()
        self.server.wait_log("sent an AUTH that nobody asked for")
        self.assertEqual(self.login(self.client()).code, 0)

    def test_enhanced__empty_auth_packets_in_a_burst_do_not_crash(self):
        client = self.client()
        self.login(client)
        client.send(b"\xf0\x00" * 50)
        client.wait_closed()
        self.assertEqual(self.login(self.client()).code, 0)

    def test_enhanced__re_authentication_refused_and_nothing_spent(self):
        client = self.client()
        self.login(client)
        password = self.store.otp(self.thermo)
        data = xmsg.binary("thermo-1", password)
        props = b"\x15\x00\x08WHITEKEY\x16" + len(data).to_bytes(2, "big")
        body = b"\x19" + bytes([len(props) + len(data)]) + props + data
        client.send(bytes([rawmqtt.AUTH, len(body)]) + body)
        client.wait_closed()
        self.assertSoon(["ok"], self.reasons)
        self.assertEqual(self.login(self.client(), password).code, 0)

    def test_enhanced__paho_gets_x4(self):
        password = self.store.otp(self.thermo)
        given = Properties(PacketTypes.CONNECT)
        given.AuthenticationMethod = METHOD
        given.AuthenticationData = xmsg.binary("thermo-1", password)
        answers, done = [], threading.Event()

        def on_connect(_client, _data, _flags, reason, properties):
            answers.append((reason.value, properties))
            done.set()

        # paho 2 (Debian 13) wants to be told whose callbacks these are.
        extra = {}
        if hasattr(paho, "CallbackAPIVersion"):
            extra["callback_api_version"] = paho.CallbackAPIVersion.VERSION2
        client = paho.Client(client_id="paho", protocol=paho.MQTTv5, **extra)
        client.on_connect = on_connect
        client.connect(wk.HOST, self.server.port, properties=given)
        client.loop_start()
        self.assertTrue(done.wait(wk.PATIENCE))
        client.disconnect()
        client.loop_stop()
        ((code, properties),) = answers
        self.assertEqual(code, 0)
        x4 = xmsg.X4(bytes(properties.AuthenticationData), self.thermo)
        self.assertTrue(x4.answers(password))


    def test_enhanced__libmosquitto_gets_x4(self):
        password = self.store.otp(self.thermo)
        with Libmosquitto() as client:
            code, data = client.connect(
                self.server.port, xmsg.binary("thermo-1", password))
        self.assertEqual(code, 0)
        self.assertTrue(xmsg.X4(data, self.thermo).answers(password))


class Libmosquitto:
    """What mosquitto_pub -D connect authentication-data cannot: binary data
    with NUL bytes, which every message of the first epoch has."""

    PROTOCOL_VERSION = 1  # enum mosq_opt_t
    CALLBACK = ctypes.CFUNCTYPE(
        None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int,
        ctypes.c_void_p)

    def __enter__(self):
        self.lib = ctypes.CDLL("libmosquitto.so.1")
        self.lib.mosquitto_new.restype = ctypes.c_void_p
        self.lib.mosquitto_lib_init()
        self.client = ctypes.c_void_p(
            self.lib.mosquitto_new(b"lib", True, None))
        self.answer = None
        return self

    def __exit__(self, *_):
        self.lib.mosquitto_destroy(self.client)
        self.lib.mosquitto_lib_cleanup()

    def connect(self, port, data):
        """The CONNACK's code and authentication data."""
        given = ctypes.c_void_p()
        self.lib.mosquitto_property_add_string(
            ctypes.byref(given), rawmqtt.METHOD, METHOD.encode())
        self.lib.mosquitto_property_add_binary(
            ctypes.byref(given), rawmqtt.DATA, data, len(data))
        self.lib.mosquitto_int_option(self.client, self.PROTOCOL_VERSION, 5)
        callback = self.CALLBACK(self._on_connect)
        self.lib.mosquitto_connect_v5_callback_set(self.client, callback)
        self.lib.mosquitto_connect_bind_v5(
            self.client, wk.HOST.encode(), port, 60, None, given)
        while self.answer is None:
            failed = self.lib.mosquitto_loop(self.client, 1000, 1)
            if failed and self.answer is None:
                raise AssertionError(f"mosquitto_loop: {failed}")
        self.lib.mosquitto_property_free_all(ctypes.byref(given))
        return self.answer

    def _on_connect(self, _client, _data, code, _flags, properties):
        value, size = ctypes.c_void_p(), ctypes.c_uint16()
        self.lib.mosquitto_property_read_binary(
            ctypes.c_void_p(properties), rawmqtt.DATA, ctypes.byref(value),
            ctypes.byref(size), False)
        self.answer = code, ctypes.string_at(value, size.value)


if __name__ == "__main__":
    wk.main()

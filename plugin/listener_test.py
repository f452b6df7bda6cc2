# SPDX-License-Identifier: Apache-2.0
"""The same rules on every kind of listener: TLS, with client certificates,
WebSockets, and several at once.
"""

import queue
import shutil

import paho.mqtt.client as paho

import rawmqtt
import wk

OPENSSL = shutil.which("openssl")
PUB = shutil.which("mosquitto_pub")
REFUSED = {5, 0x87}  # paho 1 and 2


class Authority:
    """A certificate authority in a folder, made for one test."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.cert, self.key = folder.path(name + ".crt"), folder.path(
            name + ".key")
        self._new(name, "-x509", "-days", "1", "-out", self.cert)

    def _new(self, name, *args):
        wk.run(OPENSSL, "req", "-nodes", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:P-256", "-subj", f"/CN={name}", "-keyout",
               self.folder.path(name + ".key"), *args, check=0)

    def issue(self, name):
        """Certificate and key."""
        request = self.folder.path(name + ".csr")
        cert = self.folder.path(name + ".crt")
        self._new(name, "-addext", "subjectAltName=IP:127.0.0.1", "-out",
                  request)
        extensions = self.folder.write(
            name + ".ext", "subjectAltName=IP:127.0.0.1\n")
        wk.run(OPENSSL, "x509", "-req", "-in", request, "-CA", self.cert,
               "-CAkey", self.key, "-CAcreateserial", "-days", "1",
               "-extfile", extensions, "-out", cert, check=0)
        return cert, self.folder.path(name + ".key")


class Web:
    """paho over WebSockets, with its events to await."""

    def __init__(self, port, did, password, client_id="web"):
        extra = {}
        if hasattr(paho, "CallbackAPIVersion"):  # paho 2, Debian 13
            extra["callback_api_version"] = paho.CallbackAPIVersion.VERSION2
        self.codes, self.messages = queue.Queue(), queue.Queue()
        self.ended = queue.Queue()
        self.client = paho.Client(client_id=client_id,
                                  transport="websockets", **extra)
        self.client.username_pw_set(did, password)
        self.client.on_connect = lambda *args: self.codes.put(
            getattr(args[3], "value", args[3]))
        self.client.on_message = lambda *args: self.messages.put(args[2])
        # It would come back with a used password.
        self.client.on_disconnect = lambda *_: (
            self.ended.put(True), self.client.disconnect())
        self.client.connect(wk.HOST, port)
        self.client.loop_start()
        self.code = self.codes.get(timeout=wk.PATIENCE)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


class ListenerTest(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()
        self.thermo = self.store.enrol("thermo-1")
        self.port = wk.free_port()

    def tls(self, *lines):
        """A listener's lines; fills in what clients need."""
        self.ca = Authority(self.folder, "ca")
        cert, key = self.ca.issue("broker")
        return "\n".join([f"listener {self.port} {wk.HOST}",
                          f"cafile {self.ca.cert}", f"certfile {cert}",
                          f"keyfile {key}", *lines])

    def publish(self, password, *args, did="thermo-1"):
        """The exit status of mosquitto_pub: 0, or the CONNACK's code."""
        return wk.run(PUB, "-h", wk.HOST, "-p", self.port, "-u", did, "-P",
                      password, "-t", "sensors/thermo-1/x", "-m", "1", "-i",
                      "pub", *args).returncode

    def web(self, password, **more):
        client = Web(self.port, "thermo-1", password, **more)
        self.addCleanup(client.close)
        return client

    def start_web(self):
        return self.broker(self.store, config=(
            f"listener {self.port} {wk.HOST}\nprotocol websockets"))

    def test_tls__password_works_once(self):
        self.broker(self.store, config=self.tls())
        password = self.store.otp(self.thermo)
        trust = ("--cafile", self.ca.cert)
        self.assertEqual(self.publish(password, *trust), 0)
        self.assertEqual(self.publish(password, *trust), 5)

    def test_tls__broker_of_another_authority_gets_no_password(self):
        self.broker(self.store, config=self.tls())
        other = Authority(self.folder, "other")
        password = self.store.otp(self.thermo)
        self.assertNotEqual(
            self.publish(password, "--cafile", other.cert), 0)
        self.assertEqual(
            self.publish(password, "--cafile", self.ca.cert), 0)

    def test_certificate__does_not_replace_the_password(self):
        self.broker(self.store, config=self.tls("require_certificate true"))
        cert, key = self.ca.issue("thermo-1")
        trust = ("--cafile", self.ca.cert)
        both = (*trust, "--cert", cert, "--key", key)
        password = self.store.otp(self.thermo)
        self.assertNotEqual(self.publish(password, *trust), 0)
        self.assertEqual(self.publish("x", *both), 5)
        self.assertEqual(self.publish(password, *both), 0)
        self.assertEqual(self.publish(password, *both), 5)

    def test_web__password_works_once_and_x4_comes(self):
        self.start_web()
        password = self.store.otp(self.thermo)
        client = self.web(password)
        self.assertEqual(client.code, 0)
        client.client.subscribe("whitekey/v1/thermo-1/x4", 1)
        message = client.messages.get(timeout=wk.PATIENCE)
        self.assertEqual(message.topic, "whitekey/v1/thermo-1/x4")
        self.assertIn(self.web(password, client_id="again").code, REFUSED)

    def test_web__stays_over_a_reload(self):
        server = self.start_web()
        client = self.web(self.store.otp(self.thermo))
        server.reload()
        client.client.subscribe("whitekey/v1/thermo-1/x4", 1)
        client.messages.get(timeout=wk.PATIENCE)
        self.assertTrue(client.ended.empty())

    def test_web__revoked_device_is_disconnected(self):
        self.start_web()
        client = self.web(self.store.otp(self.thermo))
        self.store.cli("revoke", "thermo-1")
        client.ended.get(timeout=wk.PATIENCE)

    def test_web__older_session_closed_by_a_login_elsewhere(self):
        server = self.start_web()
        old = self.web(self.store.otp(self.thermo))
        self.assertEqual(old.code, 0)
        new = rawmqtt.Client(server.port, "c1")
        self.addCleanup(new.disconnect, polite=False)
        self.assertEqual(
            new.connect("thermo-1", self.store.otp(self.thermo)).code, 0)
        old.ended.get(timeout=wk.PATIENCE)
        self.assertTrue(new.alive())

    def test_several__each_with_the_plugin_share_what_is_spent(self):
        plugin = "\n".join([
            f"plugin {wk.PLUGIN}", f"plugin_opt_registry {self.store.path}",
            f"plugin_opt_master_key_file {self.store.master}"])
        web = wk.free_port()
        server = self.broker(self.store, per_listener=True, config="\n".join([
            self.tls(), plugin,
            f"listener {web} {wk.HOST}", "protocol websockets", plugin]))
        trust = ("--cafile", self.ca.cert)
        first, second, third = self.store.otps(self.thermo, 3)
        self.assertEqual(self.publish(first, *trust), 0)
        plain = rawmqtt.Client(server.port, "plain")
        self.addCleanup(plain.disconnect, polite=False)
        self.assertEqual(plain.connect("thermo-1", first).code, 5)
        self.port = web
        self.assertIn(self.web(first).code, REFUSED)
        self.assertEqual(self.web(second, client_id="w2").code, 0)
        again = rawmqtt.Client(server.port, "plain")
        self.addCleanup(again.disconnect, polite=False)
        self.assertEqual(again.connect("thermo-1", second).code, 5)
        again = rawmqtt.Client(server.port, "plain")
        self.addCleanup(again.disconnect, polite=False)
        self.assertEqual(again.connect("thermo-1", third).code, 0)


if __name__ == "__main__":
    wk.main()

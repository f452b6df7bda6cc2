# SPDX-License-Identifier: Apache-2.0
"""The same rules on every kind of listener: TLS, with client certificates,
WebSockets, and several at once.
"""

import queue
import shutil
import ssl

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

import rawmqtt
import wk
import xmsg

OPENSSL = shutil.which("openssl")
PUB = shutil.which("mosquitto_pub")
REFUSED = {5, 0x87}  # before version 5, and since


class Authority:
    """A certificate authority in a folder, made for one test."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.cert, self.key = folder.path(name + ".crt"), folder.path(
            name + ".key")
        self._new(name, "-x509", "-days", "1", "-addext",
                  "keyUsage=critical,keyCertSign", "-out", self.cert)

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
    """paho over WebSockets, with its events to await. enhanced: log in with
    WHITEKEY, version 5."""

    def __init__(self, port, did, password, client_id="web", enhanced=False):
        extra = {"protocol": paho.MQTTv5 if enhanced else paho.MQTTv311}
        if hasattr(paho, "CallbackAPIVersion"):  # paho 2, Debian 13
            extra["callback_api_version"] = paho.CallbackAPIVersion.VERSION2
        self.codes, self.messages = queue.Queue(), queue.Queue()
        self.ended = queue.Queue()
        self.client = paho.Client(client_id=client_id,
                                  transport="websockets", **extra)
        asked = {}
        if enhanced:
            asked["properties"] = Properties(PacketTypes.CONNECT)
            asked["properties"].AuthenticationMethod = "WHITEKEY"
            asked["properties"].AuthenticationData = xmsg.binary(
                did, password)
        else:
            self.client.username_pw_set(did, password)
        self.answer = None  # CONNACK's properties, of version 5
        self.client.on_connect = self._on_connect
        self.client.on_message = lambda *args: self.messages.put(args[2])
        # It would come back with a used password.
        self.client.on_disconnect = lambda *_: (
            self.ended.put(True), self.client.disconnect())
        self.client.connect(wk.HOST, port, **asked)
        self.client.loop_start()
        self.code = self.codes.get(timeout=wk.PATIENCE)

    def _on_connect(self, *args):
        if len(args) > 4:
            self.answer = args[4]
        self.codes.put(getattr(args[3], "value", args[3]))

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

    def raw(self, client_id="raw", version=5, cert=None):
        """A byte-wise client over TLS, with a certificate or without."""
        trust = ssl.create_default_context(cafile=self.ca.cert)
        if cert:
            trust.load_cert_chain(*cert)
        client = rawmqtt.Client(self.port, client_id, version, tls=trust)
        self.addCleanup(client.disconnect, polite=False)
        return client

    def enhanced(self, client, password, did="thermo-1", **more):
        return client.connect(method="WHITEKEY",
                              data=xmsg.binary(did, password), **more)

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

    def test_tls__enhanced_login_proves_the_server_and_works_once(self):
        self.broker(self.store, config=self.tls())
        password = self.store.otp(self.thermo)
        answer = self.enhanced(self.raw(), password)
        self.assertEqual(answer.code, 0)
        self.assertTrue(
            xmsg.X4(answer.auth_data, self.thermo).answers(password))
        self.assertEqual(
            self.enhanced(self.raw("again"), password).code, 0x87)

    def test_tls__challenge_answered_and_answered_again(self):
        self.broker(self.store, config=self.tls())
        device, method = xmsg.Device(self.thermo), "WHITEKEY-CHALLENGE"
        client, other = self.raw(), self.raw("other")
        challenge = client.challenge(method, b"\x08thermo-1")
        other.challenge(method, b"\x08thermo-1")
        message = device.login(1, challenge=challenge)
        self.assertEqual(client.answer(method, message).code, 0)
        self.assertEqual(other.answer(method, message).code, 0x87)

    def test_certificate__does_not_replace_an_enhanced_login(self):
        self.broker(self.store, config=self.tls("require_certificate true"))
        cert = self.ca.issue("thermo-1")
        password = self.store.otp(self.thermo)
        with self.assertRaises((ssl.SSLError, OSError, rawmqtt.Closed)):
            self.enhanced(self.raw(), password)
        self.assertEqual(
            self.enhanced(self.raw(cert=cert), "AAAA").code, 0x87)
        self.assertEqual(
            self.enhanced(self.raw(cert=cert), password).code, 0)
        self.assertEqual(
            self.enhanced(self.raw("x", cert=cert), password).code, 0x87)

    def test_identity__certificate_alone_is_no_session_of_the_device(self):
        """The broker asks nobody: ours is what it may not do."""
        self.broker(self.store, options={"acl": "on"}, config=self.tls(
            "require_certificate true", "use_identity_as_username true"))
        admin = self.store.enrol("admin-1", "--role", "admin")
        cert = self.ca.issue("admin-1")
        client = self.raw(cert=cert)
        self.assertEqual(client.connect().code, 0)
        for topic in ("whitekey/v1/admin-1/x4", "$CONTROL/whitekey/v1"):
            self.assertGreaterEqual(client.subscribe(topic), 0x80)
        self.assertNotEqual(client.publish("whitekey/v1/admin-1/x3", "x"), 0)
        client.disconnect()
        client = self.raw(cert=cert)
        self.assertEqual(self.enhanced(
            client, self.store.otp(admin), "admin-1").code, 0)
        self.assertEqual(client.subscribe("whitekey/v1/admin-1/x4"), 1)

    def test_identity__enhanced_login_only_under_the_certificates_name(self):
        self.broker(self.store, config=self.tls(
            "require_certificate true", "use_identity_as_username true"))
        other = self.store.enrol("other")
        cert = self.ca.issue("thermo-1")
        stolen = self.store.otp(other)
        self.assertEqual(self.enhanced(
            self.raw(cert=cert), stolen, "other").code, 0x87)
        password = self.store.otp(self.thermo)
        self.assertEqual(
            self.enhanced(self.raw(cert=cert), password).code, 0)
        self.assertEqual(
            self.enhanced(self.raw("x", cert=cert), password).code, 0x87)

    def test_identity__stays_over_a_reload(self):
        server = self.broker(self.store, config=self.tls(
            "require_certificate true", "use_identity_as_username true"))
        client = self.raw(cert=self.ca.issue("thermo-1"))
        self.assertEqual(
            self.enhanced(client, self.store.otp(self.thermo)).code, 0)
        server.reload()
        self.assertTrue(client.alive())

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

    def test_web__enhanced_login_proves_the_server_and_works_once(self):
        self.start_web()
        password = self.store.otp(self.thermo)
        client = self.web(password, enhanced=True)
        self.assertEqual(client.code, 0)
        proof = bytes(client.answer.AuthenticationData)
        self.assertTrue(xmsg.X4(proof, self.thermo).answers(password))
        again = self.web(password, enhanced=True, client_id="again")
        self.assertIn(again.code, REFUSED)

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

    def plugin(self):
        """Lines that load it for the listener above."""
        return "\n".join([
            f"plugin {wk.PLUGIN}", f"plugin_opt_registry {self.store.path}",
            f"plugin_opt_master_key_file {self.store.master}"])

    def test_idle__older_and_revoked_sessions_are_closed(self):
        """One listener has the plugin, and nobody else sends anything, on a
        broker that may not tell plugins the time."""
        self.broker(None, per_listener=True, config="\n".join(
            [f"listener {self.port} {wk.HOST}", self.plugin()]))
        old, new = (rawmqtt.Client(self.port, i) for i in ("old", "new"))
        for client in (old, new):
            self.addCleanup(client.disconnect, polite=False)
            self.assertEqual(client.connect(
                "thermo-1", self.store.otp(self.thermo)).code, 0)
        old.wait_closed()
        self.assertTrue(new.alive())
        self.store.cli("revoke", "thermo-1")
        new.wait_closed()

    def test_idle__one_after_the_other_is_no_slower(self):
        """Waking that helps is not done more and more rarely, up to 10 s."""
        self.broker(None, per_listener=True, config="\n".join(
            [f"listener {self.port} {wk.HOST}", self.plugin()]))
        clients = []
        for i in range(9):
            device = self.store.enrol(f"d-{i}")
            clients.append(rawmqtt.Client(self.port, device.did))
            self.addCleanup(clients[i].disconnect, polite=False)
            self.assertEqual(clients[i].connect(
                device.did, self.store.otp(device)).code, 0)
        for client in clients:
            self.store.cli("revoke", client.client_id)
            client.wait_closed(patience=5)

    def test_idle__on_tls_too(self):
        self.broker(None, per_listener=True, config=self.tls(self.plugin()))
        client = self.raw()
        self.assertEqual(
            self.enhanced(client, self.store.otp(self.thermo)).code, 0)
        self.store.cli("disable", "thermo-1")
        client.wait_closed()

    def test_idle__on_websockets_too(self):
        self.broker(None, per_listener=True, config="\n".join([
            f"listener {self.port} {wk.HOST}", "protocol websockets",
            self.plugin()]))
        client = self.web(self.store.otp(self.thermo))
        self.assertEqual(client.code, 0)
        self.store.cli("revoke", "thermo-1")
        client.ended.get(timeout=wk.PATIENCE)

    def test_several__each_with_the_plugin_share_what_is_spent(self):
        plugin = self.plugin()
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

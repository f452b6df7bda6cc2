# SPDX-License-Identifier: Apache-2.0
"""whitekey-agent where something is wrong: no broker, the wrong one, one that
says no, one that comes back."""

import shutil

import rawmqtt
import wk
from agent_case import UNAVAILABLE, AgentTest

VERSIONS = (4, 5)
PUB = shutil.which("mosquitto_pub")
SUB = shutil.which("mosquitto_sub")
PUBLISH_EARLY = b"\x30\x04\x00\x01tm"  # with the CONNECT, as MQTT lets it


class TroubleTest(AgentTest):
    def setUp(self):
        super().setUp()
        self.server = self.broker(self.devices)

    def test_broker_down__refused_and_no_login_spent(self):
        self.agent()
        self.server.stop()
        for version in VERSIONS * 2:
            self.assertEqual(self.code(version), UNAVAILABLE[version])
        self.server.start()
        self.assertComesBack()
        self.assertSoon([("ok", 0, 1)], self.logins)

    def test_name_unknown__refused(self):
        agent = self.agent(broker="mqtt://no-such-host.invalid")
        self.assertEqual(self.code(5), UNAVAILABLE[5])
        agent.wait_log("no login at no-such-host.invalid port 1883: ")

    def test_impostor__gets_no_client(self):
        impostor = self.broker()
        agent = self.agent(broker_port=impostor.port)
        client = self.client()
        client.begin(will=("wills", "gone"))
        client.send(PUBLISH_EARLY)
        self.assertEqual(client.wait(rawmqtt.CONNACK)[1], UNAVAILABLE[4])
        agent.wait_log(": no proof;")
        self.assertNotIn("Received PUBLISH", impostor.log())
        self.assertEqual(self.code(5), UNAVAILABLE[5])

    def test_disabled_device__refused_until_it_is_enabled(self):
        self.agent()
        self.devices.cli("disable", "thermo-1")
        self.assertSoon(UNAVAILABLE[4], self.code)
        self.devices.cli("enable", "thermo-1")
        self.assertComesBack()

    def test_restored_backup__asks_for_a_challenge_and_gets_one(self):
        agent = self.agent()
        self.server.stop()
        self.devices.cli("restore", "--max-skew", "3600")
        self.server.start()
        self.assertComesBack(version=5)
        self.assertIn("answer a challenge", agent.log())
        self.assertSoon(["clock", "ok"], self.reasons)

    def test_spent_credential__is_told(self):
        path = self.folder.path("short.credential")
        self.devices.cli("enrol", "short", "--length", 256, "--out", path)
        self.devices.otps(wk.Credential("short", path), 256)
        agent = self.agent(credential=path)
        self.assertEqual(self.code(), UNAVAILABLE[4])
        agent.wait_log("chain C is spent")

    def test_no_clock__logins_carry_no_time(self):
        self.server.stop()
        self.server = self.broker(self.devices,
                                  options={"require_time": "true"})
        agent = self.agent(clock="none")
        self.assertNotEqual(self.code(), 0)
        self.assertSoon(["clock"], self.reasons)
        agent.wait_log("its audit says why; this machine's clock says 20")
        agent.stop()
        self.server.stop()
        self.server = self.broker(self.devices)
        self.agent(clock="none")
        self.assertEqual(self.code(), 0)

    def test_restart__mosquitto_sub_comes_back_by_itself(self):
        self.agent()
        second = self.devices.enrol("thermo-2")
        for version in ("mqttv311", "mqttv5"):
            sub = self.process(SUB, "-h", wk.HOST, "-p", self.port, "-V",
                               version, "-i", version, "-t", "t")
            self.server.wait_log(f"{version} 0 t$")
            self.server.restart()
            self.server.wait_log(f"{version} 0 t$", timeout=60)
            wk.run(PUB, "-p", self.server.port, "-u", second.did, "-P",
                   self.devices.otp(second), "-t", "t", "-m", version,
                   "-q", 1, check=0)
            sub.wait_log(f"^{version}$")
            sub.stop()


if __name__ == "__main__":
    wk.main()

# SPDX-License-Identifier: Apache-2.0
"""Node-RED through the agent and a restart of its broker: ./run node-red."""

import json
import os
import shutil

import rawmqtt
import wk
from agent_case import AgentTest

RED = os.path.join(os.environ.get("WK_NODE_RED", ""), "node_modules",
                   "node-red", "red.js")
SETTINGS = """
module.exports = {
  uiHost: '127.0.0.1', httpAdminRoot: false, telemetry: { enabled: false },
  mqttReconnectTime: 500, flowFile: 'flows.json', credentialSecret: false,
};
"""


def flow(port, version):
    """What comes on `ask` goes out on `answer`."""
    broker = {"id": "b", "type": "mqtt-broker", "broker": wk.HOST,
              "port": str(port), "protocolVersion": str(version),
              "clientid": "node-red", "autoConnect": True, "usetls": False,
              "keepalive": "60", "cleansession": True}
    heard = {"id": "i", "z": "f", "type": "mqtt in", "topic": "ask",
             "qos": "1", "datatype": "utf8", "broker": "b", "wires": [["o"]]}
    said = {"id": "o", "z": "f", "type": "mqtt out", "topic": "answer",
            "qos": "1", "retain": "false", "broker": "b", "wires": []}
    return [{"id": "f", "type": "tab", "label": "f"}, broker, heard, said]


class NodeRedTest(AgentTest):
    def setUp(self):
        super().setUp()
        self.server = self.broker(self.devices)
        self.second = self.devices.enrol("thermo-2")

    def ask(self, word):
        """A second device's question, once Node-RED has subscribed."""
        self.server.wait_log(r"node-red \d ask$", timeout=60)
        client = rawmqtt.Client(self.server.port, "asking")
        self.addCleanup(client.disconnect, polite=False)
        client.connect(self.second.did, self.devices.otp(self.second))
        client.subscribe("answer")
        client.publish("ask", word)
        self.assertEqual(client.wait_message("answer").payload,
                         word.encode())

    def test_node_red__comes_back_by_itself(self):
        for version in (4, 5):
            with self.subTest(version=version):
                agent = self.agent()
                home = self.folder.path(f"red-{version}")
                os.mkdir(home)
                self.folder.write(f"red-{version}/settings.js", SETTINGS)
                self.folder.write(f"red-{version}/flows.json",
                                  json.dumps(flow(self.port, version)))
                red = self.process(
                    shutil.which("node"), RED, "-u", home, "-s",
                    os.path.join(home, "settings.js"), "-p", wk.free_port())
                self.ask("one")
                self.server.restart()
                self.ask("two")
                red.stop()
                agent.stop()
                self.server.restart()


if __name__ == "__main__":
    wk.main()

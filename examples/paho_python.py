# SPDX-License-Identifier: Apache-2.0
"""Python's paho that reconnects by itself with a fresh password, which comes
from the whitekey command:

    /usr/bin/python3 paho_python.py localhost 1883 thermo-1.json

It publishes a reading whenever it is connected and says what happens, one word
a line.
"""
import json
import subprocess
import sys

import paho.mqtt.client as paho


def password(credential):
    command = ["whitekey", "otp", "--credential", credential]
    return subprocess.run(command, check=True, capture_output=True,
                          text=True).stdout.strip()


def main(host, port, credential):
    with open(credential, encoding="utf-8") as file:
        name = json.load(file)["d_id"]
    # paho 2 (Debian 13) wants to be told whose callbacks these are.
    versions = getattr(paho, "CallbackAPIVersion", None)
    first = (versions.VERSION2,) if versions else ()
    client = paho.Client(*first, client_id=name)
    client.reconnect_delay_set(min_delay=1, max_delay=60)

    def on_connect(client, _context, _flags, code, *_properties):
        if code == 0:
            print("connected", flush=True)
            client.publish(f"sensors/{name}/temperature", "21.5", qos=1)

    def on_disconnect(*_args):
        client.username_pw_set(name, password(credential))

    client.on_connect = on_connect
    client.on_disconnect = on_disconnect
    client.username_pw_set(name, password(credential))
    client.connect(host, int(port))
    client.loop_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])

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


# A broker that crashed refuses up to 64 passwords, which may have been spent:
# how many to go on by after so many refusals in a row.
SKIPS = (1, 1, 2, 4, 8, 16, 32, 64)
BUSY = (3, 0x88, 0x89)  # these are no refusals


def password(credential, refusals):
    count = SKIPS[refusals] if refusals < len(SKIPS) else 1
    command = ["whitekey", "otp", "--credential", credential,
               "--count", str(count)]
    return subprocess.run(command, check=True, capture_output=True,
                          text=True).stdout.split()[-1]


def main(host, port, credential):
    with open(credential, encoding="utf-8") as file:
        name = json.load(file)["d_id"]
    # paho 2 (Debian 13) wants to be told whose callbacks these are.
    versions = getattr(paho, "CallbackAPIVersion", None)
    first = (versions.VERSION2,) if versions else ()
    client = paho.Client(*first, client_id=name)
    client.reconnect_delay_set(min_delay=1, max_delay=60)
    refusals = 0

    def on_connect(client, _context, _flags, code, *_properties):
        nonlocal refusals
        if code == 0:
            refusals = 0
            print("connected", flush=True)
            client.publish(f"sensors/{name}/temperature", "21.5", qos=1)
        elif code not in BUSY:
            refusals += 1

    def on_disconnect(*_args):
        client.username_pw_set(name, password(credential, refusals))

    client.on_connect = on_connect
    client.on_disconnect = on_disconnect
    client.username_pw_set(name, password(credential, refusals))
    client.connect(host, int(port))
    client.loop_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])

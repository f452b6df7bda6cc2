# SPDX-License-Identifier: Apache-2.0
"""What the tests of `whitekey` share."""

import base64
import json
import os
import stat

import jsonschema

import wk


def index_of(password):
    """The index in the header of the password's X1 message."""
    text = password.split(".")[0]
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return int.from_bytes(raw[6:10], "big")


def schema(name):
    path = os.path.join(wk.SOURCE, "schemas", f"{name}.schema.json")
    with open(path, encoding="utf-8") as file:
        return jsonschema.Draft202012Validator(json.load(file))


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


class CliTest(wk.TestCase):
    def fails(self, *args, says, code=1, env=None):
        """Runs it; it must end with code and a line that says so."""
        done = wk.run("whitekey", *args, env=env, check=code)
        self.assertRegex(done.stderr, says)
        self.assertEqual(done.stdout, "")
        return done

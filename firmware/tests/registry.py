# SPDX-License-Identifier: Apache-2.0
"""The real server's decisions for a dongle's messages, without a broker."""

import base64
import os
import subprocess
import tempfile

NOW = 1_800_000_000


class Registry:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            [os.environ["WK_REGISTRY_SHELL"], self.folder.name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.now = NOW

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        status = self.process.wait(20)
        self.folder.cleanup()
        assert status == 0, status

    def command(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer.startswith("="), (words[0], answer)
        return answer[1:].strip()

    def enrol(self, dongle, did, n):
        """Begins and ends an enrolment of a blank dongle."""
        realm = bytes.fromhex(self.command("realm"))
        status = dongle.enrol(did=did, n=n, realm=realm)
        assert status == 0, status
        dongle.wait_built()
        bio_id, anchor = dongle.public()
        ks = self.command("enrol", did, n, anchor.hex(), bio_id.hex())
        dongle.finish_enrolment(bytes.fromhex(ks))

    def login(self, did, x1):
        """The reason, and the X4 of an accepted login."""
        self.now += 1
        text = base64.urlsafe_b64encode(x1).rstrip(b"=").decode()
        reason, *x4 = self.command("login", did, text, self.now).split()
        return reason, bytes.fromhex("".join(x4))

    def x3(self, message):
        """The X4."""
        return bytes.fromhex(self.command("x3", message.hex(), self.now))

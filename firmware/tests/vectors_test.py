# SPDX-License-Identifier: Apache-2.0
"""Every value of tests/vectors/protocol-1.json, computed on the chip.

Of chains of more than 1000 values the chip walks what lies next to a value
that the file gives, and all of it with WK_WHOLE_CHAINS=1 in the environment.
"""

import hashlib
import json
import os
import struct
import unittest

import wk
from core import ROLES, Core, Refused

PATH = os.path.join(wk.SOURCE, "tests", "vectors", "protocol-1.json")
WHOLE = os.environ.get("WK_WHOLE_CHAINS") == "1"
NEAR = 100  # steps from a given value that the chip walks
X1, X2, X3, X4 = 1, 2, 3, 4


def unhex(text):
    return bytes.fromhex(text)


def host_walk(x, salt, start, end):
    """As the chip should: for what it does not walk itself."""
    for j in range(start - 1, end - 1, -1):
        x = hashlib.sha256(b"\1" + salt + struct.pack(">I", j) + x).digest()
    return x


class Tale:
    """A case of the file, with what every test needs of it."""

    def __init__(self, core, case):
        self.case, self.core = case, core
        self.realm = unhex(case["realm"])
        self.identity = core.identity(self.realm, case["d_id"])
        self.ks, self.bio_id = unhex(case["ks"]), unhex(case["bio_id"])
        challenge = case["login"]["challenge"]
        self.challenge = unhex(challenge) if challenge else None

    def key(self, role, login=True):
        kx = unhex(self.case["chains"][role]["kx"])
        return self.identity, kx, self.challenge if login else None


class VectorsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.core = Core(watched=False)
        with open(PATH, encoding="utf-8") as file:
            cls.tales = [Tale(cls.core, case)
                         for case in json.load(file)["cases"]]

    @classmethod
    def tearDownClass(cls):
        cls.core.__exit__(None)

    def each(self):
        for number, tale in enumerate(self.tales):
            with self.subTest(case=number, d_id=tale.case["d_id"]):
                yield tale

    def test_keys(self):
        for tale in self.each():
            case, core = tale.case, self.core
            ks = core.key_server(unhex(case["master"]), tale.identity,
                                 case["generation"])
            self.assertEqual(ks.hex(), case["ks"])
            template = unhex(case["template"])
            self.assertEqual(core.bio_id(template).hex(), case["bio_id"])
            shown = core.sha256(template)[:16].hex(":")
            self.assertEqual(shown, case["fingerprint_of_template"])
            for chain in case["chains"].values():
                kx = core.key_message(tale.ks, tale.identity, chain["epoch"],
                                      tale.bio_id)
                self.assertEqual(kx.hex(), chain["kx"])

    def test_salts_and_tops(self):
        for tale in self.each():
            for role, chain in tale.case["chains"].items():
                salt = self.core.salt(tale.identity, role, chain["epoch"])
                self.assertEqual(salt.hex(), chain["salt"])
                top = self.core.top(salt, chain["n"], unhex(chain["seed"]))
                self.assertEqual(top.hex(), chain["top"])

    def walk(self, x, salt, start, end):
        """The chip's steps, but not the middle of a very long way."""
        if start - end > 1000 and not WHOLE:
            x = self.core.walk(x, salt, start, start - NEAR)
            x = host_walk(x, salt, start - NEAR, end + NEAR)
            start = end + NEAR
        return self.core.walk(x, salt, start, end)

    def test_chains(self):
        for tale in self.each():
            for chain in tale.case["chains"].values():
                salt = unhex(chain["salt"])
                x, at = unhex(chain["top"]), chain["n"]
                given = {int(i): value for i, value in chain["x"].items()}
                given[0] = chain["anchor"]
                for i in sorted(given, reverse=True):
                    below = self.walk(x, salt, at, i)
                    self.assertEqual(below.hex(), given[i])
                    x, at = below, i

    def test_verify__right_and_wrong_values(self):
        for tale in self.each():
            chain = tale.case["chains"]["C"]
            salt = unhex(chain["salt"])
            i = chain["index"]
            x, above = (unhex(chain["x"][str(i + k)]) for k in (0, 1))
            self.assertTrue(self.core.verify(above, i + 1, x, i, salt))
            self.assertFalse(self.core.verify(x, i + 1, above, i, salt))

    def login_body(self, tale, role, x1=None):
        case = tale.case["login"]
        chain = tale.case["chains"][role]
        time = case["x2_time" if x1 else "x1_time"]
        x = unhex(chain["x"][str(chain["index"])])
        digest = self.core.digest(x1) if x1 else bytes(16)
        return struct.pack("<I", time) + x + digest

    def check_message(self, tale, name, header, body, want, key):
        """Sealed it is what the file says, and opens again."""
        message = self.core.seal(name, header, body, key)
        self.assertEqual(message.hex(), want)
        self.assertEqual(self.core.open(name, len(body), message, key),
                         (header, body))
        bent = bytearray(message)
        bent[len(bent) // 2] ^= 1
        with self.assertRaises(Refused):
            self.core.open(name, len(body), bytes(bent), key)
        return message

    def check_login(self, tale, role, kind, x1=None):
        name = f"x{kind}"
        chain, login = tale.case["chains"][role], tale.case["login"]
        header = (kind, chain["epoch"], chain["index"],
                  unhex(login[name + "_nonce"]))
        return self.check_message(tale, "login", header,
                                  self.login_body(tale, role, x1),
                                  login[name], tale.key(role))

    def test_logins(self):
        for tale in self.each():
            x1 = self.check_login(tale, "C", X1)
            x2 = self.check_login(tale, "D", X2, x1)
            login = tale.case["login"]
            self.assertEqual(self.core.password(x1), login["password_b64"])
            self.assertEqual(self.core.password(x1, x2),
                             login["password_with_user_b64"])
            self.assertEqual(
                self.core.password_parse(login["password_with_user_b64"]),
                (x1, x2))

    def check_update(self, tale, role):
        chain, update = (tale.case[part][role] for part in
                         ("chains", "updates"))
        core, salt = self.core, unhex(chain["salt"])
        seed = core.next_seed(salt, unhex(chain["seed"]),
                              unhex(update["fresh"]))
        self.assertEqual(seed.hex(), update["new_seed"])
        new_salt = core.salt(tale.identity, role, update["new_epoch"])
        n = update["new_n"]
        anchor = self.walk(core.top(new_salt, n, seed), new_salt, n, 0)
        self.assertEqual(anchor.hex(), update["new_anchor"])
        body = struct.pack("<BII", ROLES[role], update["new_epoch"], n)
        body += anchor + bytes(32)
        following = unhex(chain["x"][str(chain["index"] + 1)])
        vouch = core.vouch(following, tale.identity, body)
        header = (X3, chain["epoch"], chain["index"],
                  unhex(update["x3_nonce"]))
        self.check_message(tale, "update", header, body[:-32] + vouch,
                           update["x3"], tale.key(role, login=False))

    def test_updates(self):
        for tale in self.each():
            self.check_update(tale, "C")
            self.check_update(tale, "D")

    def check_reply(self, tale, reply):
        answers = reply["answers"]
        login = answers == "login"
        role = "C" if login else answers[-1]
        request = unhex(tale.case["login"]["x1"] if login else
                        tale.case["updates"][role]["x3"])
        chain = tale.case["chains"][role]
        header = (X4, chain["epoch"], chain["index"], unhex(reply["nonce"]))
        body = struct.pack("<BBIII", reply["status"], ROLES[reply["role"]],
                           reply["body_epoch"], reply["body_index"],
                           reply["time"]) + self.core.digest(request)
        self.check_message(tale, "reply", header, body, reply["x4"],
                           tale.key(role, login))

    def test_replies(self):
        for tale in self.each():
            for reply in tale.case["replies"]:
                self.check_reply(tale, reply)

    def takes(self, tale, password):
        """Rows 1 and 4 of the login decision, and the end of row 12."""
        x1, x2 = self.core.password_parse(password)
        try:
            self.core.open("login", 52, x1, tale.key("C"))
            if x2 is None:
                return True
            _, body = self.core.open("login", 52, x2, tale.key("D"))
        except Refused:
            return False
        return body[-16:] == self.core.digest(x1)

    def test_negatives__none_is_taken(self):
        for tale in self.each():
            login = tale.case["login"]
            self.assertTrue(self.takes(tale, login["password_b64"]))
            for negative in tale.case["negative"]:
                self.assertFalse(self.takes(tale, negative["password"]),
                                 negative["why"])


if __name__ == "__main__":
    unittest.main(verbosity=2)

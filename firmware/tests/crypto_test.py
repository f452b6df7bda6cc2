# SPDX-License-Identifier: Apache-2.0
"""The port's primitives on the chip, and base64, which has other code there:
published vectors, other people's implementations, and time that depends on no
secret."""

import base64
import hashlib
import hmac
import random
import unittest

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from core import Core, Refused

# FIPS 180-4's examples: one block, two blocks, nothing.
SHA256 = {
    b"abc":
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq":
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    b"":
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
}
# FIPS 197, appendix A.1 (its last round key), B and C.1.
AES = [
    ("2b7e151628aed2a6abf7158809cf4f3c", "3243f6a8885a308d313198a2e0370734",
     "3925841d02dc09fbdc118597196a0b32"),
    ("000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff",
     "69c4e0d86a7b0430d8cdb78070b4c55a"),
]
LAST_ROUND_KEY = "d014f9a8c9ee2589e13f0cc8b6630ca6"


class CryptoTest(unittest.TestCase):
    def setUp(self):
        self.core = Core()
        self.addCleanup(self.core.__exit__, None)
        self.random = random.Random(20)

    def bytes(self, size):
        return self.random.randbytes(size)

    def test_sha256__published_vectors(self):
        for message, digest in SHA256.items():
            self.assertEqual(self.core.sha256(message).hex(), digest)

    def test_sha256__every_length_and_cut(self):
        for size in range(0, 200):
            data = self.bytes(size)
            cut = self.random.randrange(size + 1)
            with self.subTest(size=size, cut=cut):
                self.assertEqual(self.core.sha256(data[:cut], data[cut:]),
                                 hashlib.sha256(data).digest())

    def test_aes__published_vectors(self):
        for key, block, sealed in AES:
            opaque = self.core.aes_key(bytes.fromhex(key))
            self.assertEqual(
                self.core.aes(opaque, bytes.fromhex(block)).hex(), sealed)

    def test_aes__leaves_no_round_key_behind(self):
        """Its last one, ten bytes of which were on the stack, tells it all."""
        key, block, _ = map(bytes.fromhex, AES[0])
        self.core.aes(self.core.aes_key(key), block)
        ram = self.core.peek(0x100, 0x800)
        last = bytes.fromhex(LAST_ROUND_KEY)
        for at in range(2, 9):
            self.assertNotIn(last[at:at + 4], ram)

    def test_aes__random_keys_and_blocks(self):
        for _ in range(100):
            key, block = self.bytes(16), self.bytes(16)
            theirs = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
            ours = self.core.aes(self.core.aes_key(key), block)
            self.assertEqual(ours, theirs.update(block))

    def test_hmac__random_messages(self):
        for size in (0, 1, 55, 64, 119, 300):
            key, data = self.bytes(32), self.bytes(size)
            self.assertEqual(self.core.hmac(key, data[:7], data[7:]),
                             hmac.digest(key, data, "sha256"))

    def test_ccm__random_messages_and_their_forgeries(self):
        for size in (0, 1, 15, 16, 17, 73):
            key, nonce = self.bytes(16), self.bytes(13)
            aad, body = self.bytes(81), self.bytes(size)
            sealed = self.core.ccm_seal(key, nonce, aad, body)
            self.assertEqual(sealed, AESCCM(key).encrypt(nonce, body, aad))
            self.assertEqual(self.core.ccm_open(key, nonce, aad, sealed),
                             body)
            bent = bytearray(sealed)
            bent[self.random.randrange(len(bent))] ^= 1
            with self.assertRaises(Refused):
                self.core.ccm_open(key, nonce, aad, bytes(bent))

    def test_base64__of_all_lengths(self):
        for size in (*range(1, 8), 64, 107):
            data = self.bytes(size)
            text = base64.urlsafe_b64encode(data).rstrip(b"=")
            self.assertEqual(self.core.unb64(size, text), data)
            for bad in (text[:-1], text + b"A", text[:-1] + b"="):
                with self.assertRaises(Refused):
                    self.core.unb64(size, bad)

    def test_base64__every_character_is_a_digit_or_refused(self):
        for code in range(256):
            text = b"A" + bytes([code]) + b"AA"
            if chr(code).isalnum() and code < 128 or code in b"-_":
                self.assertEqual(self.core.unb64(3, text),
                                 base64.urlsafe_b64decode(text))
            else:
                with self.assertRaises(Refused):
                    self.core.unb64(3, text)

    def test_base64__unused_bits_are_zero(self):
        for good, bad in ((b"Zg", b"Zh"), (b"Zm8", b"Zm9")):
            self.core.unb64(len(good) - 1, good)
            with self.assertRaises(Refused):
                self.core.unb64(len(bad) - 1, bad)

    def test_time__is_the_same_for_any_secret(self):
        blocks = [bytes(16), b"\xff" * 16] + [self.bytes(16) for _ in range(9)]
        sha, key_setup, encryption = set(), set(), set()
        for block in blocks:
            self.core.sha256(block * 4)
            sha.add(self.core.cycles)
            opaque = self.core.aes_key(block)
            key_setup.add(self.core.cycles)
            self.core.aes(opaque, block[::-1])
            encryption.add(self.core.cycles)
        self.assertEqual([len(sha), len(key_setup), len(encryption)],
                         [1, 1, 1])


if __name__ == "__main__":
    unittest.main(verbosity=2)

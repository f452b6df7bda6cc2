# SPDX-License-Identifier: Apache-2.0
"""core on the simulated chip: its functions as Python's, each of which runs
there. Structs are laid out as avr-gcc does: without gaps, enums of 8 bits.
"""

import struct

from chip import Chip, InOut, Out, U16, U32

ROLES = {"C": 0x43, "D": 0x44}
SIZES = {1: 70, 2: 86, 3: 107, 4: 64}


class Refused(Exception):
    """The enum wk_err that a function gave."""


class Core(Chip):
    def __init__(self, watched=True):
        super().__init__("probe", watched)

    def _out(self, size, name, *values):
        out = Out(size)
        self.call(name, out, *values)
        return out.data

    def _checked(self, name, *values):
        error = self.call(name, *values) & 0xff
        if error:
            raise Refused(error)

    def spans(self, *parts):
        return b"".join(struct.pack("<HH", self.put(part), len(part))
                        for part in parts)

    def sha256(self, *parts):
        return self._out(32, "wk_port_sha256", self.spans(*parts),
                         U16(len(parts)))

    def hmac(self, key, *parts):
        return self._out(32, "wk_hmac", key, self.spans(*parts),
                         U16(len(parts)))

    def aes_key(self, key):
        return self._out(16, "wk_port_aes_init", key)

    def aes(self, opaque, block):
        out = Out(16)
        self.call("wk_port_aes_encrypt", opaque, out, block)
        return out.data

    def ccm_seal(self, key, nonce, aad, body):
        out = Out(len(body) + 16)
        self._checked("wk_ccm_seal", out, key, nonce, aad, U16(len(aad)),
                      body, U16(len(body)))
        return out.data

    def ccm_open(self, key, nonce, aad, sealed):
        out = Out(len(sealed) - 16)
        self._checked("wk_ccm_open", out, key, nonce, aad, U16(len(aad)),
                      sealed, U16(len(sealed) - 16))
        return out.data

    def identity(self, realm, did):
        out = Out(16 + 1 + 33)
        self._checked("wk_id_init", out, realm, did.encode(), U16(len(did)))
        return out.data

    def key_server(self, master, identity, generation):
        return self._out(32, "wk_key_server", master, identity,
                         U32(generation))

    def key_message(self, ks, identity, epoch, bio_id):
        return self._out(16, "wk_key_message", ks, identity, U32(epoch),
                         bio_id)

    def bio_id(self, template):
        out = Out(16)
        self._checked("wk_bio_id", out, template, U16(len(template)))
        return out.data

    def salt(self, identity, role, epoch):
        return self._out(16, "wk_chain_salt", identity, U16(ROLES[role]),
                         U32(epoch))

    def top(self, salt, n, seed):
        return self._out(32, "wk_chain_top", salt, U32(n), seed)

    def walk(self, x, salt, start, end):
        x = InOut(x)
        self.call("wk_chain_walk", x, salt, U32(start), U32(end))
        return x.data

    def verify(self, x, i, known, last, salt):
        return self.call("wk_chain_verify", x, U32(i), known, U32(last),
                         salt) & 1 == 1

    def next_seed(self, salt, seed, fresh):
        return self._out(32, "wk_chain_next_seed", salt, seed, fresh)

    def seal(self, name, header, body, key):
        """header: (type, epoch, index, nonce); key: (identity, kx, challenge
        or None). name: login, update or reply."""
        out = Out(SIZES[header[0]])
        self._checked(f"wk_{name}_seal", out, struct.pack("<BII8s", *header),
                      body, self._key(*key))
        return out.data

    def _key(self, identity, kx, challenge):
        pointers = [self.put(part) if part else 0
                    for part in (identity, kx, challenge)]
        return struct.pack("<HHH", *pointers)

    def header(self, kind, message):
        out = Out(17)
        self._checked("wk_header_parse", out, U16(kind), message,
                      U16(len(message)))
        return struct.unpack("<BII8s", out.data)

    def open(self, name, size, message, key):
        """The header and the body, of `size` bytes."""
        kind = message[1] if len(message) > 1 else 0
        header = self.header(kind, message)
        out = Out(size)
        self._checked(f"wk_{name}_open", out, struct.pack("<BII8s", *header),
                      message, self._key(*key))
        return header, out.data

    def digest(self, message):
        return self._out(16, "wk_msg_digest", message, U16(len(message)))

    def vouch(self, following, identity, update):
        return self._out(32, "wk_update_vouch", following, identity, update)

    def unb64(self, size, text):
        out = Out(size)
        self._checked("wk_b64_parse", out, U16(size), text, U16(len(text)))
        return out.data

    def password(self, x1, x2=None):
        out = Out(94 + 1 + 115 + 1)
        self.call("wk_password_write", out, x1, x2)
        return out.data.split(b"\0")[0].decode()

    def password_parse(self, text):
        """X1 and X2, None where there is none."""
        outs = [Out(70), Out(2), Out(86), Out(2), Out(1)]
        self.call("wk_password_parse", *outs, text.encode(), U16(len(text)))
        x1, x1_len, x2, x2_len, has_x2 = (out.data for out in outs)
        first = x1[:int.from_bytes(x1_len, "little")]
        second = x2[:int.from_bytes(x2_len, "little")]
        return first, second if has_x2[0] else None

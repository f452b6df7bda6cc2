# SPDX-License-Identifier: Apache-2.0
"""The command line, init, enrol and otp, each with its broken twins."""

import concurrent.futures
import hashlib
import json
import os
import re
import resource
import signal
import subprocess

import cli_case
import wk
from xmsg import b64

COMMANDS = (
    "init enrol otp list show enable disable release revoke audit fingerprint"
).split()


class CommandLineTest(cli_case.CliTest):
    def test_help__every_command_explains_itself(self):
        overview = wk.run("whitekey", "--help", check=0).stdout
        for name in COMMANDS:
            self.assertRegex(overview, rf"(?m)^  {name} ")
            text = wk.run("whitekey", name, "--help", check=0).stdout
            self.assertIn(f"Usage: whitekey {name}", text)
            self.assertGreater(len(text.splitlines()), 5, name)

    def test_version__is_told(self):
        text = wk.run("whitekey", "--version", check=0).stdout
        self.assertRegex(text, r"^whitekey \d+\.\d+\.\d+\n$")

    def test_command__unknown_suggests_the_nearest(self):
        self.fails("enroll", says='did you mean "enrol"', code=2)
        self.fails("lsit", says='did you mean "list"', code=2)
        self.fails("x" * 5000, says="no command", code=2)

    def test_command__missing_is_a_usage_error(self):
        self.fails(says="which command", code=2)

    def test_option__unknown_is_a_usage_error(self):
        self.fails("--frob", says="--frob", code=2)
        for name in COMMANDS:
            self.fails(name, "--frob", says="--frob", code=2)

    def test_argument__too_many_is_a_usage_error(self):
        for args in (
            ["init", "x"],
            ["enrol", "a", "b", "--out", "f"],
            ["otp", "x"],
            ["list", "x"],
            ["show", "a", "b"],
            ["revoke", "a", "b"],
            ["audit", "x"],
            ["fingerprint", "a", "b"],
        ):
            self.fails(*args, says="one word too many", code=2)

    def test_argument__missing_is_a_usage_error(self):
        for name in ("enrol", "show", "enable", "disable", "release",
                     "revoke"):
            self.fails(name, says="which device", code=2)
        self.fails("enrol", "a", code=2,
                   says="--out FILE or --dongle PORT is needed")
        self.fails("otp", code=2,
                   says="--credential FILE or --dongle PORT is needed")
        self.fails("fingerprint", says="which file", code=2)

    def test_name__out_of_the_alphabet_is_a_usage_error(self):
        for name in ("", "a b", "a/b", "ä", "x" * 33):
            self.fails("show", name, says="a device's name is", code=2)
            self.fails("enrol", name, "--out", self.folder.path("o"),
                       says="a device's name is", code=2)
        self.assertFalse(os.path.exists(self.folder.path("o")))


class InitTest(cli_case.CliTest):
    def place(self, name="r"):
        return (self.folder.path(f"{name}.db"), self.folder.path(f"{name}.k"))

    def init(self, registry, master):
        return ["init", "--registry", registry, "--master-key", master]

    def test_init__makes_two_private_files(self):
        registry, master = self.place()
        done = wk.run("whitekey", *self.init(registry, master), check=0)
        self.assertIn(registry, done.stdout)
        self.assertEqual(cli_case.mode(registry), 0o600)
        self.assertEqual(cli_case.mode(master), 0o600)
        self.assertEqual(os.path.getsize(master), 32)
        self.assertEqual(cli_case.mode(registry + ".audit.jsonl"), 0o600)

    def test_init__never_overwrites(self):
        registry, master = self.place()
        for path, other in ((registry, master), (master, registry)):
            self.folder.write(os.path.basename(path), "precious")
            self.fails(*self.init(registry, master), says=re.escape(path))
            with open(path, encoding="utf-8") as file:
                self.assertEqual(file.read(), "precious")
            self.assertFalse(os.path.exists(other))
            os.unlink(path)
        self.assertEqual(os.listdir(self.folder.root), [])

    def test_init__missing_folder_leaves_nothing(self):
        registry, master = self.place()
        for args in (("no/r.db", master), (registry, "no/k")):
            self.fails(*self.init(*args), says="no/")
        self.assertEqual(os.listdir(self.folder.root), [])

    def test_place__options_win_over_the_environment(self):
        env = {
            "WHITEKEY_REGISTRY": self.folder.path("missing"),
            "WHITEKEY_MASTER_KEY": self.folder.path("missing"),
        }
        registry, master = self.place()
        wk.run("whitekey", *self.init(registry, master), env=env, check=0)
        self.fails("list", env=env, says="missing")
        wk.run("whitekey", "list", "-r", registry, "-m", master, env=env,
               check=0)

    def test_place__system_folders_by_default(self):
        env = self.registry().env
        for name, path in (
                ("WHITEKEY_REGISTRY", "/var/lib/whitekey/registry.db"),
                ("WHITEKEY_MASTER_KEY", "/etc/whitekey/master.key")):
            with self.subTest(path=path):
                if os.path.exists(path):
                    self.skipTest(f"{path} is there")
                self.fails("list", env={**env, name: ""}, says=path)


class EnrolTest(cli_case.CliTest):
    def setUp(self):
        super().setUp()
        self.reg = self.registry()
        self.out = self.folder.path("out.json")

    def devices(self):
        return json.loads(self.reg.cli("list", "--json").stdout)

    def refused(self, *args, says, code=1, env=None):
        """It must fail, enrol nobody and write nothing."""
        self.fails("enrol", *args, env={**self.reg.env, **(env or {})},
                   says=says, code=code)
        self.assertEqual(self.devices(), [])
        self.assertFalse(os.path.exists(self.out))

    def test_enrol__credential_is_private_and_as_the_schema_says(self):
        thermo = self.reg.enrol("thermo-1", length=300)
        credential = thermo.load()
        cli_case.schema("credential").validate(credential)
        self.assertEqual(cli_case.mode(thermo.path), 0o600)
        self.assertEqual(credential["d_id"], "thermo-1")
        self.assertEqual(credential["chains"]["C"]["n"], 300)
        self.assertEqual(list(credential["chains"]), ["C"])
        self.assertEqual(self.devices()[0]["state"], "enabled")
        self.assertEqual(
            [(e["event"], e.get("d_id")) for e in self.reg.audit()],
            [("init", None), ("enrol", "thermo-1")],
        )

    def test_enrol__default_length(self):
        self.reg.cli("enrol", "a", "--out", self.out)
        self.assertEqual(self.devices()[0]["chains"]["C"]["n"], 65536)

    def test_enrol__user_gets_a_chain_of_their_own(self):
        credential = self.reg.enrol("gate", "--user").load()
        cli_case.schema("credential").validate(credential)
        chains = credential["chains"]
        self.assertNotEqual(chains["C"]["seed"], chains["D"]["seed"])
        self.assertEqual(list(self.devices()[0]["chains"]), ["C", "D"])

    def test_enrol__template_gives_bio_id(self):
        for size in (256, 512):
            template = os.urandom(size)
            path = self.folder.path(f"t{size}")
            with open(path, "wb") as file:
                file.write(template)
            device = self.reg.enrol(f"d{size}", "--template", path)
            want = hashlib.sha256(b"whitekey/1/bio" + template).digest()[:16]
            self.assertEqual(device.load()["bio_id"], b64(want))

    def test_enrol__template_of_another_size_is_refused(self):
        for size in (0, 255, 257, 513, 70000):
            path = self.folder.write("t", "x" * size)
            self.refused("a", "--out", self.out, "--template", path,
                         says=re.escape(path))
        self.refused("a", "--out", self.out, "--template", "nowhere",
                     says="nowhere")

    def test_enrol__again_is_the_next_generation(self):
        first = self.reg.enrol("a").load()
        said = self.reg.cli("enrol", "a", "--out", self.out).stdout
        self.assertIn("what it had before is worthless now\n", said)
        other = self.folder.path("other.json")
        said = self.reg.cli("enrol", "b", "--out", other).stdout
        self.assertNotIn("worthless", said)
        with open(self.out, encoding="utf-8") as file:
            second = json.load(file)
        self.assertEqual(first["generation"], 0)
        self.assertEqual(second["generation"], 1)
        for name in ("ks", "bio_id"):
            self.assertNotEqual(first[name], second[name])
        self.assertEqual(len(self.devices()), 2)

    def test_enrol__existing_file_is_left_alone(self):
        self.folder.write("out.json", "precious")
        self.fails("enrol", "a", "--out", self.out, env=self.reg.env,
                   says="never overwritten")
        with open(self.out, encoding="utf-8") as file:
            self.assertEqual(file.read(), "precious")
        self.assertEqual(self.devices(), [])

    def test_enrol__folder_that_is_not_there_enrols_nobody(self):
        self.refused("a", "--out", self.folder.path("no/out"), says="no/out")

    def test_enrol__full_disk_enrols_nobody(self):
        def no_room():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

        done = subprocess.run(
            [wk.program("whitekey"), "enrol", "a", "--out", self.out],
            env={**os.environ, **self.reg.env},
            preexec_fn=no_room,
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, f"error: {self.folder.root}")
        self.assertEqual(self.devices(), [])
        self.assertFalse(os.path.exists(self.out))

    def test_enrol__credential_that_cannot_be_written_is_taken_back(self):
        thief = self.take_name(self.out)
        done = self.reg.cli("enrol", "a", "--out", self.out, "--length",
                            1 << 20, check=1)
        thief.join()
        self.assertRegex(done.stderr,
                         r"out\.json: .*: a was revoked again: enrol it anew")
        self.assertEqual(self.devices()[0]["state"], "revoked")
        self.assertEqual(self.reg.audit()[-1]["event"], "revoke")

    def test_enrol__length_out_of_range_is_a_usage_error(self):
        for length in ("255", "1048577", "-1", "", "12x", " 300", "1e3",
                       "99999999999999999999"):
            self.refused("a", "--out", self.out, f"--length={length}",
                         says="--length", code=2)

    def test_enrol__wrong_master_key(self):
        other = self.registry("other")
        self.refused("a", "--out", self.out, says="other.master.key",
                     env={"WHITEKEY_MASTER_KEY": other.master})
        self.refused("a", "--out", self.out, says="short",
                     env={"WHITEKEY_MASTER_KEY":
                          self.folder.write("short", "x" * 31, 0o600)})

    def test_enrol__master_key_that_others_may_read(self):
        os.chmod(self.reg.master, 0o640)
        self.fails("enrol", "a", "--out", self.out, env=self.reg.env,
                   says=r"master\.key.*chmod 600")
        os.chmod(self.reg.master, 0o600)
        self.assertEqual(self.devices(), [])

    def test_enrol__broken_registry(self):
        self.refused("a", "--out", self.out, says="text",
                     env={"WHITEKEY_REGISTRY":
                          self.folder.write("text", "no database" * 99)})
        self.refused("a", "--out", self.out, says="nowhere",
                     env={"WHITEKEY_REGISTRY": self.folder.path("nowhere")})
        self.assertFalse(os.path.exists(self.folder.path("nowhere")))


class OtpTest(cli_case.CliTest):
    def setUp(self):
        super().setUp()
        self.reg = self.registry()
        self.device = self.reg.enrol("thermo-1")
        with open(self.device.path, encoding="utf-8") as file:
            self.text = file.read()

    def write(self, text, file_mode=0o600):
        return self.folder.write("bad.json", text, file_mode)

    def refused(self, path, says):
        self.fails("otp", "--credential", path, says=says)

    def test_otp__one_a_line_indices_rise(self):
        first = self.reg.otp(self.device)
        rest = self.reg.otps(self.device, 5)
        self.assertRegex(first, r"^[A-Za-z0-9_-]{94}$")
        self.assertEqual([cli_case.index_of(p) for p in [first, *rest]],
                         [1, 2, 3, 4, 5, 6])
        credential = self.device.load()
        cli_case.schema("credential").validate(credential)
        self.assertEqual(credential["chains"]["C"]["next"], 7)
        self.assertGreater(credential["time"], 1700000000)
        self.assertEqual(cli_case.mode(self.device.path), 0o600)

    def test_otp__no_time_sends_none(self):
        self.reg.otp(self.device, "--no-time")
        self.assertEqual(self.device.load()["time"], 0)

    def test_otp__user_password_has_both_messages(self):
        gate = self.reg.enrol("gate", "--user")
        self.assertRegex(self.reg.otp(gate),
                         r"^[A-Za-z0-9_-]{94}\.[A-Za-z0-9_-]{115}$")

    def test_otp__several_at_once_never_share_one(self):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            runs = pool.map(
                lambda _: self.reg.otps(self.device, 20), range(4)
            )
            indices = [cli_case.index_of(p) for run in runs for p in run]
        self.assertEqual(sorted(indices), list(range(1, 81)))

    def test_otp__spent_chain(self):
        self.reg.otps(self.device, 256)
        self.refused(self.device.path, "spent: enrol the device again")
        credential = self.device.load()
        cli_case.schema("credential").validate(credential)
        self.assertEqual(credential["chains"]["C"]["next"], 257)

    def test_otp__count_reaching_past_the_end_prints_what_is_left(self):
        self.reg.otps(self.device, 250)
        done = self.reg.cli("otp", "-c", self.device.path, "-n", 10, check=1)
        self.assertEqual(len(done.stdout.split()), 6)
        self.assertIn("spent", done.stderr)

    def test_otp__count_out_of_range_is_a_usage_error(self):
        for count in ("0", "x", "1048577"):
            self.fails("otp", "-c", self.device.path, "-n", count,
                       says="--count", code=2)

    def test_otp__truncated_credential(self):
        for cut in (0, 1, 40, len(self.text) // 2, len(self.text) - 3):
            path = self.write(self.text[:cut])
            self.refused(path, re.escape(path) + r":\d+:\d+: not valid JSON")

    def test_otp__broken_credential_names_file_and_member(self):
        for old, new, says in (
            ('"ks": "', '"ks": "+', '"ks": not 32 bytes'),
            ('"seed": "', '"seed": "=', r'chains\.C: "seed"'),
            ('"whitekey": 1', '"whitekey": 2', '"whitekey": not'),
            ('"time"', '"tome"', '"tome": unknown member'),
            ('"thermo-1"', '"thermo 1"', '"d_id"'),
            ('"next": 1 ', '"next": 258 ', r'"next": not .* 1 to 257'),
        ):
            self.assertIn(old, self.text)
            path = self.write(self.text.replace(old, new))
            self.refused(path, re.escape(path) + ".*" + says)

    def test_otp__oversized_credential(self):
        self.refused(self.write(self.text + " " * 20000), "larger than")

    def test_otp__credential_that_others_may_read(self):
        self.refused(self.write(self.text, 0o640), r"bad\.json.*chmod 600")

    def test_otp__no_file_at_all(self):
        self.refused(self.folder.path("nowhere"), "nowhere")
        self.refused(self.folder.root, "not a regular file")

    def test_otp__unreadable_file(self):
        path = self.write(self.text, 0)
        if os.geteuid() == 0:
            # root reads everything: run as nobody, who owns neither.
            os.chmod(self.folder.root, 0o755)
            done = subprocess.run(
                [wk.program("whitekey"), "otp", "-c", path],
                user=65534, capture_output=True, text=True,
            )
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, r"bad\.json: Permission denied")
        else:
            self.refused(path, r"bad\.json: Permission denied")

    def test_otp__output_that_is_full(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run(
                [wk.program("whitekey"), "otp", "-c", self.device.path,
                 "-n", "9"],
                stdout=full, stderr=subprocess.PIPE, text=True,
            )
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard output", done.stderr)
        self.assertEqual(self.device.load()["chains"]["C"]["next"], 2)


if __name__ == "__main__":
    wk.main()

# SPDX-License-Identifier: Apache-2.0
"""Every subcommand of `whitekey`, each happy case with its broken twins."""

import base64
import concurrent.futures
import ctypes
import hashlib
import json
import os
import pty
import re
import resource
import signal
import stat
import subprocess
import threading

import jsonschema

import wk

COMMANDS = (
    "init enrol otp list show enable disable release revoke audit fingerprint"
).split()
IN_DELETE = 0x200  # inotify(7)


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


class CommandLineTest(CliTest):
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
        done = self.fails("frobnicate", says='no command "frob', code=2)
        self.assertNotIn("did you mean", done.stderr)
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
            self.fails(*args, says="Usage", code=2)

    def test_argument__missing_is_a_usage_error(self):
        for name in ("enrol", "show", "enable", "disable", "release",
                     "revoke"):
            self.fails(name, says="which device", code=2)
        self.fails("enrol", "a", says="--out FILE is needed", code=2)
        self.fails("otp", says="--credential FILE is needed", code=2)
        self.fails("fingerprint", says="which file", code=2)

    def test_name__out_of_the_alphabet_is_a_usage_error(self):
        for name in ("", "a b", "a/b", "ä", "x" * 33):
            self.fails("show", name, says="a device's name is", code=2)
            self.fails("enrol", name, "--out", self.folder.path("o"),
                       says="a device's name is", code=2)
        self.assertFalse(os.path.exists(self.folder.path("o")))


class InitTest(CliTest):
    def place(self, name="r"):
        return (self.folder.path(f"{name}.db"), self.folder.path(f"{name}.k"))

    def init(self, registry, master):
        return ["init", "--registry", registry, "--master-key", master]

    def test_init__makes_two_private_files(self):
        registry, master = self.place()
        done = wk.run("whitekey", *self.init(registry, master), check=0)
        self.assertIn(registry, done.stdout)
        self.assertEqual(mode(registry), 0o600)
        self.assertEqual(mode(master), 0o600)
        self.assertEqual(os.path.getsize(master), 32)
        self.assertEqual(mode(registry + ".audit.jsonl"), 0o600)

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


class EnrolTest(CliTest):
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
        schema("credential").validate(credential)
        self.assertEqual(mode(thermo.path), 0o600)
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
        schema("credential").validate(credential)
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
            text = base64.urlsafe_b64encode(want).decode().rstrip("=")
            self.assertEqual(device.load()["bio_id"], text)

    def test_enrol__template_of_another_size_is_refused(self):
        for size in (0, 255, 257, 513, 70000):
            path = self.folder.write("t", "x" * size)
            self.refused("a", "--out", self.out, "--template", path,
                         says=re.escape(path))
        self.refused("a", "--out", self.out, "--template", "nowhere",
                     says="nowhere")

    def test_enrol__again_is_the_next_generation(self):
        first = self.reg.enrol("a").load()
        self.reg.cli("enrol", "a", "--out", self.out)
        with open(self.out, encoding="utf-8") as file:
            second = json.load(file)
        self.assertEqual(first["generation"], 0)
        self.assertEqual(second["generation"], 1)
        for name in ("ks", "bio_id"):
            self.assertNotEqual(first[name], second[name])
        self.assertEqual(len(self.devices()), 1)

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
        # The longest chain gives time to take the name away in between.
        libc = ctypes.CDLL(None, use_errno=True)
        watch = libc.inotify_init()
        self.addCleanup(os.close, watch)
        libc.inotify_add_watch(watch, self.folder.root.encode(), IN_DELETE)

        def take_name():
            while b"out.json\0" not in os.read(watch, 4096):
                pass
            os.mkdir(self.out)

        thief = threading.Thread(target=take_name)
        thief.start()
        done = self.reg.cli("enrol", "a", "--out", self.out, "--length",
                            1 << 20, check=1)
        thief.join()
        self.assertIn("a: no credential was written", done.stderr)
        self.assertIn("out.json", done.stderr)
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


class OtpTest(CliTest):
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
        self.assertEqual([index_of(p) for p in [first, *rest]],
                         [1, 2, 3, 4, 5, 6])
        credential = self.device.load()
        schema("credential").validate(credential)
        self.assertEqual(credential["chains"]["C"]["next"], 7)
        self.assertGreater(credential["time"], 1700000000)
        self.assertEqual(mode(self.device.path), 0o600)

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
            indices = [index_of(p) for run in runs for p in run]
        self.assertEqual(sorted(indices), list(range(1, 81)))

    def test_otp__spent_chain(self):
        self.reg.otps(self.device, 256)
        self.refused(self.device.path, "spent: enrol the device again")
        credential = self.device.load()
        schema("credential").validate(credential)
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


class AdminTest(CliTest):
    def setUp(self):
        super().setUp()
        self.reg = self.registry()

    def show(self, did):
        return json.loads(self.reg.cli("show", did, "--json").stdout)

    def test_list__empty_registry(self):
        self.assertEqual(self.reg.cli("list").stdout, "")
        self.assertEqual(json.loads(self.reg.cli("list", "-j").stdout), [])

    def test_list__by_name_in_columns(self):
        for did in ("zoo", "a" * 32, "m.1"):
            self.reg.enrol(did)
        lines = self.reg.cli("list").stdout.splitlines()
        self.assertEqual([line.split()[0] for line in lines],
                         ["DEVICE", "a" * 32, "m.1", "zoo"])
        column = lines[0].index("STATE")
        for line in lines[1:]:
            self.assertTrue(line[column:].startswith("enabled "), line)
        devices = json.loads(self.reg.cli("list", "--json").stdout)
        self.assertEqual([d["d_id"] for d in devices],
                         ["a" * 32, "m.1", "zoo"])
        self.assertEqual(devices[1], self.show("m.1"))

    def test_show__text_and_json(self):
        self.reg.enrol("gate", "--user")
        text = self.reg.cli("show", "gate").stdout
        self.assertRegex(text, r"(?m)^state +enabled$")
        self.assertRegex(text, r"(?m)^last login +never$")
        self.assertRegex(text, r"(?m)^user chain +0 of 256 passwords")
        shown = self.show("gate")
        self.assertIsNone(shown["login_at"])
        self.assertRegex(shown["enrolled_at"], r"^\d{4}-\d\d-\d\dT.*Z$")
        self.assertEqual(
            shown["chains"]["D"],
            {"epoch": 0, "n": 256, "last": 0, "pending": False},
        )

    def test_output__holds_no_secret(self):
        credential = self.reg.enrol("a").load()
        output = "".join(
            self.reg.cli(*args).stdout
            for args in (["list"], ["list", "-j"], ["show", "a"],
                         ["show", "a", "-j"], ["audit", "-j"])
        )
        for secret in (credential["ks"], credential["bio_id"],
                       credential["chains"]["C"]["seed"]):
            self.assertNotIn(secret, output)

    def test_device__unknown_one_fails_by_name(self):
        for name in ("show", "enable", "disable", "release", "revoke"):
            done = self.reg.cli(name, "nobody", check=1)
            self.assertRegex(done.stderr, 'no device "nobody"')
        self.assertEqual([e["event"] for e in self.reg.audit()], ["init"])

    def test_changes__each_is_shown_and_audited(self):
        self.reg.enrol("a")
        for name, state in (("disable", "disabled"), ("enable", "enabled"),
                            ("revoke", "revoked")):
            done = self.reg.cli(name, "a")
            self.assertEqual(done.stdout, f"a: {state}\n")
            self.assertEqual(self.show("a")["state"], state)
        self.assertEqual([e["event"] for e in self.reg.audit()],
                         ["init", "enrol", "disable", "enable", "revoke"])

    def test_changes__what_the_state_forbids_fails(self):
        self.reg.enrol("a")
        self.reg.cli("disable", "a")
        done = self.reg.cli("release", "a", check=1)
        self.assertRegex(done.stderr, '"a" is disabled')
        self.reg.cli("revoke", "a")
        for name in ("enable", "disable", "release"):
            done = self.reg.cli(name, "a", check=1)
            self.assertRegex(done.stderr, '"a" is revoked')
        self.assertEqual(self.show("a")["state"], "revoked")

    def test_revoke__can_be_enrolled_again(self):
        self.reg.enrol("a")
        self.reg.cli("revoke", "a")
        self.reg.cli("enrol", "a", "--out", self.folder.path("new.json"))
        shown = self.show("a")
        self.assertEqual((shown["state"], shown["generation"]),
                         ("enabled", 1))

    def test_commands__wrong_master_key_or_broken_registry(self):
        self.reg.enrol("a")
        other = self.registry("other")
        text = self.folder.write("text", "no database" * 99)
        for args in (["list"], ["show", "a"], ["disable", "a"]):
            self.fails(*args, says="other.master.key",
                       env={**self.reg.env,
                            "WHITEKEY_MASTER_KEY": other.master})
            self.fails(*args, says=re.escape(text),
                       env={**self.reg.env, "WHITEKEY_REGISTRY": text})
        self.assertEqual(self.show("a")["state"], "enabled")


class AuditTest(CliTest):
    def setUp(self):
        super().setUp()
        self.reg = self.registry()
        self.path = self.reg.path + ".audit.jsonl"

    def append(self, line):
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(line + "\n")

    def test_audit__newest_last(self):
        self.reg.enrol("a")
        self.reg.cli("disable", "a")
        lines = self.reg.cli("audit").stdout.splitlines()
        self.assertEqual([line.split()[1] for line in lines],
                         ["init", "enrol", "disable"])
        with open(self.path, encoding="utf-8") as file:
            self.assertEqual(self.reg.cli("audit", "--json").stdout,
                             file.read())

    def test_audit__login_is_told_by_its_reason(self):
        self.append(json.dumps({
            "time": "2026-11-22T03:00:00.000Z", "event": "login",
            "d_id": "a", "reason": "clone", "method": "password",
            "address": "127.0.0.1", "index": 7, "alarms": ["clone"],
            "quarantined": True,
        }))
        line = self.reg.cli("audit").stdout.splitlines()[-1]
        for word in ("clone", " a ", "127.0.0.1", "index 7", "alarm clone",
                     "quarantined"):
            self.assertIn(word, line)

    def test_audit__broken_line_is_named_and_the_rest_shown(self):
        self.append('{"time": ')
        self.append('{"time":"t","event":"enable","d_id":"z"}')
        done = self.reg.cli("audit", check=1)
        self.assertIn(f"{self.path}:2: not an audit event", done.stderr)
        self.assertIn("enable", done.stdout)

    def test_audit__nothing_in_it_reaches_the_terminal_raw(self):
        self.append('{"time":"\\u001b[2J","event":"\\u0007","d_id":"\x1b[1m"}')
        self.append('{"time":"\\u001b[2J","event":"\\u0007","d_id":"\\u009b"}')
        done = self.reg.cli("audit", check=None)
        self.assertNotRegex(done.stdout + done.stderr,
                            r"[\x00-\x09\x0b-\x1f\x7f-\xff]")

    def test_audit__needs_no_master_key_but_a_file(self):
        os.unlink(self.reg.master)
        self.reg.cli("audit")
        os.unlink(self.path)
        done = self.reg.cli("audit", check=1)
        self.assertIn(self.path, done.stderr)


class FingerprintTest(CliTest):
    def test_fingerprint__as_the_vectors_have_it(self):
        path = os.path.join(wk.SOURCE, "tests", "vectors", "protocol-1.json")
        with open(path, encoding="utf-8") as file:
            cases = json.load(file)["cases"]
        for case in cases:
            template = self.folder.path("template")
            with open(template, "wb") as file:
                file.write(bytes.fromhex(case["template"]))
            for options, key in (([], "fingerprint_of_template"),
                                 (["--md5"], "fingerprint_md5_of_template")):
                done = wk.run("whitekey", "fingerprint", template, *options,
                              check=0)
                self.assertEqual(done.stdout, case[key] + "\n")

    def test_fingerprint__what_is_no_template(self):
        self.fails("fingerprint", self.folder.write("empty", ""),
                   says="empty: is empty")
        self.fails("fingerprint", self.folder.write("big", "x" * 65537),
                   says="big: larger than")
        self.fails("fingerprint", self.folder.path("nowhere"), says="nowhere")
        self.fails("fingerprint", self.folder.root, says="not a regular file")


class ColourTest(CliTest):
    def on_terminal(self, env):
        reader, writer = pty.openpty()
        try:
            subprocess.run(
                [wk.program("whitekey"), "list"],
                env={**os.environ, **self.reg.env, **env},
                stdin=subprocess.DEVNULL, stdout=writer, check=True,
            )
        finally:
            os.close(writer)
        with os.fdopen(reader, "rb", buffering=0) as terminal:
            text = b""
            try:
                while piece := terminal.read(4096):
                    text += piece
            except OSError:  # EIO: nobody holds the other end any more
                pass
        return text.decode()

    def test_colour__on_a_terminal_only(self):
        self.reg = self.registry()
        self.reg.enrol("a")
        colour = "\x1b[32menabled\x1b[0m"
        plain = {"TERM": "xterm", "NO_COLOR": ""}
        self.assertIn(colour, self.on_terminal(plain))
        for env in ({"TERM": "xterm", "NO_COLOR": "1"},
                    {"TERM": "dumb", "NO_COLOR": ""}):
            self.assertNotIn("\x1b", self.on_terminal(env))
        done = wk.run("whitekey", "list", env={**self.reg.env, **plain},
                      check=0)
        self.assertNotIn("\x1b", done.stdout)


if __name__ == "__main__":
    wk.main()

# SPDX-License-Identifier: Apache-2.0
"""plugin_opt_ lines: a wrong one stops the broker with a line that helps."""

import os

import rawmqtt
import wk


class OptionsTest(wk.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.registry()

    def log_of_failure(self, **options):
        broker = wk.Broker(self.folder, self.store, options=options)
        self.assertNotEqual(broker.spawn().wait(), 0, broker.log())
        return broker.log()

    def test_options__all_valid_accepted(self):
        self.broker(self.store, options={
            "window": 100, "max_skew": 30, "require_time": "true",
            "on_clone": "alarm"})

    def test_options__unknown_names_the_nearest(self):
        for wrong, right in (("windw", "window"), ("max-skew", "max_skew"),
                             ("master_key", "master_key_file"),
                             ("Registry", "registry")):
            log = self.log_of_failure(**{wrong: "1"})
            self.assertRegex(
                log, f"whitekey: plugin_opt_{wrong}: no such option;"
                f" the nearest is plugin_opt_{right}\n")

    def test_options__missing_named(self):
        for name in ("registry", "master_key_file"):
            log = self.log_of_failure(**{name: None})
            self.assertIn(f"whitekey: plugin_opt_{name} is missing", log)

    def test_options__bad_value_named(self):
        for name, values in (
            ("window", ("0", "-1", "1048577", "12x", "99999999999999")),
            ("max_skew", ("0", "86401", "1.5")),
            ("require_time", ("yes", "TRUE")),
            ("on_clone", ("ignore", "Alarm")),
        ):
            for value in values:
                log = self.log_of_failure(**{name: value})
                self.assertIn(
                    f'whitekey: plugin_opt_{name}: "{value}" is not', log)

    def test_options__given_twice_refused(self):
        broker = wk.Broker(self.folder, self.store, options={
            "window": "1\nplugin_opt_window 2"})
        self.assertNotEqual(broker.spawn().wait(), 0)
        self.assertIn("plugin_opt_window: given twice", broker.log())

    def test_options__missing_registry_file_named(self):
        path = self.folder.path("none.db")
        self.assertIn(path, self.log_of_failure(registry=path))

    def test_options__broken_registry_file_named(self):
        path = self.folder.write("broken.db", "no database" * 1000)
        self.assertIn(path, self.log_of_failure(registry=path))

    def test_options__other_registrys_key_refused(self):
        other = self.registry("other")
        log = self.log_of_failure(master_key_file=other.master)
        self.assertIn(other.master, log)

    def test_options__readable_key_refused(self):
        os.chmod(self.store.master, 0o644)
        self.assertIn(self.store.master, self.log_of_failure())

    def test_options__require_time_refuses_a_login_without(self):
        device = self.store.enrol("thermo-1")
        broker = self.broker(self.store, options={"require_time": "true"})
        codes = []
        for more in (("--no-time",), ()):
            client = rawmqtt.Client(broker.port, "c")
            password = self.store.otp(device, *more)
            codes.append(client.connect("thermo-1", password).code)
            client.disconnect()
        self.assertEqual(codes, [5, 0])

    def test_options__window_refuses_a_longer_gap(self):
        device = self.store.enrol("thermo-1")
        broker = self.broker(self.store, options={"window": 10})
        late = self.store.otps(device, 11, "--no-time")[-1]
        client = rawmqtt.Client(broker.port, "c")
        self.assertEqual(client.connect("thermo-1", late).code, 5)
        client.disconnect()
        self.assertEqual(self.store.audit()[-1]["reason"], "gap")


if __name__ == "__main__":
    wk.main()

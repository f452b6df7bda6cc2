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
            "window": 300, "max_skew": 30, "require_time": "true",
            "on_clone": "alarm", "acl": "on"})

    def test_options__unknown_names_the_nearest(self):
        log = self.log_of_failure(windw="1")
        self.assertIn("whitekey: plugin_opt_windw: no such option;"
                      " the nearest is plugin_opt_window\n", log)

    def test_options__missing_named(self):
        log = self.log_of_failure(registry=None)
        self.assertIn("whitekey: plugin_opt_registry is missing", log)

    def test_options__bad_value_named(self):
        log = self.log_of_failure(max_skew="1.5")
        self.assertIn('whitekey: plugin_opt_max_skew: "1.5" is not', log)

    def test_options__acl_neither_on_nor_off_named(self):
        log = self.log_of_failure(acl="yes")
        self.assertIn('whitekey: plugin_opt_acl: "yes" is not on or off', log)

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
        device = self.store.enrol("thermo-1", "--length", "512")
        broker = self.broker(self.store, options={"window": 256})
        late = self.store.otps(device, 257, "--no-time")[-1]
        client = rawmqtt.Client(broker.port, "c")
        self.assertEqual(client.connect("thermo-1", late).code, 5)
        client.disconnect()
        self.assertSoon(
            "gap", lambda: self.store.audit()[-1].get("reason"))


if __name__ == "__main__":
    wk.main()

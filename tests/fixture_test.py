# SPDX-License-Identifier: Apache-2.0
"""The fixture itself: a broker without our plugin, and its own failures."""

import signal
import socket
import sys

import wk


class FixtureTest(wk.TestCase):
    def test_broker__started_accepts_and_stops(self):
        broker = self.broker()
        done = wk.run("mosquitto_pub", "-h", wk.HOST, "-p", broker.port,
                      "-t", "a", "-m", "b")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(broker.stop(), 0)

    def test_broker__restarted_keeps_its_ports(self):
        broker = self.broker(listeners=2)
        broker.restart(signal.SIGKILL)
        for port in broker.ports:
            socket.create_connection((wk.HOST, port), wk.PATIENCE).close()

    def test_broker__reload_is_noticed(self):
        self.broker().reload()

    def test_broker__bad_config_fails(self):
        broker = wk.Broker(self.folder, config="no_such_option 1")
        self.assertNotEqual(broker.spawn().wait(), 0)
        self.assertIn("no_such_option", broker.log())

    def test_wait_log__missing_line_fails_when_program_ends(self):
        process = self.process("/bin/echo", "something else")
        with self.assertRaises(AssertionError):
            process.wait_log("never")

    def test_check_sanitizer__report_fails(self):
        with self.assertRaises(AssertionError):
            wk.check_sanitizer("==1==ERROR: Leak" "Sanitizer: x", "program")
        wk.check_sanitizer("all is well", "program")

    def test_run__other_status_than_expected_fails(self):
        with self.assertRaises(AssertionError):
            wk.run(sys.executable, "-c", "raise SystemExit(3)", check=0)


if __name__ == "__main__":
    wk.main()

# SPDX-License-Identifier: Apache-2.0
"""What tests with enemies of the agent share."""

import os
import socket
import threading

from agent_case import AgentTest


class Flood:
    """Sends a file to a socket again and again, in several threads where it
    must not run dry."""

    def __init__(self, sock, path, threads=1):
        sock.setblocking(True)
        self._socket, self._path = sock, path
        self._threads = [threading.Thread(target=self._send)
                         for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def _send(self):
        size = os.stat(self._path).st_size
        try:
            with open(self._path, "rb") as file:
                while True:
                    os.sendfile(self._socket.fileno(), file.fileno(), 0, size)
        except OSError:
            pass

    def stop(self):
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.join()

    def join(self):
        """Until the other end has had enough."""
        for thread in self._threads:
            thread.join()


class AbuseTest(AgentTest):
    def setUp(self):
        super().setUp()
        self.server = self.broker(self.devices, options={"sessions": "many"})

    def junk(self, data):
        """A file of 16 MB full of data."""
        path = self.folder.path("junk")
        with open(path, "wb") as file:
            file.write(data * ((16 << 20) // len(data)))
        return path

"""A listener on a free port of the loopback interface that serves each connection in a thread of its own."""
from __future__ import annotations

import socket
import threading

from . import base


class Listener:
    """Its port is known, and connections wait, from the beginning; `serve(connection)` is called once it is started."""

    def __init__(self, serve):
        self._serve = serve
        self._socket = socket.create_server((base.LOOPBACK, 0), backlog=50)
        self.port = self._socket.getsockname()[1]

    def start(self):
        """Begins to answer."""
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def stop(self):
        """Takes no connection any more; those that are open go on."""
        self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._socket.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            # As servers do: with small replies held back until the client's acknowledgement, each letter would wait 40 ms.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

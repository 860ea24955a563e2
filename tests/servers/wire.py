"""A wire between clients and a server on loopback, which can be cut after a given number of bytes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

CHUNK = 65536
LONG = 2**62


@dataclass
class Wire:
    """Passes on and counts what comes in both directions. At `limit` bytes it calls `cut` and passes nothing more."""

    listener: socket.socket
    server: int
    passed: int = 0
    limit: int = LONG
    cut: Callable[[], None] = lambda: None
    lock: threading.Lock = field(default_factory=threading.Lock)
    pumps: list[threading.Thread] = field(default_factory=list)

    @property
    def port(self) -> int:
        """Where clients connect."""
        port: int = self.listener.getsockname()[1]
        return port

    def arm(self, limit: int, cut: Callable[[], None]) -> None:
        """Count from nothing, and cut after `limit` bytes."""
        self.passed, self.limit, self.cut = 0, limit, cut

    def rest(self) -> int:
        """Wait until nobody is connected any more; the server has then done all that it was asked. The bytes passed."""
        for pump in self.pumps:
            pump.join()
        self.pumps.clear()
        self.limit = LONG
        return self.passed

    def accept(self) -> None:
        """Take connections until the listener is closed."""
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.server))
            for source, drain in ((client, server), (server, client)):
                pump = threading.Thread(target=self._pump, args=(source, drain), daemon=True)
                self.pumps.append(pump)
                pump.start()

    def _pump(self, source: socket.socket, drain: socket.socket) -> None:
        with suppress(OSError):
            while received := source.recv(CHUNK):
                passing, cuts = self._count(len(received))
                with suppress(OSError):
                    drain.sendall(received[:passing])
                if cuts:
                    self.cut()
        with suppress(OSError):
            drain.shutdown(socket.SHUT_WR)

    def _count(self, size: int) -> tuple[int, bool]:
        with self.lock:
            room = max(0, self.limit - self.passed)
            passing = min(size, room)
            self.passed += passing
            return passing, 0 < room <= size


@contextmanager
def wired(server: int) -> Iterator[Wire]:
    """A wire to the server on a port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = Wire(listener, server)
        acceptor = threading.Thread(target=wire.accept, daemon=True)
        acceptor.start()
        try:
            yield wire
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            acceptor.join()
            wire.rest()

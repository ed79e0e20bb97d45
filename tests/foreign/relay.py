"""A proxy that brings the hosts a client has built in to simulators on this machine, and nobody anywhere else."""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
import socketserver
import threading
from collections.abc import Mapping

_ASKED = re.compile(rb"CONNECT ([a-z0-9.-]+:\d+) HTTP/1\.[01]\r\n")
_MOST = 65536


class Relay(socketserver.ThreadingTCPServer):
    """Answers ``CONNECT`` on a loopback port, for the variable ``HTTPS_PROXY``. ``ways`` leads ``host:port`` to a port of this machine.

    Whatever is asked for is kept in ``asked``; what has no way is refused, so that no client reaches the network.
    """

    daemon_threads = True

    def __init__(self, ways: Mapping[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), _Caller)
        self.ways = dict(ways)
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, name="relay", daemon=True).start()


class _Caller(socketserver.StreamRequestHandler):
    server: Relay

    def handle(self) -> None:
        found = _ASKED.fullmatch(self.rfile.readline(_MOST))
        while self.rfile.readline(_MOST).strip():
            pass  # the proxy's own headers end with an empty line
        host = found[1].decode() if found else ""
        self.server.asked.append(host)
        port = self.server.ways.get(host)
        if port is None:
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", port), timeout=30) as vendor:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _join(self.connection, vendor)


def _join(caller: socket.socket, vendor: socket.socket) -> None:
    """Carry bytes both ways until one side hangs up."""
    with selectors.DefaultSelector() as waiting, contextlib.suppress(OSError):
        waiting.register(caller, selectors.EVENT_READ, (caller, vendor))
        waiting.register(vendor, selectors.EVENT_READ, (vendor, caller))
        while ready := waiting.select(timeout=60):
            for key, _ in ready:
                side, other = key.data
                said = side.recv(_MOST)
                if not said:
                    return
                other.sendall(said)

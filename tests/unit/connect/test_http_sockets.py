"""The door over real sockets of this machine: what the client library really raises, and that certificates are really checked."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.clock import FakeClock
from unisono.connect.curl import Network
from unisono.connect.http import Door
from unisono.connect.pace import MemoryPace
from unisono.model.errors import Unavailable, Unclear


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[tuple[int, list[int]]]:
    """A server that hands every connection to ``answer``; gives its port and a list that grows with each connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    connections: list[int] = []

    def serve_one(line: socket.socket) -> None:
        with line:
            try:
                answer(line)
            except OSError:
                pass

    def serve() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            connections.append(1)
            threading.Thread(target=serve_one, args=(line,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], connections
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def door() -> Door:
    clock = FakeClock()
    return Door(transport=None, hosts=("127.0.0.1",), pace=MemoryPace([], clock), clock=clock, insecure_loopback=True, timeout=5)


def test_a_port_where_nobody_listens_means_that_nothing_was_changed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with door() as way, pytest.raises(Unavailable) as caught:
        way.call("POST", f"http://127.0.0.1:{port}/", json={}, write=True)
    assert caught.value.code == "no-connection"


def torn(line: socket.socket) -> None:
    line.recv(65536)
    line.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id": 1')


def silent(line: socket.socket) -> None:
    line.recv(65536)


def reset(line: socket.socket) -> None:
    line.recv(65536)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def no_http(line: socket.socket) -> None:
    line.recv(65536)
    line.sendall(b"220 mail.example.com ESMTP\r\n")


@pytest.mark.parametrize("answer", (torn, silent, reset, no_http), ids=lambda a: a.__name__)
def test_a_line_that_breaks_makes_a_write_unclear_and_a_read_unavailable_after_three_tries(answer: Callable[[socket.socket], None]) -> None:
    with serving(answer) as (port, connections), door() as way:
        with pytest.raises(Unclear):
            way.call("POST", f"http://127.0.0.1:{port}/", json={}, write=True)
        assert len(connections) == 1
        with pytest.raises(Unavailable):
            way.call("GET", f"http://127.0.0.1:{port}/")
        assert len(connections) == 4


def test_the_connection_is_kept_for_the_next_call() -> None:
    def polite(line: socket.socket) -> None:
        while line.recv(65536):
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with serving(polite) as (port, connections), door() as way:
        assert [way.call("GET", f"http://127.0.0.1:{port}/").json() for _ in range(3)] == [{}] * 3
        assert len(connections) == 1


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize(("method", "body"), (("POST", {"invoice": 1}), ("PUT", {"invoice": 1}), ("DELETE", None), ("POST", None)), ids=str)
def test_a_write_on_a_kept_connection_that_dies_unanswered_is_sent_once_and_unclear(method: str, body: object) -> None:
    heard: list[bytes] = []

    def once_then_dead(line: socket.socket) -> None:
        while data := line.recv(65536):
            heard.append(data)
            if not data.startswith(b"GET"):
                return  # it may have been done, and nobody says so
            line.sendall(OK)

    with serving(once_then_dead) as (port, _), door() as way:
        assert way.call("GET", f"http://127.0.0.1:{port}/").json() == {}
        with pytest.raises(Unclear):
            way.call(method, f"http://127.0.0.1:{port}/", json=body, write=True)
        assert [data[: len(method)].decode() for data in heard if not data.startswith((b"GET", b"{"))] == [method]


def test_a_write_after_the_vendor_closed_the_idle_connection_goes_over_a_new_one() -> None:
    closed = threading.Semaphore(0)

    def one_each(line: socket.socket) -> None:
        line.recv(65536)
        line.sendall(OK)
        line.close()
        closed.release()

    with serving(one_each) as (port, connections), door() as way:
        for _ in range(3):
            assert way.call("POST", f"http://127.0.0.1:{port}/", json={"a": 1}, write=True).json() == {}
            assert closed.acquire(timeout=5)
        assert len(connections) == 3


def test_method_headers_and_body_arrive_as_they_were_given_and_umlauts_in_the_answer_too() -> None:
    heard: list[bytes] = []

    def answer(line: socket.socket) -> None:
        data = line.recv(65536)
        while b"\r\n\r\n" not in data or (data.endswith(b"\r\n\r\n") and b"content-length: 9" in data.lower()):
            data += line.recv(65536)
        heard.append(data)
        body = '["Müller"]'.encode()
        line.sendall(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 422 No\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    with serving(answer) as (port, _), door() as way:
        for write in (True, False):
            reply = way.call(
                "PATCH", f"http://127.0.0.1:{port}/a%20b/../c?x=%C3%A4", json={"id": 17}, headers={"X-apikey": "k"}, write=write
            )
            assert (reply.status, reply.headers["x-a"], reply.json()) == (422, "1, 2", ["Müller"])
    for data in heard:
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        assert lines[0] == "PATCH /a%20b/../c?x=%C3%A4 HTTP/1.1"
        assert {"X-apikey: k", "Content-Type: application/json", "Content-Length: 9"} <= set(lines)
        assert not [line for line in lines if line.lower().startswith(("expect", "transfer-encoding", "cookie"))]
        assert body == b'{"id":17}'


def test_a_vendor_that_stays_silent_is_given_up_after_the_timeout_and_a_write_to_it_is_unclear() -> None:
    released = threading.Event()

    def asleep(line: socket.socket) -> None:
        line.recv(65536)
        released.wait(10)

    clock = FakeClock()
    with serving(asleep) as (port, _):
        way = Door(transport=None, hosts=("127.0.0.1",), pace=MemoryPace([], clock), clock=clock, insecure_loopback=True, timeout=0.2)
        with way, pytest.raises(Unclear) as caught:
            way.call("POST", f"http://127.0.0.1:{port}/", json={}, write=True)
        released.set()
    assert caught.value.code == "timed-out"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody trusts, with its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - timedelta(1), now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "self-signed.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


def test_a_certificate_that_nobody_vouches_for_ends_the_call_before_the_key_is_sent(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    heard: list[bytes] = []

    def answer(line: socket.socket) -> None:
        with context.wrap_socket(line, server_side=True) as tls:
            heard.append(tls.recv(65536))

    with serving(answer) as (port, connections), door() as way:
        with pytest.raises(Unavailable) as caught:
            way.call("POST", f"https://127.0.0.1:{port}/", json={"key": "secret"}, write=True)
        assert len(connections) == 1
    assert caught.value.code == "no-connection"
    assert "certificate" in caught.value.values["reason"]
    assert b"".join(heard) == b""


def test_at_a_pinned_address_the_certificate_must_still_be_the_hosts(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    heard: list[bytes] = []

    def answer(line: socket.socket) -> None:
        with context.wrap_socket(line, server_side=True) as tls:
            heard.append(tls.recv(65536))
            tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with serving(answer) as (port, _):
        for host, right in (("localhost", True), ("crm.firm.example", False)):
            with Door(
                transport=Network(ca_file=str(certificate)),
                hosts=(f"{host}:{port}",),
                pinned={host: "127.0.0.1"},
                pace=MemoryPace([], FakeClock()),
                clock=FakeClock(),
            ) as way:
                if right:
                    assert way.call("GET", f"https://{host}:{port}/").json() == {}
                else:
                    with pytest.raises(Unavailable, match="no alternative certificate subject name matches"):
                        way.call("GET", f"https://{host}:{port}/")
    assert len([data for data in heard if data]) == 1
    assert f"host: localhost:{port}".encode() in heard[0].lower()

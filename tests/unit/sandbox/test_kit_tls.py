"""A simulator over https: a client that trusts the throw-away authority is served, another one is not."""

from __future__ import annotations

import http.client
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509

from tests.unit.sandbox.test_kit_server import Echo
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.server import Server
from unisono.sandbox.kit.tls import certificates


def fetch(port: int, context: ssl.SSLContext, host: str = "localhost") -> int:
    connection = http.client.HTTPSConnection(host, port, timeout=10, context=context)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    finally:
        connection.close()


def test_who_trusts_the_authority_is_served_and_who_does_not_is_not(tmp_path: Path) -> None:
    authority, certificate, key = certificates(tmp_path / "tls")

    with Server.start(application(Echo()), tls=(certificate, key)) as server:
        assert server.url.startswith("https://127.0.0.1:")
        port = int(server.url.rpartition(":")[2])
        trusting = ssl.create_default_context(cafile=str(authority))
        assert [fetch(port, trusting, host) for host in ("localhost", "127.0.0.1")] == [200, 200]
        with pytest.raises(ssl.SSLCertVerificationError):
            fetch(port, ssl.create_default_context())


def test_a_host_that_a_client_has_built_in_can_be_in_the_certificate(tmp_path: Path) -> None:
    plain, named = (certificates(tmp_path / name, hosts)[1] for name, hosts in (("plain", ()), ("named", ("api.vendor.example",))))

    def hosts(certificate: Path) -> list[str]:
        names = x509.load_pem_x509_certificate(certificate.read_bytes()).extensions.get_extension_for_class(x509.SubjectAlternativeName)
        return names.value.get_values_for_type(x509.DNSName)

    assert (hosts(plain), hosts(named)) == (["localhost"], ["localhost", "api.vendor.example"])


def test_the_key_is_for_its_owner_only_and_the_authoritys_is_kept_nowhere(tmp_path: Path) -> None:
    _, _, key = certificates(tmp_path)

    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ca.pem", "server.key", "server.pem"]
    assert b"PRIVATE" not in (tmp_path / "ca.pem").read_bytes()

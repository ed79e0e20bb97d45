"""The pages on a port: on this machine at once, elsewhere only with somebody who can sign in, and with TLS."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.web.desk import HASHER, PASSWORD, Desk, desk_at, token_in
from unisono.web.serving import NotServed, Opening, open_pages


def asked(address: str, path: str = "/signin") -> httpx2.Response:
    with httpx2.Client(trust_env=False) as client:
        return client.get(address + path)


def test_on_this_machine_they_open_at_once_and_close_again(desk: Desk) -> None:
    pages = open_pages(desk.village.house, Opening(port=0), hasher=HASHER)
    assert pages.address.startswith("http://127.0.0.1:")
    answer = asked(pages.address)
    assert answer.status_code == 200
    assert "server" not in answer.headers
    assert asked(pages.address, "/api/v1/health").json() == {"state": "up"}
    pages.close()
    with pytest.raises(httpx2.ConnectError):
        asked(pages.address)


def test_a_page_that_listens_does_not_keep_them_open(desk: Desk) -> None:
    pages = open_pages(desk.village.house, Opening(port=0), hasher=HASHER)
    with httpx2.Client(trust_env=False) as client:
        client.cookies.set("unisono", desk.browser("vera").cookies["unisono"])
        with client.stream("GET", f"{pages.address}{desk.pair}/live") as answer:
            assert answer.status_code == 200
            assert next(answer.iter_lines()) == "event: standing"
            pages.close()


@pytest.mark.parametrize(
    ("opening", "code"),
    (
        (Opening(host="0.0.0.0", port=0), "serving.needs-password"),
        (Opening(host="::", port=0), "serving.needs-password"),
        (Opening(host="192.168.1.5", port=0), "serving.needs-password"),
        (Opening(port=0, address="https://unisono.example.de", proxies=("127.0.0.1",)), "serving.needs-password"),
    ),
)
def test_elsewhere_nobody_is_served_before_somebody_can_sign_in(tmp_path: Path, opening: Opening, code: str) -> None:
    desk = desk_at(tmp_path, people=False)
    with pytest.raises(NotServed) as refused:
        open_pages(desk.village.house, opening, hasher=HASHER)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "opening",
    (
        Opening(host="0.0.0.0", port=0),
        Opening(host="0.0.0.0", port=0, address="http://unisono.example.de"),
        Opening(host="0.0.0.0", port=0, address="https://unisono.example.de"),
        Opening(port=0, address="http://unisono.example.de", proxies=("127.0.0.1",)),
    ),
)
def test_elsewhere_passwords_never_travel_readable(desk: Desk, opening: Opening) -> None:
    with pytest.raises(NotServed) as refused:
        open_pages(desk.village.house, opening, hasher=HASHER)
    assert refused.value.code == "serving.needs-tls"


def test_behind_a_proxy_that_speaks_tls_they_open(desk: Desk) -> None:
    pages = open_pages(desk.village.house, Opening(port=0, address="https://unisono.example.de/", proxies=("127.0.0.1",)), hasher=HASHER)
    try:
        assert pages.address == "https://unisono.example.de"
    finally:
        pages.close()


def test_a_port_that_is_taken_is_said(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(NotServed) as refused:
        open_pages(desk.village.house, Opening(port=taken.getsockname()[1]), hasher=HASHER)
    assert refused.value.code == "serving.port-taken"


def test_a_certificate_that_is_none_is_said(desk: Desk, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    with pytest.raises(NotServed) as refused:
        open_pages(desk.village.house, Opening(port=0, certificate=broken), hasher=HASHER)
    assert refused.value.values["place"] == str(broken)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """``unisono serve`` on a fresh data folder, in a process of its own; the address and the one-time code it printed."""
    environment = os.environ | {"UNISONO_DATA": str(tmp_path / "data"), "UNISONO_KEY_FILE": str(tmp_path / "key"), "UNISONO_LANGUAGE": "en"}
    command = [sys.executable, "-m", "unisono", "serve", "--port", "0"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        code = re.search(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", process.stderr.readline())
        address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert code
        assert address
        yield process, address[0], code[0]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def test_the_command_prints_the_code_once_lets_the_first_user_in_and_ends_when_told(
    started: tuple[subprocess.Popen[str], str, str],
) -> None:
    process, address, code = started
    with httpx2.Client(trust_env=False, base_url=address) as client:
        assert client.get("/").headers["location"] == "/first"
        given = {"once": code, "name": "Anna", "login": "anna", "password": PASSWORD, "again": PASSWORD}
        answer = client.post("/first", data={"csrf": token_in(client.get("/first").text), **given}, headers={"origin": address})
        assert (answer.status_code, answer.headers["location"]) == (303, "/setup")
        assert client.get("/api/v1/me").json()["role"] == "admin"
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_the_command_refuses_to_listen_elsewhere_in_one_sentence(tmp_path: Path) -> None:
    environment = os.environ | {"UNISONO_KEY_FILE": str(tmp_path / "key"), "UNISONO_LANGUAGE": "en"}
    command = [sys.executable, "-m", "unisono", "serve", "--host", "0.0.0.0", "--data", str(tmp_path / "data")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "only when somebody can sign in" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr

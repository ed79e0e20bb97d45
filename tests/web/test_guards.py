"""Two tables: what surrounds the answer of every door there is, and the hosts that nobody may have us call, at every place that takes one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest
from fastapi.routing import APIRoute

from tests.web.desk import Desk
from unisono.connect.chat import check_chat
from unisono.connect.hosts import check_host
from unisono.connect.mail import MailServer, check_server
from unisono.model.errors import SystemFault
from unisono.model.secret import Secret
from unisono.wiring.hooks import is_public

TRICKS = (
    *(
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "0",
        "0.0.0.0",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "127.0.0.1.",
        "127.000.000.001",
    ),
    *("localhost", "LOCALHOST", "localhost.", "foo.localhost", "10.0.0.1", "172.16.0.1", "172.31.255.254", "192.168.0.1", "100.64.0.1"),
    *("169.254.169.254", "169.254.169.254.", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[fe80::1]", "[fd00:ec2::254]", "[::1]"),
    *(
        "[::]",
        "[::127.0.0.1]",
        "[0:0:0:0:0:ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fc00::1]",
        "[ff02::1]",
        "[2001:db8::1]",
    ),
    *(
        "100.100.100.200",
        "168.63.129.16",
        "metadata.google.internal",
        "printer.local",
        "intranet",
        "router.lan",
        "nas.home.arpa",
        "x.onion",
    ),
    *("user@127.0.0.1", "example.com@127.0.0.1", "127.0.0.1#example.com", "127.0.0.1?example.com", "example.com\\@127.0.0.1"),
    *(
        "exam\tple.com",
        "example.com\r\nHost: x",
        "①②⑦.⓪.⓪.①",
        "%6c%6f%63%61%6c%68%6f%73%74",
        "[::1%25eth0]",
        "255.255.255.255",
        "224.0.0.1",
    ),
)


def inside(_: str) -> Sequence[str]:
    """What a name of the open internet leads to in this test: this machine."""
    return ["127.0.0.1"]


def to_mail(host: str) -> object:
    return check_server(MailServer(host=host, sender="unisono@example.de"), inside)


def to_chat(host: str) -> object:
    return check_chat(Secret(f"mmosts://{host}/token1234567890"), inside)


def to_self_hosted(host: str) -> object:
    return check_host(f"https://{host}/", inside)


@pytest.mark.parametrize("place", (to_mail, to_chat, to_self_hosted), ids=lambda place: place.__name__)
def test_no_trick_with_an_address_leads_us_inside(place: Callable[[str], object]) -> None:
    assert len(set(TRICKS)) >= 40
    let_in = []
    for host in (*TRICKS, "rebound.example.com"):
        try:
            place(host)
        except SystemFault:
            continue
        let_in.append(host)
    assert let_in == []


def test_no_address_inside_is_one_that_a_vendor_is_given() -> None:
    assert [host for host in TRICKS if is_public(f"https://{host}")] == []
    assert is_public("https://unisono.example.de")


def test_every_door_dresses_its_answer(desk: Desk) -> None:
    wrong = []
    for route in desk.app.routes:
        if not isinstance(route, APIRoute):
            continue
        path = re.sub(r"\{(\w+)(:path)?\}", lambda found: desk.village.pair if found[1] == "pair_id" else "nothing", route.path)
        for who in ("anna", "nobody"):
            browser = desk.browser("anna") if who == "anna" else desk.somebody()
            told = browser.get(path).headers
            policy = told.get("content-security-policy", "")
            sound = (
                ("default-src 'none'" in policy or "sandbox" in policy)
                and "unsafe" not in policy
                and told.get("x-content-type-options") == "nosniff"
                and told.get("x-frame-options") == "DENY"
                and told.get("cross-origin-opener-policy") == "same-origin"
                and told.get("cross-origin-resource-policy") == "same-origin"
                and told.get("referrer-policy") in ("same-origin", "no-referrer")
                and "cache-control" in told
                and "server" not in told
            )
            if not sound:
                wrong.append((who, path, dict(told)))
    assert wrong == []

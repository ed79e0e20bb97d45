"""Addresses of chats: only services whose host is the vendor's own or was checked, and nothing that could lead elsewhere."""

from __future__ import annotations

import pytest

from unisono.connect import chat
from unisono.connect.chat import AT_A_HOST, AT_THE_VENDOR, Apprise, check_chat, installed
from unisono.model.errors import Refused
from unisono.model.secret import Secret


def public(_: str) -> list[str]:
    return ["93.184.216.34"]


@pytest.mark.parametrize(
    ("address", "service"),
    (
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "Slack"),
        ("mmosts://chat.example.com/3ccdd113474722377935511fc85d3dd4", "Mattermost"),
        ("rockets://user:password@chat.example.com:8443/%23office", "Rocket.Chat"),
        ("NTFYS://ntfy.example.com/topic", "ntfy"),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "Discord"),
    ),
)
def test_a_plain_address_of_a_known_service_is_taken(address: str, service: str) -> None:
    assert check_chat(Secret(address), public) == service


@pytest.mark.parametrize(
    "address",
    (
        "",
        "slack",
        "https://hooks.slack.com/x",
        "json://example.com",
        "jsons://example.com/x",
        "xml://example.com",
        "form://example.com",
        "mailto://user:pw@example.com",
        "file:///etc/passwd",
        "syslog://",
        "exec://id",
        "mmost://chat.example.com/token",
        "mmosts://127.0.0.1/token",
        "mmosts://localhost/token",
        "mmosts://[::1]/token",
        "mmosts://2130706433/token",
        "mmosts://169.254.169.254/token",
        "mmosts://chat.local/token",
        "mmosts://chat.example.com:22/token",
        "mmosts://chat.example.com/token?verify=no",
        "mmosts://chat.example.com/token?redirect=yes",
        "mmosts://chat.example.com#@10.0.0.1/token",
        "mmosts://good.example.com@evil.example.com@x/token",
        "mmosts://chat.example.com\\@10.0.0.1/token",
        "mmosts://chat%2eexample.com/token",
        "mmosts://chat.example.com/to ken",
        "mmosts://chat.example.com/to\nken",
        "mmosts://" + "a" * 3000 + ".example.com/token",
        "slack://a/b/c, mmosts://127.0.0.1/x",
    ),
)
def test_whatever_could_lead_elsewhere_is_refused(address: str) -> None:
    with pytest.raises(Refused) as refused:
        check_chat(Secret(address), public)
    assert "token" not in str(refused.value), "the address is a secret"


def test_a_host_of_the_own_network_needs_a_tick_and_metadata_never_gets_one() -> None:
    inside = Secret("mmosts://chat.firma.example/token")
    with pytest.raises(Refused):
        check_chat(inside, lambda _: ["10.0.0.7"])
    assert check_chat(inside, lambda _: ["10.0.0.7"], private_allowed=True) == "Mattermost"
    with pytest.raises(Refused):
        check_chat(inside, lambda _: ["169.254.169.254"], private_allowed=True)


def test_apprise_knows_every_service_we_name_and_goes_where_the_check_looked() -> None:
    assert installed()
    apprise = chat.library()
    schemes = {scheme for one in apprise.Apprise().details()["schemas"] for scheme in (one["secure_protocols"] or ())}
    assert set(AT_THE_VENDOR) | set(AT_A_HOST) <= schemes
    for scheme in AT_A_HOST:
        room = apprise.Apprise.instantiate(f"{scheme}://user:pass@chat.example.com:8443/room")
        assert room is not None
        assert chat._host_of(room) == "chat.example.com:8443", scheme


def test_an_address_that_only_apprise_understands_otherwise_is_not_used() -> None:
    with pytest.raises(Refused):
        Apprise(resolve=public).send(Secret("threema://x"), "t", "b")

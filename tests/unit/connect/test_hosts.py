"""Addresses: the vendor's own and no other, and the tricks by which a user's address would reach inside."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from unisono.connect.hosts import Pinned, check_host, checked_url
from unisono.model.errors import Refused, SystemFault, Unavailable

PUBLIC = "93.184.215.14"


def resolver(*addresses: str) -> Callable[[str], list[str]]:
    return lambda host: list(addresses)


def nobody(host: str) -> list[str]:
    raise AssertionError(f"{host} must be judged before it is looked up")


def code_of(given: str, *addresses: str, private_allowed: bool = False) -> str:
    try:
        check_host(given, resolver(*addresses) if addresses else nobody, private_allowed=private_allowed)
    except SystemFault as fault:
        return fault.code
    return "taken"


LITERALS = {
    "127.0.0.1": "host-private",
    "https://127.0.0.1/": "host-private",
    "127.255.255.254": "host-private",
    "0.0.0.0": "host-private",
    "10.0.0.5": "host-private",
    "172.16.0.1": "host-private",
    "172.31.255.255": "host-private",
    "192.168.1.10": "host-private",
    "100.64.0.1": "host-private",
    "198.18.0.1": "host-private",
    "224.0.0.1": "host-private",
    "255.255.255.255": "host-private",
    "169.254.169.254": "host-metadata",
    "https://169.254.169.254/latest/meta-data": "host-metadata",
    "100.100.100.200": "host-metadata",
    "168.63.129.16": "host-metadata",
    "[::1]": "host-private",
    "[::]": "host-private",
    "[fc00::1]": "host-private",
    "[fd12:3456::1]": "host-private",
    "[fe80::1]": "host-metadata",
    "[fd00:ec2::254]": "host-metadata",
    "[ff02::1]": "host-private",
    "[2001:db8::1]": "host-private",
    "[::ffff:127.0.0.1]": "host-private",
    "[::ffff:7f00:1]": "host-private",
    "[::ffff:169.254.169.254]": "host-metadata",
    "[0:0:0:0:0:ffff:a9fe:a9fe]": "host-metadata",
    "[::127.0.0.1]": "host-private",
    "[2002:7f00:1::]": "host-private",
    "[2002:a9fe:a9fe::1]": "host-metadata",
    "[64:ff9b::7f00:1]": "host-private",
    "[64:ff9b::a9fe:a9fe]": "host-metadata",
    "[2001:0:4136:e378:8000:63bf:5601:5601]": "host-metadata",
    "2130706433": "address-malformed",
    "0x7f000001": "address-malformed",
    "0x7f.1": "address-malformed",
    "017700000001": "address-malformed",
    "127.1": "address-malformed",
    "0177.0.0.1": "address-malformed",
    "127.0.0.1.": "host-private",
    "169.254.43518": "address-malformed",
    "①②⑦.⓪.⓪.①": "address-malformed",
    "127。0。0。1": "host-private",
    "localhost": "host-private",
    "LOCALHOST.": "host-private",
    "crm": "host-private",
    "crm.localhost": "host-private",
    "metadata.google.internal": "host-private",
    "printer.local": "host-private",
    "http://crm.example.com": "address-not-https",
    "ftp://crm.example.com": "address-not-https",
    "file:///etc/passwd": "address-not-https",
    "https://admin:pw@crm.example.com": "address-malformed",
    "https://crm.example.com@127.0.0.1": "address-malformed",
    "https://a@b@127.0.0.1/": "address-malformed",
    "https://crm.example.com\\@127.0.0.1": "address-malformed",
    "https://crm.example.com#@127.0.0.1": "address-malformed",
    "https://crm.example.com?x=1": "address-malformed",
    "https://crm.exa mple.com": "address-malformed",
    "https://crm.example.com\r\nX: y": "address-malformed",
    "https://crm%2eexample.com": "address-malformed",
    "https://127.0.0.1%2f.example.com": "address-malformed",
    "https://crm..example.com": "address-malformed",
    "https://-crm.example.com": "address-malformed",
    "https://": "address-malformed",
    "": "address-malformed",
    "https://crm.example.com:22": "port-not-allowed",
    "https://crm.example.com:80": "port-not-allowed",
    "https://crm.example.com:99999": "address-malformed",
    "https://crm.example.com:0": "port-not-allowed",
    "https://crm.example.com:0x1bb": "address-malformed",
}


@pytest.mark.parametrize(("given", "code"), LITERALS.items(), ids=[ascii(text) for text in LITERALS])
def test_an_address_that_leads_inside_or_two_ways_is_refused_before_anything_is_looked_up(given: str, code: str) -> None:
    assert code_of(given) == code


@pytest.mark.parametrize(
    ("addresses", "code"),
    (
        (("127.0.0.1",), "host-private"),
        (("10.1.2.3",), "host-private"),
        ((PUBLIC, "192.168.0.1"), "host-private"),
        (("169.254.169.254",), "host-metadata"),
        (("::ffff:169.254.169.254",), "host-metadata"),
        (("fe80::1%eth0",), "host-metadata"),
        (("not an address",), "host-unknown"),
        ((PUBLIC,), "taken"),
        ((PUBLIC, "2606:4700::6810:84e5"), "taken"),
        (("64:ff9b::5db8:d70e",), "taken"),
    ),
)
def test_what_counts_is_where_the_name_leads_and_every_address_of_it(addresses: tuple[str, ...], code: str) -> None:
    assert code_of("crm.example.com", *addresses) == code


def test_a_name_nobody_knows_is_unavailable_not_refused() -> None:
    def unknown(host: str) -> list[str]:
        raise OSError("Name or service not known")

    with pytest.raises(Unavailable) as caught:
        check_host("crm.example.com", unknown)
    assert caught.value.code == "host-unknown"
    assert caught.value.values == {"host": "crm.example.com"}
    with pytest.raises(Unavailable):
        check_host("crm.example.com", lambda _: [])


def test_a_good_address_is_looked_up_once_and_kept() -> None:
    asked: list[str] = []

    def resolve(host: str) -> list[str]:
        asked.append(host)
        return [PUBLIC]

    pinned = check_host(" https://CRM.Example.com:8443/onecrm/ ", resolve)
    assert pinned == Pinned("crm.example.com", 8443, PUBLIC, "/onecrm")
    assert pinned.pattern == "crm.example.com:8443"
    assert pinned.base == "https://crm.example.com:8443/onecrm"
    assert asked == ["crm.example.com"]


def test_a_name_with_umlauts_is_looked_up_in_its_ascii_form() -> None:
    pinned = check_host("https://müller-möbel.example", lambda host: [PUBLIC] if host.isascii() else [])
    assert pinned.host == "xn--mller-mbel-kcb9d.example"


@pytest.mark.parametrize(
    ("given", "address"),
    (("192.168.1.10", "192.168.1.10"), ("crm.local", "10.0.0.9"), ("crm", "fd12::9"), ("localhost:8443", "127.0.0.1")),
)
def test_the_own_network_is_reached_after_an_administrators_tick(given: str, address: str) -> None:
    assert code_of(given, address) == "host-private"
    assert code_of(given, address, private_allowed=True) == "taken"


@pytest.mark.parametrize("address", ("169.254.169.254", "fe80::1", "fd00:ec2::254", "::ffff:169.254.169.254", "100.100.100.200"))
def test_the_metadata_services_of_clouds_are_out_of_reach_even_with_the_tick(address: str) -> None:
    assert code_of("crm.example.com", address, private_allowed=True) == "host-metadata"


VENDOR = ("api.example.com", "*.vendor.example", "crm.firm.example:8443", "127.0.0.1")


@pytest.mark.parametrize(
    "url",
    (
        "https://api.example.com/x?y=1",
        "https://API.Example.COM/x",
        "https://api.example.com:443/",
        "https://firm.vendor.example/",
        "https://a.b.vendor.example/",
        "https://crm.firm.example:8443/x",
        "https://127.0.0.1/",
    ),
)
def test_the_vendors_own_addresses_pass(url: str) -> None:
    assert checked_url(url, VENDOR).scheme == "https"


@pytest.mark.parametrize(
    ("url", "code"),
    (
        ("https://evil.example/", "host-not-allowed"),
        ("https://api.example.com.evil.example/", "host-not-allowed"),
        ("https://evil-api.example.com/", "host-not-allowed"),
        ("https://vendor.example/", "host-not-allowed"),
        ("https://evilvendor.example/", "host-not-allowed"),
        ("https://.vendor.example/", "host-not-allowed"),
        ("https://api.example.com:8443/", "host-not-allowed"),
        ("https://crm.firm.example/", "host-not-allowed"),
        ("https://api.example.com./", "host-not-allowed"),
        ("http://api.example.com/", "address-not-https"),
        ("http://127.0.0.1/", "address-not-https"),
        ("//api.example.com/", "address-not-https"),
        ("https://api.example.com@evil.example/", "address-malformed"),
        ("https://evil.example\\@api.example.com/", "address-malformed"),
        ("https://api.example.com/a b", "address-malformed"),
        ("", "address-malformed"),
        ("not an address", "address-malformed"),
    ),
)
def test_any_other_address_is_refused_and_the_error_names_the_host_alone(url: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        checked_url(url, VENDOR)
    assert caught.value.code == code
    assert set(caught.value.values) <= {"host"}


def test_plain_http_reaches_this_machine_on_any_port_only_where_that_was_said() -> None:
    for url in ("http://127.0.0.1:8801/x", "https://127.0.0.1:8801/x"):
        assert checked_url(url, VENDOR, insecure_loopback=True).port == 8801
        with pytest.raises(Refused):
            checked_url(url, VENDOR)
    with pytest.raises(Refused):
        checked_url("http://api.example.com/x", VENDOR, insecure_loopback=True)
    with pytest.raises(Refused):
        checked_url("http://localhost:8801/", VENDOR, insecure_loopback=True)

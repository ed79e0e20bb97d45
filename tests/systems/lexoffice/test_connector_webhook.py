"""Notices of Lexware Office: registered, signed, and read for keys alone; and the settings of an account."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec.structs import replace

from tests.systems.contract.account import caught
from tests.systems.lexoffice.office import ID, answering, office, saying
from unisono.model.errors import BadAnswer
from unisono.model.secret import Secret
from unisono.systems.lexoffice.mapping import Ways
from unisono.systems.lexoffice.setup import choices, hook, hooked, settled, signing_key, unhook
from unisono.systems.lexoffice.system import Lexoffice
from unisono.systems.lexoffice.ways import ways_of
from unisono.systems.lexoffice.webhook import EVENTS, extract, genuine

BEGIN = "https://hook.example/hooks/17/"
URL = Secret(f"{BEGIN}geheim")


def notice(event: str, **given: Any) -> bytes:
    body = {"organizationId": ID, "eventType": event, "resourceId": ID, "eventDate": "2026-03-02T12:30:00.000+01:00"}
    return json.dumps(body | given, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("event", "rows"),
    (
        ("contact.changed", [("contacts", ID)]),
        ("contact.deleted", [("contacts", ID)]),
        ("article.created", [("articles", ID)]),
        ("invoice.status.changed", [("voucherlist", f"invoice:{ID}")]),
        ("quotation.created", [("voucherlist", f"quotation:{ID}")]),
        ("credit-note.changed", [("voucherlist", f"creditnote:{ID}")]),
        ("order-confirmation.deleted", [("voucherlist", f"orderconfirmation:{ID}")]),
        ("down-payment-invoice.changed", [("voucherlist", f"downpaymentinvoice:{ID}")]),
        ("voucher.created", []),
        ("token.revoked", []),
        ("invoice.exploded", []),
    ),
)
def test_a_notice_says_which_rows_to_look_at(event: str, rows: list[tuple[str, str]]) -> None:
    assert extract(notice(event)) == rows


def test_a_payment_names_a_voucher_of_any_kind_that_is_paid() -> None:
    assert set(extract(notice("payment.changed"))) == {
        ("voucherlist", f"{word}:{ID}") for word in ("invoice", "creditnote", "downpaymentinvoice")
    }


@pytest.mark.parametrize(
    "body",
    (
        b"",
        b"null",
        b"[]",
        b"\xff",
        b"{}",
        b"[" * 5000,
        notice("contact.changed", resourceId="../profile"),
        notice("contact.changed", resourceId=7),
    ),
)
def test_what_is_no_notice_says_nothing(body: bytes) -> None:
    assert extract(body) == []


def test_the_documented_notice_is_understood() -> None:
    body = (Path(__file__).parent / "samples" / "doc_webhook_callback.json").read_bytes()
    told = json.loads(body)

    assert extract(body) == [("contacts", told["resourceId"])]


def test_only_the_holder_of_the_key_can_have_signed_a_notice() -> None:
    key, strange = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    body = notice("contact.changed")

    def pem(one: rsa.RSAPrivateKey) -> str:
        return one.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def signed(one: rsa.RSAPrivateKey, hashed: Any) -> str:
        return base64.b64encode(one.sign(body, padding.PKCS1v15(), hashed)).decode()

    assert genuine(body, signed(key, SHA512()), pem(key))
    assert not genuine(body + b" ", signed(key, SHA512()), pem(key))
    assert not genuine(body, signed(key, SHA256()), pem(key))
    assert not genuine(body, signed(strange, SHA512()), pem(key))
    for signature in ("", "?", "YQ=="):
        assert not genuine(body, signature, pem(key))
    assert not genuine(body, signed(key, SHA512()), "no key at all")


def system() -> tuple[Any, Lexoffice]:
    account = office()
    assert isinstance(account.system, Lexoffice)
    return account, account.system


def test_every_event_of_use_is_told_to_our_address_once_and_taken_away_again() -> None:
    account, ours = system()
    assert hooked(ours, BEGIN) == {}

    hook(ours, URL, BEGIN)
    hook(ours, URL, BEGIN)

    assert sorted(hooked(ours, BEGIN).values()) == sorted(EVENTS)
    assert len(account.simulator.truth()["subscriptions"]) == len(EVENTS)
    assert hooked(ours, "https://hook.example/hooks/99/") == {}
    assert unhook(ours, "https://hook.example/hooks/99/") == 0
    assert unhook(ours, BEGIN) == len(EVENTS)
    assert account.simulator.truth()["subscriptions"] == []


def test_what_the_vendor_delivers_is_what_is_understood() -> None:
    account, ours = system()
    hook(ours, URL, BEGIN)

    key = account.row("contacts")

    (delivered,) = account.world.storage.settings["outbox"]
    assert delivered["url"].startswith(BEGIN)
    assert extract(delivered["body"].encode()) == [("contacts", key)]


def test_the_key_of_the_signatures_is_fetched_where_it_is_published_and_the_account_s_own_key_stays_at_home() -> None:
    asked: list[httpx2.Request] = []
    pem = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n"

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(200, text=pem)

    ours = answering(answer)
    assert isinstance(ours, Lexoffice)

    assert signing_key(ours) == pem.strip()
    assert str(asked[0].url) == "https://developers.lexware.io/webhookSignature/public/public_key.pub"
    assert "authorization" not in asked[0].headers
    for strange in (saying(200, {"message": "x"}), saying(404, {"message": "x"})):
        assert isinstance(strange, Lexoffice)
        caught(BadAnswer, lambda strange=strange: signing_key(strange))  # type: ignore[misc]


def test_a_list_of_notices_that_is_none_is_not_an_empty_one() -> None:
    ours = saying(200, {"content": None})
    assert isinstance(ours, Lexoffice)

    caught(BadAnswer, lambda: hooked(ours, BEGIN))


def test_what_a_person_chooses_is_what_the_connection_then_does() -> None:
    _, ours = system()
    assert {one.name: one.value for one in choices(ours, {})} == {
        "address": "billing",
        "contacts": "customers",
        "archived": "yes",
        "vat_free": "no",
        "country": "DE",
        "unit": "Stück",
        "quote_days": "30",
    }

    kept = settled(ours, {"api": "x"}, {"address": "shipping", "archived": "no", "country": "AT", "unit": "Stunde", "quote_days": "14"})

    assert kept == {"api": "x", "address": "shipping", "archived": False, "country": "AT", "unit": "Stunde", "quote_days": "14"}
    after = {one.name: one.value for one in choices(ours, kept)}
    assert (after["archived"], after["country"], after["unit"], after["quote_days"]) == ("no", "AT", "Stunde", "14")
    assert ways_of(kept) == replace(Ways(), leading="shipping", archived=False, country="AT", unit="Stunde", quote_days=14)


def test_countries_are_those_the_service_knows_and_units_those_of_the_articles_first() -> None:
    account, ours = system()
    account.act("create_article", title="Kran", unit="Tonne", net="10.00")

    offered = {one.name: one.offers for one in choices(ours, {"country": "RO", "quote_days": "21"})}

    names = {offer.value: offer.shown for offer in offered["country"]}
    assert (offered["country"][0].value, names["DE"], len(names) > 200) == ("RO", "Deutschland", True)
    assert [offer.shown for offer in offered["unit"]][:3] == ["Stück", "Tonne", "Stunde"]
    assert [offer.value for offer in offered["quote_days"]] == ["7", "14", "21", "30", "60", "90"]


def test_a_list_of_countries_that_is_none_is_said() -> None:
    ours = saying(200, {"content": []})
    assert isinstance(ours, Lexoffice)

    caught(BadAnswer, lambda: choices(ours, {}))


def test_settings_have_defaults_and_wrong_ones_are_refused_by_name() -> None:
    given = {
        "contacts": "all",
        "address": "shipping",
        "country": "at",
        "quote_days": "14",
        "archived": False,
        "portal": "https://x.example/",
    }

    assert ways_of({}) == Ways()
    assert ways_of(given) == replace(
        Ways(), everybody=True, leading="shipping", country="AT", quote_days=14, archived=False, app="https://x.example"
    )
    for wrong in ({"contacts": "some"}, {"address": "home"}, {"country": "Austria"}, {"quote_days": "soon"}, {"quote_days": "0"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            ways_of(wrong)

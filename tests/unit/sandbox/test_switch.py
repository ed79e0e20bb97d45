"""A visitor breaks a simulated vendor and mends it again; the pages say so in four languages, and lead back to the product."""

from __future__ import annotations

import string
from typing import Any

import httpx2
import pytest

from unisono.sandbox import centralstation, fastbill, lexoffice
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.switch import MOODS, mood_of
from unisono.sandbox.kit.words import LANGUAGES, WORDS
from unisono.sandbox.kit.world import World

CALL = {"centralstation": "/api/companies", "fastbill": "/api/1.0/api.php", "lexoffice": "/v1/profile"}


@pytest.fixture(params=["centralstation", "fastbill", "lexoffice"])
def vendor(request: pytest.FixtureRequest) -> tuple[Any, httpx2.Client, str]:
    module: Any = {"centralstation": centralstation, "fastbill": fastbill, "lexoffice": lexoffice}[request.param]
    world = World()
    simulator: Any = module.make(world)
    module.seed(world)
    client = httpx2.Client(transport=httpx2.WSGITransport(app=application(simulator, control=True)), base_url="http://vendor.test")  # type: ignore[arg-type]
    return simulator, client, CALL[request.param]


def test_a_broken_vendor_answers_every_call_so_until_it_is_mended(vendor: tuple[Any, httpx2.Client, str]) -> None:
    simulator, client, call = vendor
    before = client.get(call).status_code
    assert (mood_of(simulator.world), before == 500) == ("well", False)
    answer = client.post("/_sandbox/switch", data={"mood": "error"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/_sandbox/page#switch")
    assert [client.get(call).status_code for _ in range(20)] == [500] * 20
    assert client.post("/_sandbox/switch", json={"mood": "well"}).json() == {"mood": "well"}
    assert client.get(call).status_code == before


def test_faults_armed_otherwise_stay_when_the_switch_is_turned(vendor: tuple[Any, httpx2.Client, str]) -> None:
    simulator, client, _ = vendor
    simulator.world.faults.arm("empty", "nowhere")
    client.post("/_sandbox/switch", data={"mood": "refuse"})
    client.post("/_sandbox/switch", data={"mood": "slow"})
    assert [fault.name for fault in simulator.world.faults.armed] == ["empty", "delay"]
    assert client.post("/_sandbox/switch", data={"mood": "angry"}).status_code == 400
    assert mood_of(simulator.world) == "slow"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_what_it_is_in_the_visitors_language(vendor: tuple[Any, httpx2.Client, str], language: str) -> None:
    simulator, client, _ = vendor
    before = client.get("/_sandbox/page", headers={"accept-language": f"{language};q=0.8"}).text
    assert f'<html lang="{language}">' in before
    assert WORDS["back"][LANGUAGES.index(language)] not in before
    simulator.world.storage.settings |= {
        "product": "http://127.0.0.1:1/demo",
        "others": {"Das <andere>": "http://127.0.0.1:2/_sandbox/page"},
        "language": language,
    }
    page = ""
    for mood in MOODS:
        client.post("/_sandbox/switch", data={"mood": mood})
        page = client.get("/_sandbox/page", headers={"accept-language": "fr"}).text
        assert f'<html lang="{language}">' in page
        assert WORDS[f"mood.{mood}-why"][LANGUAGES.index(language)] in page
    assert f'<a href="http://127.0.0.1:1/demo">{WORDS["back"][LANGUAGES.index(language)]}</a>' in page
    assert "Das &lt;andere&gt;" in page
    assert "{" not in page.partition("<body>")[2]


def test_every_word_is_there_in_all_languages_with_the_same_values() -> None:
    for code, texts in WORDS.items():
        assert len(texts) == len(LANGUAGES), code
        assert all(texts), code
        asked = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts]
        assert asked == [asked[0]] * 4, code

"""The public API against what it says of itself: for each door calls made from its description, by a caller of every role."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from tests.web.desk import Desk
from tests.web.street import street
from unisono.connect.outward import Outward
from unisono.web.gate import NEEDED

WHO = {"anna": "admin", "adam": "act", "vera": "view"}
TRIALS = (("anna", GenerationMode.POSITIVE, 3), ("adam", GenerationMode.POSITIVE, 1), ("vera", GenerationMode.POSITIVE, 1))
"""Who asks, as described or against it, and how many calls of a door."""
LONG_TRIALS = tuple((who, mode, 12) for who in WHO for mode in GenerationMode)
JUNK: tuple[bytes, ...] = (
    *(b"", b"null", b"[]", b'""', b"0", b"{", b"\xff\xfe", b'{"a":', b"[" * 5000, b'{"' + b"x" * 5000 + b'":1}', b"1e999999999"),
    *(b'{"id":1e400}', b'{"name":"\\ud800"}', b'{"name":"\\u0000"}', b'{"pair":{"$ne":1}}', b'{"__proto__":{"role":"admin"}}', b"{}" * 10),
)
"""Bodies that no description gives rise to."""
OTHERWISE = ("/api/v1/me/password", "/api/v1/me/sessions/{session_id}")
"""Doors that end what the next call needs."""
PEOPLE_ONLY = ("/api/v1/me/keys", "/api/v1/users", "/api/v1/users/{user_id}/code")
"""A key never makes keys, nor lets anybody in."""
RANKS = ("view", "act", "admin")
BOUNDED = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]


class Nobody:
    """Mail and chats that go nowhere."""

    def send(self, *_: Any, **__: Any) -> None:
        raise AssertionError("there is no host that could be reached")


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A pair that has been at work, so that there is something to ask for."""
    desk = street(tmp_path_factory.mktemp("street"))
    desk.village.house.outward = Outward(mail=Nobody(), chat=Nobody(), resolve=lambda _: [])
    yield desk
    desk.village.house.store.close()


@pytest.fixture(scope="module")
def keys(busy: Desk) -> dict[str, str]:
    """A program's key of every role."""
    return {who: busy.call(who, "POST", "/api/v1/me/keys", json={"name": "tests", "role": role}).json()["key"] for who, role in WHO.items()}


def doors_of(desk: Desk) -> list[Any]:
    """Every door of the API, as its description names it."""
    described = schemathesis.openapi.from_dict(desk.app.openapi())
    found: list[Any] = [one.ok() for one in described.get_all_operations()]  # type: ignore[union-attr]
    assert len(found) > 30
    return [one for one in found if one.path not in OTHERWISE]


def asked(desk: Desk, key: str, case: Any) -> Any:
    """One call; a pair in the path is the one there is."""
    if "pair_id" in (case.path_parameters or {}):
        case.path_parameters["pair_id"] = desk.village.pair
    told = case.as_transport_kwargs(base_url=desk.site.address)
    for name in ("timeout", "cookies"):
        told.pop(name, None)
    told["headers"] = {**dict(told.get("headers") or {}), "authorization": f"Bearer {key}"}
    told["content"] = told.pop("data", None)
    return desk.somebody().request(**told)


def judged(desk: Desk, who: str, key: str, door: Any, case: Any) -> int:
    """One call, judged; the status of its answer."""
    answer = asked(desk, key, case)
    needs = door.definition.raw[NEEDED]
    enough = needs == "open" or RANKS.index(WHO[who]) >= RANKS.index(needs)
    assert answer.status_code != 500, answer.text
    assert answer.status_code != 403 or not enough or door.path in PEOPLE_ONLY, f"refused, though {needs} is enough"
    assert enough or answer.status_code in (400, 403, 404, 413, 422), f"{answer.status_code}, though it needs {needs}"
    case.validate_response(answer, checks=CHECKS)
    return int(answer.status_code)


def trial(desk: Desk, who: str, key: str, door: Any, statuses: set[int]) -> Callable[[Any], None]:
    """What is done with each call that the description gives rise to."""

    def call(case: Any) -> None:
        statuses.add(judged(desk, who, key, door, case))

    return call


@pytest.mark.parametrize(("who", "mode", "calls"), TRIALS)
def test_every_door_answers_as_it_says(busy: Desk, keys: dict[str, str], who: str, mode: GenerationMode, calls: int) -> None:
    all_doors(busy, keys, who, mode, calls)


@pytest.mark.slow
@pytest.mark.parametrize(("who", "mode", "calls"), LONG_TRIALS)
def test_every_door_answers_as_it_says_whatever_it_is_asked(
    busy: Desk, keys: dict[str, str], who: str, mode: GenerationMode, calls: int
) -> None:
    all_doors(busy, keys, who, mode, calls)


def test_no_door_stumbles_over_what_is_no_answer_to_its_description(busy: Desk, keys: dict[str, str]) -> None:
    headers = {"authorization": f"Bearer {keys['anna']}", "content-type": "application/json"}
    browser, wrong = busy.somebody(), []
    for door in doors_of(busy):
        path = re.sub(r"\{(\w+)\}", lambda found: busy.village.pair if found[1] == "pair_id" else "%00%ff'--", door.path)
        for junk in JUNK if door.method.upper() != "GET" else JUNK[:1]:
            answer = browser.request(door.method.upper(), f"{path}?cursor=%00&limit=-1&search=%ff", content=junk, headers=headers)
            if answer.status_code >= 500 and answer.status_code not in (502, 503):
                wrong.append((door.label, junk[:30], answer.text[:200]))
    assert wrong == []


def all_doors(busy: Desk, keys: dict[str, str], who: str, mode: GenerationMode, calls: int) -> None:
    """Calls every door; tells of all that is wrong."""
    wrong: dict[str, str] = {}
    statuses: set[int] = set()
    for door in doors_of(busy):
        tried = given(case=door.as_strategy(generation_mode=mode))(trial(busy, who, keys[who], door, statuses))
        try:
            seed(1)(settings(BOUNDED, max_examples=calls)(tried))()
        except Unsatisfiable:
            continue  # nothing about this door can be wrong
        except BaseExceptionGroup as errors:
            wrong[door.label] = "; ".join(str(error)[:300] for error in errors.exceptions)
        except Exception as error:  # noqa: BLE001  # all of them are told together
            wrong[door.label] = f"{type(error).__name__}: {str(error)[:400]}"
    told = "\n".join(f"{name}: {text}" for name, text in wrong.items())
    assert wrong == {}, told
    assert {200, 403} <= statuses if who == "vera" else 200 in statuses

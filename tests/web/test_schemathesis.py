"""The public API against what it says of itself: for each door calls made from its description, by a caller of every role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from tests.web.desk import Desk
from tests.web.street import street
from unisono.connect.outward import Outward
from unisono.web.gate import NEEDED

WHO = {"anna": "admin", "adam": "act", "vera": "view"}
CALLS = 4
"""Calls of one door by one caller."""
OTHERWISE = ("/api/v1/me/password", "/api/v1/me/sessions/{session_id}")
"""Doors that end what the next call needs."""
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
    return {
        who: busy.call(who, "POST", "/api/v1/me/keys", json={"name": "tests", "role": role}).json()["key"] for who, role in WHO.items()
    }


def doors_of(desk: Desk) -> list[Any]:
    """Every door of the API, as its description names it."""
    described = schemathesis.openapi.from_dict(desk.app.openapi())
    found = [one.ok() for one in described.get_all_operations()]
    assert len(found) > 30
    return [one for one in found if one.path not in OTHERWISE]


def asked(desk: Desk, key: str, case: Any) -> Any:
    """One call; a pair in the path is the one there is."""
    if "pair_id" in (case.path_parameters or {}):
        case.path_parameters["pair_id"] = desk.village.pair
    told = case.as_transport_kwargs(base_url=desk.site.address)
    told.pop("timeout", None)
    told["headers"] = {**dict(told.get("headers") or {}), "authorization": f"Bearer {key}"}
    told["content"] = told.pop("data", None)
    return desk.somebody().request(**told)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("who", WHO)
def test_every_door_answers_as_it_says_whatever_it_is_asked(busy: Desk, keys: dict[str, str], who: str, mode: GenerationMode) -> None:
    wrong: dict[str, str] = {}
    ranks = ["view", "act", "admin"]
    statuses: set[int] = set()
    for door in doors_of(busy):

        @seed(1)
        @settings(
            max_examples=CALLS,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=door.as_strategy(generation_mode=mode))
        def call(case: Any, door: Any = door) -> None:
            answer = asked(busy, keys[who], case)
            statuses.add(answer.status_code)
            needs = door.definition.raw[NEEDED]
            enough = ranks.index(WHO[who]) >= ranks.index(needs) if needs != "open" else True
            assert answer.status_code != 500, answer.text
            assert (answer.status_code == 403) <= (not enough or "key" in door.path), f"{answer.status_code} for {needs}"
            assert enough or answer.status_code in (400, 403, 404, 413, 422), answer.status_code
            case.validate_response(answer, checks=CHECKS)

        try:
            call()
        except Exception as error:  # noqa: BLE001  # all of them are told together
            wrong[door.label] = f"{type(error).__name__}: {str(error)[:300]}"
    assert wrong == {}
    assert {200, 403} <= statuses if who == "vera" else 200 in statuses

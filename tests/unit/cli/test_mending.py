"""``correct`` and ``take-back``: what the pages do on the spot, typed."""

from __future__ import annotations

from tests.unit.cli.desk import Desk

LACKING = {"name": "Ohne Postleitzahl GmbH", "street": "Ring 1", "zip": "", "city": "Berlin", "country_code": "DE", "email": "o@o.example"}


def stuck(desk: Desk) -> str:
    """The id of the problem of a company whose postcode is missing."""
    desk.company(**LACKING)
    desk.pair()
    desk.run("release", desk.run("preview", "--json").json["run"])
    desk.run("sync")
    found = desk.run("problems", "--json").json
    assert [(p["code"], p["field"]) for p in found] == [("missing-field", "address.postcode")]
    return str(found[0]["id"])


def test_a_value_is_corrected_and_the_record_goes_across(desk: Desk) -> None:
    problem = stuck(desk)
    assert desk.names()[1] == []
    told = desk.run("correct", problem, "address.postcode=10115", "--json")
    assert (told.code, told.json) == (0, {"count": 1, "wrong": {}})
    desk.run("sync")
    assert desk.names()[1] == ["Ohne Postleitzahl GmbH"]
    assert desk.run("problems", "--json").json == []


def test_a_value_that_does_not_fit_is_said_and_a_wrong_call_too(desk: Desk) -> None:
    problem = stuck(desk)
    told = desk.run("correct", problem, "address.postcode=1", "--json")
    assert (told.code, told.json) == (1, {"count": 0, "wrong": {"address.postcode": "not-valid"}})
    assert desk.run("correct", problem, "address.postcode").code == 2
    assert desk.run("correct", "gone", "address.postcode=10115").code == 2
    assert desk.run("take-back", "gone").code == 2

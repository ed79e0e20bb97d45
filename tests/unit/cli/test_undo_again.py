"""``undo --again``: what an undo left unlinked may be linked and made again."""

from __future__ import annotations

from tests.unit.cli.desk import Desk


def test_what_was_taken_back_is_made_again_only_when_a_person_says_so(desk: Desk) -> None:
    key = desk.company()
    desk.synced()
    assert desk.names() == (["Bäckerei Sonne GmbH"], ["Bäckerei Sonne GmbH"])
    undone = desk.run("undo", "--all", "--yes", "--json")
    assert desk.names()[1] == []
    assert desk.run("sync").code == 0
    assert desk.names()[1] == [], "it does not come back by itself"
    run, record = undone.json["run"], f"a:party:company:{key}"
    looked = desk.run("undo", run, "--again", "--dry-run", "--json")
    assert (looked.code, looked.json["done"]) == (0, False)
    assert record in looked.json["records"]
    assert desk.run("undo", run, "--again", "--json").json == {"records": looked.json["records"], "done": True}
    assert desk.run("sync").code == 0
    assert desk.names()[1] == ["Bäckerei Sonne GmbH"]
    again = desk.run("undo", "--record", record, "--again")
    assert (again.code, again.out.strip()) == (0, "With the next sync Unisono looks again at: 0")


def test_a_scope_is_asked_for_and_a_single_field_cannot_be_named(desk: Desk) -> None:
    desk.company()
    desk.synced()
    assert desk.run("undo", "--again").code == 2
    assert desk.run("undo", "--record", "a:party:company:1", "--field", "name", "--again").code == 2

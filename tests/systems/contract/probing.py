"""After a lost answer: what was made is found, what was not made is not, and nothing that merely resembles it."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from tests.systems.contract.account import Account, caught
from tests.systems.contract.bodies import KINDS, PEOPLE, create, firm, full, held, person_or_firm
from tests.systems.contract.writing import other
from unisono.model.document import Document, File, Note
from unisono.model.errors import Unclear
from unisono.model.writing import Write

LOST = {
    "timeout-before": 0,
    "status": 0,
    "timeout-after": 1,
    "reset-after": 1,
    "status-after": 1,
    "torn-json": 1,
    "empty": 1,
    "truncate": 1,
}
ANOTHER = "uni-somebodyelse2345"


def twins(account: Account, form: str, write: Write, *, bound: bool) -> list[Write]:
    """Records that differ from the one to be made in one respect each."""
    body = write.body
    if form in PEOPLE:
        flat, limits = full(account.vendor, form), held(account.vendor.capabilities, form)
        names = [name for name in flat if name != "type"]
        found = [person_or_firm(form, flat | {n: other(n, flat[n], limits[n])}) for n in names if n != "address.country"]
        if "address.country" in flat:  # with its region, which must lie in it
            found.append(person_or_firm(form, flat | {"address.country": "AT", "address.region": ""}))
        found += [person_or_firm(form, flat | {"name": f"{flat['name']} & Co."})]
        alike = [replace(write, body=one, reference=ANOTHER) for one in found]
        # With a place for it our reference alone decides: then even a record that is the same in every field is somebody else's.
        return [*alike, replace(write, reference=ANOTHER)] if bound else alike
    if isinstance(body, Document | Note):
        return [replace(write, reference=ANOTHER), replace(write, reference=ANOTHER, body=replace(body, title="Anders"))]
    assert isinstance(body, File)
    return [replace(write, body=replace(body, name="Anders.pdf"))]


class Probing:
    def test_after_a_lost_answer_the_record_is_found_exactly_if_it_was_made(
        self, lonely: Account, form: str, lost: str, tmp_path: Path
    ) -> None:
        account = lonely
        write = create(account, form, tmp_path)
        (command,) = account.system.compose(write, account.current(write))
        assert account.system.probe(write) == ()
        account.world.faults.arm(lost, value=503 if "status" in lost else 10)
        writes = account.writes()

        caught(Unclear, lambda: account.system.send(command))

        assert account.writes() - writes == LOST[lost]
        found = account.system.probe(write)
        assert len(found) == LOST[lost]
        for raw in found:
            assert KINDS[form] in {record.kind for record in account.system.records(raw)}

    def test_only_what_was_made_is_found_among_near_twins(self, account: Account, form: str, tmp_path: Path) -> None:
        self._among_twins(account, form, tmp_path, bound=False)

    def test_only_what_carries_our_reference_is_found_among_near_twins(self, bound: Account, form: str, tmp_path: Path) -> None:
        self._among_twins(bound, form, tmp_path, bound=True)

    def _among_twins(self, account: Account, form: str, folder: Path, *, bound: bool) -> None:
        write = create(account, form, folder)
        alone = account.vendor.capabilities.writing(write.kind).inside
        for twin in twins(account, form, write, bound=bound and form in PEOPLE):
            # What lives in its owner's row may be the only one there.
            account.do(replace(twin, owner=firm(account)) if alone else twin)
        assert account.system.probe(write) == ()

        key = account.do(write)

        (raw,) = account.system.probe(write)
        assert key in {record.key for record in account.system.records(raw)}

    def test_our_reference_stands_in_what_was_made_where_the_file_says_that_it_is_found_by_it(
        self, lonely: Account, form: str, tmp_path: Path
    ) -> None:
        write = create(lonely, form, tmp_path)
        body = lonely.record(write.kind, lonely.do(write)).body
        known = lonely.system.capabilities.writing(write.kind)

        assert getattr(body, "reference", "") == (write.reference if known.find == "reference" else "")

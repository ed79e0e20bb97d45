"""Every fault of the wire at every call: exactly the declared error, and the vendor's data agrees with what the error says."""

from __future__ import annotations

from pathlib import Path

from tests.systems.contract.account import Account, caught
from tests.systems.contract.operations import WRITES, operations, prepared
from unisono.model.errors import BadAnswer, LoginRefused, SystemFault, TryLater, Unavailable, Unclear

READ: dict[str, type[SystemFault]] = {
    "status": Unavailable,
    "another status": Unavailable,
    "status-after": Unavailable,
    "another status-after": Unavailable,
    "html": BadAnswer,
    "truncate": Unavailable,
    "torn-json": BadAnswer,
    "empty": BadAnswer,
    "timeout-before": Unavailable,
    "timeout-after": Unavailable,
    "reset-after": Unavailable,
    "rate": TryLater,
    "unauthorised": LoginRefused,
}
"""Fault -> the error of a reading call."""
STATUSES = (500, 502, 503, 504)
"""They take turns: over all calls each comes before and after the work."""
NOT_A_WRITE_S_DOUBT = {"rate": TryLater, "unauthorised": LoginRefused}
"""Any other fault leaves a write unclear."""
DONE = ("status-after", "truncate", "torn-json", "empty", "timeout-after", "reset-after")
"""Faults after the work."""


CUT = ("truncate", "torn-json", "empty")
"""Faults that only bite an answer with a body."""


def arm(account: Account, fault: str, operation: str, skip: int = 0) -> str:
    """Lets a fault bite every call; its name at the simulator."""
    turn = operations(account.vendor).index(operation) + (2 if fault.startswith("another") else 0)
    name = fault.removeprefix("another ")
    account.world.faults.arm(name, times=99, value=STATUSES[turn % 4] if "status" in name else 0, skip=skip)
    return name


class Faults:
    def test_each_fault_has_its_error_and_the_vendor_s_data_agrees_with_it(
        self, account: Account, operation: str, fault: str, tmp_path: Path
    ) -> None:
        run = prepared(account, operation, tmp_path)
        writing = operation.split(" ")[0] in WRITES
        before, writes = account.simulator.truth(), account.writes()
        name = arm(account, fault, operation)
        expected = READ[fault] if not writing else NOT_A_WRITE_S_DOUBT.get(name, Unclear)

        told: SystemFault | None = None
        if operation == "fetch file" and fault == "torn-json":
            # Half a PDF whose length is declared as such cannot be told from a whole one: it is brought, and nothing is changed by it.
            run(account.system)
            assert account.world.faults.bitten == [name]
            assert (account.simulator.truth(), account.writes()) == (before, writes)
            return
        if (operation.startswith("delete") and name in CUT) or (operation.startswith("change") and name == "empty"):
            # An answer without a body may be all the vendor says to a deletion, or to a change.
            try:
                run(account.system)
            except Unclear as unclear:
                told = unclear
        else:
            told = caught(expected, lambda: run(account.system))

        done = int(writing and name in DONE)
        assert account.writes() - writes == done
        assert (account.simulator.truth() == before) == (done == 0)
        account.world.faults.clear()
        if isinstance(told, TryLater):
            assert told.at is not None
            assert told.at > account.clock.now()
            account.clock.advance(told.at - account.clock.now())
        if done == 0:
            run(account.system)  # and afterwards all is well
            assert account.writes() - writes == writing

    def test_a_read_gets_over_one_lost_answer_by_itself_and_a_write_is_never_repeated(
        self, account: Account, operation: str, tmp_path: Path
    ) -> None:
        run = prepared(account, operation, tmp_path)
        account.world.faults.arm("timeout-before")
        calls = len(account.wire.sent)

        if operation.split(" ")[0] in WRITES:
            caught(Unclear, lambda: run(account.system))
            assert len(account.wire.sent) == calls + 1
            assert account.clock.slept == []
        else:
            run(account.system)
            assert account.clock.slept

    def test_a_page_that_fails_in_the_middle_of_a_list_is_no_end(self, account: Account, resource: str) -> None:
        for n in range(account.vendor.capabilities.resource(resource).page + 1):
            account.row(resource, n)
        calls = len(account.wire.sent)
        next(account.system.pages(resource))
        # A page may be more than one call, where a list names rows that are then read by themselves.
        calls = len(account.wire.sent) - calls
        for fault, expected in READ.items():
            pages = account.system.pages(resource)
            arm(account, fault, f"list {resource}", skip=calls)
            assert not next(pages).last

            told = caught(expected, lambda pages=pages: list(pages))  # type: ignore[misc]

            account.world.faults.clear()
            if isinstance(told, TryLater):
                account.clock.advance(3600)

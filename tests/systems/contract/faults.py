"""Every fault of the wire at every call: exactly the declared error, and the vendor's data agrees with what the error says."""

from __future__ import annotations

from pathlib import Path

from tests.systems.contract.account import Account, caught
from tests.systems.contract.operations import WRITES, prepared
from unisono.model.errors import BadAnswer, LoginRefused, SystemFault, TryLater, Unavailable, Unclear

READ: dict[str, type[SystemFault]] = {
    "status 500": Unavailable,
    "status 502": Unavailable,
    "status 503": Unavailable,
    "status 504": Unavailable,
    "status-after 500": Unavailable,
    "status-after 502": Unavailable,
    "status-after 503": Unavailable,
    "status-after 504": Unavailable,
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
"""Fault (and status) -> the error of a reading call."""
NOT_A_WRITE_S_DOUBT = {"rate": TryLater, "unauthorised": LoginRefused}
"""Any other fault leaves a write unclear."""
DONE = ("status-after", "truncate", "torn-json", "empty", "timeout-after", "reset-after")
"""Faults after the work."""


class Faults:
    def test_each_fault_has_its_error_and_the_vendor_s_data_agrees_with_it(
        self, account: Account, operation: str, fault: str, tmp_path: Path
    ) -> None:
        run = prepared(account, operation, tmp_path)
        before, writes = account.simulator.truth(), account.writes()
        name, _, status = fault.partition(" ")
        account.world.faults.arm(name, times=99, value=int(status or 0))

        caught_fault: SystemFault | None = None
        if operation.split(" ")[0] not in WRITES:
            expected = READ[fault]
            if operation == "fetch file" and fault == "torn-json":
                return  # half a PDF of the right length is still a file
            caught_fault = caught(expected, lambda: run(account.system))
            done = 0
        else:
            done = 1 if name in DONE else 0
            if fault == "empty":
                # An answer without a body is an answer to a change or a deletion, if the vendor is known to give none.
                try:
                    run(account.system)
                except Unclear as unclear:
                    caught_fault = unclear
            else:
                caught_fault = caught(NOT_A_WRITE_S_DOUBT.get(name, Unclear), lambda: run(account.system))

        assert account.writes() - writes == done
        assert (account.simulator.truth() == before) == (done == 0)
        account.world.faults.clear()
        if isinstance(caught_fault, TryLater):
            assert caught_fault.at is not None
            assert caught_fault.at > account.clock.now()
            account.clock.advance(caught_fault.at - account.clock.now())
        if done == 0:
            run(account.system)  # and afterwards all is well
            assert account.writes() - writes == (operation.split(" ")[0] in WRITES)

    def test_a_read_gets_over_one_lost_answer_by_itself(self, account: Account, operation: str, tmp_path: Path) -> None:
        run = prepared(account, operation, tmp_path)
        writes = operation.split(" ")[0] in WRITES
        account.world.faults.arm("timeout-before")

        if writes:
            caught(Unclear, lambda: run(account.system))
            assert account.wire.sent[-1:] != account.wire.sent[-2:-1] or operation.startswith(("create", "change", "delete"))
            assert account.clock.slept == []
        else:
            run(account.system)

    def test_a_page_that_fails_in_the_middle_of_a_list_is_no_end(self, account: Account, resource: str, fault: str) -> None:
        for n in range(account.vendor.capabilities.resource(resource).page + 1):
            account.row(resource, n)
        name, _, status = fault.partition(" ")
        account.world.faults.arm(name, times=99, skip=1, value=int(status or 0))
        pages = account.system.pages(resource)
        assert not next(pages).last

        caught(READ[fault], lambda: list(pages))

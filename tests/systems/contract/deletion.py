"""Gone is gone only if the vendor says so in its own words."""

from __future__ import annotations

from pathlib import Path

from tests.systems.contract.account import Account, caught
from tests.systems.contract.bodies import KINDS, create, delete
from unisono.model.errors import BadAnswer, Conflicted, LoginRefused, NotThere, Refused, Unavailable

NOT_A_WORD_OF_ABSENCE = (301, 302, 400, 401, 403, 404, 405, 408, 409, 410, 422, 451, 500, 502, 503)
"""Statuses of a proxy, a firewall or a maintenance page: HTML comes with them."""


class Deletion:
    def test_a_row_that_a_person_removed_is_definitely_not_there(self, account: Account, removable: str) -> None:
        gone, stays = account.row(removable, 1), account.row(removable, 2)
        assert account.system.read(removable, gone) is not None

        account.vendor.drop[removable](account, gone)

        assert account.system.read(removable, gone) is None
        assert account.system.read(removable, stays) is not None
        assert [row.key for row in account.all(removable)] == [stays]

    def test_a_key_that_never_was_is_definitely_not_there(self, account: Account, readable: str) -> None:
        account.row(readable)

        assert account.system.read(readable, "987654321") is None

    def test_no_other_answer_reads_as_a_deletion(self, account: Account, readable: str) -> None:
        key = account.row(readable)
        for status in NOT_A_WORD_OF_ABSENCE:
            account.world.faults.arm("status", times=9, value=status)
            caught((BadAnswer, Unavailable, LoginRefused), lambda: account.system.read(readable, key))
            account.world.faults.clear()
        for name in ("html", "empty", "torn-json", "truncate", "timeout-before", "unauthorised"):
            account.world.faults.arm(name, times=9)
            caught((BadAnswer, Unavailable, LoginRefused), lambda: account.system.read(readable, key))
            account.world.faults.clear()
        assert account.system.read(readable, key) is not None

    def test_no_such_answer_ends_a_list(self, account: Account, resource: str) -> None:
        account.row(resource)
        for status in NOT_A_WORD_OF_ABSENCE:
            account.world.faults.arm("status", times=9, value=status)
            caught((BadAnswer, Unavailable, LoginRefused), lambda: account.all(resource))
            account.world.faults.clear()
        assert len(account.all(resource)) == 1

    def test_what_we_delete_is_gone_and_cannot_be_deleted_again(self, account: Account, deletable: str, tmp_path: Path) -> None:
        whole = create(account, deletable, tmp_path)
        key = account.do(whole)
        write = delete(account, deletable, key, whole.owner)
        commands = account.system.compose(write, account.current(write))

        for command in commands:
            account.system.send(command)

        row = account.system.read(*account.system.locate(KINDS[deletable], key))
        # What lives in its owner's row goes, and the row stays; its version has moved since.
        inside = account.vendor.capabilities.writing(KINDS[deletable]).inside
        assert row is None or (inside and key not in {record.key for record in account.system.records(row)})
        kinds = (NotThere, Refused, Conflicted) if inside else (NotThere, Refused)
        caught(kinds, lambda: [account.system.send(command) for command in commands])

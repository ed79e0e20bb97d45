"""The login: taken, refused, and never seen."""

from __future__ import annotations

from pathlib import Path

from tests.systems.contract.account import CANARY, Account, caught
from tests.systems.contract.operations import prepared
from unisono.model.errors import LoginRefused

WRONG = "somebody-elses-key-0123"


class Login:
    def test_the_right_login_is_taken_and_says_whose_it_is_where_the_vendor_tells(self, account: Account) -> None:
        first, second = account.system.identify(), account.system.identify()

        assert first == second
        assert (first is not None) == ("identify" in account.vendor.capabilities.doors)
        assert first is None or first.account

    def test_a_wrong_login_is_refused_as_one_at_every_call(self, account: Account, operation: str, tmp_path: Path) -> None:
        run = prepared(account, operation, tmp_path)
        writes, truth = account.writes(), account.simulator.truth()

        if operation == "fetch file":
            run(account.connect(account.vendor.settings, key=WRONG))  # its link opens without a login
            return
        fault = caught(LoginRefused, lambda: run(account.connect(account.vendor.settings, key=WRONG)))

        assert WRONG not in f"{fault} {fault!r} {fault.values} {fault.raw}"
        assert (account.writes(), account.simulator.truth()) == (writes, truth)

    def test_a_key_with_an_invisible_mark_is_a_refused_login(self, account: Account) -> None:
        marked = account.connect(account.vendor.settings, key=f"{CANARY}\u200b")

        caught(LoginRefused, marked.identify)

    def test_a_connection_shows_no_key_when_it_is_printed(self, account: Account) -> None:
        account.system.identify()

        assert CANARY not in f"{account.system!r} {account.system}"

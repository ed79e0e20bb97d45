"""Lists: to their end, each row once, nothing skipped however the list moves meanwhile, and twice the same when nothing changed."""

from __future__ import annotations

from tests.systems.contract.account import Account
from unisono.connect.port import Raw

DRIFTS = ("rows come", "the first rows go", "the last row of the page goes", "half a page goes", "a page goes", "rows come and go")


def fill(account: Account, resource: str, rows: int) -> list[str]:
    return [account.row(resource, n) for n in range(rows)]


def told(rows: list[Raw]) -> dict[str, object]:
    """What decides whether a row is new: its version, else its bytes."""
    return {row.key: row.version or row.body for row in rows}


class Listing:
    def test_a_list_of_more_than_a_page_is_read_to_its_end_each_row_once(self, account: Account, resource: str) -> None:
        made = fill(account, resource, 2 * account.vendor.capabilities.resource(resource).page + 3)

        pages = list(account.system.pages(resource))

        rows = [row for page in pages for row in page.rows]
        assert sorted(row.key for row in rows) == sorted(made)
        assert {row.resource for row in rows} == {resource}
        assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]

    def test_a_list_that_fills_its_last_page_ends(self, account: Account, resource: str) -> None:
        made = fill(account, resource, account.vendor.capabilities.resource(resource).page)

        assert sorted(row.key for row in account.all(resource)) == sorted(made)

    def test_an_empty_list_is_one_empty_page(self, account: Account, resource: str) -> None:
        assert [(page.rows, page.last) for page in account.system.pages(resource)] == [((), True)]

    def test_unchanged_rows_are_told_alike_twice_and_when_read_alone(self, account: Account, resource: str) -> None:
        fill(account, resource, 9)

        first = told(account.all(resource))
        account.clock.advance(3600)
        second = told(account.all(resource))

        assert first == second

    def test_a_row_read_alone_says_what_the_list_said(self, account: Account, resource: str) -> None:
        fill(account, resource, 3)
        for row in account.all(resource):
            alone = account.system.read(resource, row.key)
            assert alone is not None
            assert told([alone]) == told([row])
            assert (alone.resource, alone.key) == (resource, row.key)

    def test_a_list_that_moves_while_it_is_read_skips_nothing_that_stays(self, account: Account, drifting: str, drift: str) -> None:
        page = account.vendor.capabilities.resource(drifting).page
        made = fill(account, drifting, 2 * page + 5)
        pages = account.system.pages(drifting)
        rows = list(next(pages).rows)
        first = [row.key for row in rows]
        if "come" in drift:
            fill(account, drifting, 3)
        gone = {
            "rows come": [],
            "the first rows go": first[:3],
            "the last row of the page goes": first[-1:],
            "half a page goes": first[page // 2 :],
            "a page goes": first,
            "rows come and go": first[:3] + first[-3:],
        }[drift]
        for key in gone:
            account.vendor.drop[drifting](account, key)

        count = 1
        for count, more in enumerate(pages, 2):
            rows += more.rows
            assert count < 20, "a list without end"

        assert set(made) - set(gone) - {row.key for row in rows} == set()

    def test_a_change_moves_what_tells_a_row_apart(self, account: Account, changing: str) -> None:
        from tests.systems.contract.bodies import KINDS, change, least, person_or_firm, side
        from unisono.model.writing import Write

        kind = KINDS[changing]
        body = person_or_firm(changing, least(account.vendor, changing))
        owner = account.do(
            Write(operation="create", side=side(account.vendor), kind="party", body=person_or_firm("company", {"name": "E"}))
        )
        write = Write(operation="create", side=side(account.vendor), kind=kind, body=body, owner=owner if kind == "contact" else "")
        key = account.do(write)
        resource, row_key = account.system.locate(kind, key)
        before = told(account.all(resource))[row_key]

        account.do(change(account, changing, key, {"name": "Neuer Name"}, write.owner))

        assert told(account.all(resource))[row_key] != before

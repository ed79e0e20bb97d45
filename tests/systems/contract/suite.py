"""The suite as one class for one system: each test once for everything that its file says it can do."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from tests.systems.contract.account import CANARY, Account
from tests.systems.contract.bodies import PEOPLE, bases, forms, held
from tests.systems.contract.deletion import Deletion
from tests.systems.contract.faults import READ, Faults
from tests.systems.contract.files import Files
from tests.systems.contract.listing import DRIFTS, Listing
from tests.systems.contract.login import Login
from tests.systems.contract.mapping import Mapping
from tests.systems.contract.operations import operations
from tests.systems.contract.pacing import Pacing
from tests.systems.contract.probing import LOST, Probing
from tests.systems.contract.values import Values
from tests.systems.contract.vendor import Vendor
from tests.systems.contract.writing import Writing
from unisono.model.capability import Capabilities, FieldLimit

Pairs = list[tuple[str, str]]


def listed(v: Vendor) -> list[str]:
    return [r.name for r in v.capabilities.resources if r.listed]


def people(known: Capabilities, *, change: bool = False) -> list[str]:
    return [form for form in forms(known, change=change) if form in PEOPLE]


def fields(v: Vendor, which: Callable[[str, str, FieldLimit], bool], *, change: bool = False) -> Pairs:
    """Form and field wherever a limit is of a sort."""
    found = forms(v.capabilities, change=change)
    return [(form, name) for form in found for name, limit in held(v.capabilities, form).items() if which(form, name, limit)]


def rendering(v: Vendor) -> list[str]:
    """The first kind of document that has a file."""
    if "public-file-link" not in v.capabilities.doors:
        return []
    return [next(kind for r in v.capabilities.resources for kind in r.kinds if kind in ("invoice", "quote"))]


OVER: dict[str, tuple[str, Callable[[Vendor], list[Any]]]] = {
    # argument of a test: in words what the system must have for it, and where its file says so
    "operation": ("a call", operations),
    "resource": ("a list", listed),
    "readable": ("something to read", lambda v: [r.name for r in v.capabilities.resources]),
    "drifting": ("a list of rows that go", lambda v: [name for name in listed(v) if name in v.drop]),
    "removable": ("rows that go", lambda v: [name for name in listed(v) if name in v.drop]),
    "drift": ("a list", lambda _: list(DRIFTS)),
    "fault": ("a call", lambda _: list(READ)),
    "lost": ("a call", lambda _: list(LOST)),
    "basis": ("documents that are written", lambda v: list(bases(v.capabilities))),
    "form": ("kinds that are created", lambda v: forms(v.capabilities)),
    "people": ("parties or contacts that are created", lambda v: people(v.capabilities)),
    "changing": ("parties or contacts that are changed", lambda v: people(v.capabilities, change=True)),
    "deletable": ("kinds that are deleted", lambda v: forms(v.capabilities, delete=True)),
    "papers": ("documents that are written", lambda v: [f for f in forms(v.capabilities) if f in ("quote", "order", "invoice")]),
    "attached": ("files that are written", lambda v: [f for f in forms(v.capabilities) if f == "file"]),
    "length": ("lengths", lambda v: fields(v, lambda form, _, limit: form in PEOPLE and limit.on_create and limit.length > 0)),
    "required": ("required fields", lambda v: fields(v, lambda form, name, limit: name != "type" and limit.required in ("yes", form))),
    "choice": ("fields of fixed words", lambda v: fields(v, lambda f, n, limit: f in PEOPLE and n != "type" and bool(limit.values))),
    "fixed": (
        "fields that stay as created",
        lambda v: fields(v, lambda f, n, limit: f in PEOPLE and not limit.on_change, change=True),
    ),
    "field": ("fields that are changed", lambda v: fields(v, lambda f, _, limit: f in PEOPLE and limit.on_change, change=True)),
    "clearable": (
        "fields that can be cleared",
        lambda v: fields(v, lambda f, _, limit: f in PEOPLE and limit.on_change and limit.can_clear, change=True),
    ),
    "fetched": ("rendered documents", rendering),
    "no_pdf": ("rendered documents", lambda v: list(v.no_pdf) if rendering(v) else []),
    "unrendered": ("no rendered documents", lambda v: [] if rendering(v) else [listed(v)[0]]),
    "bound": ("a place for our reference that set-up makes", lambda v: [v.name] if v.bound else []),
    "lonely": ("a call", lambda v: ["plain", "bound"] if v.bound else ["plain"]),
}


class Suite(Login, Listing, Mapping, Writing, Values, Probing, Faults, Pacing, Deletion, Files):
    """All tests; ``contract`` leaves out those that a system's own file rules out."""

    vendor: ClassVar[Vendor]
    left_out: ClassVar[dict[str, str]]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        for name, (_, values) in OVER.items():
            if name in metafunc.fixturenames:
                metafunc.parametrize(name, values(self.vendor), indirect=name in ("bound", "lonely"), ids=_id)

    @pytest.fixture
    def account(self, caplog: pytest.LogCaptureFixture) -> Iterator[Account]:
        """An account that never says *too many*."""
        yield from self._watched(caplog)

    @pytest.fixture
    def limited(self, caplog: pytest.LogCaptureFixture) -> Iterator[Account]:
        """An account whose vendor and whose connection both keep to the limit of the file."""
        yield from self._watched(caplog, limited=True)

    @pytest.fixture
    def bound(self, caplog: pytest.LogCaptureFixture) -> Iterator[Account]:
        """An account where set-up made a place for our reference."""
        yield from self._watched(caplog, bound=True)

    @pytest.fixture
    def lonely(self, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[Account]:
        """An empty account, with and without such a place."""
        yield from self._watched(caplog, bound=request.param == "bound")

    def _watched(self, caplog: pytest.LogCaptureFixture, *, limited: bool = False, bound: bool = False) -> Iterator[Account]:
        caplog.set_level(logging.DEBUG)
        account = Account(self.vendor, limited=limited, bound=bound)
        yield account
        seen = [*account.wire.sent, *(f"{call.path}?{call.query}" for call in account.world.log.calls)]
        assert [address for address in seen if CANARY in address] == [], "the key stands in an address"
        assert CANARY not in caplog.text, "the key was logged"

    def test_the_description_offers_what_the_file_says(self) -> None:
        known, vendor = self.vendor.capabilities, self.vendor
        assert set(vendor.make) == {r.name for r in known.resources}
        assert {r.name for r in known.resources if r.listed and r.whole} <= set(vendor.drop)
        assert bool(vendor.bound) == any(writing.bindable for writing in known.writings)
        assert bool(vendor.no_pdf) == bool(vendor.huge_pdf) == bool(rendering(vendor))
        assert set(vendor.login) == {f.name for f in known.login}

    def test_a_test_is_left_out_only_because_the_file_says_so(self) -> None:
        said = {name for name, (_, values) in OVER.items() if not values(self.vendor)}
        for test, reason in self.left_out.items():
            missing = said & set(inspect.signature(getattr(Suite, test)).parameters)
            assert missing, test
            assert reason in {OVER[name][0] for name in missing}


def contract(vendor: Vendor) -> type[Suite]:
    """The suite for one system: ``TestContract = contract(Vendor(...))`` in the system's own file."""
    left_out = {}
    for name, test in inspect.getmembers(Suite, inspect.isfunction):
        lacking = [OVER[p][0] for p in inspect.signature(test).parameters if p in OVER and not OVER[p][1](vendor)]
        if name.startswith("test_") and lacking:
            left_out[name] = lacking[0]
    # ``None`` in place of an inherited test: pytest does not see it.
    return type("TestContract", (Suite,), {"vendor": vendor, "left_out": left_out, **dict.fromkeys(left_out)})


def _id(value: object) -> str:
    return "-".join(value) if isinstance(value, tuple) else str(value).replace(" ", "-")

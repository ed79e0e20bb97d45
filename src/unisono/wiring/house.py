"""One process: store, key ring, clock, ways to the vendors; and from rows of the store to a pair at work."""

from __future__ import annotations

import random
import secrets as chance
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, lru_cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from sqlalchemy import Connection

from unisono.connect import windows
from unisono.connect.clock import Clock, SystemClock
from unisono.connect.http import Door, Transport
from unisono.connect.outward import Outward
from unisono.connect.pace import allowance, narrowed
from unisono.connect.port import System
from unisono.connect.renewal import Keys
from unisono.engine.hands import Connected, Hands, Pairing, no_step
from unisono.engine.ids import Ids
from unisono.locale.say import say
from unisono.model.capability import Capabilities, PaceRule, signed_in
from unisono.model.record import Kind
from unisono.model.secret import Secret
from unisono.plan.flows.documents import Words
from unisono.policy.files import BadPolicy, parse_policy
from unisono.policy.schema import Policy
from unisono.store import pairs
from unisono.store.doors import Store
from unisono.store.pace import Limit, StorePace
from unisono.store.pairs import ConnectionRow, PairRow
from unisono.store.refused import StoreRefused
from unisono.store.secrets import KeyRing, get_secret
from unisono.systems.catalogue import load
from unisono.wiring.renewing import StoredKeys

Transports = Callable[[str], Transport | None]
"""System name -> the transport that reaches it; ``None`` is the network itself."""


def by_network(_: str) -> None:
    """Every system is reached over the network itself."""


@lru_cache(maxsize=256)
def stored_policy(text: str) -> Policy:
    """A stored policy, read once a text and not at every poll: it never changes, a new version has another text."""
    return parse_policy(text)


def no_guests(_: str) -> None:
    """Every system is one of the catalogue."""


@dataclass(kw_only=True)
class House:
    """Everything one process has: store, clock, chance, key ring, ways to the vendors. Made once, handed down."""

    store: Store
    ring: KeyRing
    folder: Path
    clock: Clock = field(default_factory=SystemClock)
    chance: random.Random = field(default_factory=chance.SystemRandom)
    transports: Transports = by_network
    loopback: bool = False
    """Simulators on this machine may be spoken to without TLS."""
    fan_out: int = 4
    ahead: bool | None = None
    """Whether a wave of creates is sent before the last one is settled; ``None``: where calls run in threads."""
    wave: int = 0
    """See ``engine.hands.Hands``."""
    unlimited: bool = False
    """Vendors' limits are not kept: only for measuring against simulators that have none."""
    sandboxes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """System name -> the settings that lead to a simulator of it: new connections go there, never to the vendor."""
    step: Callable[[str], None] = no_step
    outward: Outward = field(default_factory=Outward)
    """Mail and chat, for notices; how hosts that an administrator gives are looked up."""
    guests: Callable[[str], System | None] = no_guests
    """System name -> one that is not of the catalogue and is there already; ``None``: it is opened from its folder."""
    busy: set[str] = field(default_factory=set)
    """Lanes that a thread of this process beside the runner holds: their leases are not those of a dead process."""
    _systems: dict[str, tuple[str, System]] = field(default_factory=dict)
    _doors: list[Door] = field(default_factory=list)
    _paces: dict[tuple[str, str, str], StorePace] = field(default_factory=dict)
    _made: bool = False
    """Whether the folder for files is there."""

    def __post_init__(self) -> None:
        self.ids = Ids(self.clock, self.chance)

    def hands(self) -> Hands:
        """What the engine works with."""
        folder = self.folder / "files"
        if not self._made:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._made = True
        return Hands(
            store=self.store,
            clock=self.clock,
            ids=self.ids,
            words=words_in,
            files=folder,
            fan_out=self.fan_out,
            ahead=self.fan_out > 1 if self.ahead is None else self.ahead,
            wave=self.wave,
            step=self.step,
        )

    def system(self, row: ConnectionRow) -> System:
        """The system that speaks for a connection; kept as long as nothing about the connection changes."""
        mark = repr((row.login, row.settings, row.proven, row.state))
        kept = self._systems.get(row.id)
        if kept is None or kept[0] != mark:
            with self.store.read() as conn:
                login = self._login(conn, row)
            keys = StoredKeys(store=self.store, ring=self.ring, clock=self.clock, connection=row.id)
            kept = (mark, self.open_system(row.system, row.id, login, row.settings | row.proven, keys))
            self._systems[row.id] = kept
        return kept[1]

    def capabilities(self, name: str) -> Capabilities:
        """What a system can do, before anything is known of a connection."""
        guest = self.guests(name)
        return guest.capabilities if guest is not None else system_file(name)

    def close(self) -> None:
        """Hangs up on every vendor, and leaves written down what was called."""
        for door in self._doors:
            door.close()
        with suppress(StoreRefused):
            self.settle_paces()
        self._doors.clear()
        self._systems.clear()
        self._paces.clear()

    def pace_of(self, capabilities: Capabilities, scope: str, settings: Mapping[str, Any]) -> StorePace:
        """The pace of a connection: one for all its doors of this process, so that each knows what a look before it has called."""
        name = (capabilities.name, scope, str(settings.get("plan") or ""))
        limited = replace(capabilities, pace=()) if self.unlimited else capabilities
        return self._paces.setdefault(name, _pace(self.store, limited, scope, settings, self.clock))

    def settle_paces(self) -> None:
        """Writes down which calls were answered: before a pause, and at the end. A process that comes after it takes those that nobody wrote
        down for calls under way, and at a vendor of two calls a second waits a minute for them."""
        for pace in list(self._paces.values()):
            pace.flush()

    def forget_system(self, connection_id: str) -> None:
        """The next use of a connection reads its login anew."""
        self._systems.pop(connection_id, None)

    def door_to(self, name: str, scope: str, login: Mapping[str, str | Secret], settings: Mapping[str, Any]) -> Door:
        """A way to a vendor: to its own hosts, to those that settings of the connection name, at its pace."""
        capabilities = system_file(name)
        door = Door(
            transport=self.transports(name),
            hosts=_hosts(capabilities, settings),
            pace=self.pace_of(capabilities, scope, settings),
            clock=self.clock,
            secrets=tuple(v for v in login.values() if isinstance(v, Secret)),
            insecure_loopback=self.loopback,
            pinned={urlsplit(str(settings["api"])).hostname or "": str(settings["pinned"])} if settings.get("pinned") else {},
        )
        self._doors.append(door)
        return door

    def open_system(
        self,
        name: str,
        scope: str,
        login: Mapping[str, str | Secret],
        settings: Mapping[str, Any],
        keys: Keys | None = None,
    ) -> System:
        """A system from its login, without anything stored: also to test a key on the spot. ``keys`` renews those that are renewed."""
        guest = self.guests(name)
        if guest is not None:
            return guest
        capabilities = system_file(name)
        renewing = {"keys": keys} if any(one.issued for one in capabilities.login) else {}
        made: System = import_module(f"unisono.systems.{name}").make(
            self.door_to(name, scope, login, settings), login, capabilities, settings, **renewing
        )
        return made

    def _login(self, conn: Any, row: ConnectionRow) -> dict[str, str | Secret]:
        fields = signed_in(self.capabilities(row.system), str(row.settings.get("login") or "")).login
        return {f.name: get_secret(conn, self.ring, row.id, f.name) if f.secret else row.login.get(f.name, "") for f in fields}

    def pairing(self, pair_id: str, *, epoch: int = 0, run: str = "") -> Pairing:
        """A pair ready to work, under the policy in force now."""
        with self.store.read() as conn:
            row = pairs.get_pair(conn, pair_id)
            a, b = pairs.get_connection(conn, row.a), pairs.get_connection(conn, row.b)
        return self.paired(row, a, b, epoch=epoch, run=run)

    def paired(self, row: PairRow, a: ConnectionRow, b: ConnectionRow, *, epoch: int = 0, run: str = "") -> Pairing:
        """As ``pairing``, of rows that were read just now."""
        policy = stored_policy(row.policy)
        dated = policy.status.direction != "off"
        return Pairing(
            id=row.id,
            a=self._connected(a, policy, "a"),
            b=self._connected(b, policy, "b"),
            policy=policy,
            policy_version=row.policy_version,
            released_at=row.released_at,
            state=row.state,
            unsure=row.unsure,
            epoch=epoch,
            run=run,
            today=self._dated(row) if dated else None,
        )

    def _dated(self, row: PairRow) -> date:
        with self.store.read() as conn:
            return self.today(conn, row)

    def today(self, conn: Connection, row: PairRow) -> date:
        """The date on the calendar of a pair's firm: by it something is overdue or not."""
        zone = next((firm["time_zone"] for firm in pairs.firms(conn) if firm["id"] == row.firm), "UTC")
        return self.clock.now().astimezone(ZoneInfo(zone)).date()

    def _connected(self, row: ConnectionRow, policy: Policy, side: str) -> Connected:
        tag = policy.customers.from_crm.tag if side == "a" else ""
        # The watched tag is the policy's choice; the system lists the rows of that one.
        system = self.system(replace(row, settings=row.settings | {"tag": tag}) if tag else row)
        return Connected(
            id=row.id,
            system=system,
            resources=needed(system.capabilities, policy, side),
            allowance=allowance(system.capabilities.pace, str(row.settings.get("plan") or "")) or 0,
        )


def needed(capabilities: Capabilities, policy: Policy, side: str) -> tuple[str, ...]:
    """The vendor lists a policy needs of one side, customers first."""
    kinds: list[Kind] = ["party"] if policy.customers.direction != "off" else []
    if policy.customers.direction != "off" and policy.customers.contacts != "none":
        kinds.append("contact")
    if (
        policy.quotes.direction != "off"
        or policy.documents.direction != "off"
        or policy.status.direction != "off"
        or (side == "a" and "quote" in policy.customers.from_crm.when)
    ):
        kinds.append("quote")
    if side == "a" and "tag" in policy.customers.from_crm.when:
        kinds.append("tag")
    documents = policy.documents.direction != "off" or policy.status.direction != "off"
    if policy.invoices.direction != "off" or (side == "b" and documents):
        kinds.append("invoice")
    if policy.products.direction != "off":
        kinds.append("product")
    return tuple(r.name for r in capabilities.resources if r.listed and any(k in kinds for k in r.kinds))


def system_file(name: str) -> Capabilities:
    """What a system can do, from its folder; read once."""
    return _system_file(name)


@cache
def _system_file(name: str) -> Capabilities:
    return load(name)


def preset(crm: str, invoicing: str) -> str:
    """The TOML of a documented pair's preset, or of the product's own defaults where no preset exists."""
    path = files("unisono.policy").joinpath("presets", f"{crm}-{invoicing}.toml")
    return path.read_text(encoding="utf-8") if path.is_file() else "schema_version = 1\n"


def words_in(language: str) -> Words:
    """``say`` in one language."""
    return lambda code, values: say(code, values, language)


def add_pair(house: House, firm: str, name: str, a: str, b: str, policy_body: str) -> str:
    """A new pair between two stored connections; it only reads until it is released. Raises ``BadPolicy``."""
    policy = parse_policy(policy_body)
    pair_id = house.ids.new()
    with house.store.write() as conn:
        check_tag(conn, a, policy)
        pairs.add_pair(conn, pair_id, firm, name, a, b, policy_body, house.clock.now())
    return pair_id


def check_tag(conn: Connection, a: str, policy: Policy, but: str = "") -> None:
    """Of one connection one tag is watched, whichever pair asks for it. Raises ``BadPolicy``; ``but`` is the pair the policy is for."""
    tag = policy.customers.from_crm.tag
    for beside in pairs.pairs_on(conn, a):
        watched = parse_policy(beside.policy).customers.from_crm.tag
        if beside.a == a and beside.id != but and tag and watched and watched != tag:
            raise BadPolicy("tag-of-another-pair", tag=tag, watched=watched, pair=beside.name)


def pair_row(house: House, pair_id: str) -> PairRow:
    """A pair as stored."""
    with house.store.read() as conn:
        return pairs.get_pair(conn, pair_id)


def _hosts(capabilities: Capabilities, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The hosts of ``system.toml``, and those of addresses that set-up stored (a simulator, a self-hosted system)."""
    given = [urlsplit(str(settings[k])) for k in ("api", "portal", "login_server") if settings.get(k)]
    named = [(f"[{one.hostname}]" if ":" in (one.hostname or "") else one.hostname or "", one.port) for one in given]
    return (*capabilities.hosts, *(host if port in (None, 443) else f"{host}:{port}" for host, port in named))


def _pace(store: Store, capabilities: Capabilities, scope: str, settings: Mapping[str, Any], clock: Clock) -> StorePace:
    rules = narrowed(capabilities.pace, str(settings.get("plan") or ""))
    limits = tuple(_limit(f"{capabilities.name}:{rule.scope}:{scope}:{n}", rule) for n, rule in enumerate(rules))
    tightest = min((r.limit for r in rules if r.limit), default=0)
    return StorePace(store, limits, clock.now, block=max(1, min(10, tightest // 20)) if tightest else 100)


def _kept(state: str) -> windows.Kept:
    return windows.load(state) if state else windows.Kept()


def _limit(scope: str, rule: PaceRule) -> Limit:
    def taken(state: str, now: datetime, cost: int) -> tuple[str, datetime | None]:
        kept, at = windows.take(_kept(state), rule, now, cost)
        return windows.dump(kept), at

    def settled(state: str, now: datetime, cost: int, counted: bool) -> str:
        return windows.dump(windows.settled(_kept(state), rule, now, cost, counted=counted))

    def given_back(state: str, now: datetime, cost: int) -> str:
        # Calls that were never made are given back under every kind of window, as uncounted ones are where only successes count.
        return windows.dump(windows.settled(_kept(state), replace(rule, counts="success"), now, cost, counted=False))

    def blocked(state: str, now: datetime, until: datetime) -> str:
        return windows.dump(windows.blocked(_kept(state), rule, now, until))

    return Limit(scope, taken, settled, given_back, blocked)

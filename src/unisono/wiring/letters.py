"""What needs a person, and the words in which they are told: counts and the names of pairs, never anything about a customer.

A mail passes through servers of others and lies in mailboxes for years; who the customer is, the page says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from unisono.locale.say import say
from unisono.store import pairs
from unisono.store.notices import news_since
from unisono.store.standing import count_open
from unisono.wiring.house import House


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What waits at one pair. ``stops`` are what keeps it from working, by subject: the code of a sentence and the system's title."""

    pair: str
    name: str
    firm: str
    questions: int
    problems: int
    stops: Mapping[str, tuple[str, str]]
    new_questions: int = 0
    new_problems: int = 0

    @property
    def open(self) -> int:
        """Questions and records that wait for somebody."""
        return self.questions + self.problems

    @property
    def before(self) -> int:
        """Those that were told of already."""
        return max(0, self.open - self.new_questions - self.new_problems)


@dataclass(frozen=True, slots=True)
class Letter:
    """One message in somebody's language."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody who is told. ``firms`` are those they look after (``None``: all); ``own`` is where they change what they are told."""

    who: str
    firms: tuple[str, ...] | None
    language: str
    zone: str
    hour: int
    summary: bool = True
    urgent: bool = True
    again: bool = True
    own: str = ""


def needs(house: House, conn: Connection) -> list[Need]:
    """Every pair that is not put to rest, with what waits there now."""
    now, firms = house.clock.now(), {firm["id"]: firm["name"] for firm in pairs.firms(conn)}
    rows = [row for row in pairs.pairs(conn) if row.state != "removed"]
    # Where several pairs are called alike, the name of our own customer's firm tells them apart.
    alike = [row.name for row in rows]
    out = []
    for row in rows:
        questions, problems = count_open(conn, row.id, now)
        stops: dict[str, tuple[str, str]] = {}
        if row.state == "stopped":
            stops[f"stopped:{row.id}"] = ("stopped", "")
        for side in (row.a, row.b):
            connection = pairs.get_connection(conn, side)
            if connection.state == "refused":
                stops[f"refused:{row.id}:{side}"] = ("refused", house.capabilities(connection.system).title)
        name = f"{firms.get(row.firm, '')}: {row.name}" if alike.count(row.name) > 1 else row.name
        out.append(Need(pair=row.id, name=name, firm=row.firm, questions=questions, problems=problems, stops=stops))
    return out


def seen_by(reader: Reader, found: Sequence[Need]) -> list[Need]:
    """Those of the firms they look after."""
    return [need for need in found if reader.firms is None or need.firm in reader.firms]


def told_since(conn: Connection, found: Sequence[Need], since: str) -> list[Need]:
    """The same with what came up after an instant counted apart."""
    out = []
    for need in found:
        questions, problems = news_since(conn, need.pair, since)
        out.append(replace(need, new_questions=min(questions, need.questions), new_problems=min(problems, need.problems)))
    return out


def summary(reader: Reader, found: Sequence[Need], address: str) -> Letter | None:
    """One message about all that waits; ``None`` if nothing does, or nothing new and they do not want to hear of the rest again.

    What is new is told pair by pair, what was told before is a number and a way there.
    """
    waiting = [need for need in found if need.open or need.stops]
    new = sum(need.new_questions + need.new_problems for need in waiting)
    if not waiting or (not new and not reader.again):
        return None
    count = new or sum(need.open + len(need.stops) for need in waiting)
    parts = []
    for need in waiting:
        lines = [f"- {_line(reader, code, system)}" for code, system in need.stops.values()]
        lines += [f"- {_say(reader, 'notice.questions', count=need.new_questions)}"] if need.new_questions else []
        lines += [f"- {_say(reader, 'notice.problems', count=need.new_problems)}"] if need.new_problems else []
        lines += [f"- {_say(reader, 'notice.before', count=need.before)}"] if need.before else []
        page = "questions" if need.questions else "problems" if need.problems else ""
        parts.append("\n".join([need.name, *lines, *_way(address, f"/pairs/{need.pair}/{page}".rstrip("/"))]))
    subject = _say(reader, "notice.subject-new" if new else "notice.subject-before", count=count)
    return Letter(subject, "\n\n".join([*parts, _foot(reader, address, "notice.rhythm")]))


def urgent(reader: Reader, found: Sequence[Need], subject: str, address: str) -> Letter | None:
    """One message about something that stops a pair; ``None`` if it is over."""
    need = next((one for one in found if subject in one.stops), None)
    if need is None:
        return None
    code, system = need.stops[subject]
    if code == "refused":
        title = _say(reader, "notice.subject-refused", pair=need.name, system=system)
        text = _say(reader, "notice.refused", pair=need.name, system=system)
    else:
        title, text = _say(reader, "notice.subject-stopped", pair=need.name), _say(reader, "notice.stopped", pair=need.name)
    body = ["\n".join([text, *_way(address, f"/pairs/{need.pair}")]), _foot(reader, address, "notice.once")]
    return Letter(title, "\n\n".join(body))


def _line(reader: Reader, code: str, system: str) -> str:
    return _say(reader, "notice.refused-line", system=system) if code == "refused" else _say(reader, "notice.stopped-line")


def _foot(reader: Reader, address: str, rhythm: str) -> str:
    lines = [_say(reader, rhythm), _say(reader, "notice.no-names")]
    if address and reader.own:
        lines.append(_say(reader, "notice.change", link=address + reader.own))
    return "\n".join(lines)


def _way(address: str, path: str) -> list[str]:
    return [address + path] if address else []


def _say(reader: Reader, code: str, **values: object) -> str:
    return say(code, {name: str(value) for name, value in values.items()}, reader.language)

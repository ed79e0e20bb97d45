"""Words, numbers, dates and amounts of one reader: a language and a time zone, and the hour it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from unisono.locale.format import amount_text, date_text, duration_text, moment_text, number_text, size_text
from unisono.locale.languages import LANGUAGES
from unisono.locale.names import field_name, kind_name, name_of, value_name
from unisono.locale.say import say
from unisono.locale.tell import tell
from unisono.store.stamps import instant

_SLOT = re.compile("\x00(\\w+)\x00")


class _Slot(str):
    """A value that leaves a mark in the sentence, so that the sentence and its values are escaped apart."""

    name: str

    def __new__(cls, name: str, value: str) -> _Slot:
        made = super().__new__(cls, value)
        made.name = name
        return made

    def __format__(self, spec: str) -> str:
        return f"\x00{self.name}\x00"


@dataclass(frozen=True, slots=True)
class Speech:
    """``words`` is the way to every sentence of a page; a value may be ``Markup`` (a link, a bold name), anything else is escaped."""

    language: str
    zone: str
    now: Callable[[], datetime]

    def words(self, code: str, **values: object) -> Markup:
        """A sentence of the catalogue. A number is written as people write it, and chooses the plural as ``count``."""
        slots = {name: _Slot(name, str(value)) for name, value in values.items()}
        told = {name: self._shown(value) for name, value in values.items()}
        return Markup(_SLOT.sub(lambda found: str(told[found[1]]), str(escape(say(code, slots, self.language)))))  # noqa: S704  # every part is escaped

    def known(self, code: str) -> bool:
        """Whether there are words for a code."""
        return bool(name_of(code, self.language))

    def tell(
        self,
        code: str,
        values: Mapping[str, str],
        *,
        name: str = "",
        field: str = "",
        kind: str = "",
        titles: Mapping[str, str] | None = None,
        led: bool = True,
    ) -> str:
        """A reason, question or problem as people read it."""
        return tell(code, values, self.language, name=name, field=field, kind=kind, titles=titles, led=led)

    def number(self, value: int | Decimal) -> str:
        """``1.268``."""
        return number_text(value, self.language)

    def amount(self, value: Decimal, currency: str) -> str:
        """``1.234,56 EUR``."""
        return amount_text(value, currency, self.language)

    def size(self, count: int) -> str:
        """``1,5 MB``."""
        return size_text(count, self.language)

    def duration(self, seconds: float) -> str:
        """``3 h 20 min``."""
        return duration_text(seconds)

    def field(self, name: str, kind: str = "") -> str:
        """What a field is called."""
        return field_name(name, self.language, kind)

    def value(self, field: str, value: str) -> str:
        """A field's value as people write it."""
        return value_name(field, value, self.language)

    def kind(self, kind: str) -> str:
        """What a kind of record is called."""
        return kind_name(kind, self.language)

    def local(self, at: str | datetime) -> datetime:
        """An instant (also as a stamp) on the reader's clock."""
        return (instant(at) if isinstance(at, str) else at).astimezone(ZoneInfo(self.zone))

    def clock(self, at: str | datetime) -> str:
        """``14:32``."""
        return f"{self.local(at):%H:%M}"

    def day(self, at: str | datetime) -> str:
        """``24.11.2026``."""
        return date_text(self.local(at).date(), self.language)

    def moment(self, at: str | datetime) -> str:
        """``24.11.2026 14:32``, or nothing for nothing."""
        return moment_text(self.local(at), self.language, self.zone) if at else ""

    def when(self, at: str | datetime) -> Markup:
        """``heute um 14:32 Uhr``, ``gestern um ...``, else with the date."""
        if not at:
            return self.words("when.never")
        there, today = self.local(at), self.local(self.now()).date()
        days = (today - there.date()).days
        if days == 0:
            return self.words("when.today", time=f"{there:%H:%M}")
        if days in (1, -1):
            return self.words("when.yesterday" if days == 1 else "when.tomorrow", time=f"{there:%H:%M}")
        return self.words("when.date", date=date_text(there.date(), self.language), time=f"{there:%H:%M}")

    def ago(self, at: str | datetime) -> Markup:
        """``vor 2 Minuten``; what is over a day old says when."""
        passed = self.now() - self.local(at)
        if passed >= timedelta(days=1) or passed < -timedelta(minutes=1):
            return self.when(at)
        minutes = max(0, int(passed.total_seconds() // 60))
        if not minutes:
            return self.words("ago.now")
        return self.words("ago.minutes", count=minutes) if minutes < 60 else self.words("ago.hours", count=minutes // 60)

    def _shown(self, value: object) -> Markup:
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return escape(self.number(value))
        return escape(value)


def preferred(accepted: str, otherwise: str) -> str:
    """The language of a browser's ``Accept-Language`` that we have, the most wanted first."""
    wanted = []
    for place, part in enumerate(accepted[:500].split(",")):
        name, _, weight = part.strip().partition(";q=")
        try:
            wanted.append((-float(weight or 1), place, name[:2].casefold()))
        except ValueError:
            continue
    return next((name for _, _, name in sorted(wanted) if name in LANGUAGES), otherwise)

"""Telling people that they are needed: at once what stops a pair, everything else at most once a day, at their hour; else silence.

Each notice is written down before it is sent and claimed by whoever sends it. One whose sending began and never ended may have arrived and
is not sent again. One that certainly did not arrive is tried again, less and less often, and is a problem of the house meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from unisono.connect.mail import Mail, MailServer
from unisono.locale.languages import LANGUAGES
from unisono.model.errors import Refused, SystemFault, Unclear
from unisono.store import notices, pairs, people
from unisono.store.notices import Notice
from unisono.store.refused import StoreRefused
from unisono.wiring.hooks import public_address
from unisono.wiring.house import House
from unisono.wiring.letters import Letter, Need, Reader, needs, seen_by, summary, told_since, urgent
from unisono.wiring.posting import mail_server, mail_settings, to_channel, usual_wish

log = logging.getLogger("unisono.notices")
UNDER_WAY = timedelta(minutes=10)
"""No sending takes longer: one that began before then ended with its process."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=5), timedelta(hours=6)
THEIR_OWN = ("mail-recipient-refused", "mail-address")
"""Refusals that concern one recipient and not the way to all of them."""


@dataclass(frozen=True, slots=True)
class Told:
    """How one notice ended in this turn: sent, unclear, ready (tried again later), failed, quiet, dropped."""

    who: str
    kind: str
    state: str
    code: str = ""


@dataclass(kw_only=True)
class Notifier:
    """Sends what is due. ``address`` is where people find the pages, for links; empty: they are found from nowhere else."""

    house: House
    address: str = ""

    def turn(self) -> list[Told]:
        """Writes down what is to be told, sends what is due, and says how each ended. Raises nothing that a mail server can cause."""
        now = self.house.clock.now()
        mail = bool(mail_settings(self.house).host)
        with self.house.store.read() as conn:
            readers = self._readers(conn, mail=mail)
            found = needs(self.house, conn) if readers else []
            due = notices.due_notices(conn, now)
        if not readers and not due:
            return []
        with self.house.store.write() as conn:
            notices.left_behind(conn, now - UNDER_WAY)
            self._write_down(conn, readers, found, now)
            due = notices.due_notices(conn, now)
        return self._sent(due, {reader.who: reader for reader in readers}, now)

    def _readers(self, conn: Connection, *, mail: bool) -> list[Reader]:
        firms = pairs.firms(conn)
        known = notices.wishes(conn)
        out = []
        for user in people.users(conn) if mail else ():
            wanted = known.get(user.id) or usual_wish(user)
            theirs = [firm for firm in firms if user.firms is None or firm["id"] in user.firms]
            if user.state != "active" or not wanted.address or not theirs:
                continue
            out.append(
                Reader(
                    who=f"user:{user.id}",
                    firms=user.firms,
                    language=user.language if user.language in LANGUAGES else theirs[0]["language"],
                    zone=theirs[0]["time_zone"],
                    hour=wanted.hour,
                    summary=wanted.summary,
                    urgent=wanted.urgent,
                    again=wanted.again,
                    own="/me/notices",
                )
            )
        for one in notices.channels(conn):
            theirs = [firm for firm in firms if one.firm in ("", firm["id"])]
            if theirs:
                seen = (one.firm,) if one.firm else None
                zone = theirs[0]["time_zone"]
                out.append(Reader(who=f"channel:{one.id}", firms=seen, language=one.language, zone=zone, hour=one.hour, own="/notices"))
        return out

    def _write_down(self, conn: Connection, readers: Sequence[Reader], found: Sequence[Need], now: datetime) -> None:
        stops = [subject for need in found for subject in need.stops]
        notices.drop_subjects(conn, "urgent", stops)
        notices.drop_old(conn, now)
        for reader in readers:
            theirs = seen_by(reader, found)
            for need in theirs if reader.urgent else ():
                for subject in need.stops:
                    notices.make_notice(conn, self.house.ids.new(), reader.who, "urgent", subject, now)
            local = now.astimezone(ZoneInfo(reader.zone))
            if reader.summary and local.hour >= reader.hour:
                # Also when there is nothing to tell: the day's hour has passed, and what comes up now waits for the next.
                notices.make_notice(conn, self.house.ids.new(), reader.who, "summary", f"{local:%Y-%m-%d}", now)

    def _sent(self, due: Sequence[Notice], readers: dict[str, Reader], now: datetime) -> list[Told]:
        out: list[Told] = []
        down: set[str] = set()
        for one in due:
            way = one.who if one.who.startswith("channel:") else "user:"
            if way in down:
                continue
            with self.house.store.write() as conn:
                if not notices.claim(conn, one.id, now):
                    continue
                letter, state = self._letter(conn, one, readers.get(one.who), now)
                if letter is None:
                    notices.settle(conn, one.id, state, now)
                    if state == "quiet":
                        continue
            told = self._sent_one(one, letter, now) if letter is not None else Told(one.who, one.kind, state)
            if told.state == "ready":
                down.add(way)
            out.append(told)
        return out

    def _letter(self, conn: Connection, one: Notice, reader: Reader | None, now: datetime) -> tuple[Letter | None, str]:
        if reader is None:
            return None, "dropped"
        address = self.address
        theirs = seen_by(reader, needs(self.house, conn))
        if one.kind == "urgent":
            return (urgent(reader, theirs, one.subject, address), "dropped") if reader.urgent else (None, "dropped")
        if one.subject != f"{now.astimezone(ZoneInfo(reader.zone)):%Y-%m-%d}":
            # Late by a day: today's comes at its hour, and nobody gets two on one day.
            return None, "dropped"
        return summary(reader, told_since(conn, theirs, notices.last_told(conn, one.who)), address), "quiet"

    def _sent_one(self, one: Notice, letter: Letter, now: datetime) -> Told:
        try:
            self._hand_over(one, letter, now)
        except Unclear as fault:
            return self._settled(one, "unclear", fault, now)
        except (SystemFault, StoreRefused) as fault:
            if isinstance(fault, Refused) and fault.code in THEIR_OWN:
                return self._settled(one, "failed", fault, now)
            return self._put_off(one, fault, now)
        return self._settled(one, "sent", None, now)

    def _hand_over(self, one: Notice, letter: Letter, now: datetime) -> None:
        kind, _, key = one.who.partition(":")
        if kind == "channel":
            with self.house.store.read() as conn:
                room = next(found for found in notices.channels(conn) if found.id == key)
            to_channel(self.house, room, letter.subject, letter.body)
            return
        server: MailServer | None = mail_server(self.house)
        if server is None:
            raise Refused("mail-not-set", {})
        with self.house.store.read() as conn:
            user = people.get_user(conn, key)
            wanted = notices.wishes(conn).get(key) or usual_wish(user)
        self.house.outward.mail.send(server, Mail(id=one.id, to=wanted.address, subject=letter.subject, body=letter.body, at=now))

    def _settled(self, one: Notice, state: str, fault: SystemFault | None, now: datetime) -> Told:
        told = {} if fault is None else {"code": fault.code, **fault.values}
        with self.house.store.write() as conn:
            notices.settle(conn, one.id, state, now, told)
        return Told(one.who, one.kind, state, fault.code if fault is not None else "")

    def _put_off(self, one: Notice, fault: SystemFault | StoreRefused, now: datetime) -> Told:
        pause = min(FIRST_PAUSE * 2 ** min(one.tries, 10), LONGEST_PAUSE)
        way = one.who if one.who.startswith("channel:") else "user:"
        with self.house.store.write() as conn:
            notices.put_off(conn, one.id, now + pause, one.tries + 1, {"code": fault.code, **fault.values})
            notices.postpone(conn, way, now + pause)
        log.warning("a notice was not sent: %s", fault.code)
        return Told(one.who, one.kind, "ready", fault.code)


def notify(house: House) -> list[Told]:
    """One turn; links lead to the address that ``serve`` was last told, if it can be reached from elsewhere."""
    return Notifier(house=house, address=public_address(house)).turn()

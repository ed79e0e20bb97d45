"""The wire of Bitrix24: one address a method, everything POST and JSON; several commands of one purpose travel in one batch.

A ``Step`` is a method with its parameters. One step goes out as it is, several as a batch: a single call of the fifty the portal allows.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from unisono.connect.http import Door
from unisono.connect.renewal import Held, Keys, Renew
from unisono.connect.reply import Reply
from unisono.model.errors import BadAnswer, LoginRefused, NotThere, Refused, SystemFault, TryLater, Unclear
from unisono.model.fields import Row
from unisono.model.secret import Secret
from unisono.systems.bitrix24.steps import Step as Step
from unisono.systems.bitrix24.steps import command_line, only_reads, pointed_at

MOST = 50
"""Commands of one batch, and rows of one page."""
_KEY = re.compile(r"(?:(?P<user>[0-9]{1,9})/)?(?P<secret>[A-Za-z0-9_-]{8,128})/?\Z")
_TOO_LONG = "OPERATION_TIME_LIMIT"
_BUSY = ("QUERY_LIMIT_EXCEEDED", _TOO_LONG)
_LOGIN = frozenset(
    """no_auth_found expired_token invalid_token invalid_credentials insufficient_scope wrong_auth_type user_access_error
    allowed_only_intranet_user payment_required method_confirm_waiting application_not_found not_installed error_oauth wrong_client
    access_denied overload_limit portal_deleted error_method_not_found""".split()
)
"""Codes by which nothing can be done over this connection until a person acts."""
_GONE = ("not found", "is not found")
"""How the older methods say it, whose code is empty. Their English words have been stable for years; another wording is only a refusal."""
_PAUSE = 10.0
_LONGEST_REST = 600.0
"""Seconds over which the portal adds up the run time of a method."""
_STALE = ("expired_token", "invalid_token")
"""What the portal says of a token that is to be renewed. Nothing was performed."""
CONNECTOR = "unisono"
"""Our mark on calls of the local app: what carries it is left out of its own offline queue."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command came to: ``result``, or the vendor's ``error`` and ``words``. ``more`` is where the next page of a list begins,
    ``again`` the instant from which a method that ran too long may be called again."""

    result: Any = None
    error: str | None = None
    words: str = ""
    more: int = 0
    again: datetime | None = None

    @property
    def gone(self) -> bool:
        """Whether the vendor says, in its own words, that there is no such record."""
        return self.error is not None and (
            self.error in ("NOT_FOUND", "ERROR_NOT_FOUND", "OWNER_NOT_FOUND")
            or (self.error in ("", "0") and self.words.strip().rstrip(".").casefold().endswith(_GONE))
        )


@dataclass(frozen=True, slots=True)
class Answers:
    """All outcomes of one call by the names of its steps, and the vendor's clock. A step that was not performed has none."""

    of: Mapping[str, Outcome]
    at: datetime | None
    reply: Reply | None = field(default=None, repr=False)

    @property
    def raw(self) -> str:
        """The vendor's own words, cleaned of secrets: of use where something went wrong, and too dear to be made for every answer."""
        return self.reply.excerpt() if self.reply is not None else ""


class Hook:
    """Signing in with an incoming webhook: user and secret are part of each address."""

    renews = False

    def __init__(self, key: Secret) -> None:
        self._user, self._secret = _parted(key)

    def call(self, base: str, method: str) -> tuple[str, dict[str, Any], tuple[Secret, ...]]:
        """Address, what the body holds besides, and the secrets in the address."""
        if self._secret is None:
            raise LoginRefused("login-not-sendable", {"header": "webhook"})
        return f"{base}/{self._user}/{self._secret.reveal()}/{method}.json", {}, (self._secret,)

    def renew(self, _: Secret | None) -> None:
        """An address is not renewed."""


class App:
    """Signing in as a local app: each call carries a token that lives for an hour and is exchanged then."""

    renews = True

    def __init__(self, held: Held, keys: Keys | None, renew: Renew) -> None:
        self._held, self._keys, self._renew = held, keys, renew
        self._turn = threading.Lock()

    def call(self, base: str, method: str) -> tuple[str, dict[str, Any], tuple[Secret, ...]]:
        """Address, what the body holds besides, and the secrets in the address."""
        return f"{base}/{method}.json", {"auth": self._held["access_token"]}, ()

    def renew(self, used: Secret | None) -> None:
        """Another token than the one that was used; of several threads one asks. Raises ``LoginRefused``, ``TryLater``."""
        with self._turn:
            if self._held["access_token"] == used:
                self._held = self._keys.renewed(self._held, self._renew) if self._keys is not None else self._renew(self._held)


class Client:
    """One portal. ``base`` ends in ``/rest``."""

    def __init__(self, door: Door, login: Hook | App, base: str) -> None:
        self._door, self._login, self._base = door, login, base.rstrip("/")
        self._rests: dict[str, datetime] = {}
        """Methods that ran too long within a batch, until they may be called again: the door hears only of whole calls."""

    @property
    def is_app(self) -> bool:
        """Whether a local app speaks, which may register for notices, menu entries and triggers."""
        return self._login.renews

    def read(self, steps: Sequence[Step]) -> Answers:
        """Asks. A command's own error is an outcome for the caller to judge; an error of the whole call is raised.

        Raises ``LoginRefused``, ``BadAnswer``, ``Unavailable``, ``TryLater``.
        """
        return self._ask(steps, halt=False, write=False)

    def write(self, steps: Sequence[Step]) -> Answers:
        """Does. Raises ``Refused``, ``NotThere``, ``LoginRefused``, ``TryLater`` (all: nothing was done), ``Unclear``."""
        rest = self.resting(steps)
        if rest is not None:
            raise rest
        answers = self._ask(steps, halt=True, write=True)
        fault = fault_in(steps, answers, halted=True)
        if fault is not None:
            raise fault
        return answers

    def write_all(self, steps: Sequence[Step]) -> Answers:
        """Does what several records need, of which none stops the others: ``fault_in`` tells what became of each. Raises what ``write``
        raises if it is the whole call that failed."""
        return self._ask(steps, halt=False, write=True)

    def resting(self, steps: Sequence[Step]) -> TryLater | None:
        """Whether one of the methods that are needed may not be called yet. Begun all the same, a record would be made by halves."""
        now = self._door.now()
        for step in steps:
            until = self._rests.get(step.method, now)
            if until > now:
                return TryLater("rate-limited", _told(step), at=until)
        return None

    def _ask(self, steps: Sequence[Step], *, halt: bool, write: bool) -> Answers:
        if write and self.is_app:
            steps = [self._ours(step) for step in steps]
        single = len(steps) == 1
        method = steps[0].method if single else "batch"
        body = dict(steps[0].params) if single else {"halt": int(halt), "cmd": {step.name: command_line(step) for step in steps}}
        reply, used = self._sent(method, body, write)
        if self.is_app and _is_stale(reply):
            self._login.renew(used)
            reply, _ = self._sent(method, body, write)
        envelope = _envelope(reply, method, write=write)
        at = _hour(envelope) or reply.server_time()
        if single:
            return Answers({steps[0].name: _outcome(envelope, reply)}, at, reply)
        if "error" in envelope:
            raise fault_of(Step("batch", "batch"), _outcome(envelope, reply), reply.excerpt(), write=write)
        outcomes = _outcomes(envelope, steps, reply, self._door.now(), write=write)
        self._rests |= {step.method: one.again for step in steps if (one := outcomes.get(step.name)) is not None and one.again is not None}
        return Answers(outcomes, at, reply)

    def _sent(self, method: str, body: dict[str, Any], write: bool) -> tuple[Reply, Secret | None]:
        address, also, hidden = self._login.call(self._base, method)
        reply = self._door.call("POST", address, json=body | also, write=write, hide=hidden, too_many=_too_many, wait_at_429=_PAUSE)
        return reply, also.get("auth")

    def _ours(self, step: Step) -> Step:
        """A write that says whose it is, so that it does not come back out of our own offline queue."""
        if only_reads(step.method) or not step.method.startswith("crm."):
            return step
        return Step(step.name, step.method, {**step.params, "auth_connector": CONNECTOR})


def result_of(answers: Answers, step: Step) -> Any:
    """What a command brought that must have been performed. Raises ``LoginRefused``, ``TryLater``, ``BadAnswer``."""
    outcome = answers.of.get(step.name)
    if outcome is None:
        raise BadAnswer("no-envelope", _told(step), answers.raw)
    if outcome.error is not None:
        raise fault_of(step, outcome, answers.raw, write=False)
    return outcome.result


def fault_of(step: Step, outcome: Outcome, raw: str = "", *, write: bool) -> SystemFault:
    """The error that an outcome means, unless it is an answer in itself."""
    told = _told(step) | {"status": outcome.error or "", "answer": outcome.words[:300]}
    code = (outcome.error or "").upper()
    if code in _BUSY:
        return TryLater("rate-limited", told, raw, at=outcome.again)
    if code.casefold() in _LOGIN or (code in ("", "0") and outcome.words.casefold().startswith("access denied")):
        return LoginRefused("login-refused", told, raw)
    if not write:
        return BadAnswer("refused", told, raw)
    if outcome.gone:
        return NotThere("not-there", told, raw)
    if code in ("INTERNAL_SERVER_ERROR", "ERROR_UNEXPECTED_ANSWER"):
        return Unclear("server-error", told, raw)
    return Refused("refused", told, raw)


def fault_in(steps: Sequence[Step], answers: Answers, *, halted: bool) -> SystemFault | None:
    """What went wrong with the commands of one record: nothing, a definite refusal, or ``Unclear`` where some may have been performed.
    ``halted``: the portal stops at the first error, so what has no outcome after it was not performed.

    What points to a row that was not made is no word about the record: without that row there is nothing it could do.
    """
    fault: SystemFault | None = None
    lost: set[str] = set()
    done = False
    for step in steps:
        if lost & set(pointed_at(step.params)):
            lost.add(step.name)
            continue
        outcome = answers.of.get(step.name)
        if outcome is None:
            if fault is None or not halted:
                return Unclear("not-confirmed", _told(step), answers.raw)
        elif outcome.error is not None:
            lost.add(step.name)
            found = fault_of(step, outcome, answers.raw, write=True)
            # A batch is no transaction: what else of the record was performed stands. Looking decides, not repeating.
            done = done or (fault is not None and isinstance(found, Unclear))
            fault = fault or found
        else:
            done = done or not only_reads(step.method)
    if fault is None or not done or isinstance(fault, Unclear):
        return fault
    return Unclear("not-confirmed", {name: told for name, told in fault.values.items() if name != "status"}, answers.raw)


def _is_stale(reply: Reply) -> bool:
    """Whether the token is what the portal did not take, or may be, as its words were lost on the way; then nothing was performed."""
    refused = reply.status == 401
    if reply.is_html() or not (refused or b"_token" in reply.body[:500]):
        return False
    try:
        answer = reply.json()
    except SystemFault:
        return refused
    return isinstance(answer, dict) and answer.get("error") in _STALE


def _too_many(reply: Reply) -> bool:
    """503 is *too many* only if the vendor says so; then nothing was performed."""
    return reply.status == 503 and any(word.encode() in reply.body[:500] for word in _BUSY)


def _envelope(reply: Reply, method: str, *, write: bool) -> Row:
    """The body as the vendor makes it. It is read before the status is believed; a refused login is one without a word."""
    told = {"call": method, "status": str(reply.status), "operation": method, "system": "bitrix24"}
    if reply.status in (401, 403) and not _has_words(reply):
        raise LoginRefused("login-refused", told, reply.excerpt())
    if reply.is_html() and reply.status != 200:
        # A proxy's page, or a portal that was renamed: no word of the vendor's about any record.
        raise (Unclear if write else BadAnswer)("unexpected-status", told, reply.excerpt())
    if 300 <= reply.status < 400:
        raise (Unclear if write else BadAnswer)("unexpected-status", told, reply.excerpt())
    try:
        envelope = reply.json()
    except Refused as fault:
        raise Unclear(fault.code, fault.values, fault.raw) from None
    if not isinstance(envelope, dict) or not ("result" in envelope or "error" in envelope):
        raise (Unclear if write else BadAnswer)("no-envelope", told, reply.excerpt())
    if "error" in envelope and reply.status in (401, 403):
        raise LoginRefused("login-refused", told | {"answer": _outcome(envelope, reply).words}, reply.excerpt())
    if "error" not in envelope and reply.status != 200:
        raise (Unclear if write else BadAnswer)("unexpected-status", told, reply.excerpt())
    return envelope


def _has_words(reply: Reply) -> bool:
    """Whether an answer says in the vendor's own way what is wrong."""
    try:
        answer = None if reply.is_html() else reply.json()
    except SystemFault:
        return False
    return isinstance(answer, dict) and "error" in answer


def _outcome(envelope: Row, reply: Reply) -> Outcome:
    if "error" in envelope:
        return Outcome(None, _code(envelope["error"]), reply.redact(str(envelope.get("error_description") or ""))[:300])
    following = envelope.get("next")
    return Outcome(envelope["result"], more=following if isinstance(following, int) else 0)


def _outcomes(envelope: Row, steps: Sequence[Step], reply: Reply, now: datetime, *, write: bool) -> dict[str, Outcome]:
    inner = envelope["result"]
    members = {name: _map(inner.get(name)) if isinstance(inner, dict) else None for name in ("result", "result_error", "result_next")}
    results, errors = members["result"], members["result_error"]
    if results is None or errors is None:
        raise (Unclear if write else BadAnswer)("no-envelope", {"system": "bitrix24", "operation": "batch"}, reply.excerpt())
    following = members["result_next"] or {}
    outcomes: dict[str, Outcome] = {}
    for step in steps:
        if step.name in errors:
            one = errors[step.name]
            error = one if isinstance(one, dict) else {"error": one}
            words = reply.redact(str(error.get("error_description") or ""))[:300]
            code = _code(error.get("error"))
            again = now + _rest(envelope, [one.name for one in steps if one.method == step.method]) if code == _TOO_LONG else None
            outcomes[step.name] = Outcome(None, code, words, again=again)
        elif step.name in results:
            more = following.get(step.name)
            outcomes[step.name] = Outcome(results[step.name], more=more if isinstance(more, int) else 0)
    return outcomes


def _rest(envelope: Row, names: Sequence[str]) -> timedelta:
    """How long until the portal forgets some of a method's run time, as the last good answer to it in the same batch says; else a while."""
    hour = _hour(envelope)
    times = _map(envelope["result"].get("result_time")) or {}
    resets = [times[name].get("operating_reset_at") for name in names if isinstance(times.get(name), dict)]
    last = max((float(reset) for reset in resets if isinstance(reset, int | float)), default=0.0)
    wait = last - hour.timestamp() if last and hour is not None else 0.0
    return timedelta(seconds=min(wait, _LONGEST_REST) if wait > _PAUSE else _PAUSE)


def _map(value: object) -> dict[str, Any] | None:
    """A map of PHP: an empty one is written as a list."""
    return value if isinstance(value, dict) else {} if value == [] else None


def _code(value: object) -> str:
    return "" if value is None else str(value)


def _hour(envelope: Row) -> datetime | None:
    """The portal's clock as its answer tells it."""
    time = envelope.get("time")
    told = time.get("date_finish") if isinstance(time, dict) else None
    try:
        moment = datetime.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment is not None and moment.tzinfo else None


def _told(step: Step) -> dict[str, str]:
    return {"system": "bitrix24", "call": step.method, "operation": step.method}


def _parted(key: Secret) -> tuple[str, Secret | None]:
    """User and secret of what was pasted: the whole address, ``1/secret``, or the secret alone (then it is user 1's)."""
    given = key.reveal().strip()
    _, found, path = given.partition("/rest/")
    read = _KEY.match(path if found else given)
    return (read["user"] or "1", Secret(read["secret"])) if read else ("", None)

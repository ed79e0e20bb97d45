"""The demo's stage: both simulators, the pair between them, and the stories of the help article played on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from unisono.cli.terminal import counted, holder, language, sentence, words
from unisono.engine.answering import answer
from unisono.engine.outcome import Outcome
from unisono.locale.format import amount_text
from unisono.store import asking, intents, links
from unisono.store.asking import Problem, Question
from unisono.wiring import House
from unisono.wiring.running import Runner

TITLES = {"crm": "CentralStationCRM", "invoicing": "FastBill", "centralstation": "CentralStationCRM", "fastbill": "FastBill"}
"""What both sides are called in the demo."""
LOGIN = {"email": "buchhaltung@example.de", "api_key": "fb-0123456789abcdef"}
"""The invented login of the simulated FastBill."""


@dataclass
class Stage:
    """``crm`` and ``books`` are the simulators, whose acts are what a person does there; the rest is the product."""

    house: House
    crm: Any
    books: Any
    pair: str = ""
    runner: Runner | None = None
    run: str = ""
    """The released preview."""
    previewed: dict[str, Any] = field(default_factory=dict)
    """What it promised: counts and forecast, as ``preview --json`` tells them."""
    _told: set[str] = field(default_factory=set)

    def crm_act(self, what: str, /, **values: Any) -> int:
        """A person does something in the CRM."""
        return int(self.crm.act(what, values)["id"])

    def books_act(self, what: str, /, **values: Any) -> int:
        """A person does something in FastBill."""
        return int(self.books.act(what, values)["id"])

    def spoil(self) -> None:
        """The two records that are wrong on purpose, so that a visitor sees what the product says of such."""
        company = self.crm_act("create_company", name="Holzmanufaktur Dachs", email="werkstatt@holzmanufaktur-dachs.example")
        self.crm_act("tag", kind="company", id=company, name="FastBill")

    def sync(self) -> None:
        """Polls both sides and works until nothing is due. Raises what a system refused."""
        assert self.runner is not None
        for fault in self.runner.until_quiet(self.pair)[-1].faults.values():
            raise fault

    def answer_all(self) -> list[tuple[Question, str]]:
        """A person goes through the questions: alike customers are the same, where values differ the CRM's count."""
        said: list[tuple[Question, str]] = []
        for _ in range(12):
            open_ = self.questions()
            if not open_:
                break
            for question in open_:
                option = next(o for o in ("same", "crm", "different", "leave") if o in question.options)
                answer(self.house.pairing(self.pair), self.house.hands(), question.id, option, holder())
                said.append((question, option))
            self.sync()
        return said

    def questions(self) -> list[Question]:
        """What waits for a decision."""
        with self.house.store.read() as conn:
            return asking.questions(conn, self.pair)

    def problems(self) -> list[Problem]:
        """What cannot go across as it is."""
        with self.house.store.read() as conn:
            return asking.problems(conn, self.pair)

    def new_problems(self) -> list[Problem]:
        """Problems not shown yet."""
        fresh = [p for p in self.problems() if p.id not in self._told]
        self._told |= {p.id for p in fresh}
        return fresh

    def links(self) -> dict[str, int]:
        """Linked records by kind."""
        with self.house.store.read() as conn:
            return links.count_links(conn, self.pair)

    def journal(self) -> list[dict[str, object]]:
        """The writes, newest first."""
        with self.house.store.read() as conn:
            return intents.journal(conn, self.pair, limit=100_000)

    def written(self) -> dict[str, int]:
        """Writes done, by side."""
        out = {"CentralStationCRM": 0, "FastBill": 0}
        for entry in self.journal():
            if entry["state"] == "done":
                out["CentralStationCRM" if entry["side"] == "a" else "FastBill"] += 1
        return out

    def line_of(self, entry: dict[str, object]) -> str:
        """One write as a sentence."""
        reason: Any = entry["reason"]
        where = "CentralStationCRM" if entry["side"] == "a" else "FastBill"
        why = sentence(reason["code"], reason["values"], titles=TITLES)
        return f"{where}: {words('operation.' + str(entry['operation']))} {words('kind.' + str(entry['kind']))} {entry['label']} ({why})"


def count_sends(outcome: Outcome) -> int:
    """How many writes a dry run would do."""
    return sum(len(decision.sends) for decision, _ in outcome.decisions)


Story = Callable[[Stage], tuple[str, str, bool]]


def stories(stage: Stage) -> list[dict[str, Any]]:
    """Plays every story: what was before, what is after, and whether that is what the article promises."""
    out = []
    for name, story in STORIES.items():
        before, after, ok = story(stage)
        out.append({"story": name, "told": words(f"demo.story.{name}"), "before": before, "after": after, "ok": ok})
    return out


def _customers(stage: Stage, name: str) -> list[dict[str, Any]]:
    return [c for c in stage.books.truth()["customers"] if name in (c["ORGANIZATION"], c["LAST_NAME"])]


def _offer(stage: Stage) -> tuple[str, str, bool]:
    name = "Weinhandlung Rebstock GmbH"
    company = stage.crm_act(
        "create_company", name=name, street="Kelterweg 5", zip="55116", city="Mainz", country_code="DE", email="info@rebstock.example"
    )
    before = len(_customers(stage, name))
    stage.crm_act("create_deal", name="Schaufensterbeschriftung", value="1480.00", company_id=company)
    stage.crm_act("create_deal", name="Plakatwand ohne Preis", company_id=company)
    stage.sync()
    made = _customers(stage, name)
    estimates = [e for e in stage.books.truth()["estimates"] if made and e["CUSTOMER_ID"] == made[0]["CUSTOMER_ID"]]
    total = amount_text(Decimal(str(estimates[0]["SUB_TOTAL"])), "EUR", language()) if estimates else "-"
    return (
        counted("party", before),
        f"{counted('party', len(made))}, {counted('quote', len(estimates))} ({total})",
        bool(len(made) == 1 and len(estimates) == 1),
    )


def _tagged_company(stage: Stage) -> tuple[str, str, bool]:
    name = "Gasthof Lindenhof KG"
    company = stage.crm_act("create_company", name=name, street="Dorfplatz 1", zip="83700", city="Rottach-Egern", country_code="DE")
    for first, last in (("Veronika", "Huber"), ("Xaver", "Lindner")):
        stage.crm_act("create_person", first_name=first, name=last, company_id=company)
    stage.sync()
    before = len(_customers(stage, name))
    stage.crm_act("tag", kind="company", id=company, name="FastBill")
    stage.sync()
    made = _customers(stage, name)
    people = [c for c in stage.books.truth()["contacts"] if made and c["CUSTOMER_ID"] == made[0]["CUSTOMER_ID"]]
    told = f"{counted('party', len(made))}, {counted('contact', len(people))}"
    return counted("party", before), told, len(made) == 1 and len(people) == 2


def _tagged_person(stage: Stage) -> tuple[str, str, bool]:
    name = "Gasthof Lindenhof KG"
    company = next(c for c in stage.crm.truth()["companies"] if c["name"] == name)
    person = stage.crm_act("create_person", first_name="Leni", name="Obermaier", company_id=company["id"])
    before = len(_customers(stage, name))
    stage.crm_act("tag", kind="person", id=person, name="FastBill")
    stage.sync()
    made = _customers(stage, name)
    people = [c for c in stage.books.truth()["contacts"] if made and c["CUSTOMER_ID"] == made[0]["CUSTOMER_ID"]]
    told = f"{counted('party', len(made))}, {counted('contact', len(people))}"
    return counted("party", before), told, before == len(made) == 1 and any(p["LAST_NAME"] == "Obermaier" for p in people)


def _edit_in_crm(stage: Stage) -> tuple[str, str, bool]:
    name = "Weinhandlung Rebstock GmbH"
    company = next(c for c in stage.crm.truth()["companies"] if c["name"] == name)
    before = _customers(stage, name)[0]["ADDRESS"]
    stage.crm_act("set_address", kind="company", id=company["id"], street="Kelterweg 7a", zip="55116", city="Mainz", country_code="DE")
    stage.sync()
    after = _customers(stage, name)[0]["ADDRESS"]
    return str(before), str(after), after == "Kelterweg 7a"


def _edit_in_books(stage: Stage) -> tuple[str, str, bool]:
    name = "Gasthof Lindenhof KG"
    customer = _customers(stage, name)[0]
    company = next(c for c in stage.crm.truth()["companies"] if c["name"] == name)
    before = [e["name"] for e in company["emails"]]
    stage.books_act("edit_customer", id=customer["CUSTOMER_ID"], email="stube@lindenhof.example")
    stage.sync()
    company = next(c for c in stage.crm.truth()["companies"] if c["name"] == name)
    after = [e["name"] for e in company["emails"]]
    return ", ".join(before) or "-", ", ".join(after) or "-", after == ["stube@lindenhof.example"]


def _sent_offer(stage: Stage) -> tuple[str, str, bool]:
    customer = _customers(stage, "Weinhandlung Rebstock GmbH")[0]
    estimate = next(e for e in stage.books.truth()["estimates"] if e["CUSTOMER_ID"] == customer["CUSTOMER_ID"])
    deal = next(d for d in stage.crm.truth()["deals"] if d["name"] == "Schaufensterbeschriftung")
    before = len(_notes(stage, "deal_ids", deal["id"]))
    stage.books_act("set_estimate_state", id=estimate["ESTIMATE_ID"], state="b")
    stage.sync()
    notes = _notes(stage, "deal_ids", deal["id"])
    files = [a["filename"] for n in notes for a in n["attachments"]]
    return counted("note", before), f"{counted('note', len(notes))}, {', '.join(files)}", len(notes) == 1 and len(files) == 1


def _invoice(stage: Stage) -> tuple[str, str, bool]:
    customer = _customers(stage, "Gasthof Lindenhof KG")[0]
    company = next(c for c in stage.crm.truth()["companies"] if c["name"] == "Gasthof Lindenhof KG")
    before = len(_notes(stage, "company_ids", company["id"]))
    stage.books_act("create_invoice", customer_id=customer["CUSTOMER_ID"], items="Speisekarten, 30 Stück; 1; 186.00; 19", complete="1")
    stage.sync()
    notes = _notes(stage, "company_ids", company["id"])
    files = [a["filename"] for n in notes for a in n["attachments"]]
    return counted("note", before), f"{counted('note', len(notes))}, {', '.join(files)}", len(notes) == 1 and len(files) == 1


def _notes(stage: Stage, about: str, key: int) -> list[dict[str, Any]]:
    return [n for n in stage.crm.truth()["protocols"] if key in n.get(about, [])]


STORIES: dict[str, Story] = {
    "offer": _offer,
    "tagged-company": _tagged_company,
    "tagged-person": _tagged_person,
    "edit-in-crm": _edit_in_crm,
    "edit-in-books": _edit_in_books,
    "sent-offer": _sent_offer,
    "invoice": _invoice,
}
"""Name -> story: what the help article says happens, played and checked against both simulators' truth."""

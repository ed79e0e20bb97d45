"""The codes that the pages show: read off the templates and off the modules that declare navigation and say what was done."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from unisono.policy.possible import Code
from unisono.policy.settings import sections, settings
from unisono.policy.shortfalls import Way
from unisono.systems import catalogue

SOURCE = Path(catalogue.__file__).parents[1]
CHOSEN = ("direction", "wins", "when", "history", "basis", "quote_when", "invoice_when", "try_unverified", "made_as", "taken")
"""Questions of a policy whose answers have words of their own."""
CHOICES = ("company_preset", "person_preset", "address_type", "responsible", "tax_field", "language", "tag_field",
           "article_field", "files_as_comments", "deal_number", "deal_link", "triggers",
           "address", "contacts", "archived", "vat_free", "country", "unit", "quote_days")  # fmt: skip
"""What a system may ask for one connection."""
OFFERS = (
    *("company_preset.none", "person_preset.none", "responsible.none", "tag_field.none", "tax_field.RQ_VAT_ID", "tax_field.RQ_INN"),
    *("article_field.xmlId", "article_field.code", "files_as_comments.none", "files_as_comments.yes", "deal_number.none", "deal_link.none"),
    *("triggers.none", "triggers.yes"),
    *("language.de", "language.en", "language.pl", "language.ro"),
    *("address.billing", "address.shipping", "contacts.customers", "contacts.all"),
    *("archived.yes", "archived.no", "vat_free.yes", "vat_free.no"),
)
"""Values of it that have no name in the account itself."""
OPEN: dict[str, tuple[str, ...]] = {
    "adjust.": (*CHOICES, *OFFERS),
    "adjust-why.": CHOICES,
    "way-why.": ("incoming-webhook", "local-app"),
    "age.": ("not-due", "30", "60", "more"),
    "audit.": (
        *("access", "chat-added", "chat-removed", "code-made", "first-user", "invited", "joined", "locked", "mail-dropped", "mail-set"),
        *("oidc-dropped", "oidc-set", "removed", "session-ended", "sessions-ended", "unlocked"),
    ),
    "notice.test-": ("subject", "body"),
    "notices.kind-": ("summary", "urgent"),
    "notices.state-": ("ready", "sending", "sent", "unclear", "failed"),
    "signin.why-": ("provider", "no-role"),
    "users.": ("locked", "closed"),
    "users.kind-": ("browser", "program"),
    "users.role-": ("view", "act", "admin"),
    "users.trouble-": ("empty", "no-firm", "no-role", "oneself", "provider", "login-taken", "last-admin", "no-such-session"),
    "answer.": ("in-step", "stopped", "paused", "reading", "running"),
    "choice.": (
        *sorted({f"{one.family}.{choice}" for one in settings() for choice in one.choices if one.family in CHOSEN}),
        *("contacts.same", "yes", "no", "contacts.tagged", "contacts.all", "contacts.none"),
    ),
    "choice.direction.": ("both", "to-invoicing", "to-crm", "off"),
    "choice.wins.": ("ask", "crm", "invoicing"),
    "flaw.": tuple("too-long required needed no-such-value no-place bind no-place-here create-only not-written limit".split()),
    "follows.": ("unlink", "ignore", "mark", "delete"),
    "lacks.": get_args(Code),
    "wrong.": (),
    "section.": sections(),
    "section-why.": sections(),
    "set.": tuple(one.entry for one in settings()),
    "set-why.": tuple(one.entry for one in settings()),
    "asks.": ("same-customer", "conflict"),
    "demo.tale.": ("edit", "sent", "break"),
    "demo.tale-why.": ("edit", "sent", "break"),
    "demo.step.": ("to-invoicing", "to-crm", "pdf", "broken", "mended"),
    "demo.step-why.": ("to-invoicing", "to-crm", "pdf", "broken", "mended"),
    "demo.happened.": ("broken", "mended"),
    "customers.": ("all", "linked", "asked", "waiting", "left-out", "alone"),
    "customers.is-": ("linked", "asked", "waiting", "left-out"),
    "did.": ("create", "change", "touch", "delete", "note", "file", "refused", "void", "unclear"),
    "documents.": ("open", "overdue"),
    "check.": ("known", "missing", "doubtful"),
    "does.": ("same", "different", "later", "crm", "invoicing", "leave"),
    "kinds.": ("same-customer", "same-paper", "same-product", "conflict"),
    "language.": ("de", "en", "pl", "ro"),
    "login.": (),
    "nav.group-": ("setup", "house"),
    "preview.way-": get_args(Way),
    "preview.": ("create", "change", "delete"),
    "preview.does-": ("new", "changed", "linked", "equal", "doubtful", "left-out", "refused", "waiting", "gone"),
    "role.": ("view", "act", "admin"),
    "runs.name-": ("first", "preview", "undo"),
    "rule.": (),
    "said.": (),
    "setup.along-": ("all", "new"),
    "setup.side-": ("crm", "invoicing"),
    "sign.": ("same", "alike", "differs", "go", "apart"),
    "stand.": ("in-step", "stopped", "paused", "reading", "running"),
    "password.": ("short", "long", "common", "own-name", "not-twice", "empty", "code", "before"),
}
"""Codes put together from a beginning and a word, and the words there are. Those of ``said.`` are read off the pages' modules."""
_CALL = re.compile(r"""\bt\(\s*'([\w.-]+)'(\s*~)?""")
_ENTRY = re.compile(r"""Entry\(\s*code="([\w.-]+)\"""")
_GO = re.compile(r"""\bgo\([^\n]*?,\s*"([a-z-]+)\"""")


def codes(known: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Code and file. ``known`` are beginnings whose words are told elsewhere."""
    for path in sorted((SOURCE / "web" / "templates").rglob("*.html")):
        file = path.relative_to(SOURCE.parent).as_posix()
        for code, open_ in _CALL.findall(path.read_text(encoding="utf-8")):
            if not open_:
                yield code, file
            elif code in OPEN:
                yield from ((code + word, file) for word in OPEN[code])
            elif code not in known:
                raise AssertionError(f"{file}: which words may follow {code!r}? Say so in OPEN.")
    for path in sorted((SOURCE / "web" / "pages").glob("*.py")):
        file, text = path.relative_to(SOURCE.parent).as_posix(), path.read_text(encoding="utf-8")
        yield from ((code, file) for code in _ENTRY.findall(text))
        yield from ((f"said.{word}", file) for word in _GO.findall(text))

"""The page where a person plays the CRM's side: companies, people, deals and notes, with a form for every act."""

from __future__ import annotations

from collections.abc import Iterable

from werkzeug.wrappers import Request, Response

from unisono.sandbox.centralstation import parts
from unisono.sandbox.centralstation.book import Book
from unisono.sandbox.centralstation.fields import STATES
from unisono.sandbox.centralstation.protocols import data_of, files_of
from unisono.sandbox.centralstation.records import COMPANY_KIND, PERSON_KIND, Kind, company_ids, people_ids
from unisono.sandbox.kit import html, switch
from unisono.sandbox.kit.html import Safe, choice, details, field, form, heading, join, link, paragraph, table
from unisono.sandbox.kit.words import Words, language_of, say, words_in
from unisono.sandbox.kit.world import Row

SHOWN = 50
"""Rows of each list; the newest first."""


def page(book: Book, request: Request) -> Response:
    """The page; with ``?file=<id>`` the content of an attachment."""
    if uuid := request.args.get("file"):
        return _file(book, uuid)
    language = language_of(book.world, request)
    t = words_in(language)
    words = request.args.get("q", "").casefold()
    lists: dict[str, list[Row]] = {name: _newest(book, name, words) for name in ("companies", "people", "deals", "protocols")}
    named = (("companies", "companies"), ("people", "people"), ("deals", "offers"), ("protocols", "notes"))
    heads = {name: heading(f"{t(code)}: {len(book.rows(name))}", anchor=name) for name, code in named}
    now = say("time", language, time=book.now()[:16].replace("T", " "))
    reach = [t("id"), t("name"), t("address"), t("reach"), t("tags"), ""]
    people = [t("id"), t("name"), t("company"), t("reach"), t("tags"), ""]
    return html.page(
        "CentralStationCRM",
        paragraph(f"{book.setting('account')}. {now}", "note"),
        switch.panel(book.world, language),
        Safe(f"<nav>{''.join(link(f'#{name}', t(code)) for name, code in named)}</nav>"),
        Safe('<form method="get" action="/_sandbox/page">'),
        field("q", t("search"), request.args.get("q", ""), kind="search"),
        Safe(f'<button type="submit">{t("do-search")}</button></form>'),
        heads["companies"],
        _new_company(t),
        table(reach, [_company(book, row, t) for row in lists["companies"]], t("nothing")),
        heads["people"],
        _new_person(t),
        table(people, [_person(book, row, t) for row in lists["people"]], t("nothing")),
        heads["deals"],
        _new_deal(t),
        table([t("id"), t("name"), t("value"), t("state"), t("who"), ""], [_deal(book, row, t) for row in lists["deals"]], t("nothing")),
        heads["protocols"],
        table([t("id"), t("written"), t("note"), t("on"), t("files")], [_note(book, row) for row in lists["protocols"]], t("nothing")),
        request=request,
        world=book.world,
    )


def _newest(book: Book, name: str, words: str) -> list[Row]:
    rows = list(book.rows(name).values())[::-1]
    if words:
        rows = [row for row in rows if words in f"{row.get('first_name') or ''} {row['name'] or ''}".casefold()]
    return rows[:SHOWN]


def _file(book: Book, uuid: str) -> Response:
    found = book.by("attachments", "id", uuid)
    if not found:
        return Response("no such file\n", 404)
    response = Response(data_of(book, uuid), content_type="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=found[0]["filename"])
    return response


def _lines(values: Iterable[object]) -> Safe:
    return Safe("<br>".join(html.text(value) for value in values if value))


def _address(book: Book, row: Row) -> Row:
    rows = book.by("addrs", "attachable_id", row["id"])
    return rows[0] if rows else {}


def _first(book: Book, kind: Kind, row: Row, name: str) -> str:
    rows = parts.of(book, name, kind.type, row["id"])
    return str(rows[0]["name"]) if rows else ""


def _reach(book: Book, kind: Kind, row: Row) -> Safe:
    return _lines(part["name"] for name in ("emails", "tels", "homepages") for part in parts.of(book, name, kind.type, row["id"]))


def _tags(book: Book, word: str, row: Row, t: Words) -> Safe:
    rows = book.by("tags", "attachable_id", row["id"])
    gone = [
        form("untag", [_key("kind", word), _key("id", row["id"]), _key("name", tag["name"])], t("untag").format(tag=tag["name"]))
        for tag in rows
    ]
    new = form("tag", [_key("kind", word), _key("id", row["id"]), field("name", t("tag"), "FastBill")], t("do-tag"))
    return join(_lines(tag["name"] for tag in rows), details(t("change"), *gone, new))


def _key(name: str, value: object) -> Safe:
    return field(name, value=value, kind="hidden")


def _address_fields(row: Row, t: Words) -> list[Safe]:
    labels = (("street", t("street")), ("zip", t("zip")), ("city", t("city")), ("country_code", t("country")))
    return [field(name, label, row.get(name) or ("DE" if name == "country_code" else "")) for name, label in labels]


def _reach_fields(t: Words, book: Book | None = None, kind: Kind = COMPANY_KIND, row: Row | None = None) -> list[Safe]:
    def now(name: str) -> str:
        return _first(book, kind, row, name) if book and row else ""

    return [field("email", t("email"), now("emails")), field("phone", t("phone"), now("tels"))]


def _new_company(t: Words) -> Safe:
    fields = [field("name", t("name"), required=True), *_address_fields({}, t), *_reach_fields(t), field("tag", t("tag"))]
    return details(t("new-company"), form("create_company", fields, t("create")))


def _new_person(t: Words) -> Safe:
    fields = [field("first_name", t("first_name")), field("name", t("last_name"), required=True), field("company_id", t("company_id"))]
    fields += [field("position", t("position")), *_address_fields({}, t), *_reach_fields(t), field("tag", t("tag"))]
    merge = form("merge_people", [field("id", t("stays")), field("loser_ids", t("goes"))], t("merge"))
    return details(t("new-person"), form("create_person", fields, t("create")), merge)


def _new_deal(t: Words) -> Safe:
    fields = [field("name", t("title-of-it"), required=True), field("value", t("value"), "1200.00"), field("company_id", t("company_id"))]
    fields += [field("person_ids", t("person_ids")), field("target_date", t("target"), "2026-12-31", kind="date")]
    return details(t("new-offer"), form("create_deal", [*fields, field("description", t("description"))], t("create")))


def _company(book: Book, row: Row, t: Words) -> list[object]:
    addr = _address(book, row)
    edit = [_key("id", row["id"]), field("name", t("name"), row["name"], required=True), *_address_fields(addr, t)]
    edit += _reach_fields(t, book, COMPANY_KIND, row)
    return [
        row["id"],
        row["name"],
        _lines([addr.get("street"), f"{addr.get('zip') or ''} {addr.get('city') or ''}".strip(), addr.get("country_name")]),
        _reach(book, COMPANY_KIND, row),
        _tags(book, "company", row, t),
        details(t("edit"), form("edit_company", edit, t("save")), form("delete_company", [_key("id", row["id"])], t("delete"))),
    ]


def _person(book: Book, row: Row, t: Words) -> list[object]:
    addr = _address(book, row)
    edit = [_key("id", row["id"])]
    edit += [
        field(name, t(code), row[name] or "")
        for name, code in (("title", "salutation"), ("first_name", "first_name"), ("name", "last_name"))
    ]
    edit += [*_address_fields(addr, t), *_reach_fields(t, book, PERSON_KIND, row)]
    joined = form("add_person_to_company", [_key("person_id", row["id"]), field("company_id", t("company_id"))], t("add-to-company"))
    return [
        row["id"],
        " ".join(word for word in (row["title"], row["first_name"], row["name"]) if word),
        _lines(book.rows("companies")[key]["name"] for key in company_ids(book, row["id"])),
        _reach(book, PERSON_KIND, row),
        _tags(book, "person", row, t),
        details(t("edit"), form("edit_person", edit, t("save")), joined, form("delete_person", [_key("id", row["id"])], t("delete"))),
    ]


def _deal(book: Book, row: Row, t: Words) -> list[object]:
    company = book.get("companies", row["company_id"]) if row["company_id"] else None
    people = [book.rows("people")[key] for key in people_ids(book, row)]
    edit = [_key("id", row["id"]), field("name", t("title-of-it"), row["name"]), field("value", t("value"), row["value"])]
    edit += [choice("current_state", [(state, state) for state in STATES], t("state"), row["current_state"])]
    return [
        row["id"],
        _lines([row["name"], row["description"]]),
        f"{row['value_sum']} {row['currency']}",
        row["current_state"],
        _lines([company["name"] if company else "", *[person["name"] for person in people]]),
        details(t("edit"), form("edit_deal", edit, t("save")), form("delete_deal", [_key("id", row["id"])], t("delete"))),
    ]


def _note(book: Book, row: Row) -> list[object]:
    on = [book.rows("companies")[key]["name"] for key in row["company_ids"]]
    on += [book.rows("people")[key]["name"] for key in row["person_ids"]] + [book.rows("deals")[key]["name"] for key in row["deal_ids"]]
    files = [link(f"/_sandbox/page?file={file['id']}", f"{file['filename']} ({file['size']} bytes)") for file in files_of(book, row["id"])]
    return [row["id"], row["created_at"][:16].replace("T", " "), _lines([row["name"], row["content"]]), _lines(on), _lines(files)]

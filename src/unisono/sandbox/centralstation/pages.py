"""The page where a person plays the CRM's side: companies, people, deals and notes, with a form for every act."""

from __future__ import annotations

from collections.abc import Iterable

from werkzeug.wrappers import Request, Response

from unisono.sandbox.centralstation import parts
from unisono.sandbox.centralstation.book import Book
from unisono.sandbox.centralstation.fields import STATES
from unisono.sandbox.centralstation.protocols import data_of, files_of
from unisono.sandbox.centralstation.records import COMPANY_KIND, PERSON_KIND, Kind, company_ids, people_ids
from unisono.sandbox.kit import html
from unisono.sandbox.kit.html import Safe, choice, details, field, form, heading, join, link, paragraph, table
from unisono.sandbox.kit.world import Row

SHOWN = 50
"""Rows of each list; the newest first."""


def page(book: Book, request: Request) -> Response:
    """The page; with ``?file=<id>`` the content of an attachment."""
    if uuid := request.args.get("file"):
        return _file(book, uuid)
    words = request.args.get("q", "").casefold()
    companies = _newest(book, "companies", words)
    people = _newest(book, "people", words)
    deals = _newest(book, "deals", words)
    notes = _newest(book, "protocols", words)
    return html.page(
        "CentralStationCRM (sandbox)",
        paragraph(f"Account {book.setting('account')}, now {book.now()[:16].replace('T', ' ')}", "note"),
        Safe('<nav><a href="#firmen">Firmen</a><a href="#personen">Personen</a>'),
        Safe('<a href="#angebote">Angebote</a><a href="#notizen">Notizen</a></nav>'),
        Safe('<form method="get" action="/_sandbox/page">'),
        field("q", "Search in names", request.args.get("q", ""), kind="search"),
        Safe('<button type="submit">Search</button></form>'),
        heading(_head("Firmen (companies)", book, "companies"), anchor="firmen"),
        _new_company(),
        table(["Id", "Name", "Address", "E-mail, phone", "Tags", ""], [_company(book, row) for row in companies]),
        heading(_head("Personen (people)", book, "people"), anchor="personen"),
        _new_person(),
        table(["Id", "Name", "Company", "E-mail, phone", "Tags", ""], [_person(book, row) for row in people]),
        heading(_head("Angebote (deals)", book, "deals"), anchor="angebote"),
        _new_deal(),
        table(["Id", "Name", "Value", "State", "Company, people", ""], [_deal(book, row) for row in deals]),
        heading(_head("Notizen (notes)", book, "protocols"), anchor="notizen"),
        table(["Id", "Written", "Note", "On", "Files"], [_note(book, row) for row in notes]),
        request=request,
    )


def _head(words: str, book: Book, name: str) -> str:
    return f"{words}: {len(book.rows(name))}"


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


def _tags(book: Book, word: str, row: Row) -> Safe:
    rows = book.by("tags", "attachable_id", row["id"])
    gone = [form("untag", [_key("kind", word), _key("id", row["id"]), _key("name", tag["name"])], f"remove {tag['name']}") for tag in rows]
    new = form("tag", [_key("kind", word), _key("id", row["id"]), field("name", "tag", "FastBill")], "Tag")
    return join(_lines(tag["name"] for tag in rows), details("change", *gone, new))


def _key(name: str, value: object) -> Safe:
    return field(name, value=value, kind="hidden")


def _address_fields(row: Row) -> list[Safe]:
    labels = (("street", "Street"), ("zip", "Zip"), ("city", "City"), ("country_code", "Country"))
    return [field(name, label, row.get(name) or ("DE" if name == "country_code" else "")) for name, label in labels]


def _reach_fields(book: Book | None = None, kind: Kind = COMPANY_KIND, row: Row | None = None) -> list[Safe]:
    def now(name: str) -> str:
        return _first(book, kind, row, name) if book and row else ""

    return [field("email", "E-mail", now("emails")), field("phone", "Phone", now("tels"))]


def _new_company() -> Safe:
    fields = [field("name", "Name", required=True), *_address_fields({}), *_reach_fields(), field("tag", "Tag")]
    return details("New company", form("create_company", fields, "Create"))


def _new_person() -> Safe:
    fields = [field("first_name", "First name"), field("name", "Last name", required=True), field("company_id", "Company id")]
    fields += [field("position", "Position"), *_address_fields({}), *_reach_fields(), field("tag", "Tag")]
    merge = form("merge_people", [field("id", "Person that stays"), field("loser_ids", "Ids that go")], "Merge")
    return details("New person; merge", form("create_person", fields, "Create"), merge)


def _new_deal() -> Safe:
    fields = [field("name", "Title", required=True), field("value", "Value", "1200.00"), field("company_id", "Company id")]
    fields += [field("person_ids", "Person ids"), field("target_date", "Target date", "2026-12-31", kind="date")]
    return details("New offer", form("create_deal", [*fields, field("description", "Description")], "Create"))


def _company(book: Book, row: Row) -> list[object]:
    addr = _address(book, row)
    edit = [_key("id", row["id"]), field("name", "Name", row["name"], required=True), *_address_fields(addr)]
    edit += _reach_fields(book, COMPANY_KIND, row)
    return [
        row["id"],
        row["name"],
        _lines([addr.get("street"), f"{addr.get('zip') or ''} {addr.get('city') or ''}".strip(), addr.get("country_name")]),
        _reach(book, COMPANY_KIND, row),
        _tags(book, "company", row),
        details("edit", form("edit_company", edit, "Save"), form("delete_company", [_key("id", row["id"])], "Delete")),
    ]


def _person(book: Book, row: Row) -> list[object]:
    addr = _address(book, row)
    edit = [_key("id", row["id"])]
    edit += [
        field(name, label, row[name] or "") for name, label in (("title", "Title"), ("first_name", "First name"), ("name", "Last name"))
    ]
    edit += [*_address_fields(addr), *_reach_fields(book, PERSON_KIND, row)]
    joined = form("add_person_to_company", [_key("person_id", row["id"]), field("company_id", "Company id")], "Add to company")
    return [
        row["id"],
        " ".join(word for word in (row["title"], row["first_name"], row["name"]) if word),
        _lines(book.rows("companies")[key]["name"] for key in company_ids(book, row["id"])),
        _reach(book, PERSON_KIND, row),
        _tags(book, "person", row),
        details("edit", form("edit_person", edit, "Save"), joined, form("delete_person", [_key("id", row["id"])], "Delete")),
    ]


def _deal(book: Book, row: Row) -> list[object]:
    company = book.get("companies", row["company_id"]) if row["company_id"] else None
    people = [book.rows("people")[key] for key in people_ids(book, row)]
    edit = [_key("id", row["id"]), field("name", "Title", row["name"]), field("value", "Value", row["value"])]
    edit += [choice("current_state", [(state, state) for state in STATES], "State", row["current_state"])]
    return [
        row["id"],
        _lines([row["name"], row["description"]]),
        f"{row['value_sum']} {row['currency']}",
        row["current_state"],
        _lines([company["name"] if company else "", *[person["name"] for person in people]]),
        details("edit", form("edit_deal", edit, "Save"), form("delete_deal", [_key("id", row["id"])], "Delete")),
    ]


def _note(book: Book, row: Row) -> list[object]:
    on = [book.rows("companies")[key]["name"] for key in row["company_ids"]]
    on += [book.rows("people")[key]["name"] for key in row["person_ids"]] + [book.rows("deals")[key]["name"] for key in row["deal_ids"]]
    files = [link(f"/_sandbox/page?file={file['id']}", f"{file['filename']} ({file['size']} bytes)") for file in files_of(book, row["id"])]
    return [row["id"], row["created_at"][:16].replace("T", " "), _lines([row["name"], row["content"]]), _lines(on), _lines(files)]

"""What every portal has before anybody works in it: stages and other directories, pipelines, currencies, VAT rates, presets, users."""

from __future__ import annotations

from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.types import DEAL, INVOICE, Type
from unisono.sandbox.kit.world import Row

INVOICE_CATEGORY = 3
_BLUE, _GREEN, _RED = "#39A8EF", "#7BD500", "#FF5752"

# code, name, and for stages S (won) or F (lost, the second of them the vendor's "apology")
_STATUSES: dict[str, str] = {
    "STATUS": "NEW Neu; IN_PROCESS In Bearbeitung; PROCESSED Bearbeitet; CONVERTED Umgewandelt =S; JUNK Ungeeignet =F",
    "SOURCE": "CALL Anruf; EMAIL E-Mail; WEB Website; ADVERTISING Werbung; PARTNER Bestandskunde; RECOMMENDATION Empfehlung; "
    "TRADE_SHOW Messe; CALLBACK Rückruf; OTHER Sonstiges",
    "CONTACT_TYPE": "CLIENT Kunde; SUPPLIER Lieferant; PARTNER Partner; OTHER Sonstiges",
    "COMPANY_TYPE": "CUSTOMER Kunde; SUPPLIER Lieferant; COMPETITOR Wettbewerber; PARTNER Partner; OTHER Sonstiges",
    "EMPLOYEES": "EMPLOYEES_1 unter 50; EMPLOYEES_2 50 bis 250; EMPLOYEES_3 250 bis 500; EMPLOYEES_4 über 500",
    "INDUSTRY": "IT IT; MANUFACTURING Produktion; CONSULTING Beratung; FINANCE Finanzen; DELIVERY Logistik; OTHER Sonstiges",
    "DEAL_TYPE": "SALE Verkauf; COMPLEX Komplexer Verkauf; GOODS Waren; SERVICES Dienstleistungen; SERVICE Service",
    "DEAL_STAGE": "NEW Neu; PREPARATION Unterlagen; PREPAYMENT_INVOICE Vorkasse; EXECUTING In Arbeit; FINAL_INVOICE Schlussrechnung; "
    "WON Gewonnen =S; LOSE Verloren =F; APOLOGY Ursache klären =F",
    "QUOTE_STATUS": "DRAFT Entwurf; SENT Versendet; APPROVED Angenommen =S; DECLAINED Abgelehnt =F",
    f"SMART_INVOICE_STAGE_{INVOICE_CATEGORY}": "DT31_{c}:N Neu; DT31_{c}:S Versendet; DT31_{c}:P Bezahlt =S; DT31_{c}:D Nicht bezahlt =F",
    "HONORIFIC": "HNR_DE_1 Herr; HNR_DE_2 Frau",
    "CALL_LIST": "IN_WORK In Arbeit; SUCCESS Erfolg =S; WRONG_NUMBER Falsche Nummer =F",
}
PIPELINE = "NEW Neu; EXECUTING In Arbeit; WON Gewonnen =S; LOSE Verloren =F"
"""The stages of a further pipeline of deals."""

# id, name, country, for companies or persons, fields of requisites shown
_PRESETS = (
    (1, "Firma", 46, "COMPANY", "RQ_COMPANY_NAME RQ_COMPANY_FULL_NAME RQ_VAT_ID RQ_USRLE RQ_INN RQ_CONTACT RQ_EMAIL RQ_PHONE RQ_ADDR"),
    (3, "Person", 46, "PERSON", "RQ_FIRST_NAME RQ_LAST_NAME RQ_VAT_ID RQ_INN RQ_EMAIL RQ_PHONE RQ_ADDR"),
    (5, "Firma (Polen)", 110, "COMPANY", "RQ_COMPANY_NAME RQ_COMPANY_FULL_NAME RQ_INN RQ_REGON RQ_KRS RQ_ADDR"),
    (7, "Osoba (Polen)", 110, "PERSON", "RQ_FIRST_NAME RQ_LAST_NAME RQ_INN RQ_PESEL RQ_ADDR"),
)
COUNTRIES = ((1, "RU"), (4, "BY"), (6, "KZ"), (14, "UA"), (34, "BR"), (46, "DE"), (77, "CO"), (110, "PL"), (122, "US"), (132, "FR"))
"""The countries that have presets. Romania is not among them."""

_CURRENCIES = (("EUR", "1.0000", "Euro"), ("USD", "0.9200", "US-Dollar"), ("PLN", "0.2300", "Złoty"), ("RON", "0.2000", "Leu"),
               ("CHF", "1.0500", "Schweizer Franken"))  # fmt: skip
_VATS = ((1, "Ohne MwSt.", None), (3, "19 %", 19), (5, "7 %", 7), (7, "0 %", 0))
_USERS: tuple[tuple[int, str, str, str, str, bool, list[int], str], ...] = (
    (1, "Nora", "Feldkamp", "nora.feldkamp", "Inhaberin", True, [1], "employee"),
    (5, "Arne", "Sievers", "arne.sievers", "Vertrieb", True, [3], "employee"),
    (7, "Milena", "Brandt", "milena.brandt", "Buchhaltung", True, [5], "employee"),
    (9, "Tilo", "Kranz", "tilo.kranz", "Vertrieb", False, [3], "employee"),
    (11, "Kay", "Extern", "kay", "Agentur", True, [], "extranet"),
)
_DEPARTMENTS = ((1, "Schilderhaus", None, 1), (3, "Vertrieb", 1, 5), (5, "Buchhaltung", 1, 7))


def furnish(portal: Portal) -> None:
    """Put the directories into a portal that has none."""
    if portal.table("statuses"):
        return
    for entity, text in _STATUSES.items():
        add_statuses(portal, entity, text, category=INVOICE_CATEGORY if entity.startswith("SMART") else None)
    portal.add("categories", category_row(0, DEAL, "Allgemein", 300, default=True))
    portal.add("categories", category_row(INVOICE_CATEGORY, INVOICE, "Allgemein", 500, default=True))
    portal.world.storage.counters["categories"] = 4
    for number, name, country, who, fields in _PRESETS:
        xml_id = f"#CRM_REQUISITE_PRESET_DEF_{dict(COUNTRIES)[country]}_{who}#"
        row: Row = {"ID": number, "ENTITY_TYPE_ID": 8, "COUNTRY_ID": country, "NAME": name, "XML_ID": xml_id, "ACTIVE": "Y"}
        portal.add("presets", row | {"SORT": 500 + number, "FIELDS": fields.split(), "FOR": who})
    for sort, (code, amount, name) in enumerate(_CURRENCIES, 1):
        portal.add("currencies", {"ID": sort, "CURRENCY": code, "AMOUNT": amount, "FULL_NAME": name, "SORT": sort * 100})
    for number, name, rate in _VATS:
        portal.add("vats", {"ID": number, "NAME": name, "RATE": rate, "SORT": number * 100, "ACTIVE": "Y"})
    for number, first, last, mail, post, active, departments, kind in _USERS:
        row = {"ID": number, "NAME": first, "LAST_NAME": last, "EMAIL": f"{mail}@schilderhaus.example", "WORK_POSITION": post}
        portal.add("users", row | {"ACTIVE": active, "UF_DEPARTMENT": departments, "USER_TYPE": kind})
    for number, name, parent, head in _DEPARTMENTS:
        portal.add("departments", {"ID": number, "NAME": name, "SORT": 500, "PARENT": parent, "UF_HEAD": head})
    portal.add("stores", {"ID": 1, "TITLE": "Lager Werkstatt", "ACTIVE": "Y", "ADDRESS": "Mühlenweg 1, 48143 Münster", "SORT": 100})
    portal.add("price_types", {"ID": 1, "NAME": "BASE", "BASE": "Y"})
    _drives(portal)


def _drives(portal: Portal) -> None:
    for storage, name, entity, owner, root in (
        (13, "Nora Feldkamp", "user", 1, 21),
        (17, "Gemeinsame Dokumente", "common", "shared_files_s1", 23),
    ):
        row = {"ID": storage, "NAME": name, "CODE": None, "MODULE_ID": "disk", "ENTITY_TYPE": entity, "ENTITY_ID": str(owner)}
        portal.add("storages", row | {"ROOT_OBJECT_ID": root})
        portal.add("disk", {"ID": root, "NAME": name, "TYPE": "folder", "STORAGE_ID": storage, "PARENT_ID": 0})


def category_row(number: int, kind: Type, name: str, sort: int, *, default: bool = False) -> Row:
    """A pipeline. Ids of pipelines are unique across types here, save that the first of deals is 0."""
    return {"ID": number, "ENTITY_TYPE_ID": kind.id, "NAME": name, "SORT": sort, "IS_DEFAULT": "Y" if default else "N"}


def add_statuses(portal: Portal, entity: str, text: str, *, category: int | None = None) -> None:
    """Add entries to a directory from ``CODE name =S; ...``; ``{c}`` in a code is the pipeline."""
    lost = 0
    for position, entry in enumerate(text.split("; "), 1):
        entry, _, semantics = entry.strip().partition(" =")
        code, _, name = entry.partition(" ")
        lost += semantics == "F"
        row: Row = {"ENTITY_ID": entity, "STATUS_ID": code.replace("{c}", str(category)), "NAME": name, "NAME_INIT": name}
        row |= {"SORT": position * 10, "SYSTEM": "Y" if semantics or position == 1 else "N", "CATEGORY_ID": category}
        color = {"S": _GREEN, "F": _RED}.get(semantics, _BLUE)
        extra = {"S": "success", "F": "failure" if lost == 1 else "apology"}.get(semantics, "process")
        portal.add("statuses", row | {"COLOR": color, "SEMANTICS": semantics or None, "EXTRA": extra})


def add_pipeline(portal: Portal, name: str, stages: str = PIPELINE) -> int:
    """A further pipeline of deals with stages of its own (``C5:NEW``); its id."""
    number = portal.world.storage.next_id("categories", 5)
    portal.add("categories", category_row(number, DEAL, name, 200))
    text = "; ".join(f"C{number}:{entry}" for entry in stages.split("; "))
    add_statuses(portal, f"DEAL_STAGE_{number}", text, category=number)
    return number


def stage_directory(kind: Type, category: int | None) -> str:
    """The directory of a type's stages in a pipeline."""
    if kind is INVOICE:
        return f"SMART_INVOICE_STAGE_{category}"
    return f"DEAL_STAGE_{category}" if kind is DEAL and category else kind.stages


def stages(portal: Portal, kind: Type, category: int | None) -> list[Row]:
    """The stages in their order."""
    return sorted(portal.by("statuses", "ENTITY_ID", stage_directory(kind, category)), key=lambda row: (row["SORT"], row["ID"]))


def default_category(portal: Portal, kind: Type) -> int | None:
    """The pipeline a record gets that names none; ``None`` for types without pipelines."""
    if kind not in (DEAL, INVOICE):
        return None
    found = [row for row in portal.table("categories").values() if row["ENTITY_TYPE_ID"] == kind.id]
    return next((row["ID"] for row in found if row["IS_DEFAULT"] == "Y"), 0)


def has_category(portal: Portal, kind: Type, number: int) -> bool:
    """Whether a type has this pipeline."""
    row = portal.get("categories", number)
    return row is not None and row["ENTITY_TYPE_ID"] == kind.id


def known_code(portal: Portal, directory: str, code: str) -> bool:
    """Whether a directory has a code."""
    return any(row["STATUS_ID"] == code for row in portal.by("statuses", "ENTITY_ID", directory))

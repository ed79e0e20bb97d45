"""An invented small German firm, the one that has its customers in Bitrix24, too: contacts, a price list, documents in every state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from unisono.sandbox.kit.world import World
from unisono.sandbox.lexoffice import acts
from unisono.sandbox.lexoffice.account import Account

# days ago; name; supplement; street; zip; city; country; e-mail; phone; VAT id; contact person: salutation, first, last name, e-mail
_COMPANIES = """
402; Bäckerei Sonnenkorn GmbH; ; Mühlenweg 4; 48143; Münster; DE; info@sonnenkorn.example; +49 251 5550114; DE811112233; Frau; Heike; Sonnenkorn; h.sonnenkorn@sonnenkorn.example
380; Müller & Söhne Bedachungen GmbH & Co. KG; Bauhof; Firstallee 17; 33602; Bielefeld; DE; info@mueso.example; +49 521 5550172; ; Herr; Jörg; Müller; j.mueller@mueso.example
350; Tischlerei Altmann; ; Hobelgasse 9; 49074; Osnabrück; DE; werkstatt@tischlerei-altmann.example; 0541 5550133; ; ; ; ;
333; Autohaus Nordlicht GmbH; ; Polarstraße 88; 24103; Kiel; DE; verkauf@autohaus-nordlicht.example; +49 431 5550180; DE811112268; Frau; Silke; Brodersen; s.brodersen@autohaus-nordlicht.example
290; Brauhaus Drei Kronen GmbH & Co. KG; ; Kronenstraße 3; 96047; Bamberg; DE; post@dreikronen.example; +49 951 5550167; DE811112284; Herr; Korbinian; Weiß; k.weiss@dreikronen.example
241; Hotel Seeschwalbe GmbH; ; Strandpromenade 6; 18609; Binz; DE; rezeption@seeschwalbe.example; +49 38393 55502; ; Frau; Dörte; Ahrens; d.ahrens@seeschwalbe.example
203; Grafikbüro Schönschrift; ; Brunnengasse 14; 1070; Wien; AT; atelier@schoenschrift.example; +43 1 5550299; ATU55501299; Frau; Theresa; Lechner; theresa@schoenschrift.example
166; Drukarnia Żuraw Sp. z o.o.; ; ul. Długa 12; 80-831; Gdańsk; PL; biuro@zuraw-druk.example; +48 58 5550177; PL5550177004; Frau; Małgorzata; Wójcik; m.wojcik@zuraw-druk.example
121; Atelier Brâncuș SRL; ; Strada Lungă 7; 500035; Brașov; RO; contact@brancus.example; +40 268 555018; RO5550180; Herr; Ștefan; Ionescu; stefan@brancus.example
77; Kita Wirbelwind gGmbH; ; Spielplatz 7; 18055; Rostock; DE; leitung@kita-wirbelwind.example; 0381 5550166; ; Frau; Jana; Wirbel; j.wirbel@kita-wirbelwind.example
12; Stadtwerke Neuenfelde; Vergabestelle; Wasserweg 1; 26125; Oldenburg; DE; vergabe@sw-neuenfelde.example; ; ; ; ; ;
"""  # noqa: E501
# days ago; salutation; first, last name; street; zip; city; e-mail; mobile
_PEOPLE = """
310; Frau; Petra; Köhler; Lindenallee 23; 53113; Bonn; petra.koehler@post.example; 0171 5550143
155; Herr; Günther; Weißenfels; Am Anger 11; 99084; Erfurt; g.weissenfels@post.example;
40; Frau; Agnieszka; Nowak-Schäfer; Oderstraße 60; 15230; Frankfurt (Oder); nowak.schaefer@post.example; 0160 5550178
"""
# type; number; title; unit; net price; tax
_ARTICLES = """
PRODUCT; SCHILD-M; Firmenschild Acryl, mittel; Stück; 340,00; 19
PRODUCT; BANNER-3; Banner PVC 300 x 100; Stück; 129,00; 19
PRODUCT; BUCH-1; Schriften und Schilder (Buch); Stück; 23,27; 7
SERVICE; STD; Gestaltung; Stunde; 85,00; 19
"""
# kind; company or last name; days ago; what became of it; title; items ("|" between them)
_PAPERS = """
quotation; Bäckerei Sonnenkorn GmbH; 9; open; Schaufensterbeschriftung; Folienplot, montiert; 6,5; 79,00; 19|Gestaltung; 3; 85,00; 19
quotation; Müller & Söhne Bedachungen GmbH & Co. KG; 24; accept; Fahrzeugbeschriftung; Beschriftung Transporter; 3; 640,00; 19
quotation; Hotel Seeschwalbe GmbH; 47; reject; Leitsystem; Türschild gefräst; 48; 27,90; 19
quotation; Köhler; 2; draft; Praxisschild; Praxisschild; 1; 410,00; 19
order_confirmation; Brauhaus Drei Kronen GmbH & Co. KG; 20; draft; Fassadenschriftzug; Schriftzug, beleuchtet; 1; 6722,68; 19
delivery_note; Brauhaus Drei Kronen GmbH & Co. KG; 8; draft; Fassadenschriftzug; Schriftzug, beleuchtet; 1; 6722,68; 19
invoice; Autohaus Nordlicht GmbH; 58; pay; Werbebanner; Banner PVC 300 x 100; 2; 129,00; 19
invoice; Tischlerei Altmann; 44; pay; Werkstattschild; Firmenschild Eiche; 1; 780,50; 19|Schriften und Schilder (Buch); 1; 23,27; 7
invoice; Kita Wirbelwind gGmbH; 31; open; Gruppenschilder; Gruppenschild; 5; 64,00; 19
invoice; Autohaus Nordlicht GmbH; 27; part; Bauzaunbanner; Mesh-Banner 340 x 173; 25; 44,90; 19
invoice; Weißenfels; 6; open; Hausnummer; Hausnummer Emaille; 1; 118,00; 19
invoice; Bäckerei Sonnenkorn GmbH; 5; void; Tütendruck; Brötchentüten, 10.000 Stück; 1; 612,50; 19
invoice; Nowak-Schäfer; 1; draft; Klingelschild; Klingelschild Messing; 1; 89,90; 19
credit_note; Autohaus Nordlicht GmbH; 4; open; Rechnungskorrektur; Mesh-Banner, fehlerhaft; 2; 44,90; 19
down_payment_invoice; Brauhaus Drei Kronen GmbH & Co. KG; 18; open; Abschlag Fassadenschriftzug; Abschlag; 1; 2000,00; 19
"""


def seed(world: World, firm: str = "de") -> None:
    """Fill the account with a past: the vendor's clock goes back for each record, and stands at its present again afterwards.

    Only the German firm exists; another ``firm`` raises ``ValueError``.
    """
    if firm != "de":
        raise ValueError(f"there is no firm {firm!r} for lexoffice, only 'de'")
    account = Account(world)
    made: dict[str, str] = {}
    for days, name, supplement, street, zip_, city, country, email, phone, vat_id, salutation, first, last, mail in _rows(_COMPANIES, 14):
        values = {"name": name, "supplement": supplement, "street": street, "zip": zip_, "city": city, "country": country, "email": email}
        values |= {"phone": phone, "vat_id": vat_id} if phone else {}
        if last:
            values |= {"contact_salutation": salutation, "contact_first_name": first, "contact_last_name": last, "contact_email": mail}
        made[name] = _act(account, days, "create_contact", **values)
    for days, salutation, first, last, street, zip_, city, email, mobile in _rows(_PEOPLE, 9):
        values = {"salutation": salutation, "first_name": first, "last_name": last, "street": street, "zip": zip_, "city": city}
        made[last] = _act(account, days, "create_contact", **values, country="DE", email=email, mobile=mobile)
    vendor = {"name": "Folien-Großhandel Ahorn GmbH", "role": "vendor", "street": "Rollenweg 3", "zip": "28195", "city": "Bremen"}
    made["vendor"] = _act(account, "300", "create_contact", **vendor)
    _act(account, "10", "edit_contact", id=made["Stadtwerke Neuenfelde"], buyer_reference="03403-12345-19", vendor_number="70815")
    for kind, number, title, unit, net, tax in _rows(_ARTICLES, 6):
        _act(account, "360", "create_article", type=kind, number=number, title=title, unit=unit, net=net, tax=tax)
    for kind, who, days, fate, title, items in _rows(_PAPERS, 6):
        _paper(account, kind, made[who], days, fate, title=title, items=items.replace("|", "\n"))
    bought = {"type": "purchaseinvoice", "number": "RG-2210", "amount": "416,50", "contact_id": made["vendor"]}
    _act(account, "15", "create_voucher", **bought)
    account.pending.clear()


def _paper(account: Account, kind: str, contact: str, days: str, fate: str, **values: str) -> None:
    key = _act(account, days, f"create_{kind}", contact_id=contact, finalize="no" if fate == "draft" else "yes", **values)
    if fate == "part":
        _act(account, str(int(days) - 1), "pay", id=key, amount="500,00")
    elif fate not in ("draft", "open"):
        _act(account, str(int(days) - 1), fate, id=key)


def _act(account: Account, days: str, what: str, /, **values: str) -> str:
    with _past(account.world, int(days)):
        return str(acts.act(account, what, values)["id"])


@contextmanager
def _past(world: World, days: int) -> Iterator[None]:
    seconds = days * 86_400 + days % 7 * 3_600
    world.clock.advance(-seconds)
    yield
    world.clock.advance(seconds)


def _rows(table: str, width: int) -> list[list[str]]:
    """The lines of a table above in so many columns; the last one keeps its own semicolons (items)."""
    return [[cell.strip() for cell in line.split(";", width - 1)] for line in table.splitlines() if line.strip()]

"""An invented small German firm: an agency with some twenty customers, a few offers and invoices in every state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from unisono.sandbox.fastbill import acts, customers
from unisono.sandbox.fastbill.account import Account
from unisono.sandbox.kit.world import World

# number; days ago that it was made; organization; salutation, first, last name; street; zip; city; e-mail; phone
_BUSINESS = """
1001; 412; Bäckerei Sonnenkorn GmbH; mrs; Heike; Sonnenkorn; Mühlenweg 4; 48143; Münster; info@sonnenkorn.example; +49 251 5550114
1002; 398; Müller & Söhne Bedachungen GmbH & Co. KG; mr; Jörg; Müller; Firstallee 17; 33602; Bielefeld; info@mueso.example; +49 521 5550172
1003; 377; Tischlerei Altmann; mr; Rolf; Altmann; Hobelgasse 9; 49074; Osnabrück; werkstatt@tischlerei-altmann.example; 0541 5550133
1004; 365; Autohaus Nordlicht GmbH; mrs; Silke; Brodersen; Polarstraße 88; 24103; Kiel; verkauf@autohaus-nordlicht.example; 0431 5550180
1006; 301; Gärtnerei Blattwerk GmbH; mr; Tobias; Blatt; Am Gewächshaus 2; 59065; Hamm; kontakt@blattwerk.example; 02381 5550121
1007; 288; Optik Klarblick oHG; mrs; Yvonne; Sehling; Linsenmarkt 21; 50667; Köln; team@klarblick.example; 0221 5550147
1008; 274; Steuerkanzlei Habermann & Partner; mr; Friedrich; Habermann; Zinsberg 3; 60311; Frankfurt; post@habermann.example; 069 5550163
1009; 251; Elektro Ampère e. K.; mr; Luis; Ohlsen; Stromtwiete 5; 20095; Hamburg; service@elektro-ampere.example; 040 5550156
1010; 233; Café Zimtstern; mrs; Aylin; Yıldız; Marktplatz 1a; 71063; Sindelfingen; hallo@zimtstern.example; 07031 5550119
1011; 219; Straßenbau Göttlich AG; mr; Götz; Straß; Asphaltring 140; 44135; Dortmund; einkauf@goettlich.example; 0231 5550190
1012; 205; Weingut Rebstöckl; mrs; Theresia; Rebstöckl; Kellerweg 12; 97070; Würzburg; wein@rebstoeckl.example; 0931 5550125
1013; 190; Radladen Speichenreich UG (haftungsbeschränkt); mr; Malte; Reich; Radhof 6; 79098; Freiburg; rad@sprx.example; 0761 5550138
1015; 160; Hotel Alpenglück GmbH; mrs; Resi; Huber; Gipfelstraße 30; 87561; Oberstdorf; rezeption@alpenglueck.example; 08322 5550102
1016; 144; Alpenländische Holzwaren Ges.m.b.H.; mr; Xaver; Moser; Sägewerkgasse 8; 5020; Salzburg; office@holzwaren.example; +43 662 5550131
1018; 98; Druckerei Letternkunst; ; ; ; Setzkasten 45; 04109; Leipzig; druck@letternkunst.example; 0341 5550159
1019; 51; Kita Wirbelwind gGmbH; mrs; Jana; Wirbel; Spielplatz 7; 18055; Rostock; leitung@kita-wirbelwind.example; 0381 5550166
"""
# number; days ago; salutation, degree, first, last name; street; zip; city; e-mail; mobile
_CONSUMER = """
1005; 340; mrs; Dr.; Petra; Köhler; Lindenallee 23; 53113; Bonn; petra.koehler@post.example; 0171 5550143
1014; 176; mr; ; Günther; Weißenfels; Am Anger 11; 99084; Erfurt; g.weissenfels@post.example;
1017; 121; mrs; ; Agnieszka; Nowak-Schäfer; Oderstraße 60; 15230; Frankfurt (Oder); nowak.schaefer@post.example; 0160 5550178
1020; 20; family; ; ; Grünwald; Waldsaum 2; 34117; Kassel; familie.gruenwald@post.example; 0561 5550104
"""
# customer number; salutation; first, last name; position; e-mail; phone
_CONTACTS = """
1001; mr; Emre; Kaplan; Filialleitung; e.kaplan@sonnenkorn.example; +49 251 5550115
1001; mrs; Lotte; Brandt; Buchhaltung; buchhaltung@sonnenkorn.example;
1002; mr; Kai; Söhnke; Bauleitung; k.soehnke@mueso.example; 0151 5550173
1004; mr; Sönke; Petersen; Werkstatt; s.petersen@autohaus-nordlicht.example;
1011; mrs; Ines; Teer; Einkauf; i.teer@goettlich.example; 0231 5550191
"""
_EXTRAS: dict[str, dict[str, str]] = {
    "1001": {"VAT_ID": "DE626018158", "TAGS": "Stammkunde,Handel", "WEBSITE": "https://www.sonnenkorn.example"},
    "1002": {"VAT_ID": "DE183016611", "DAYS_FOR_PAYMENT": "30"},
    "1004": {"TAGS": "Stammkunde", "PAYMENT_TYPE": "2", "BANK_NAME": "Fördebank", "BANK_IBAN": "DE61455609400790654678"},
    "1011": {"BUYER_REFERENCE": "05913-12345-77", "SECONDARY_ADDRESS": "Bauhof Nord\nTeerweg 1\n44147 Dortmund"},
    "1016": {"COUNTRY_CODE": "AT"},
}
_ARTICLES = """
FLY-A5; Flyer A5, 1000 Stück; Stück; 189.00
SCHILD-M; Firmenschild Acryl, mittel; Stück; 340.00
STD; Gestaltung; Stunde; 85.00
"""
# customer number; days ago; title; state; items ("|" between them)
_ESTIMATES = """
1001; 9; Schaufensterbeschriftung Filiale Süd; b; Folienplot, montiert; 6.5; 79.00; 19|Gestaltung; 3; 85.00; 19
1002; 24; Fahrzeugbeschriftung drei Transporter; d; Beschriftung Transporter; 3; 640.00; 19
1003; 3; Firmenschild; a; Firmenschild Acryl, mittel; 1; 340.00; 19
1010; 13; Speisekarten und Lehrheft; c; Speisekarte laminiert; 40; 4.35; 19|Begleitheft; 25; 3.10; 7
1015; 47; Leitsystem Wellnessbereich; e; Türschild gefräst; 48; 27.90; 19
1005; 61; Praxisschild und Visitenkarten; f; Praxisschild; 1; 410.00; 19|Visitenkarten, 500 Stück; 1; 69.00; 19
"""
# customer number; days ago; title; what became of it; items
_INVOICES = """
1004; 58; Werbebanner Herbstaktion; paid; Banner PVC 300 x 100; 2; 129.00; 19
1007; 44; Logo und Geschäftsausstattung; paid; Gestaltung; 12; 85.00; 19|Briefbogen, 1000 Stück; 1; 149.00; 19
1008; 31; Kanzleischild; open; Firmenschild Messing; 1; 780.00; 19
1011; 27; Bauzaunbanner; part; Mesh-Banner 340 x 173; 25; 44.90; 19
1012; 6; Etiketten Jahrgang; open; Etiketten, 5000 Stück; 1; 612.50; 19
1006; 5; Pflanzenstecker; cancelled; Pflanzenstecker bedruckt; 400; 0.89; 19
1013; 1; Ladenbeschriftung; draft; Folienplot, montiert; 4; 79.00; 19
"""


def seed(world: World) -> None:
    """Fill the account with a past: the vendor's clock goes back for each record, and stands at its present again afterwards."""
    account = Account(world)
    by_number = _customers(account)
    for number, salutation, first, last, position, email, phone in _rows(_CONTACTS, 7):
        values = {"customer_id": by_number[number], "salutation": salutation, "first_name": first, "last_name": last}
        _act(account, "create_contact", **values, position=position, email=email, phone=phone)
    for number, title, unit, price in _rows(_ARTICLES, 4):
        _act(account, "create_article", article_number=number, title=title, unit=unit, unit_price=price)
    for number, days, title, state, items in _rows(_ESTIMATES, 5):
        with _past(world, days):
            _estimate(account, by_number[number], title, state, items.replace("|", "\n"))
    for number, days, title, fate, items in _rows(_INVOICES, 5):
        with _past(world, days):
            _invoice(account, by_number[number], title, fate, items.replace("|", "\n"))


@contextmanager
def _past(world: World, days: str) -> Iterator[None]:
    seconds = int(days) * 86_400 + int(days) % 7 * 3_600
    world.clock.advance(-seconds)
    yield
    world.clock.advance(seconds)


def _customers(account: Account) -> dict[str, str]:
    rows: list[tuple[str, dict[str, str]]] = []
    for number, days, firm, salutation, first, last, street, zip_, city, email, phone in _rows(_BUSINESS, 11):
        who = {"CUSTOMER_TYPE": "business", "ORGANIZATION": firm, "SALUTATION": salutation, "FIRST_NAME": first, "LAST_NAME": last}
        rows.append((days, {"CUSTOMER_NUMBER": number, **who, **_place(street, zip_, city, email), "PHONE": phone}))
    for number, days, salutation, degree, first, last, street, zip_, city, email, mobile in _rows(_CONSUMER, 11):
        who = {"CUSTOMER_TYPE": "consumer", "SALUTATION": salutation, "ACADEMIC_DEGREE": degree, "FIRST_NAME": first, "LAST_NAME": last}
        rows.append((days, {"CUSTOMER_NUMBER": number, **who, **_place(street, zip_, city, email), "MOBILE": mobile}))
    ids = {}
    for days, values in sorted(rows, key=lambda row: row[1]["CUSTOMER_NUMBER"]):
        number = values["CUSTOMER_NUMBER"]
        with _past(account.world, days):
            made = customers.add(account, {**values, **_EXTRAS.get(number, {})}, api=False)
        ids[number] = made["CUSTOMER_ID"]
        if number == "1003":
            # A customer nobody has touched for long may carry no time of change at all.
            made["LASTUPDATE"] = ""
    return ids


def _place(street: str, zip_: str, city: str, email: str) -> dict[str, str]:
    return {"ADDRESS": street, "ZIPCODE": zip_, "CITY": city, "EMAIL": email}


def _estimate(account: Account, customer_id: str, title: str, state: str, items: str) -> None:
    made = _act(account, "create_estimate", customer_id=customer_id, title=title, items=items)
    if state == "f":
        _act(account, "create_invoice", estimate_id=made, complete="1")
    elif state != "a":
        _act(account, "set_estimate_state", id=made, state=state)


def _invoice(account: Account, customer_id: str, title: str, fate: str, items: str) -> None:
    complete = "0" if fate == "draft" else "1"
    made = _act(account, "create_invoice", customer_id=customer_id, title=title, items=items, complete=complete)
    if fate == "paid":
        _act(account, "record_payment", invoice_id=made, payment_method="Überweisung")
    elif fate == "part":
        _act(account, "record_payment", invoice_id=made, amount="500.00", payment_method="Überweisung")
    elif fate == "cancelled":
        _act(account, "cancel_invoice", id=made)


def _act(account: Account, name: str, **values: str) -> str:
    return str(acts.act(account, name, values)["id"])


def _rows(table: str, width: int) -> list[list[str]]:
    """The lines of a table above in so many columns; the last one keeps its own semicolons (items)."""
    return [[cell.strip() for cell in line.split(";", width - 1)] for line in table.splitlines() if line.strip()]

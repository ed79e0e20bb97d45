"""A small German firm that makes signs, with customers, people, deals, quotes, invoices and products. All names are invented."""

from __future__ import annotations

from collections.abc import Iterator

from unisono.sandbox.bitrix24 import acts
from unisono.sandbox.bitrix24.directories import furnish
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.types import COMPANY
from unisono.sandbox.kit.world import World

# title; street; zip; city; country; e-mail; phone; VAT id; people as "honorific first last e-mail post", separated by "/"
_COMPANIES = """
Bäckerei Sonnenkorn GmbH; Mühlenweg 4; 48143; Münster; Deutschland; info@sonnenkorn.example; +49 251 5550114; DE811112233; 2 Heike Sonnenkorn heike@sonnenkorn.example Inhaberin/1 Paul Riedel - Filialleitung
Müller & Söhne Bedachungen GmbH & Co. KG; Firstallee 17; 33602; Bielefeld; Deutschland; info@mueso.example; +49 521 5550172; DE811112241; 1 Jörg Müller j.mueller@mueso.example Geschäftsführer
Tischlerei Altmann; Hobelgasse 9; 49074; Osnabrück; Deutschland; werkstatt@tischlerei-altmann.example; +49 541 5550133; ; 1 Rolf Altmann rolf@tischlerei-altmann.example Meister
Autohaus Nordlicht GmbH; Polarstraße 88; 24103; Kiel; Deutschland; verkauf@autohaus-nordlicht.example; +49 431 5550180; DE811112268; 2 Silke Brodersen s.brodersen@autohaus-nordlicht.example Verkauf
Café Zwei Linden; Lindenplatz 2; 01099; Dresden; Deutschland; hallo@zwei-linden.example; +49 351 5550145; ; 2 Frauke Österreich frauke@zwei-linden.example Inhaberin
Brauhaus Drei Kronen GmbH & Co. KG; Kronenstraße 3; 96047; Bamberg; Deutschland; post@dreikronen.example; +49 951 5550167; DE811112284; 1 Korbinian Weiß k.weiss@dreikronen.example Braumeister
Fahrradwerk Pedalero GmbH; Speichengasse 8; 48143; Münster; Deutschland; werkstatt@pedalero.example; +49 251 5550178; DE811112292; 2 Kim Große-Wöhrmann kim@pedalero.example Ladenleitung
Spedition Vogelsang & Co. KG; Am Güterbahnhof 9; 44147; Dortmund; Deutschland; dispo@vogelsang-spedition.example; +49 231 5550211; DE811112305; 1 Rüdiger Vogelsang r.vogelsang@vogelsang-spedition.example Geschäftsführer
Hotel Seeschwalbe GmbH; Strandpromenade 6; 18609; Binz; Deutschland; rezeption@seeschwalbe.example; +49 38393 55502; DE811112313; 2 Dörte Ahrens d.ahrens@seeschwalbe.example Direktorin
Weingut Rebenhang; Weinstraße 18; 67146; Deidesheim; Deutschland; wein@rebenhang.example; +49 6326 555026; ; 1 Jakob Früh jakob@rebenhang.example Winzer/2 Sophie Früh - Vertrieb
Grafikbüro Schönschrift; Brunnengasse 14; 1070; Wien; Österreich; atelier@schoenschrift.example; +43 1 5550299; ATU55501299; 2 Theresa Lechner theresa@schoenschrift.example Grafikerin
Drukarnia Żuraw Sp. z o.o.; ul. Długa 12; 80-831; Gdańsk; Polska; biuro@zuraw-druk.example; +48 58 5550177; PL5550177004; 2 Małgorzata Wójcik m.wojcik@zuraw-druk.example Kierowniczka
Atelier Brâncuș SRL; Strada Lungă 7; 500035; Brașov; România; contact@brancus.example; +40 268 555018; RO5550180; 1 Ștefan Ionescu stefan@brancus.example Administrator
Stadtwerke Neuenfelde; ; ; ; ; ; ; ; 2 Birgit Kühn b.kuehn@sw-neuenfelde.example Öffentlichkeitsarbeit
"""  # noqa: E501
# honorific; first name; last name; street; zip; city; e-mail; mobile
_PEOPLE = """
2; Petra; Köhler; Lindenallee 23; 53113; Bonn; petra.koehler@post.example; +49 171 5550101
1; Ömer; Şahin; Kirchgasse 22; 90403; Nürnberg; oemer.sahin@post.example; +49 171 5550102
2; Gesa; Lührs; Deichstraße 5; 26721; Emden; gesa.luehrs@post.example;
1; Bernd; Weißenfels; ; ; ; ;
"""
# name; gross price; vat id of the catalogue; external code; stock
_PRODUCTS = (
    ("Leuchtreklame 2 m", "1785.00", 3, "LR-200", "3"),
    ("Fahrzeugbeschriftung Transporter", "690.20", 3, "FB-T", ""),
    ("Baustellenbanner 5 x 2 m", "319.95", 3, "BB-52", "12"),
    ("Klingelschild Messing", "89.90", 3, "KS-M", "40"),
    ("Buch über Schilder", "24.90", 5, "BU-1", "7"),
)
# kind, title, company or last name, stage, rows
_PAPERS = (
    ("deal", "Leuchtreklame über dem Laden", "Bäckerei Sonnenkorn GmbH", "EXECUTING", "Leuchtreklame; 2; 1785; 19\nMontage; 6; 83,30; 19"),
    ("deal", "Baustellenbanner, zwei Stück", "Müller & Söhne Bedachungen GmbH & Co. KG", "NEW", "Banner 5 x 2 m; 2; 319,95; 19"),
    ("deal", "LKW-Planen, sechs Fahrzeuge", "Spedition Vogelsang & Co. KG", "WON", "Plane, bedruckt; 6; 1590; 19"),
    ("deal", "Klingelschild Messing", "Köhler", "PREPARATION", "Klingelschild; 1; 89,90; 19"),
    ("deal", "Schaufensterbeklebung Herbst", "Café Zwei Linden", "LOSE", "Beklebung; 1; 420; 19"),
    ("quote", "Pylon an der Zufahrt", "Autohaus Nordlicht GmbH", "SENT", "Pylon; 1; 12400; 19\nStatik; 1; 595; 19"),
    ("quote", "Zimmernummern und Leitsystem", "Hotel Seeschwalbe GmbH", "APPROVED", "Zimmernummer; 42; 59,50; 19\nPlan; 1; 833; 19"),
    ("quote", "Etiketten und Kartonprägung", "Weingut Rebenhang", "DRAFT", "Etiketten; 3000; 0,48; 19"),
    ("invoice", "Fahrzeugbeschriftung Lieferwagen", "Bäckerei Sonnenkorn GmbH", "DT31_3:P", "Beschriftung; 1; 690,20; 19"),
    ("invoice", "Fassadenschriftzug", "Brauhaus Drei Kronen GmbH & Co. KG", "DT31_3:S", "Schriftzug; 1; 7999,99; 19"),
    ("invoice", "Werkstattschild aus Eiche", "Tischlerei Altmann", "DT31_3:N", "Schild; 1; 780,50; 19\nFachbuch; 1; 24,90; 7"),
)


def seed(world: World, firm: str = "de") -> None:
    """Fill an empty portal. Only the German firm exists; another ``firm`` raises ``ValueError``.

    The records were written during the year before the world's clock, which is where it was afterwards.
    """
    if firm != "de":
        raise ValueError(f"there is no firm {firm!r} for Bitrix24, only 'de'")
    portal = Portal(world)
    furnish(portal)
    year = 365 * 86_400
    steps = len(_lines(_COMPANIES)) + len(_lines(_PEOPLE)) + len(_PRODUCTS) + len(_PAPERS) + 1
    world.clock.advance(-year)
    for _ in _fill(portal):
        world.clock.advance(year // steps)
    world.clock.advance(year - (year // steps) * (steps - 1))
    portal.pending.clear()
    for table in ("deliveries", "offline"):
        for key in list(portal.table(table)):
            portal.remove(table, key)


def _fill(portal: Portal) -> Iterator[None]:
    made: dict[str, dict[str, str]] = {}
    own = {"title": "Schilderhaus Feldkamp", "is_my_company": "Y", "vat_id": "DE811110001", "street": "Mühlenweg 1", "zip": "48143"}
    acts.act(portal, "create_company", own | {"city": "Münster", "country": "Deutschland", "email": "post@schilderhaus.example"})
    for title, street, zip_, city, country, email, phone, vat_id, people in _lines(_COMPANIES):
        values = {"title": title, "street": street, "zip": zip_, "city": city, "country": country, "email": email, "phone": phone}
        company = acts.act(portal, "create_company", values | {"vat_id": vat_id, "company_type": "CUSTOMER"})["id"]
        made[title] = {"company_id": str(company)}
        for person in people.split("/"):
            honorific, first, last, mail, post = person.split(" ", 4)
            who = {"honorific": f"HNR_DE_{honorific}", "name": first, "last_name": last, "post": post, "company_ids": str(company)}
            acts.act(portal, "create_contact", who | {"email": mail.replace("-", "") if mail == "-" else mail, "type_id": "CLIENT"})
        yield
    for honorific, first, last, street, zip_, city, email, mobile in _lines(_PEOPLE):
        values = {"honorific": f"HNR_DE_{honorific}", "name": first, "last_name": last, "street": street, "zip": zip_, "city": city}
        values |= {"country": "Deutschland" if city else "", "email": email, "mobile": mobile, "type_id": "CLIENT"}
        made[last] = {"contact_id": str(acts.act(portal, "create_contact", values)["id"])}
        yield
    for name, price, vat, code, stock in _PRODUCTS:
        acts.act(portal, "create_product", {"name": name, "price": price, "vat_id": str(vat), "xml_id": code, "stock": stock})
        yield
    seller = str(next(key for key, row in portal.table(COMPANY.table).items() if row["IS_MY_COMPANY"] == "Y"))
    for kind, title, customer, stage, items in _PAPERS:
        values = {"title": title, "items": items} | made[customer] | ({} if kind == "deal" else {"mycompany_id": seller})
        key = acts.act(portal, f"create_{kind}", values)["id"]
        if stage not in ("NEW", "DRAFT", "DT31_3:N"):
            acts.act(portal, f"move_{kind}", {"id": str(key), "stage": stage})
        yield


def _lines(text: str) -> list[list[str]]:
    return [[part.strip() for part in line.split(";")] for line in text.strip().splitlines()]

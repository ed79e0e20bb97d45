"""A small German firm that makes signs, and whom it works for. All names are invented."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from unisono.sandbox.centralstation import acts
from unisono.sandbox.centralstation.book import Book
from unisono.sandbox.centralstation.subroutes import custom_fields_type
from unisono.sandbox.kit.world import World


@dataclass(frozen=True, slots=True)
class _Company:
    name: str
    street: str = ""
    zip: str = ""
    city: str = ""
    email: str = ""
    phone: str = ""
    country_code: str = "DE"
    people: str = ""
    """``gender title first last <email> position`` of each, separated by semicolons; ``-`` for none."""


_COMPANIES = (
    _Company("Bäckerei Sonnenkorn GmbH", "Mühlenweg 4", "48143", "Münster", "info@sonnenkorn.example", "+49 251 5550114",
             people="w - Heike Sonnenkorn heike@sonnenkorn.example Inhaberin; m - Paul Riedel - Filialleitung"),
    _Company("Müller & Söhne Bedachungen GmbH & Co. KG",
             "Firstallee 17", "33602", "Bielefeld", "info@mueso.example", "+49 521 5550172",
             people="m - Jörg Müller j.mueller@mueso.example Geschäftsführer"),
    _Company("Müller & Söhne Bedachungen GmbH", "Firstallee 17", "33602", "Bielefeld", "verwaltung@mueso.example", "+49 521 5550173"),
    _Company("Tischlerei Altmann", "Hobelgasse 9", "49074", "Osnabrück", "werkstatt@tischlerei-altmann.example", "+49 541 5550133",
             people="m - Rolf Altmann rolf@tischlerei-altmann.example Meister"),
    _Company("Autohaus Nordlicht GmbH",
             "Polarstraße 88", "24103", "Kiel", "verkauf@autohaus-nordlicht.example",
             "+49 431 5550180", people="w - Silke Brodersen s.brodersen@autohaus-nordlicht.example Verkauf; m - Sönke Thomsen - Werkstatt"),
    _Company("Café Zwei Linden", "Lindenplatz 2", "01099", "Dresden", "hallo@zwei-linden.example", "+49 351 5550145",
             people="w - Frauke Österreich frauke@zwei-linden.example Inhaberin"),
    _Company("Zahnarztpraxis Dr. Bühler", "Marktstraße 31", "70173", "Stuttgart", "empfang@praxis-buehler.example", "+49 711 5550156",
             people="m Dr. Matthias Bühler dr@praxis-buehler.example Zahnarzt; w - Selin Yıldız - Empfang"),
    _Company("Brauhaus Drei Kronen GmbH & Co. KG", "Kronenstraße 3", "96047", "Bamberg", "post@dreikronen.example", "+49 951 5550167",
             people="m - Korbinian Weiß k.weiss@dreikronen.example Braumeister"),
    _Company("Brauhaus Drei Kronen GmbH", "Kronenstraße 3", "96047", "Bamberg", "gasthof@dreikronen.example"),
    _Company("Fahrradwerk Pedalero GmbH", "Speichengasse 8", "48143", "Münster", "werkstatt@pedalero.example", "+49 251 5550178",
             people="d - Kim Große-Wöhrmann kim@pedalero.example Ladenleitung"),
    _Company("Gärtnerei Blütenmeer", "Heideweg 55", "21335", "Lüneburg", "info@bluetenmeer-gaertnerei.example", "+49 4131 555019",
             people="w - Wiebke Hollmann - Gärtnermeisterin"),
    _Company("Steuerkanzlei Arndt & Partner mbB",
             "Goetheplatz 1", "99423", "Weimar", "kanzlei@arndt-partner.example", "+49 3643 555020",
             people="w - Annegret Arndt a.arndt@arndt-partner.example Partnerin; m - Tobias Schäfer - Partner; w - Nele Otto - Empfang"),
    _Company("Spedition Vogelsang & Co. KG",
             "Am Güterbahnhof 9", "44147", "Dortmund", "dispo@vogelsang-spedition.example", "+49 231 5550211",
             people="m - Rüdiger Vogelsang r.vogelsang@vogelsang-spedition.example Geschäftsführer"),
    _Company("Kita Pusteblume e.V.", "Wiesenweg 12", "14467", "Potsdam", "leitung@kita-pusteblume.example", "+49 331 5550222",
             people="w - Ilka Nowak leitung@kita-pusteblume.example Leitung"),
    _Company("Optik Klarblick", "Schlossstraße 40", "76131", "Karlsruhe", "service@optik-klarblick.example", "+49 721 5550233",
             people="m - Emre Kaya - Augenoptiker"),
    _Company("Hotel Seeschwalbe GmbH", "Strandpromenade 6", "18609", "Binz", "rezeption@seeschwalbe.example", "+49 38393 55502",
             people="w - Dörte Ahrens d.ahrens@seeschwalbe.example Direktorin; m - Lasse Petersen - Haustechnik"),
    _Company("Metallbau Eisenhauer GmbH", "Industriestraße 77", "57072", "Siegen", "technik@eisenhauer-metall.example", "+49 271 5550244",
             people="m - Volker Eisenhauer v.eisenhauer@eisenhauer-metall.example Inhaber"),
    _Company("Yogastudio Atemraum", "Hinterhof, Sonnenallee 101", "12045", "Berlin", "namaste@atemraum.example", "",
             people="w - Leonie Fuchs leonie@atemraum.example Inhaberin"),
    _Company("Weingut Rebenhang", "Weinstraße 18", "67146", "Deidesheim", "wein@rebenhang.example", "+49 6326 555026",
             people="m - Jakob Früh jakob@rebenhang.example Winzer; w - Sophie Früh - Vertrieb"),
    _Company("Immobilien Hafenblick AG", "Kehrwieder 5", "20457", "Hamburg", "kontakt@hafenblick-immo.example", "+49 40 55502770",
             people="w Dr. Friederike Graf von Ahlen f.ahlen@hafenblick-immo.example Vorstand"),
    _Company("Elektro Blitz Inh. Jörg Strohm", "Ampergasse 1", "86150", "Augsburg", "joerg@elektro-blitz.example", "+49 821 5550288",
             people="m - Jörg Strohm joerg@elektro-blitz.example Inhaber"),
    _Company("Grafikbüro Schönschrift", "Brunnengasse 14", "1070", "Wien", "atelier@schoenschrift.example", "+43 1 5550299", "AT",
             people="w Mag. Theresa Lechner theresa@schoenschrift.example Grafikerin"),
    _Company("Alpenrad AG", "Bahnhofstrasse 9", "8001", "Zürich", "buero@alpenrad.example", "+41 44 555 03 00", "CH",
             people="m - Reto Zürcher reto@alpenrad.example Einkauf"),
    _Company("Stadtwerke Neuenfelde", people="w - Birgit Kühn b.kuehn@sw-neuenfelde.example Öffentlichkeitsarbeit"),
    _Company("Ökohof Grünland GbR", "Dorfstraße 3a", "29459", "Clenze", "hof@gruenland-oeko.example", "+49 5844 55503",
             people="m - Hauke Grünland - Gesellschafter; w - Silke Grünland - Gesellschafterin"),
)  # fmt: skip

_PEOPLE = (
    # gender, title, first name, name, street, zip, city, e-mail: people without a company
    ("w", "Dr.", "Petra", "Köhler", "Lindenallee 23", "53113", "Bonn", "petra.koehler@post.example"),
    ("m", "", "Ömer", "Şahin", "Kirchgasse 22", "90403", "Nürnberg", "oemer.sahin@post.example"),
    ("w", "", "Gesa", "Lührs", "Deichstraße 5", "26721", "Emden", "gesa.luehrs@post.example"),
    ("m", "", "Bernd", "Weißenfels", "", "", "", ""),
)

_DEALS = (
    # title, value, company or person, state, days from now until the target date
    ("Leuchtreklame über dem Laden", "4850.00", "Bäckerei Sonnenkorn GmbH", "open_50", 30),
    ("Fahrzeugbeschriftung Lieferwagen", "1190", "Bäckerei Sonnenkorn GmbH", "won", -40),
    ("Baustellenbanner 5 x 2 m, zwei Stück", "639.90", "Müller & Söhne Bedachungen GmbH & Co. KG", "open_25", 14),
    ("Werkstattschild aus Eiche", "780.5", "Tischlerei Altmann", "open_75", 21),
    ("Pylon an der Zufahrt", "12400", "Autohaus Nordlicht GmbH", "open_0", 90),
    ("Schaufensterbeklebung Herbst", "420", "Café Zwei Linden", "lost", -60),
    ("Praxisschild und Wegweiser", "1365.25", "Zahnarztpraxis Dr. Bühler", "open_50", 25),
    ("Fassadenschriftzug, geschmiedet", "7999.99", "Brauhaus Drei Kronen GmbH & Co. KG", "open_25", 60),
    ("LKW-Planen, sechs Fahrzeuge", "9540", "Spedition Vogelsang & Co. KG", "won", -10),
    ("Zimmernummern und Leitsystem", "3310.00", "Hotel Seeschwalbe GmbH", "open_75", 18),
    ("Klingelschild Messing", "89.9", "Köhler", "open_50", 10),
    ("Etiketten und Kartonprägung", "1740", "Weingut Rebenhang", "open_0", 45),
)

_TAGS = (
    ("company", "Autohaus Nordlicht GmbH", "Stammkunde"),
    ("company", "Bäckerei Sonnenkorn GmbH", "Stammkunde"),
    ("company", "Spedition Vogelsang & Co. KG", "Rahmenvertrag"),
    ("company", "Weingut Rebenhang", "Messe 2026"),
    ("company", "Kita Pusteblume e.V.", "Spende"),
    ("person", "Köhler", "Empfehlung"),
)

_GENDERS = {"w": ("female_user", "Frau"), "m": ("male_user", "Herr"), "d": ("diverse_user", "")}


def seed(world: World, firm: str = "de") -> None:
    """Fill an empty account. Only the German firm exists, as the vendor has German customers; another ``firm`` raises ``ValueError``.

    The records were written during the year before the world's clock, which is where it was afterwards.
    """
    if firm != "de":
        raise ValueError(f"there is no firm {firm!r} for CentralStationCRM, only 'de'")
    book = Book(world)
    year = 365 * 86_400
    today = world.clock.now().date()
    world.clock.advance(-year)
    steps = len(_COMPANIES) + len(_PEOPLE) + len(_DEALS) + 1
    made: dict[str, int] = {}
    for category, name in (("Company", "Kundennummer"), ("Company", "USt-IdNr.")):
        custom_fields_type(book, {"category": category, "ftype": "string", "name": name})
    for _ in _fill(book, made, today):
        world.clock.advance(year // steps)
    for kind, owner, tag in _TAGS:
        acts.act(book, "tag", {"kind": kind, "id": made[owner], "name": tag})
    world.clock.advance(year - (year // steps) * (steps - 1))
    book.events.clear()  # a hook that exists already is not told of the past


def _fill(book: Book, made: dict[str, int], today: date) -> Iterator[None]:
    for company in _COMPANIES:
        values = {name: getattr(company, name) for name in ("name", "street", "zip", "city", "country_code", "email", "phone")}
        made[company.name] = acts.act(book, "create_company", values)["id"]
        for text in filter(None, company.people.split("; ")):
            made_person = _person_of(text, made[company.name])
            made[made_person["name"]] = acts.act(book, "create_person", made_person)["id"]
        yield
    for gender, title, first, name, street, zip_, city, email in _PEOPLE:
        values = _named(gender, title, first, name) | {"street": street, "zip": zip_, "city": city, "country_code": "DE", "email": email}
        made[name] = acts.act(book, "create_person", values)["id"]
        yield
    for title, value, owner, state, days in _DEALS:
        target = today + timedelta(days=days)
        values = {"name": title, "value": value, "current_state": state, "target_date": target.isoformat()}
        values["company_id" if any(company.name == owner for company in _COMPANIES) else "person_ids"] = str(made[owner])
        acts.act(book, "create_deal", values)
        yield


def _person_of(text: str, company_id: int) -> dict[str, str]:
    gender, title, first, *name, email, position = text.split(" ")
    words = _named(gender, "" if title == "-" else title, first, " ".join(name))
    return words | {"company_id": str(company_id), "position": position, "email": "" if email == "-" else email}


def _named(gender: str, title: str, first: str, name: str) -> dict[str, str]:
    sex, salutation = _GENDERS[gender]
    return {"gender": sex, "salutation": salutation, "title": title, "first_name": first, "name": name}

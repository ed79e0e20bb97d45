"""What the simulators' own pages say, in the languages of those who try them: German, English, Polish, Romanian."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.wrappers import Request

from unisono.sandbox.kit.world import World

LANGUAGES = ("de", "en", "pl", "ro")
Words = Callable[[str], str]
"""Code -> what the page says, in the language it is shown in."""

WORDS: dict[str, tuple[str, str, str, str]] = {
    # The frame of every page.
    "pretended": (
        "Das ist {title}, nachgestellt: erfundene Daten auf diesem Rechner. Spielen Sie hier, was Ihre Leute dort täten.",
        "This is {title}, pretended: invented data on this machine. Play here what your people would do there.",
        "To jest {title} na niby: zmyślone dane na tym komputerze. Tutaj można odegrać to, co robią tam pracownicy.",
        "Acesta este {title}, imitat: date inventate, pe acest calculator. Jucați aici ce ar face oamenii dumneavoastră acolo.",
    ),
    "saved": ("Gespeichert.", "Saved.", "Zapisano.", "Salvat."),
    "back": ("Zurück zu Unisono", "Back to Unisono", "Wróć do Unisono", "Înapoi la Unisono"),
    "other-page": ("Zur anderen Seite: {title}", "To the other side: {title}", "Na drugą stronę: {title}", "Spre cealaltă parte: {title}"),
    "title": ("{title} (nachgestellt)", "{title} (pretended)", "{title} (na niby)", "{title} (imitat)"),
    "key": ("Zugang: {login}", "Login: {login}", "Dostęp: {login}", "Acces: {login}"),
    "time": ("Uhrzeit des Anbieters: {time}", "Vendor's time: {time}", "Czas dostawcy: {time}", "Ora furnizorului: {time}"),
    "nothing": ("noch nichts", "nothing here yet", "jeszcze nic", "încă nimic"),
    "search": ("Namen suchen", "Search in names", "Szukaj w nazwach", "Caută în nume"),
    "do-search": ("Suchen", "Search", "Szukaj", "Caută"),
    # The switch.
    "mood.title": ("Diese Seite stören", "Break this side", "Zepsuj tę stronę", "Strică această parte"),
    "mood.well": ("geht", "works", "działa", "merge"),
    "mood.error": ("antwortet mit Fehlern", "answers with errors", "odpowiada błędami", "răspunde cu erori"),
    "mood.refuse": ("lehnt den Schlüssel ab", "refuses the key", "odrzuca klucz", "refuză cheia"),
    "mood.slow": ("ist langsam", "is slow", "działa wolno", "este lent"),
    "mood.well-why": (
        "Alles geht. Stören Sie diese Seite, und lesen Sie bei Unisono, was dann geschieht.",
        "Everything works. Break this side, and read in Unisono what happens then.",
        "Wszystko działa. Po zepsuciu tej strony w Unisono widać, co się wtedy dzieje.",
        "Totul merge. Stricați această parte și citiți în Unisono ce se întâmplă atunci.",
    ),
    "mood.error-why": (
        "Jeder Abruf von Unisono bekommt jetzt eine Fehlerseite.",
        "Every call from Unisono gets an error page now.",
        "Każde zapytanie Unisono dostaje teraz stronę z błędem.",
        "Fiecare cerere de la Unisono primește acum o pagină de eroare.",
    ),
    "mood.refuse-why": (
        "Der Schlüssel gilt jetzt nicht; Unisono wartet auf einen Menschen. Stellen Sie hier zurück und geben Sie ihn bei Unisono neu ein.",
        "The key is not valid now; Unisono waits for a person. Switch back here, and enter it in Unisono again.",
        "Klucz jest teraz nieważny; Unisono czeka na człowieka. Należy przełączyć tu z powrotem i wpisać klucz w Unisono ponownie.",
        "Cheia nu mai este valabilă acum; Unisono așteaptă un om. Puneți la loc aici și introduceți-o din nou în Unisono.",
    ),
    "mood.slow-why": (
        "Jede Antwort braucht jetzt vier Sekunden. Es geht langsamer, verloren geht nichts.",
        "Every answer takes four seconds now. It goes on more slowly, nothing is lost.",
        "Każda odpowiedź trwa teraz cztery sekundy. Wszystko idzie wolniej, nic nie ginie.",
        "Fiecare răspuns durează acum patru secunde. Totul merge mai încet, nimic nu se pierde.",
    ),
    # What is done.
    "edit": ("bearbeiten", "edit", "edytuj", "editează"),
    "change": ("ändern", "change", "zmień", "schimbă"),
    "save": ("Speichern", "Save", "Zapisz", "Salvează"),
    "create": ("Anlegen", "Create", "Utwórz", "Creează"),
    "delete": ("Löschen", "Delete", "Usuń", "Șterge"),
    "merge": ("Zusammenführen", "Merge", "Scal", "Unește"),
    "do-tag": ("Schlagwort setzen", "Tag", "Oznacz", "Etichetează"),
    "untag": ("{tag} entfernen", "remove {tag}", "usuń {tag}", "elimină {tag}"),
    "add-to-company": ("Zur Firma hinzufügen", "Add to company", "Dodaj do firmy", "Adaugă la firmă"),
    "set": ("setzen", "set", "ustaw", "setează"),
    "mail": ("mailen", "mail", "wyślij e-mail", "trimite e-mail"),
    "complete": ("fertigstellen", "complete", "wystaw", "emite"),
    "pay": ("Zahlung buchen", "Record payment", "Zapisz wpłatę", "Înregistrează plata"),
    "cancel": ("stornieren", "cancel", "anuluj", "stornează"),
    "credit": ("Gutschrift", "Credit note", "Korekta", "Notă de credit"),
    "invoice-of-it": ("Rechnung daraus", "Make it an invoice", "Zrób z tego fakturę", "Fă din ea o factură"),
    "yes": ("ja", "yes", "tak", "da"),
    "no": ("nein", "no", "nie", "nu"),
    # Things.
    "companies": ("Firmen", "Companies", "Firmy", "Firme"),
    "people": ("Personen", "People", "Osoby", "Persoane"),
    "offers": ("Angebote", "Offers", "Oferty", "Oferte"),
    "notes": ("Notizen", "Notes", "Notatki", "Note"),
    "customers": ("Kunden", "Customers", "Klienci", "Clienți"),
    "invoices": ("Rechnungen", "Invoices", "Faktury", "Facturi"),
    "contacts": ("Ansprechpartner", "Contacts", "Osoby kontaktowe", "Persoane de contact"),
    "new-company": ("Neue Firma", "New company", "Nowa firma", "Firmă nouă"),
    "new-person": ("Neue Person; zusammenführen", "New person; merge", "Nowa osoba; scalanie", "Persoană nouă; unire"),
    "new-offer": ("Neues Angebot", "New offer", "Nowa oferta", "Ofertă nouă"),
    "new-customer": ("Neuer Kunde", "New customer", "Nowy klient", "Client nou"),
    "new-invoice": ("Neue Rechnung", "New invoice", "Nowa faktura", "Factură nouă"),
    "new-contact": ("Ansprechpartner anlegen", "Add a contact", "Dodaj osobę kontaktową", "Adaugă o persoană de contact"),
    # Columns and fields.
    "id": ("Nr.", "No.", "Nr", "Nr."),
    "name": ("Name", "Name", "Nazwa", "Denumire"),
    "title-of-it": ("Titel", "Title", "Tytuł", "Titlu"),
    "salutation": ("Titel", "Title", "Tytuł", "Titlu"),
    "first_name": ("Vorname", "First name", "Imię", "Prenume"),
    "last_name": ("Nachname", "Last name", "Nazwisko", "Nume"),
    "organization": ("Firma", "Company", "Firma", "Firmă"),
    "company": ("Firma", "Company", "Firma", "Firmă"),
    "company_id": ("Nr. der Firma", "Company no.", "Nr firmy", "Nr. firmei"),
    "person_ids": ("Nr. der Personen", "People's nos.", "Nr osób", "Nr. persoanelor"),
    "stays": ("Person, die bleibt", "Person that stays", "Osoba, która zostaje", "Persoana care rămâne"),
    "goes": ("Personen, die gehen", "People that go", "Osoby, które znikają", "Persoanele care dispar"),
    "position": ("Position", "Position", "Stanowisko", "Funcție"),
    "street": ("Straße", "Street", "Ulica", "Stradă"),
    "zip": ("PLZ", "Postcode", "Kod pocztowy", "Cod poștal"),
    "city": ("Ort", "City", "Miejscowość", "Localitate"),
    "country": ("Land", "Country", "Kraj", "Țară"),
    "address": ("Anschrift", "Address", "Adres", "Adresă"),
    "reach": ("E-Mail, Telefon", "E-mail, phone", "E-mail, telefon", "E-mail, telefon"),
    "email": ("E-Mail", "E-mail", "E-mail", "E-mail"),
    "phone": ("Telefon", "Phone", "Telefon", "Telefon"),
    "tag": ("Schlagwort", "Tag", "Etykieta", "Etichetă"),
    "tags": ("Schlagwörter", "Tags", "Etykiety", "Etichete"),
    "customer": ("Kunde", "Customer", "Klient", "Client"),
    "contact": ("Kontakt", "Contact", "Kontakt", "Contact"),
    "changed": ("geändert", "changed", "zmieniono", "modificat"),
    "value": ("Wert", "Value", "Wartość", "Valoare"),
    "sum": ("Summe", "Total", "Suma", "Total"),
    "open": ("offen", "open", "do zapłaty", "de plată"),
    "state": ("Status", "State", "Stan", "Stare"),
    "who": ("Firma, Personen", "Company, people", "Firma, osoby", "Firmă, persoane"),
    "target": ("Zieldatum", "Target date", "Planowana data", "Data țintă"),
    "description": ("Beschreibung", "Description", "Opis", "Descriere"),
    "written": ("geschrieben", "written", "napisano", "scris"),
    "note": ("Notiz", "Note", "Notatka", "Notă"),
    "on": ("bei", "on", "przy", "la"),
    "files": ("Dateien", "Files", "Pliki", "Fișiere"),
    "items": (
        "Positionen: Beschreibung; Menge; Preis; USt",
        "Items: description; quantity; price; VAT",
        "Pozycje: opis; ilość; cena; VAT",
        "Poziții: descriere; cantitate; preț; TVA",
    ),
    "to": ("an", "to", "do", "către"),
    "amount": ("Betrag", "Amount", "Kwota", "Suma"),
    "date": ("am", "on", "dnia", "la data"),
    "draft": ("Entwurf", "draft", "szkic", "ciornă"),
    "paid": ("bezahlt", "paid", "zapłacona", "plătită"),
    "part-paid": ("teilbezahlt", "paid in part", "zapłacona częściowo", "plătită parțial"),
    "unpaid": ("offen", "open", "niezapłacona", "neplătită"),
    "cancelled": ("storniert", "cancelled", "anulowana", "stornată"),
    "estimate.a": ("erstellt", "made", "utworzona", "creată"),
    "estimate.b": ("versendet", "sent", "wysłana", "trimisă"),
    "estimate.c": ("in Verhandlung", "negotiated", "negocjowana", "în negociere"),
    "estimate.d": ("angenommen", "accepted", "przyjęta", "acceptată"),
    "estimate.e": ("abgelehnt", "declined", "odrzucona", "respinsă"),
    "estimate.f": ("berechnet", "invoiced", "zafakturowana", "facturată"),
}
"""Code -> German, English, Polish, Romanian."""


def say(code: str, language: str, **values: str) -> str:
    """A text of a page. Raises ``KeyError`` for one that is not there."""
    return WORDS[code][LANGUAGES.index(language)].format(**values)


def words_in(language: str) -> Words:
    """The words of one language; what is to be filled in stays."""
    place = LANGUAGES.index(language)
    return lambda code: WORDS[code][place]


def language_of(world: World, request: Request) -> str:
    """The language a page is shown in: set for the whole simulator, else the browser's, else English."""
    wanted = world.storage.settings.get("language")
    if wanted in LANGUAGES:
        return str(wanted)
    return next((word[:2] for word, _ in request.accept_languages if word[:2] in LANGUAGES), "en")

"""What the portal's page says besides the kit's words, in German, English, Polish and Romanian."""

from __future__ import annotations

from unisono.sandbox.kit.words import LANGUAGES
from unisono.sandbox.kit.words import WORDS as KIT

WORDS: dict[str, tuple[str, str, str, str]] = {
    "contacts-b24": ("Kontakte", "Contacts", "Kontakty", "Contacte"),
    "deals": ("Aufträge", "Deals", "Deale", "Tranzacții"),
    "quotes": ("Angebote", "Quotes", "Oferty", "Oferte"),
    "smart-invoices": ("Rechnungen", "Invoices", "Faktury", "Facturi"),
    "products": ("Produkte", "Products", "Produkty", "Produse"),
    "automation": (
        "Erweiterungen und Automation", "Extensions and automation", "Rozszerzenia i automatyzacja", "Extensii și automatizare"
    ),
    "new-contact-b24": ("Neuer Kontakt", "New contact", "Nowy kontakt", "Contact nou"),
    "new-deal": ("Neuer Auftrag", "New deal", "Nowy deal", "Tranzacție nouă"),
    "new-quote": ("Neues Angebot", "New quote", "Nowa oferta", "Ofertă nouă"),
    "new-smart-invoice": ("Neue Rechnung", "New invoice", "Nowa faktura", "Factură nouă"),
    "new-product": ("Neues Produkt", "New product", "Nowy produkt", "Produs nou"),
    "honorific": ("Anrede", "Salutation", "Zwrot grzecznościowy", "Formulă de adresare"),
    "post": ("Position", "Position", "Stanowisko", "Funcție"),
    "mobile": ("Mobil", "Mobile", "Telefon komórkowy", "Telefon mobil"),
    "web": ("Website", "Website", "Strona internetowa", "Site web"),
    "vat_id": ("USt-IdNr.", "VAT ID", "Nr VAT UE", "Cod TVA"),
    "tax_number": ("Steuernummer", "Tax number", "Numer podatkowy", "Număr fiscal"),
    "register": ("Handelsregister", "Register no.", "Nr w rejestrze", "Nr. din registru"),
    "delivery": ("Lieferung:", "Delivery:", "Dostawa:", "Livrare:"),
    "company_ids": ("Nr. der Firmen", "Companies' nos.", "Nr firm", "Nr. firmelor"),
    "contact_id": ("Nr. des Kontakts", "Contact no.", "Nr kontaktu", "Nr. contactului"),
    "stage": ("Phase", "Stage", "Etap", "Etapă"),
    "move": ("Verschieben", "Move", "Przenieś", "Mută"),
    "rows": (
        "Positionen: Name; Menge; Preis brutto; USt", "Rows: name; quantity; gross price; VAT", "Pozycje: nazwa; ilość; cena brutto; VAT",
        "Poziții: denumire; cantitate; preț brut; TVA",
    ),
    "price": ("Preis", "Price", "Cena", "Preț"),
    "stock": ("Bestand", "Stock", "Stan magazynu", "Stoc"),
    "code": ("Code", "Code", "Kod", "Cod"),
    "comments": ("Kommentare", "Comments", "Komentarze", "Comentarii"),
    "documents": ("Dokumente", "Documents", "Dokumenty", "Documente"),
    "write": ("Kommentieren", "Comment", "Skomentuj", "Comentează"),
    "into": ("bleibt: Nr.", "stays: no.", "zostaje: nr", "rămâne: nr."),
    "recycle": ("Papierkorb", "Recycle bin", "Kosz", "Coș de reciclare"),
    "restore": ("Wiederherstellen", "Restore", "Przywróć", "Restaurează"),
    "places": ("Plätze von Anwendungen", "Applications' places", "Miejsca aplikacji", "Locurile aplicațiilor"),
    "triggers": ("Auslöser", "Triggers", "Wyzwalacze", "Declanșatoare"),
    "place": ("Platz", "Place", "Miejsce", "Loc"),
    "press": ("Öffnen für Nr.", "Open for no.", "Otwórz dla nr", "Deschide pentru nr."),
    "trigger": ("Auslöser", "Trigger", "Wyzwalacz", "Declanșator"),
    "put-on": ("Auf Phase setzen", "Put on stage", "Ustaw na etapie", "Pune pe etapă"),
    "kind": ("Art", "Kind", "Rodzaj", "Tip"),
    "kind.deal": ("Auftrag", "Deal", "Deal", "Tranzacție"),
    "kind.quote": ("Angebot", "Quote", "Oferta", "Ofertă"),
    "kind.invoice": ("Rechnung", "Invoice", "Faktura", "Factură"),
    "kind.company": ("Firma", "Company", "Firma", "Firmă"),
    "kind.contact": ("Kontakt", "Contact", "Kontakt", "Contact"),
    "kind.lead": ("Lead", "Lead", "Lead", "Lead"),
    "runs": ("Ausgelöst", "Fired", "Uruchomiono", "Declanșări"),
    "webhook": ("Ausgehender Webhook", "Outgoing webhook", "Webhook wychodzący", "Webhook de ieșire"),
    "handler": ("Adresse", "Address", "Adres", "Adresă"),
    "events": ("Ereignisse", "Events", "Zdarzenia", "Evenimente"),
    "install": ("Anwendung installieren", "Install application", "Zainstaluj aplikację", "Instalează aplicația"),
    "make-webhook": ("Webhook anlegen", "Make webhook", "Utwórz webhook", "Creează webhook"),
    "webhook-trigger": ("Auslöser „Webhook“ anlegen", "Make a webhook trigger", "Utwórz wyzwalacz webhooka", "Creează un declanșator webhook"),
}  # fmt: skip
"""Code -> German, English, Polish, Romanian."""


def words_in(language: str) -> dict[str, str]:
    """All words of a page in one language; the portal's own go before the kit's."""
    place = LANGUAGES.index(language)
    return {code: said[place] for code, said in (KIT | WORDS).items()}

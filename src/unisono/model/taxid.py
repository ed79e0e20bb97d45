"""Tax ids as matching needs them: one spelling per number, with the country it belongs to."""

from __future__ import annotations

import re

_JUNK = re.compile(r"[^0-9A-Z]")
_EU_PREFIX = re.compile(r"^(AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI)")


def normal_tax_id(text: str, country: str = "") -> str:
    """``DE 136 695 976`` -> ``DE136695976``; a Polish NIP or Romanian CUI without its prefix gets the country's.

    ``country`` is ISO 3166-1 alpha-2 of the party's address. Numbers that are not one (fewer than two digits) give ``""``.
    """
    bare = _JUNK.sub("", text.upper())
    if sum(c.isdigit() for c in bare) < 2:
        return ""
    if bare.startswith("GR"):
        bare = "EL" + bare[2:]  # Greece's own code is not the one of its VAT numbers
    if _EU_PREFIX.match(bare) or (country and bare.startswith(country)):
        return bare
    if bare.isdigit() and country == "DE":
        return "DE" + bare if len(bare) == 9 else "DE:" + bare
    prefix = "EL" if country == "GR" else country
    return prefix + bare if country else bare


def valid_tax_id(text: str) -> bool | None:
    """Whether the check digits hold, by the country's own rule; ``None`` where no rule is known for its prefix."""
    from stdnum.eu import vat  # loaded on first use: the country modules cost a start 30 ms

    normal = normal_tax_id(text)
    if not _EU_PREFIX.match(normal):
        return None
    return bool(vat.is_valid(normal))

"""The countries lexoffice knows, and the tax side of each."""

from __future__ import annotations

from functools import lru_cache

from unisono.sandbox.kit.world import Row

CODES = frozenset(
    """AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK
    CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT
    GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA
    MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS
    PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ
    UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW""".split()
)
UNION = frozenset("AT BE BG CY CZ DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())
"""The European Union without Germany."""


@lru_cache(maxsize=1)
def countries() -> tuple[Row, ...]:
    """What ``GET /countries`` lists."""
    from babel import Locale  # its names are needed for this list only

    german, english = Locale("de").territories, Locale("en").territories
    return tuple(
        {
            "countryCode": code,
            "countryNameDE": german[code],
            "countryNameEN": english[code],
            "taxClassification": "de" if code == "DE" else "intraCommunity" if code in UNION else "thirdPartyCountry",
        }
        for code in sorted(CODES)
    )

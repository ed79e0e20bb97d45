"""Code lists that FastBill checks incoming fields against: ISO 3166-1 alpha-2 countries, ISO 4217 currencies, its own enumerations."""

from __future__ import annotations

COUNTRIES = frozenset(
    """AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
    FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
    JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
    PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
    TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW""".split()
)
CURRENCIES = frozenset(
    """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL
    HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD
    MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG
    QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD
    TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG""".split()
)
CUSTOMER_TYPES = frozenset({"business", "consumer"})
SALUTATIONS = frozenset({"", "mr", "mrs", "family"})
PAYMENT_TYPES = {"1": "Überweisung", "2": "Lastschrift", "3": "Barzahlung", "4": "PayPal", "5": "Vorkasse", "6": "Kreditkarte"}
DIRECT_DEBIT = "2"
FLAGS = frozenset({"0", "1"})
ESTIMATE_STATES = {
    "a": "erstellt",
    "b": "versendet",
    "c": "in Verhandlung",
    "d": "angenommen",
    "e": "abgelehnt",
    "f": "berechnet",
}
INVOICE_SUBTYPES = frozenset({"standard", "progress_invoice", "final_invoice"})
VAT_CASES = frozenset(
    """standard small_business_regulation b2c_eu_goods b2c_noneu_goods b2b_eu_goods b2b_eu_services b2b_noneu_goods
    b2b_noneu_services""".split()
)
ARTICLE_TYPES = frozenset({"product", "digital_product", "service", "none"})
EVENTS = frozenset(
    """customer.created customer.updated customer.deleted invoice.created invoice.completed invoice.canceled estimate.created
    estimate.updated contact.created contact.updated contact.deleted""".split()
)

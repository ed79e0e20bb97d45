"""The fields of every type of record, one line each: classic name, universal name, kind, marks (see ``fields.read_spec``)."""

from __future__ import annotations

from unisono.sandbox.bitrix24.fields import Field, read_spec

_STAMPS = """
ID id integer ro
DATE_CREATE createdTime datetime ro
DATE_MODIFY updatedTime datetime ro
CREATED_BY_ID createdBy user ro
MODIFY_BY_ID updatedBy user ro
ASSIGNED_BY_ID assignedById user
OPENED opened char
LAST_ACTIVITY_BY lastActivityBy user ro
LAST_ACTIVITY_TIME lastActivityTime datetime ro
SEARCH_CONTENT searchContent noise ro item
"""
_UTM = """
UTM_SOURCE utmSource string
UTM_MEDIUM utmMedium string
UTM_CAMPAIGN utmCampaign string
UTM_CONTENT utmContent string
UTM_TERM utmTerm string
"""
_ORIGIN = """
ORIGINATOR_ID originatorId string len=255
ORIGIN_ID originId string len=255
"""
_OBSERVERS = "OBSERVERS observers user mult item\n"
_CLIENT = """
COMPANY_ID companyId crm_company zero
CONTACT_ID contactId crm_contact zero
CONTACT_IDS contactIds crm_contact mult item
"""
_AMOUNT = """
OPPORTUNITY opportunity money
IS_MANUAL_OPPORTUNITY isManualOpportunity char
TAX_VALUE taxValue money
CURRENCY_ID currencyId crm_currency
"""
_OLD = "2 CITY POSTAL_CODE REGION PROVINCE COUNTRY COUNTRY_CODE LOC_ADDR_ID".split()
_KNOWN_BY = """
HAS_PHONE hasPhone char ro
HAS_EMAIL hasEmail char ro
HAS_IMOL hasImol char ro
"""


def _old_addresses(*prefixes: str) -> str:
    """The legacy columns for addresses: there, and null."""
    lines = [f"{prefix}{rest} - null classic" for prefix in prefixes for rest in ("", *(f"_{one}" for one in _OLD))]
    return "\n".join(lines) + "\n"


_COMPANY = f"""
TITLE title string req len=255
COMPANY_TYPE typeId crm_status st=COMPANY_TYPE
LOGO logo file
LEAD_ID leadId crm_lead ro
{_KNOWN_BY}
BANKING_DETAILS bankingDetails string
INDUSTRY industry crm_status st=INDUSTRY
EMPLOYEES employees crm_status st=EMPLOYEES
REVENUE revenue double
CURRENCY_ID currencyId crm_currency
COMMENTS comments text
IS_MY_COMPANY isMyCompany char
{_ORIGIN}
ORIGIN_VERSION originVersion string len=255
CONTACT_IDS contactIds crm_contact mult item
{_old_addresses("ADDRESS", "REG_ADDRESS")}
ADDRESS_LEGAL - null classic
LAST_COMMUNICATION_TIME lastCommunicationTime string ro classic
"""
_CONTACT = f"""
HONORIFIC honorific crm_status st=HONORIFIC
NAME name string len=50
SECOND_NAME secondName string len=50
LAST_NAME lastName string len=50
POST post string len=255
PHOTO photo file
BIRTHDATE birthdate date
TYPE_ID typeId crm_status st=CONTACT_TYPE
SOURCE_ID sourceId crm_status st=SOURCE
SOURCE_DESCRIPTION sourceDescription text
EXPORT export char
COMMENTS comments text
LEAD_ID leadId crm_lead ro
COMPANY_ID companyId crm_company zero
COMPANY_IDS companyIds crm_company mult
{_KNOWN_BY}
{_ORIGIN}
ORIGIN_VERSION originVersion string len=255
FACE_ID faceId integer
{_old_addresses("ADDRESS")}
LAST_COMMUNICATION_TIME lastCommunicationTime string ro classic
"""
_DEAL = f"""
TITLE title string len=255
TYPE_ID typeId crm_status st=DEAL_TYPE
CATEGORY_ID categoryId crm_category
STAGE_ID stageId crm_status st=DEAL_STAGE
STAGE_SEMANTIC_ID stageSemanticId string ro
PROBABILITY probability integer
{_AMOUNT}
LEAD_ID leadId crm_lead
{_CLIENT}
QUOTE_ID quoteId crm_quote ro
BEGINDATE begindate date
CLOSEDATE closedate date
CLOSED closed char ro
COMMENTS comments text
ADDITIONAL_INFO additionalInfo text
LOCATION_ID locationId string
IS_NEW isNew char ro
IS_RECURRING isRecurring char
IS_RETURN_CUSTOMER isReturnCustomer char
IS_REPEATED_APPROACH isRepeatedApproach char
SOURCE_ID sourceId crm_status st=SOURCE
SOURCE_DESCRIPTION sourceDescription text
{_ORIGIN}
MOVED_BY_ID movedBy user ro
MOVED_TIME movedTime datetime ro
{_OBSERVERS}
"""
_LEAD = f"""
TITLE title string len=255
HONORIFIC honorific crm_status st=HONORIFIC
NAME name string len=50
SECOND_NAME secondName string len=50
LAST_NAME lastName string len=50
COMPANY_TITLE companyTitle string len=255
POST post string
BIRTHDATE birthdate date
STATUS_ID stageId crm_status st=STATUS
STATUS_SEMANTIC_ID stageSemanticId string ro
STATUS_DESCRIPTION statusDescription text
SOURCE_ID sourceId crm_status st=SOURCE
SOURCE_DESCRIPTION sourceDescription text
OPPORTUNITY opportunity money
IS_MANUAL_OPPORTUNITY isManualOpportunity char
CURRENCY_ID currencyId crm_currency
{_CLIENT}
COMMENTS comments text
DATE_CLOSED dateClosed datetime ro
IS_RETURN_CUSTOMER isReturnCustomer char
{_KNOWN_BY}
{_ORIGIN}
WEBFORM_ID webformId integer zero item
MOVED_BY_ID movedBy user ro
MOVED_TIME movedTime datetime ro
{_old_addresses("ADDRESS")}
{_OBSERVERS}
"""
_QUOTE = f"""
TITLE title string len=255
STATUS_ID stageId crm_status st=QUOTE_STATUS
{_AMOUNT.replace("IS_MANUAL_OPPORTUNITY isManualOpportunity char", "IS_MANUAL_OPPORTUNITY isManualOpportunity char item")}
{_CLIENT}
MYCOMPANY_ID mycompanyId crm_company
DEAL_ID dealId crm_deal
LEAD_ID leadId crm_lead
QUOTE_NUMBER quoteNumber string ro
BEGINDATE begindate date
CLOSEDATE closedate date
ACTUAL_DATE actualDate date
CLOSED closed char ro
CONTENT content text
TERMS terms text
COMMENTS comments text
PERSON_TYPE_ID personTypeId integer
LOCATION_ID locationId string
STORAGE_TYPE_ID storageTypeId integer item
STORAGE_ELEMENT_IDS storageElementIds integer mult item
CLIENT_TITLE clientTitle string len=255
CLIENT_ADDR clientAddr string len=255
CLIENT_CONTACT clientContact string len=255
CLIENT_EMAIL clientEmail string len=255
CLIENT_PHONE clientPhone string len=255
CLIENT_TP_ID clientTpId string len=255
CLIENT_TPA_ID clientTpaId string len=255
LAST_COMMUNICATION_TIME lastCommunicationTime string ro classic
"""
_INVOICE = f"""
TITLE title string len=255
XML_ID xmlId string len=255
ACCOUNT_NUMBER accountNumber string len=100
CATEGORY_ID categoryId crm_category
STAGE_ID stageId crm_status st=SMART_INVOICE_STAGE
PREVIOUS_STAGE_ID previousStageId crm_status ro
BEGINDATE begindate date
CLOSEDATE closedate date
{_CLIENT}
CONTACTS contacts crm_contact mult ro item
MYCOMPANY_ID mycompanyId crm_company
{_AMOUNT}
COMMENTS comments text
LOCATION_ID locationId string
SOURCE_ID sourceId crm_status st=SOURCE
SOURCE_DESCRIPTION sourceDescription text
WEBFORM_ID webformId integer
MOVED_BY_ID movedBy user ro
MOVED_TIME movedTime datetime ro
PARENT_ID_2 parentId2 crm_deal
PARENT_ID_7 parentId7 crm_quote
{_OBSERVERS}
"""

SPECS: dict[str, dict[str, Field]] = {
    "company": read_spec(_STAMPS + _COMPANY + _UTM),
    "contact": read_spec(_STAMPS + _CONTACT + _UTM),
    "deal": read_spec(_STAMPS + _DEAL + _UTM),
    "lead": read_spec(_STAMPS + _LEAD + _UTM),
    "quote": read_spec(_STAMPS + _QUOTE + _UTM),
    "invoice": read_spec(_STAMPS + _INVOICE + _UTM),
}

# Fields of the universal answers that are always null: switched off in the products the vendor sells.
ALWAYS_NULL: dict[str, tuple[str, ...]] = {
    "deal": tuple(
        """dateCreateShort dateModifyShort productId begindateShort closedateShort eventDate eventDateShort eventId eventDescription
        webformId orderStage isWork isWon isLose receivedAmount lostAmount hasProducts""".split()
    ),
    "lead": tuple("dateCreateShort dateModifyShort isConvert productId shortName address login".split()),
    "company": (),
    "contact": (),
    "quote": (),
    "invoice": (),
}

REQUISITE_FIELDS: dict[str, int] = {
    "NAME": 255, "CODE": 45, "XML_ID": 45, "ORIGINATOR_ID": 255, "ACTIVE": 1, "ADDRESS_ONLY": 1, "SORT": 0,
    "RQ_NAME": 150, "RQ_FIRST_NAME": 50, "RQ_LAST_NAME": 50, "RQ_SECOND_NAME": 50, "RQ_COMPANY_ID": 255, "RQ_COMPANY_NAME": 255,
    "RQ_COMPANY_FULL_NAME": 300, "RQ_COMPANY_REG_DATE": 30, "RQ_DIRECTOR": 150, "RQ_ACCOUNTANT": 150, "RQ_CEO_NAME": 150,
    "RQ_CEO_WORK_POS": 150, "RQ_CONTACT": 150, "RQ_EMAIL": 255, "RQ_PHONE": 30, "RQ_FAX": 30, "RQ_IDENT_TYPE": 50, "RQ_IDENT_DOC": 255,
    "RQ_IDENT_DOC_SER": 25, "RQ_IDENT_DOC_NUM": 25, "RQ_IDENT_DOC_PERS_NUM": 25, "RQ_IDENT_DOC_DATE": 30, "RQ_IDENT_DOC_ISSUED_BY": 255,
    "RQ_IDENT_DOC_DEP_CODE": 25, "RQ_INN": 15, "RQ_KPP": 9, "RQ_USRLE": 20, "RQ_IFNS": 255, "RQ_OGRN": 13, "RQ_OGRNIP": 15, "RQ_OKPO": 12,
    "RQ_OKTMO": 11, "RQ_OKVED": 255, "RQ_EDRPOU": 10, "RQ_DRFO": 10, "RQ_KBE": 2, "RQ_IIN": 12, "RQ_BIN": 12, "RQ_ST_CERT_SER": 10,
    "RQ_ST_CERT_NUM": 15, "RQ_ST_CERT_DATE": 30, "RQ_VAT_PAYER": 1, "RQ_VAT_ID": 20, "RQ_VAT_CERT_SER": 10, "RQ_VAT_CERT_NUM": 15,
    "RQ_VAT_CERT_DATE": 30, "RQ_RESIDENCE_COUNTRY": 128, "RQ_BASE_DOC": 255, "RQ_REGON": 9, "RQ_KRS": 10, "RQ_PESEL": 11,
    "RQ_LEGAL_FORM": 80, "RQ_SIRET": 20, "RQ_SIREN": 15, "RQ_CAPITAL": 30, "RQ_RCS": 100, "RQ_CNPJ": 100, "RQ_STATE_REG": 100,
    "RQ_MNPL_REG": 100, "RQ_CPF": 100,
}  # fmt: skip
"""What may be written on a requisite, and how long it may be; most lengths are guesses, those of names, tax ids and keys are known."""

BANK_FIELDS: dict[str, int] = {
    "COUNTRY_ID": 0, "NAME": 255, "CODE": 45, "XML_ID": 45, "ORIGINATOR_ID": 255, "ACTIVE": 1, "SORT": 0, "COMMENTS": 500,
    "RQ_BANK_NAME": 255, "RQ_BANK_CODE": 255, "RQ_BANK_ADDR": 255, "RQ_BANK_ROUTE_NUM": 9, "RQ_BIK": 11, "RQ_MFO": 6, "RQ_ACC_NAME": 150,
    "RQ_ACC_NUM": 34, "RQ_ACC_TYPE": 50, "RQ_AGENCY_NAME": 255, "RQ_IIK": 20, "RQ_ACC_CURRENCY": 100, "RQ_COR_ACC_NUM": 34, "RQ_IBAN": 34,
    "RQ_SWIFT": 11, "RQ_BIC": 11, "RQ_CODEB": 5, "RQ_CODEG": 5, "RQ_RIB": 2,
}  # fmt: skip

ADDRESS_FIELDS: dict[str, int] = {
    "ADDRESS_1": 1024, "ADDRESS_2": 1024, "CITY": 128, "POSTAL_CODE": 16, "REGION": 128, "PROVINCE": 128, "COUNTRY": 128,
    "COUNTRY_CODE": 100, "LOC_ADDR_ID": 0,
}  # fmt: skip
"""Free texts of an address with their lengths. The country is one of them."""

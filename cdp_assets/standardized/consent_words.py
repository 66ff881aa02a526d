"""The words of consent, in the words that the rest of the pipeline speaks: English, German, Spanish, French, Polish, Italian,
Portuguese and Dutch.

A contract may translate a source's own words (``values``); what it leaves is understood here where it has one meaning, and
what nobody understands is read as what allows less:

===================== ================================================================== ==============================
field                 read as                                                            a word that nobody understands
===================== ================================================================== ==============================
``consent``           given, withdrawn, expired, or requested (asked, not confirmed yet) withdrawn: it is not lost
``double_opt_in``     confirmed or pending; a date of confirmation is confirmed          pending
``lawful_basis``      consent, legitimate_interest, contract, legal_obligation,          stays, and is no consent
                      vital_interest or public_task (GDPR art. 6(1) a to f)
``jurisdiction``      ISO 3166-1 alpha-2 of a country, or EU                             null: the strictest rule
``validity_duration`` an ISO 8601 duration (``P12M``) or last day (``2026-05-01``)       ``unreadable``: it has expired
===================== ================================================================== ==============================

The fields' names are those of ISO/IEC TS 27560:2023 as the W3C's Data Privacy Vocabulary maps them
(https://w3id.org/dpv/guides/consent-27560): lawful_basis (6.3.4.6, ``dpv:hasLegalBasis``), collection_method (6.3.4.9),
jurisdiction (6.3.4.16, ``dpv:hasJurisdiction``), validity_duration (6.3.7.2, ``dct:valid``), and ``consent`` is
its event_state (6.3.7.6, ``dpv:hasConsentStatus``: ConsentGiven, ConsentWithdrawn, ConsentExpired, ConsentRequested), ``wording``
its privacy_notice (6.3.4.1): both keep the names that contracts have always used. ``indicated_by`` is its entity_id (6.3.7.3),
by DPV's name, for ``entity_id`` is a person's in truth files. A double opt-in has no field there.

What does not belong here: what an event changes (golden records).
"""

from __future__ import annotations

import re
from datetime import date

import polars as pl

from cdp_assets.standardized.event_words import snake_case
from cdp_assets.standardized.places import standardize_countries
from cdp_assets.standardized.text import VALUE, by_value, clean, computed, without_placeholders, word_set

GIVEN, WITHDRAWN, EXPIRED, REQUESTED = "given", "withdrawn", "expired", "requested"

GIVEN_WORDS = word_set(
    "given give yes y true t 1 on opt_in opted_in optin optedin in subscribe subscribed granted "
    "grant accepted accept agreed allowed allow active confirmed consented permitted consentgiven consent_given "
    "renewed renewedconsentgiven renewed_consent_given re_confirmed reconfirmed "
    "ja j einverstanden zugestimmt erteilt eingewilligt angemeldet abonniert "
    "si s acepto aceptado otorgado consentido suscrito autorizado "
    "oui o accepte accorde consenti donne abonne inscrit "
    "tak zgoda udzielona udzielono wyrazona wyrazono wyrazam_zgode zapisany zapisana zaakceptowano "
    "accettato concesso iscritto acconsento sim aceito consentimento_dado da toegestaan akkoord ingeschreven aangemeld"
)
"""Every word that is in none of these three lists withdraws."""

EXPIRED_WORDS = word_set(
    "expired lapsed consentexpired consent_expired abgelaufen verfallen erloschen caducado caducada vencido expirado "
    "expire expiree perime wygasla wygaslo wygasl wygasniete scaduto scaduta verlopen"
)

REQUESTED_WORDS = word_set(
    "requested pending unconfirmed asked awaiting_confirmation not_confirmed consentrequested consent_requested double_opt_in_pending "
    "ausstehend unbestatigt unbestaetigt angefragt pendiente sin_confirmar en_attente non_confirme oczekuje oczekujaca "
    "niepotwierdzony niepotwierdzona in_attesa pendente in_afwachting"
)
"""Somebody was asked, or has signed up and not confirmed it: no consent, and no withdrawal."""

CONFIRMED_WORDS = GIVEN_WORDS | word_set(
    "verified done complete completed double double_opt_in doi bestatigt bestaetigt confirmado confirmada confirme "
    "potwierdzony potwierdzona potwierdzono confermato bevestigd"
)

BASIS_WORDS = {
    **dict.fromkeys(word_set(
        "consent explicit_consent express_consent a6_1_a 6_1_a art_6_1_a gdpr_a6_1_a opt_in einwilligung consentimiento "
        "consentement zgoda consenso consentimento toestemming"
    ), "consent"),
    **dict.fromkeys(word_set(
        "contract performance_of_contract a6_1_b 6_1_b art_6_1_b vertrag contrato contrat umowa contratto overeenkomst"
    ), "contract"),
    **dict.fromkeys(word_set("legal_obligation a6_1_c 6_1_c art_6_1_c obligacion_legal obligation_legale obowiazek_prawny"), "legal_obligation"),
    **dict.fromkeys(word_set("vital_interest vital_interests a6_1_d 6_1_d art_6_1_d"), "vital_interest"),
    **dict.fromkeys(word_set("public_task public_interest a6_1_e 6_1_e art_6_1_e"), "public_task"),
    **dict.fromkeys(word_set(
        "legitimate_interest legitimate_interests legitimateinterest a6_1_f 6_1_f art_6_1_f soft_opt_in existing_customer "
        "berechtigtes_interesse interes_legitimo interet_legitime prawnie_uzasadniony_interes legittimo_interesse "
        "gerechtvaardigd_belang"
    ), "legitimate_interest"),
}  # fmt: skip
"""A source's word for the legal basis, in snake case, to ours; soft opt-in (ePrivacy art. 13(2)) is an interest, not a consent."""

UNIONS = {"eu": "EU", "european_union": "EU", "eea": "EU", "ue": "EU", "union_europea": "EU", "union_europeenne": "EU",
          "europaische_union": "EU", "unia_europejska": "EU", "ewr": "EU"}  # fmt: skip

UNREADABLE = "unreadable"

_DAY = r"^(\d{4}-\d\d-\d\d)(?:[T ].*)?$"
_LONGEST_AMOUNT = 999
_UNITS = {
    **dict.fromkeys(word_set("d day days tag tage tagen dia dias jour jours dzien dni"), "D"),
    **dict.fromkeys(word_set("w week weeks woche wochen semana semanas semaine semaines tydzien tygodni"), "W"),
    **dict.fromkeys(word_set("m month months monat monate monaten mes meses mois miesiac miesiace miesiecy"), "M"),
    **dict.fromkeys(word_set("y year years jahr jahre jahren ano anos an ans rok lata lat"), "Y"),
}
_AMOUNT = re.compile(r"(\d{1,4})_?([a-z]+)")
_ISO_DURATION = re.compile(r"P(?=\d)(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,4})D)?(?:T.*)?")


def standardize_consents(delivered: pl.Series) -> pl.Series:
    """``given``, ``withdrawn``, ``expired`` or ``requested``; null where nothing is said."""
    words = (
        pl.when(VALUE.is_in(sorted(GIVEN_WORDS)))
        .then(pl.lit(GIVEN))
        .when(VALUE.is_in(sorted(EXPIRED_WORDS)))
        .then(pl.lit(EXPIRED))
        .when(VALUE.is_in(sorted(REQUESTED_WORDS)))
        .then(pl.lit(REQUESTED))
        .when(VALUE.is_not_null())
        .then(pl.lit(WITHDRAWN))
    )
    return computed(snake_case(delivered), words)


def standardize_double_opt_ins(delivered: pl.Series) -> pl.Series:
    """``confirmed`` (also where the value is the day of it) or ``pending``; null where nothing is said."""
    is_confirmed = VALUE.is_in(sorted(CONFIRMED_WORDS)) | VALUE.str.contains(r"^\d{4}_\d\d_\d\d")
    words = pl.when(is_confirmed).then(pl.lit("confirmed")).when(VALUE.is_not_null()).then(pl.lit("pending"))
    return computed(snake_case(delivered), words)


def standardize_lawful_bases(delivered: pl.Series) -> pl.Series:
    """A basis of GDPR art. 6(1) in its words of the module's table; another word stays, in snake case."""
    return snake_case(delivered).replace(list(BASIS_WORDS), list(BASIS_WORDS.values()))


def standardize_jurisdictions(delivered: pl.Series) -> pl.Series:
    """ISO 3166-1 alpha-2 of a country (of ``US-CA`` the country), or ``EU``; null where it is neither."""
    places = clean(delivered)
    country = standardize_countries(computed(places, VALUE.str.replace(r"^([A-Za-z]{2})-[A-Za-z0-9]{1,3}$", "$1")))
    union = snake_case(places).replace_strict(list(UNIONS), list(UNIONS.values()), default=None, return_dtype=pl.String)
    return country.set(country.is_null() & union.is_not_null(), "EU") if union.is_not_null().any() else country


def standardize_validity(delivered: pl.Series) -> pl.Series:
    """An ISO 8601 duration or day, ``unreadable`` where it is neither; null where nothing is said."""
    return by_value(_validities, without_placeholders(clean(delivered)))


def _validities(texts: pl.Series) -> pl.Series:
    read = [None if text is None else _validity(text) for text in texts.to_list()]
    return pl.Series(texts.name, read, dtype=pl.String)


def _validity(text: str) -> str:
    if text == UNREADABLE:
        return UNREADABLE
    if found := re.match(_DAY, text):
        try:
            return date.fromisoformat(found[1]).isoformat()
        except ValueError:
            return UNREADABLE
    if found := _ISO_DURATION.fullmatch(text.upper()):
        parts = [f"{int(amount)}{unit}" for amount, unit in zip(found.groups(), "YMWD", strict=True) if amount]
        return f"P{''.join(parts)}" if parts and _is_possible(parts) else UNREADABLE
    words = re.sub(r"[^a-z0-9]+", "_", snake_case(pl.Series([text])).item() or "")
    if (found := _AMOUNT.fullmatch(words)) and found[2] in _UNITS and int(found[1]) <= _LONGEST_AMOUNT:
        return f"P{int(found[1])}{_UNITS[found[2]]}"
    return UNREADABLE


def _is_possible(parts: list[str]) -> bool:
    """A duration beyond any calendar is a slip of the keyboard, and nobody can tell what was meant."""
    return all(int(part[:-1]) <= _LONGEST_AMOUNT * (31 if part[-1] == "D" else 1) for part in parts)

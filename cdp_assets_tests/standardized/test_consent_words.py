from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from cdp_assets.standardized.consent_words import (
    EXPIRED_WORDS,
    GIVEN_WORDS,
    REQUESTED_WORDS,
    standardize_consents,
    standardize_double_opt_ins,
    standardize_jurisdictions,
    standardize_lawful_bases,
    standardize_validity,
)


def read(standard: Callable[[pl.Series], pl.Series], text: str | None) -> str | None:
    found: str | None = standard(pl.Series([text], dtype=pl.String)).item()
    return found


@pytest.mark.parametrize(
    ("delivered", "expected"),
    [
        ("given", "given"), ("Yes", "given"), ("TRUE", "given"), ("1", "given"), ("opt-in", "given"), ("Tak", "given"), ("sí", "given"),
        ("subscribed", "given"), ("ConsentGiven", "given"), ("zugestimmt", "given"), ("Einverstanden", "given"), ("Acepto", "given"),
        ("J'accepte", "withdrawn"), ("accepté", "given"), ("wyrażona", "given"), ("sim", "given"), ("akkoord", "given"),
        ("withdrawn", "withdrawn"), ("no", "withdrawn"), ("0", "withdrawn"), ("unsubscribed", "withdrawn"), ("false", "withdrawn"),
        ("opt-out", "withdrawn"), ("zurückgezogen", "withdrawn"), ("brak zgody", "withdrawn"), ("refusé", "withdrawn"), ("baja", "withdrawn"),
        ("ConsentWithdrawn", "withdrawn"), ("whatever", "withdrawn"),
        ("expired", "expired"), ("abgelaufen", "expired"), ("caducado", "expired"), ("expiré", "expired"), ("wygasła", "expired"),
        ("pending", "requested"), ("unbestätigt", "requested"), ("pendiente", "requested"), ("en attente", "requested"),
        ("", None), ("n/a", None),
    ],
)  # fmt: skip
def test_a_consent_that_is_not_clearly_given_expired_or_asked_for_is_withdrawn(
    delivered: str, expected: str | None
) -> None:
    assert read(standardize_consents, delivered) == expected


def test_no_word_means_two_states() -> None:
    lists = (GIVEN_WORDS, EXPIRED_WORDS, REQUESTED_WORDS)
    assert len(frozenset.union(*lists)) == sum(len(words) for words in lists)


@pytest.mark.parametrize(
    ("delivered", "expected"),
    [
        ("confirmed", "confirmed"), ("yes", "confirmed"), ("2024-05-01T10:30:00Z", "confirmed"), ("bestätigt", "confirmed"),
        ("pending", "pending"), ("no", "pending"), ("mail sent", "pending"), (None, None),
    ],
)  # fmt: skip
def test_a_double_opt_in_that_is_not_clearly_confirmed_is_pending(delivered: str | None, expected: str | None) -> None:
    assert read(standardize_double_opt_ins, delivered) == expected


@pytest.mark.parametrize(
    ("delivered", "expected"),
    [
        ("Consent", "consent"), ("Art. 6(1)(a)", "consent"), ("Einwilligung", "consent"), ("A6-1-f", "legitimate_interest"),
        ("soft opt-in", "legitimate_interest"), ("interés legítimo", "legitimate_interest"), ("Vertrag", "contract"),
        ("because we can", "because_we_can"), ("", None),
    ],
)  # fmt: skip
def test_a_legal_basis_that_is_not_known_stays_and_is_no_consent(delivered: str, expected: str | None) -> None:
    assert read(standardize_lawful_bases, delivered) == expected


@pytest.mark.parametrize(
    ("delivered", "expected"),
    [("Germany", "DE"), ("us-ca", "US"), ("EU", "EU"), ("Unia Europejska", "EU"), ("Narnia", None), (None, None)],
)
def test_a_jurisdiction_is_a_country_or_the_union(delivered: str | None, expected: str | None) -> None:
    assert read(standardize_jurisdictions, delivered) == expected


@pytest.mark.parametrize(
    ("delivered", "expected"),
    [
        ("P12M", "P12M"), ("p1y6m", "P1Y6M"), ("12 months", "P12M"), ("2 Jahre", "P2Y"), ("90d", "P90D"), ("2026-05-01", "2026-05-01"),
        ("2026-05-01 12:00", "2026-05-01"), ("2026-02-30", "unreadable"), ("until further notice", "unreadable"),
        ("P99999999Y", "unreadable"), (None, None),
    ],
)  # fmt: skip
def test_a_validity_is_a_duration_or_a_last_day_or_says_that_nobody_can_read_it(
    delivered: str | None, expected: str | None
) -> None:
    assert read(standardize_validity, delivered) == expected

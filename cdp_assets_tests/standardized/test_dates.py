from datetime import UTC, date, datetime

import polars as pl
import pytest

from cdp_assets.standardized.dates import standardize_birth_dates, standardize_moments

TODAY = date(2026, 1, 1)

# format, country, delivered -> date, text, problem
BIRTH_DATES = [
    (None, None, "1990-05-03", date(1990, 5, 3), "1990-05-03", None),
    (None, None, "19900503", date(1990, 5, 3), "1990-05-03", None),
    (None, None, "1990/5/3", date(1990, 5, 3), "1990-05-03", None),
    (None, None, "1990.05.03", date(1990, 5, 3), "1990-05-03", None),
    (None, None, "1990-05-03T00:00:00Z", date(1990, 5, 3), "1990-05-03", None),
    (None, None, "1990-05-03 00:00:00.000", date(1990, 5, 3), "1990-05-03", None),
    (None, None, " 1990-05-03 ", date(1990, 5, 3), "1990-05-03", None),
    (None, None, "13/04/1990", date(1990, 4, 13), "1990-04-13", None),
    (None, None, "04/13/1990", date(1990, 4, 13), "1990-04-13", None),
    (None, None, "05/05/1990", date(1990, 5, 5), "1990-05-05", None),
    (None, None, "03/04/1990", None, None, "unreadable"),
    (None, None, "3.4.1990", date(1990, 4, 3), "1990-04-03", None),
    ("%d/%m/%Y", None, "03/04/1990", date(1990, 4, 3), "1990-04-03", None),
    ("%m/%d/%Y", None, "03/04/1990", date(1990, 3, 4), "1990-03-04", None),
    ("%d.%m.%y", None, "31.12.68", date(1968, 12, 31), "1968-12-31", None),
    ("%d.%m.%y", None, "31.12.25", date(2025, 12, 31), "2025-12-31", None),
    ("%d%m%Y", None, "03041990", date(1990, 4, 3), "1990-04-03", None),
    ("%d/%m/%Y", None, "1990-04-03", date(1990, 4, 3), "1990-04-03", None),
    ("%d %b %Y", None, "3 Apr 1990", date(1990, 4, 3), "1990-04-03", None),
    ("%m/%d/%Y %H:%M", None, "03/04/1990 10:30", date(1990, 3, 4), "1990-03-04", None),
    (None, "US", "03/04/1990", date(1990, 3, 4), "1990-03-04", None),
    (None, "GB", "03/04/1990", date(1990, 4, 3), "1990-04-03", None),
    (None, "AU", "03/04/1990", date(1990, 4, 3), "1990-04-03", None),
    (None, "US", "10/10/52", date(1952, 10, 10), "1952-10-10", None),
    (None, "DE", "12. März 1985", date(1985, 3, 12), "1985-03-12", None),
    (None, "ES", "5 de mayo de 1990", date(1990, 5, 5), "1990-05-05", None),
    (None, "PL", "1 stycznia 1991", date(1991, 1, 1), "1991-01-01", None),
    (None, "FR", "1er août 1990", date(1990, 8, 1), "1990-08-01", None),
    (None, "FR", "14 août 1990", date(1990, 8, 14), "1990-08-14", None),
    (None, "US", "May 5th, 1990", date(1990, 5, 5), "1990-05-05", None),
    (None, "GB", "5-Jan-1985", date(1985, 1, 5), "1985-01-05", None),
    (None, "GB", "Tuesday, 5 March 1985", date(1985, 3, 5), "1985-03-05", None),
    (None, "IT", "3 luglio 1971", date(1971, 7, 3), "1971-07-03", None),
    (None, "PT", "7 de fevereiro de 1969", date(1969, 2, 7), "1969-02-07", None),
    (None, "NL", "9 mrt 1977", date(1977, 3, 9), "1977-03-09", None),
    (None, "PL", "12 paź 1980", date(1980, 10, 12), "1980-10-12", None),
    (None, "DE", "Samstag, den 5. Mai 1990", date(1990, 5, 5), "1990-05-05", None),
    (None, "ES", "sábado, 5 de mayo de 1990", date(1990, 5, 5), "1990-05-05", None),
    ("%m/%d/%Y", "US", "19-Feb-91", date(1991, 2, 19), "1991-02-19", None),
    (None, None, "5. Mai 08", date(2008, 5, 5), "2008-05-05", None),
    (None, None, "31-FEB-91", None, "1991-02-31", "impossible"),
    (None, None, "19-Feb-911", None, None, "unreadable"),
    (None, "FR", "samedi 5 mai 1990", date(1990, 5, 5), "1990-05-05", None),
    (None, "PL", "sobota, 5 maja 1990 r.", date(1990, 5, 5), "1990-05-05", None),
    (None, "SE", "5 maj 1990", date(1990, 5, 5), "1990-05-05", None),
    (None, "JP", "1990年5月3日", date(1990, 5, 3), "1990-05-03", None),
    (None, "CN", "1990年05月03日", date(1990, 5, 3), "1990-05-03", None),
    (None, "US", "Sept 5, 1990", date(1990, 9, 5), "1990-09-05", None),
    (None, "US", "02/29/2000", date(2000, 2, 29), "2000-02-29", None),
    # a day that cannot exist keeps its digits
    (None, "US", "02/29/1900", None, "1900-02-29", "impossible"),
    (None, "DE", "31. April 1990", None, "1990-04-31", "impossible"),
    (None, None, "2026-01-02", None, "2026-01-02", "to_come"),
    (None, None, "2026-01-01", date(2026, 1, 1), "2026-01-01", None),
    # nobody's, and nothing
    (None, None, "0000-00-00", None, None, "placeholder"),
    (None, None, "00/00/0000", None, None, "placeholder"),
    (None, "DE", "01.01.1900", None, None, "placeholder"),
    (None, "US", "1/1/1970 12:00:00 AM", None, None, "placeholder"),
    (None, None, "n/a", None, None, "placeholder"),
    (None, None, "keine Angabe", None, None, "placeholder"),
    (None, None, "about 1950", None, None, "unreadable"),
    (None, None, "45 years", None, None, "unreadable"),
    (None, None, "19260631", None, "1926-06-31", "impossible"),
    (None, None, "1990-02-30", None, "1990-02-30", "impossible"),
    (None, None, "1990-13-45", None, "1990-13-45", "impossible"),
    ("%d/%m/%Y", None, "31/02/1990", None, "1990-02-31", "impossible"),
    (None, None, "2985-03-07", None, None, "placeholder"),
    (None, None, "2031-02-20", None, "2031-02-20", "to_come"),
    # a stray letter, a missing sign
    (None, None, "1942t-09-28", date(1942, 9, 28), "1942-09-28", None),
    (None, None, "1992-0826", date(1992, 8, 26), "1992-08-26", None),
    # nobody's
    (None, None, "1900-01-01", None, None, "placeholder"),
    (None, None, "1970-01-01", None, None, "placeholder"),
    (None, None, "9999-12-31", None, None, "placeholder"),
    (None, None, "0001-01-01", None, None, "placeholder"),
    (None, None, "3000-01-01", None, None, "placeholder"),
    ("%d/%m/%Y", None, "01/01/1900", None, None, "placeholder"),
    (None, None, "unknown", None, None, "placeholder"),
    # A year still identifies: it is kept as what it says, and makes no day.
    (None, None, "1990", None, "1990-00-00", "incomplete"),
    (None, None, "1990-05", None, "1990-05-00", "incomplete"),
    ("%Y", None, "1990", None, "1990-00-00", "incomplete"),
    ("%Y", None, "1990-05-03", date(1990, 5, 3), "1990-05-03", None),
    ("%d.%m.%Y", "DE", "1842", None, "1842-00-00", "incomplete"),
    (None, None, "1990-13", None, None, "unreadable"),
    (None, None, "0512", None, None, "unreadable"),
    (None, None, "2031", None, "2031-00-00", "to_come"),
    (None, None, "1900", None, None, "placeholder"),
    (None, None, "", None, None, None),
]


@pytest.mark.parametrize(("date_format", "country", "delivered", "day", "text", "problem"), BIRTH_DATES)
def test_a_date_of_birth(
    date_format: str | None,
    country: str | None,
    delivered: str,
    day: date | None,
    text: str | None,
    problem: str | None,
) -> None:
    found = standardize_birth_dates(pl.Series([delivered]), date_format, country, TODAY).row(0)
    assert found == (day, text, problem)


# format, country, delivered -> moment
MOMENTS = [
    (None, None, "2021-03-04", datetime(2021, 3, 4, tzinfo=UTC)),
    (None, None, "2021-03-04T05:06:07", datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)),
    (None, None, "2021-03-04T05:06:07Z", datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)),
    (None, None, "2021-03-04 05:06:07.123456", datetime(2021, 3, 4, 5, 6, 7, 123456, tzinfo=UTC)),
    (None, None, "2021-03-04T05:06:07.5+02:00", datetime(2021, 3, 4, 3, 6, 7, 500000, tzinfo=UTC)),
    (None, None, "2021-03-04 05:06 -0530", datetime(2021, 3, 4, 10, 36, tzinfo=UTC)),
    (None, None, "2021-03-04 23:30:00-01", datetime(2021, 3, 5, 0, 30, tzinfo=UTC)),
    (None, None, "20210304", datetime(2021, 3, 4, tzinfo=UTC)),
    (None, None, "1614834367", datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)),
    (None, None, "1614834367.25", datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)),
    (None, None, "1614834367000", datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)),
    (None, None, "1614834367000000", datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)),
    (None, "US", "3/4/2021 2:05 PM", datetime(2021, 3, 4, 14, 5, tzinfo=UTC)),
    (None, "US", "3/4/2021 12:05 am", datetime(2021, 3, 4, 0, 5, tzinfo=UTC)),
    (None, "GB", "3/4/2021 14:05", datetime(2021, 4, 3, 14, 5, tzinfo=UTC)),
    ("%d.%m.%Y", None, "04.03.2021 14:05", datetime(2021, 3, 4, 14, 5, tzinfo=UTC)),
    ("%d.%m.%Y %H:%M", None, "04.03.2021 14:05", datetime(2021, 3, 4, 14, 5, tzinfo=UTC)),
    ("%Y%m%d%H%M%S", None, "20210304050607", datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)),
    (None, "DE", "04.03.2021 14:05:09", datetime(2021, 3, 4, 14, 5, 9, tzinfo=UTC)),
    (None, "PL", "4 marca 2021, 14:05", datetime(2021, 3, 4, 14, 5, tzinfo=UTC)),
    (None, "ES", "4 de marzo de 2021 14:05", datetime(2021, 3, 4, 14, 5, tzinfo=UTC)),
    (None, "FR", "4 mars 2021 14:05", datetime(2021, 3, 4, 14, 5, tzinfo=UTC)),
    (None, "IT", "4 marzo 2021 14:05", datetime(2021, 3, 4, 14, 5, tzinfo=UTC)),
    (None, "US", "March 4, 2021 2:05 p.m.", datetime(2021, 3, 4, 14, 5, tzinfo=UTC)),
    (None, "GB", "Thu, 4 Mar 2021 14:05:00 +0000", datetime(2021, 3, 4, 14, 5, tzinfo=UTC)),
    (None, "JP", "2021年3月4日 14:05", datetime(2021, 3, 4, 14, 5, tzinfo=UTC)),
    (None, None, "2021-03-04T05:06:07.123456789Z", datetime(2021, 3, 4, 5, 6, 7, 123456, tzinfo=UTC)),
    (None, None, "2021-03-04T05:06:07+05:45", datetime(2021, 3, 3, 23, 21, 7, tzinfo=UTC)),
    (None, None, "2021/03/04 05:06", datetime(2021, 3, 4, 5, 6, tzinfo=UTC)),
    (None, None, "2021-03-04 05:06:07 UTC", datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)),
    (None, None, "2021-03-04T05:06:07+01:00[Europe/Paris]", datetime(2021, 3, 4, 4, 6, 7, tzinfo=UTC)),
    (None, None, "0", None),
    (None, None, "12:30", None),
    (None, None, "n/a", None),
    (None, None, "3/4/2021", None),
    (None, None, "2021-02-30", None),
    (None, None, "2021-03-04T25:00:00", None),
    (None, None, "yesterday", None),
    (None, None, "", None),
]


@pytest.mark.parametrize(("date_format", "country", "delivered", "moment"), MOMENTS)
def test_a_moment(date_format: str | None, country: str | None, delivered: str, moment: datetime | None) -> None:
    assert standardize_moments(pl.Series([delivered]), date_format, country).to_list() == [moment]


def test_rows_keep_their_order_and_nulls() -> None:
    delivered = pl.Series(["1990-05-03", None, "rubbish", "19800101", "1990-05-03"])
    text = standardize_birth_dates(delivered, None, None, TODAY).get_column("date_of_birth_text")
    assert text.to_list() == ["1990-05-03", None, None, "1980-01-01", "1990-05-03"]

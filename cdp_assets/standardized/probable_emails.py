"""Addresses that are probably a record's person's, though its source did not deliver them: a second, weaker identifier.

========================== =========================================================================================
because                    what stands beside the record
========================== =========================================================================================
mistyped_domain            its own address with the domain that was probably meant
company_changed_domain     its own local part at the domain that replaced the old one
company_changed_pattern    its name in the form that its company writes addresses in since a change
company_pattern            its name in the form of its company's addresses, where it has no address there
========================== =========================================================================================

Nothing is rewritten: the delivered address stays what it is. An address is not offered where it may be somebody else's:
where records of two people by their evidence would get it, where a record of another name carries it, where many share
it or it is a function's. Where a name can be spelled in several ways, the spellings that somebody carries are
offered, or else the likeliest alone.

What does not belong here: the forms and changes themselves (``company_domains.py``), and how much such an
address proves (linkage).
"""

from __future__ import annotations

import polars as pl
from rapidfuzz.distance import JaroWinkler

from cdp_assets.standardized.address_patterns import NAME_COLUMNS, followed_patterns, rendered
from cdp_assets.standardized.company_domains import VERSION_COLUMNS as SIGHTED_COLUMNS
from cdp_assets.standardized.company_domains import corporate_sightings
from cdp_assets.standardized.email_domains import describe_emails
from cdp_assets.standardized.text import VALUE, comparable_words, computed
from cdp_assets.tables import PROBABLE_EMAILS

VERSION_COLUMNS = [*SIGHTED_COLUMNS, "first_name", "last_name", "addresses"]
"""Columns of record versions that addresses are derived from: nothing else needs to be read."""

ADDRESS_COLUMNS = ["email", "domain", "class", "is_shared", "suggestion", "suggestion_confidence"]
"""The same of e-mail addresses."""

KEEPS_LOCAL_PART = 0.9
"""Confidence in the same local part at the domain that replaced another: the person may have left before."""

FORM_IS_KEPT = 0.8
"""Confidence, times the share of the form, in the form of a company's addresses: the person may be spelled otherwise, or a
namesake may have the plain form."""

CARRIED_DOUBT = 0.25
"""What is left of the doubt where a record of the same name carries the very address, and nobody else would get it: in
generated worlds less than one in a thousand of those was a namesake's, and real companies have more namesakes."""

COMPANY_PEOPLE = 3
"""People of one company whose address is at one domain, before its name stands for that domain."""

COMPANY_SHARE = 0.8
"""Of the company's people with a corporate address, how many must have it there: a group has several domains."""

SAME_NAME_SIMILARITY = 0.88
"""Jaro-Winkler similarity from which two spellings of a name part are one name."""

NOT_A_PERSONS = ("role", "placeholder", "disposable")

REASONS = ("mistyped_domain", "company_changed_domain", "company_changed_pattern", "company_pattern")
"""Of two reasons for one address, the earlier one is told."""

_UMLAUTS = {
    "ä": "ae",
    "ö": "oe",
    "ü": "ue",
    "Ä": "Ae",
    "Ö": "Oe",
    "Ü": "Ue",
    "ø": "oe",
    "Ø": "Oe",
    "å": "aa",
    "Å": "Aa",
}


def probable_emails(versions: pl.DataFrame, addresses: pl.DataFrame, domains: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``standardized/probable_emails``, sorted by record and address.

    ``versions`` is ``standardized/record_versions``; ``addresses`` ``standardized/email_addresses``; ``domains``
    ``standardized/company_domains``.
    """
    carried = (
        versions.select("record_id", "first_name_root", "last_name_norm", pl.col("emails").alias("email"))
        .explode("email")
        .drop_nulls("email")
        .unique()
    )
    corporate = corporate_sightings(versions, addresses).filter(~pl.col("is_bounce"))
    proposed = pl.concat(
        [
            _of_mistyped_domains(carried, addresses),
            _of_changed_domains(corporate, domains),
            _of_changed_patterns(_with_umlauts(corporate, versions), domains),
            _of_company_patterns(versions, corporate, domains),
        ]
    )
    own = carried.select("record_id", "email")
    proposed = proposed.unique().join(own, on=["record_id", "email"], how="anti")
    proposed = proposed.join(_not_a_persons(proposed, addresses), on="email", how="anti")
    proposed = _of_fitting_names(proposed, versions, carried)
    proposed = _likeliest(proposed.with_columns(is_carried=pl.col("email").is_in(own.get_column("email").implode())))
    doubt = pl.when("is_carried").then(CARRIED_DOUBT).otherwise(1.0)
    proposed = proposed.with_columns(confidence=1.0 - (1.0 - pl.col("confidence")) * doubt)
    proposed = proposed.join(_several_peoples(proposed, own, versions), on="email", how="anti")
    rank = pl.col("because").replace_strict(list(REASONS), list(range(len(REASONS))), return_dtype=pl.Int64)
    chosen = proposed.sort(
        "record_id", "email", rank, "confidence", "derived_from", descending=[False, False, False, True, False]
    ).unique(["record_id", "email"], keep="first", maintain_order=True)
    return PROBABLE_EMAILS.conform(chosen.select(PROBABLE_EMAILS.schema.keys()))


def _of_mistyped_domains(carried: pl.DataFrame, addresses: pl.DataFrame) -> pl.DataFrame:
    meant = addresses.drop_nulls("suggestion").select("email", "suggestion", confidence="suggestion_confidence")
    return carried.join(meant, on="email", how="inner").select(
        "record_id",
        pl.col("suggestion").alias("email"),
        pl.lit("mistyped_domain").alias("because"),
        pl.col("email").alias("derived_from"),
        "confidence",
        pl.lit(0, dtype=pl.Int64).alias("likelihood_rank"),
    )


def _of_changed_domains(corporate: pl.DataFrame, domains: pl.DataFrame) -> pl.DataFrame:
    became = domains.drop_nulls("became").select("domain", "became")
    return corporate.join(became, on="domain", how="inner").select(
        "record_id",
        pl.format("{}@{}", "local", "became").alias("email"),
        pl.lit("company_changed_domain").alias("because"),
        pl.col("email").alias("derived_from"),
        pl.lit(KEEPS_LOCAL_PART).alias("confidence"),
        pl.lit(0, dtype=pl.Int64).alias("likelihood_rank"),
    )


def _of_changed_patterns(corporate: pl.DataFrame, domains: pl.DataFrame) -> pl.DataFrame:
    """The new form of addresses that have the former one and not the new one; numbered ones are a namesake's."""
    changed = domains.drop_nulls(["pattern_changed_on", "pattern"]).select(
        "domain", "pattern", "former_pattern", "pattern_share"
    )
    at = corporate.join(changed, on="domain", how="inner").select(
        "record_id", "email", "domain", "local", *NAME_COLUMNS, "variant", "pattern", "former_pattern", "pattern_share"
    )
    at = at.unique().sort("record_id", "email", *NAME_COLUMNS, "variant").with_row_index("row")
    followed = followed_patterns(at.select("local", *NAME_COLUMNS)).join(
        at.select("row", "pattern", "former_pattern"), on="row", suffix="_new"
    )
    is_former = (pl.col("pattern") == pl.col("former_pattern")) & ~pl.col("is_numbered")
    old = followed.group_by("row").agg(is_old=is_former.any() & ~(pl.col("pattern") == pl.col("pattern_new")).any())
    at = at.join(old.filter("is_old"), on="row", how="semi").drop("row")
    return _written(at.with_columns(derived_from="email", era=pl.lit(0, dtype=pl.Int64)), "company_changed_pattern")


def _of_company_patterns(versions: pl.DataFrame, corporate: pl.DataFrame, domains: pl.DataFrame) -> pl.DataFrame:
    """The company's form of the names of records that say the company and have no corporate address."""
    of_company = _domains_of_companies(corporate)
    with_address = corporate.select("record_id").unique()
    forms = domains.drop_nulls("pattern").select(
        "domain", "pattern", "pattern_share", "former_pattern", "pattern_changed_on"
    )
    named = (
        versions.select("record_id", "company_norm", *NAME_COLUMNS, "observed_at")
        .drop_nulls(["first_name_norm", "last_name_norm", "company_norm"])
        .join(with_address, on="record_id", how="anti")
        .join(of_company, on="company_norm", how="inner")
        .join(forms, on="domain", how="inner")
        .select("record_id", "domain", *NAME_COLUMNS, "observed_at", *forms.columns[1:])
    )
    was_before = (pl.col("observed_at").dt.date() < pl.col("pattern_changed_on")).fill_null(False)
    then = named.with_columns(era=was_before.cast(pl.Int64))
    former = named.drop_nulls("former_pattern").with_columns(pattern="former_pattern", era=(~was_before).cast(pl.Int64))
    both = pl.concat([then, former]).drop("observed_at", "former_pattern", "pattern_changed_on").unique()
    both = _with_umlauts(both, versions).with_columns(derived_from=pl.lit(None, dtype=pl.String))
    return _written(both, "company_pattern")


def _written(forms: pl.DataFrame, because: str) -> pl.DataFrame:
    """Each name in its form, at its domain; the likeliest spelling has rank 0."""
    named = forms.with_row_index("row")
    return (
        rendered(named.select(*NAME_COLUMNS, "pattern"))
        .join(named.select("row", "record_id", "domain", "derived_from", "pattern_share", "variant", "era"), on="row")
        .select(
            "record_id",
            pl.format("{}@{}", "local", "domain").alias("email"),
            pl.lit(because).alias("because"),
            "derived_from",
            (pl.col("pattern_share") * FORM_IS_KEPT).alias("confidence"),
            (pl.col("era") * 1000 + pl.col("spelling") * 10 + 1 - pl.col("variant")).alias("likelihood_rank"),
        )
    )


def _domains_of_companies(corporate: pl.DataFrame) -> pl.DataFrame:
    """``company_norm``, ``domain``: companies whose people nearly all have their addresses at one domain."""
    counted = (
        corporate.drop_nulls(["company_norm", "last_name_norm"])
        .group_by("company_norm", "domain")
        .agg(pl.struct("first_name_root", "last_name_norm").n_unique().alias("people"))
        .with_columns(share=pl.col("people") / pl.col("people").sum().over("company_norm"))
    )
    return counted.filter((pl.col("people") >= COMPANY_PEOPLE) & (pl.col("share") >= COMPANY_SHARE)).select(
        "company_norm", "domain"
    )


def _with_umlauts(frame: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
    """The rows as they are, and once more with umlauts as two letters where a name has them (mueller beside muller)."""
    names = ["first_name", "last_name"]
    has_umlaut = pl.any_horizontal(pl.col(names).str.contains("[" + "".join(_UMLAUTS) + "]")).fill_null(False)
    spelled = versions.filter(has_umlaut).select(*names, "first_name_norm", "last_name_norm").unique()
    again = {
        f"{name}_again": comparable_words(
            computed(spelled.get_column(name), VALUE.str.replace_many(list(_UMLAUTS), list(_UMLAUTS.values()))),
            keep="a-z",
        )
        for name in names
    }
    table = spelled.with_columns(**again).select("first_name_norm", "last_name_norm", *again).unique()
    more = frame.join(table, on=["first_name_norm", "last_name_norm"], how="inner").with_columns(
        first_name_norm="first_name_again",
        first_name_root=pl.lit(None, dtype=pl.String),
        last_name_norm="last_name_again",
    )
    return pl.concat(
        [
            frame.with_columns(variant=pl.lit(0, dtype=pl.Int64)),
            more.select(*frame.columns, variant=pl.lit(1, dtype=pl.Int64)),
        ]
    )


def _not_a_persons(proposed: pl.DataFrame, addresses: pl.DataFrame) -> pl.DataFrame:
    """``email`` of proposed addresses that are a function's, nobody's, or known to be shared."""
    described = describe_emails(proposed.get_column("email").unique().sort())
    by_text = described.filter(pl.col("class").is_in(NOT_A_PERSONS)).select("email")
    return pl.concat([by_text, addresses.filter("is_shared").select("email")]).unique()


def _of_fitting_names(proposed: pl.DataFrame, versions: pl.DataFrame, carried: pl.DataFrame) -> pl.DataFrame:
    """Without proposals to records whose name is not that of all who carry the address, or else of all who would get it."""
    names = versions.select("record_id", "first_name_root", "last_name_norm")
    names = names.join(proposed, on="record_id", how="semi").unique()
    asking = proposed.select("record_id", "email").unique().join(names, on="record_id")
    answering = carried.select("email", "first_name_root", "last_name_norm")
    answering = answering.join(asking, on="email", how="semi").unique()
    rivals = asking.join(answering, on="email", how="anti").select(answering.columns).unique()
    held = pl.concat([answering, rivals])
    pairs = asking.join(held, on="email", suffix="_other").with_columns(is_one=pl.lit(True))
    one = ["first_name_root", "last_name_norm", "first_name_root_other", "last_name_norm_other"]
    distinct = pairs.select(one).unique()
    judged = distinct.with_columns(
        is_one=pl.Series([_is_one_name(*row) for row in distinct.iter_rows()], dtype=pl.Boolean)
    )
    judged_pairs = pairs.drop("is_one").join(judged, on=one, how="left", nulls_equal=True)
    others = judged_pairs.filter(~pl.col("is_one")).select("record_id", "email").unique()
    return proposed.join(others, on=["record_id", "email"], how="anti")


def _is_one_name(first: str | None, last: str | None, other_first: str | None, other_last: str | None) -> bool:
    """Whether two names, straight or swapped, may be spellings of one; a missing part or an initial fits what begins so."""
    straight = _fits(first, other_first) and _fits(last, other_last)
    return straight or (_fits(first, other_last) and _fits(last, other_first))


def _fits(part: str | None, other: str | None) -> bool:
    if not part or not other:
        return True
    if len(part) == 1 or len(other) == 1:
        return part[0] == other[0]
    shares_a_word = bool(set(part.split(" ")) & set(other.split(" ")))
    return shares_a_word or bool(JaroWinkler.similarity(part, other) >= SAME_NAME_SIMILARITY)


def _likeliest(proposed: pl.DataFrame) -> pl.DataFrame:
    """Of the spellings of one proposal, those that somebody carries; where nobody carries any, the likeliest alone."""
    one = ["record_id", "because", "derived_from"]
    best = pl.col("likelihood_rank") == pl.col("likelihood_rank").min().over(one)
    nobody = ~pl.col("is_carried").any().over(one)
    return proposed.filter(pl.col("is_carried") | (nobody & best))


def _several_peoples(proposed: pl.DataFrame, own: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
    """``email`` of addresses that, by the evidence, more than one person would have.

    The records that carry an address and those it is proposed to are more than one person when they tell different dates of
    birth; or, where no two tell one, when neither a phone nor a home is told twice and both differ.
    """
    wanted = proposed.select("email").unique()
    involved = pl.concat([proposed.select("record_id", "email"), own.join(wanted, on="email", how="semi")]).unique()
    home = pl.col("addresses").list.first()
    told = versions.select(  # before the join, which would copy lists of addresses: that takes several times as long
        "record_id",
        born=pl.col("date_of_birth").cast(pl.String),
        phone=pl.col("phones").list.first(),
        home=pl.concat_str(
            home.struct.field("street_norm"),
            home.struct.field("house_number"),
            home.struct.field("postcode_norm").fill_null(""),
            separator="|",
        ),
    ).join(involved, on="record_id", how="semi")
    kinds = []
    for kind in ("born", "phone", "home"):
        values = involved.join(told.select("record_id", value=kind).drop_nulls("value").unique(), on="record_id")
        shared = values.group_by("email", "value").agg(pl.col("record_id").n_unique().alias("records"))
        kinds.append(
            shared.group_by("email").agg(
                (pl.len() > 1).alias(f"{kind}_differs"), (pl.col("records") > 1).any().alias(f"{kind}_agrees")
            )
        )
    judged = wanted
    for told_twice in kinds:
        judged = judged.join(told_twice, on="email", how="left")
    judged = judged.with_columns(pl.exclude("email").fill_null(False))
    agrees = pl.any_horizontal("born_agrees", "phone_agrees", "home_agrees")
    is_several = pl.col("born_differs") | (pl.col("phone_differs") & pl.col("home_differs") & ~agrees)
    return judged.filter(is_several).select("email")

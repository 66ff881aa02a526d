"""Names of people: in parts, for people to read, and comparable.

For people: clean (``text.py``), titles and degrees off, in the case delivered unless that is all capitals or all
lower. Comparable: ASCII letters, lower case, one space between words, particles kept, apostrophes off, hyphens as
spaces. A generational suffix goes to its own column wherever it stood; a lone initial behind a given or family name is
a middle initial. Names that say 'no name' (Test, N/A, Unknown) are null. Kowalski and Kowalska stay two names: linkage finds
them alike without a form of their own, and a form that drops the ending would make Kowal one of them. First and last name are never swapped here:
which is which is a question for linkage.

What does not belong here: splitting whole names (``name_splitting.py``), nicknames' list (``nicknames.py``).
"""

from __future__ import annotations

import re
from typing import Literal

import polars as pl
from anyascii import anyascii

from cdp_assets.standardized.name_splitting import (
    FAMILY_FIRST_COUNTRIES,
    PARTICLES,
    PATRONYMIC_COUNTRIES,
    PATRONYMIC_LAST,
    TWO_SURNAME_COUNTRIES,
    split_full_name,
)
from cdp_assets.standardized.nicknames import first_name_roots
from cdp_assets.standardized.problems import PLACEHOLDER, UNREADABLE
from cdp_assets.standardized.scripts import HONORIFIC
from cdp_assets.standardized.text import (
    NO_VALUE_WORDS,
    VALUE,
    by_distinct,
    by_value,
    changed_where,
    clean,
    comparable_words,
    computed,
    looked_up,
    none_when_empty,
    without_placeholders,
    word_set,
)

NAME_COLUMNS = (
    "full_name", "first_name", "middle_name", "last_name", "name_suffix",
    "first_name_norm", "middle_name_norm", "last_name_norm", "suffix_norm", "first_name_root",
)  # fmt: skip
"""What :func:`standardize_names` returns."""

SUFFIXES = {
    "jr": "jr", "junior": "jr", "jnr": "jr", "jun": "jr", "sr": "sr", "senior": "sr", "snr": "sr", "sen": "sr",
    "ii": "ii", "2nd": "ii", "2d": "ii", "iii": "iii", "3rd": "iii", "iv": "iv", "4th": "iv", "v": "v", "5th": "v",
    "i": "i", "1st": "i", "2": "ii", "3": "iii", "4": "iv", "ml": "jr", "st": "sr", "hijo": "jr", "filho": "jr", "fils": "jr", "pere": "sr",
}  # fmt: skip
"""Comparable word to ``suffix_norm``, in a column of suffixes ('i' is said of nobody's name, so it is null there)."""

_SHOWN = {"jr": "Jr", "sr": "Sr", "ii": "II", "iii": "III", "iv": "IV", "v": "V"}

_TRAILING_SUFFIX = (
    r"(?:,\s*|\s+)((?i:(?:jr|jnr|sr|snr|j[uú]nior|senior|iii|ii|iv|2nd|3rd|4th|filho)\b\.?|(?:jun|sen)\.))$"
)
_TRAILING_FIFTH = r"(?:,\s*|\s+)(V)$"
"""Behind a family name only, as a capital letter without a dot; behind a given name it is an initial."""

_INNER_SUFFIX = r"\s+((?i:jr|jnr|sr|snr|iii|ii|iv|2nd|3rd|4th)\b\.?)\s*,"
"""'Smith Jr., John'."""

_TITLES = sorted(
    word_set(
        "mr mrs ms miss mx mister dr doctor prof professor sir dame rev reverend hon capt captain sgt lt col maj gen cpt "
        "herr frau fraulein dipl ing dipling mag monsieur madame mademoiselle mme mlle sra srta senor senora senorita dona "
        "dra dott dottssa avv sig majgen ltcol ltgen briggen rtrev revd signor signora signorina pani mgr inz dhr mevr mevrouw meneer shri smt sheikh haji "
        "cllr sigra sigg profssa drssa dna mons esq familie fam famille familia rodzina eheleute drs jkvr sra srta seor hra fru"
    )
)
"""Words before a name that are no part of it; in comparable form."""

_TITLES_BEFORE_TWO = sorted(
    word_set("sr don the right rt hon honourable honorable lord lady pan fr father brother sister judge ms m me")
)
"""Titles that are also names or suffixes: only where a whole name of two words or more follows."""

_DOTTED_TITLES = word_set("da ing arch lic geom rag ir drs adv abg ks")
"""Titles only when a dot makes them one ('Ing. Novák', 'Da. Ana'); without it they are names or particles."""

_BEHIND_TITLES = word_set("med hab habil rer nat phil jur iur oec pol dent vet hc mult")
"""'Dr. rer. nat.', 'dr hab.': parts of a title behind another, with a dot or in small letters."""

_BETWEEN_TITLES = word_set("and und y et i e en") | {""}
"""'Mr. & Mrs.': a word or sign between two titles."""

_MAYBE_TITLED = (
    r"(?i)(?:^|, *)(?:"
    + "|".join(sorted({*_TITLES, *_TITLES_BEFORE_TWO}))
    + r")(?:[ ,]|$)|\.|(?:^|,) *[^ ]*[^\x00-\x7f]"
)
"""Names that :func:`_without_titles` has to look at; the others hold no title."""

_DEGREES = sorted(
    word_set(
        "phd ph\\.d md m\\.d mba m\\.b\\.a esq dds d\\.d\\.s dvm cpa obe cbe mbe kbe frs bsc b\\.sc msc m\\.sc llb llm dphil "
        "d\\.phil pharmd rn r\\.n jd j\\.d bt dbe gbe kcb qc dmd cfa lcsw cissp pmp mph edd psyd mbbs frcs mrcp"
    )
)
_TRAILING_DEGREES = r"(?i)(?:,\s*|\s+)(?:" + "|".join(_DEGREES) + r")\.?$"

_PLACEHOLDER_NAMES = word_set(
    """
    test tests tester testing testtest testuser dummy sample example demo asdf asdfasdf qwerty abc abcd
    anonymous anon anonimo anonima anonym anonyme anonimowy noname nobody unknown unnamed unidentified firstname
    lastname surname fullname name first last middle givenname familyname vorname nachname nombre apellido
    apellidos imie nazwisko prenom nom cognome voornaam achternaam guest customer kunde cliente klient client
    gast babyboy babygirl newborn infant nofirstname nolastname nofirst nolast nomiddle nmn nmi fnu lnu usuario
    prueba deceased deleted nomname notknown namenotknown sinnombre bezimienny keinname nn
    fornavn efternavn etternavn fornamn efternamn jmeno prijmeni keresztnev vezeteknev ime prezime imya familiya isim
    soyad soyisim naam voorletters nombres apellidopaterno apellidomaterno sobrenome primeironome
    bezimienna ohnename sansnom senzanome semnome zondernaam geennaam naamloos nieznajomy nezname neznamy nepoznato
    ismeretlen tuntematon okand ukjent ukendt niemand nadie nikt prova proba essai teste pruebas probe tester
    utente utilisateur benutzer gebruiker uzytkownik klientka kundin clienta cliente1
    """
)
"""Comparable, without blanks: words that stand where there is no name."""

_PLACEHOLDER_PEOPLE = word_set(
    "usertest testtester testperson testaccount testcustomer mickeymouse donaldduck firstnamelastname firstlast "
    "nonamenoname asdfasdf johndoe janedoe joebloggs maxmustermann erikamustermann mustermann musterfrau fulanodetal "
    "donotuse donotcall donotcontact donotmail donotsend deleteme noaplica nieaktualne nichtverwenden nousar neutiliserpas "
    "nousarmas geloescht usuniety eliminado supprime"
)
"""Whole names, written together, that stand where there is nobody; also across the columns of given and family name."""

_BESIDE_PLACEHOLDERS = word_set("user person account name team customer client record entry data one two")
"""'Test Customer': words that are no name beside one of ``_PLACEHOLDER_NAMES``."""

_NOBODY = sorted(_PLACEHOLDER_NAMES)
_ONLY_PLACEHOLDERS = (
    rf"^(?:(?:{'|'.join(sorted(_BESIDE_PLACEHOLDERS))}) )*(?:{'|'.join(_NOBODY)})"
    rf"(?: (?:{'|'.join(sorted(_PLACEHOLDER_NAMES | _BESIDE_PLACEHOLDERS))}))*$"
)
"""Comparable names of nothing but such words: 'vorname nachname', 'test user'."""

_NICKNAME = r"\s*(?:\([^)]*\)|\[[^\]]*\]|[\"“”„«][^\"“”„»]*[\"“”»]|\s'[^']+'(?:\s|$))\s*"
_MOST_TRAPPINGS = 6
"""Titles, degrees and quotes come one behind the other; nobody has more of them than this."""

_ORDINAL = r"(?i)\b\d+(?:st|nd|rd|th)?\b"
_LETTER = r"\p{L}"
_BORDER = ' ,;-()[]{}*/\\"“”'
_NAME_WORDS = r"^[\p{L}][\p{L}'’.\-]*(?: [\p{L}][\p{L}'’.\-]*)*$"
_PLAIN_WORDS = r"^[\p{L}][\p{L}'’.\-]*(?: [\p{L}][\p{L}'’.\-]*){1,3}$"


def standardize_names(frame: pl.DataFrame) -> pl.DataFrame:
    """``NAME_COLUMNS`` of a frame with any of full_name, first_name, middle_name, last_name, name_suffix and country.

    ``country`` (ISO 3166-1 alpha-2) decides the order in whole names. Parts delivered by themselves beat those of the
    whole name. Same rows, same order; idempotent.
    """
    delivered = {name: _delivered(frame, name) for name in NAME_COLUMNS[:5]}
    country = _delivered(frame, "country").str.to_uppercase()
    first, first_suffix = _without_trappings(delivered["first_name"], "given")
    middle, middle_suffix = _without_trappings(delivered["middle_name"], "given")
    last, last_suffix = _without_trappings(delivered["last_name"], "family")
    whole, whole_suffix = _without_trappings(delivered["full_name"], "whole")
    parts = pl.DataFrame([first, middle, last]).hstack(_split(whole, country))
    parts = _one_set_of_parts(parts)
    for name in ("first_name", "last_name"):
        parts = _initial_to_middle(parts, name)
    parts = _without_nobody(parts)
    shown = {name: _sensible_case(parts.get_column(name), name == "last_name") for name in parts.columns}
    suffix = _first_of(
        [by_value(_suffix_of, delivered["name_suffix"]), last_suffix, first_suffix, middle_suffix, whole_suffix]
    )
    shown_suffix = looked_up(suffix, pl.Series(list(_SHOWN)), pl.Series(list(_SHOWN.values()))).alias("name_suffix")
    norms = {f"{name}_norm": by_value(_comparable, series) for name, series in shown.items()}
    result = pl.DataFrame(
        {
            **{name: _no_letters_no_name(shown[name], norms[f"{name}_norm"]) for name in shown},
            "name_suffix": shown_suffix,
            **norms,
            "suffix_norm": suffix,
            "first_name_root": first_name_roots(norms["first_name_norm"]),
        }
    )
    joined = pl.concat_str(["first_name", "middle_name", "last_name", "name_suffix"], separator=" ", ignore_nulls=True)
    has_name = pl.any_horizontal([pl.col(name).is_not_null() for name in shown])
    spoken = _sensible_case(without_placeholders(clean(delivered["full_name"])), is_family_name=False)
    named = result.with_columns(spoken.alias("spoken")).with_columns(
        full_name=pl.when(has_name).then(pl.coalesce("spoken", joined))
    )
    return named.select(NAME_COLUMNS)


def why_no_name(texts: pl.Series) -> pl.Series:
    """The problem of texts in which :func:`standardize_names` finds no name: a placeholder, or nothing like a name."""
    words = computed(comparable_words(clean(texts), keep="a-z"), VALUE.str.replace_all(" ", ""))
    titles = sorted({*_TITLES, *_TITLES_BEFORE_TWO})
    is_title = VALUE.is_in(titles) | VALUE.is_null()
    return computed(words, pl.when(is_title).then(pl.lit(UNREADABLE)).otherwise(pl.lit(PLACEHOLDER)))


def _comparable(names: pl.Series) -> pl.Series:
    """Comparable name; a digit in a word is a slip of the hand ('Go9ugh'), a number or ordinal is no name."""
    return comparable_words(computed(names, VALUE.str.replace_all(_ORDINAL, "").str.replace_all(r"\d", "")), keep="a-z")


def _delivered(frame: pl.DataFrame, name: str) -> pl.Series:
    if name in frame.columns:
        return frame.get_column(name).cast(pl.String)
    return pl.Series(name, [None], dtype=pl.String).new_from_index(0, frame.height)


Part = Literal["given", "family", "whole"]


def _without_trappings(delivered: pl.Series, part: Part) -> tuple[pl.Series, pl.Series]:
    """Name and suffix: titles, degrees, nicknames in quotes and placeholders off. Works on distinct values."""
    distinct = delivered.drop_nulls().unique()
    name = without_placeholders(_without_honorific(clean(distinct)))
    suffix = pl.Series([None], dtype=pl.String).new_from_index(0, len(name))
    odd = computed(
        name,
        ~VALUE.str.contains(_LETTER)
        | VALUE.str.contains(r"[^\p{L} '\-]")
        | VALUE.str.contains(r" ")
        | VALUE.str.to_lowercase().is_in(_all_odd_words()),
    )
    if odd.any():
        rows = name.filter(odd.fill_null(False)).drop_nulls().unique()
        bare, found = _taken_apart(rows, part)
        suffix = looked_up(computed(name, pl.when(VALUE.is_in(rows.implode())).then(VALUE)), rows, found)
        name = looked_up(name, rows, bare)
    table = pl.DataFrame({"key": distinct, "name": name, "suffix": suffix})
    joined = delivered.alias("key").to_frame().join(table, on="key", how="left", maintain_order="left")
    return joined.get_column("name").alias(delivered.name), joined.get_column("suffix")


def _without_honorific(names: pl.Series) -> pl.Series:
    """'田中様' is 田中."""
    titled = names.str.contains(HONORIFIC)
    return changed_where(names, titled, lambda some: computed(some, VALUE.str.replace(HONORIFIC, "$1")))


def _all_odd_words() -> list[str]:
    return sorted({*_TITLES, *_PLACEHOLDER_NAMES})


def _taken_apart(names: pl.Series, part: Part) -> tuple[pl.Series, pl.Series]:
    """Bare name and suffix of each name, taken apart again until nothing more comes off."""
    bare, suffix = _taken_apart_once(names, part)
    waiting = (bare != names).fill_null(False) & ~bare.str.ends_with(",").fill_null(False)  # 'Smith,' is done
    for _ in range(_MOST_TRAPPINGS):
        if not waiting.any():
            break
        rows = bare.filter(waiting).unique()
        again, found = _taken_apart_once(rows, part)
        table = pl.DataFrame({"bare": rows, "again": again, "found": found})
        joined = pl.DataFrame({"bare": bare, "suffix": suffix, "waits": waiting}).join(
            table, on="bare", how="left", maintain_order="left"
        )
        repeated = pl.col("waits") & pl.col("bare").is_not_null()
        joined = joined.with_columns(
            now=pl.when(repeated).then("again").otherwise("bare"), suffix=pl.coalesce("suffix", "found")
        )
        waiting = joined.select((pl.col("now") != pl.col("bare")).fill_null(False)).to_series()
        bare, suffix = joined.get_column("now"), joined.get_column("suffix")
    return bare, suffix


def _taken_apart_once(names: pl.Series, part: Part) -> tuple[pl.Series, pl.Series]:
    spaced = computed(names, VALUE.str.replace_all(r"_", " ").str.replace_all(r"\s+", " "))
    aside = VALUE.str.replace_all(_NICKNAME, " ").str.strip_chars(" ,;")
    bare = computed(spaced, pl.when(aside.str.contains(_LETTER)).then(aside).otherwise(VALUE))
    bare = computed(bare, VALUE.str.replace(_TRAILING_DEGREES, ""))
    endings = [_TRAILING_SUFFIX, *([] if part == "given" else [_TRAILING_FIFTH])]
    found = []
    for ending in endings:
        found.append(computed(bare, VALUE.str.extract(ending)))
        bare = computed(bare, VALUE.str.replace(ending, ""))
    found.append(computed(bare, VALUE.str.extract(_INNER_SUFFIX)))
    bare = computed(bare, VALUE.str.replace(_INNER_SUFFIX, ",").str.strip_chars(_BORDER))
    titled = bare.filter(bare.str.contains(_MAYBE_TITLED).fill_null(False)).unique()
    bare = looked_up(bare, titled, by_distinct(titled, lambda name: _without_titles(name, part), pl.String()))
    bare = without_placeholders(computed(bare, pl.when(VALUE.str.contains(_LETTER)).then(VALUE)))
    table = pl.DataFrame({"name": bare, "words": comparable_words(bare, keep="a-z")})
    named = table.select(pl.when(~_is_nobody(pl.col("words")).fill_null(False)).then("name")).to_series()
    return named, _suffix_of(_first_of(found))


def _is_nobody(words: pl.Expr) -> pl.Expr:
    """Whether comparable words stand where there is no name."""
    squeezed = words.str.replace_all(" ", "")
    nobody = sorted(_PLACEHOLDER_NAMES | _PLACEHOLDER_PEOPLE)
    return squeezed.is_in(nobody) | squeezed.str.contains(r"^x{3,}$") | words.str.contains(_ONLY_PLACEHOLDERS)


def _without_nobody(parts: pl.DataFrame) -> pl.DataFrame:
    """Given and family names that together say nobody ('John' and 'Doe', 'Test' and 'User') are none."""
    length = pl.col("first_name").str.len_chars() + pl.col("last_name").str.len_chars()
    short = parts.select(length <= max(map(len, _PLACEHOLDER_PEOPLE))).to_series().arg_true()
    both = pl.concat_str(pl.col("first_name", "last_name").str.to_lowercase())
    is_nobody = parts[short].select(both.is_in(sorted(_PLACEHOLDER_PEOPLE)).fill_null(False)).to_series()
    if not is_nobody.any():
        return parts
    return parts.with_columns(part.scatter(short.filter(is_nobody), None) for part in parts.get_columns())


def _without_titles(name: str, part: Part) -> str | None:
    """The name without its titles, None when it is nothing else; 'Smith,' of 'Mr Smith': a family name alone."""
    is_whole = part == "whole"
    family, comma, given = name.partition(",") if is_whole else (name, "", "")
    words, titles = _behind_titles(family.split(), is_whole and not comma)
    given_words, _ = _behind_titles(given.split(), False)
    if not words and not given_words:
        return None
    if comma:
        return " ".join(words) + ", " + " ".join(given_words)
    return " ".join(words) + ("," if is_whole and titles and len(words) == 1 else "")


def _behind_titles(words: list[str], may_be_ambiguous: bool) -> tuple[list[str], int]:
    """The words behind the titles, and how many words of titles there were."""
    titles = 0
    while titles < len(words):
        if _is_title(words, titles, may_be_ambiguous):
            titles += 1
        elif (
            titles and _plain_word(words[titles]) in _BETWEEN_TITLES and _is_title(words, titles + 1, may_be_ambiguous)
        ):
            titles += 2
        else:
            break
    return words[titles:], titles


def _is_title(words: list[str], position: int, may_be_ambiguous: bool) -> bool:
    if position >= len(words):
        return False
    text, word, follow = words[position], _plain_word(words[position]), len(words) - position - 1
    return (
        word in _TITLES
        or (may_be_ambiguous and word in _TITLES_BEFORE_TWO and follow > 1)
        or (word in _DOTTED_TITLES and text.endswith(".") and follow > 0)
        or (word in _BEHIND_TITLES and position > 0 and follow > 0 and text[-1] == "." and text.islower())
        or (word == "hab" and position > 0 and follow > 0)
    )


def _plain_word(word: str) -> str:
    return re.sub(r"[^a-z]", "", anyascii(word).lower())


def _suffix_of(words: pl.Series) -> pl.Series:
    """jr, sr, ii, iii, iv or v of texts that hold a suffix; null of others."""
    comparable = comparable_words(clean(words))
    known = {word: suffix for word, suffix in SUFFIXES.items() if suffix in _SHOWN}
    nothing = ~comparable.is_in(list(known))
    found = looked_up(comparable, pl.Series(list(known)), pl.Series(list(known.values())))
    return found.set(nothing.fill_null(True), None)


def _first_of(choices: list[pl.Series]) -> pl.Series:
    frame = pl.DataFrame([series.alias(str(n)) for n, series in enumerate(choices)])
    return frame.select(pl.coalesce(pl.all())).to_series()


def _split(whole: pl.Series, country: pl.Series) -> pl.DataFrame:
    """given, middle, family of each whole name. Plain western names as a column, the rest by distinct value."""
    special = sorted(FAMILY_FIRST_COUNTRIES | TWO_SURNAME_COUNTRIES | PATRONYMIC_COUNTRIES)
    frame = pl.DataFrame({"name": whole, "country": country})
    words = pl.col("name").str.split(" ")
    is_plain = (
        pl.col("name").str.contains(_PLAIN_WORDS)
        & ~pl.col("name").str.contains(_SPECIAL_WORD)
        & ~pl.col("country").is_in(special).fill_null(False)
    ).fill_null(False)
    plain = (
        frame.with_row_index()
        .filter(is_plain)
        .select(
            "index",
            given=words.list.first(),
            middle=none_when_empty(words.list.slice(1, words.list.len() - 2).list.join(" ")),
            family=words.list.last(),
        )
    )
    rest = frame.with_row_index().filter(~is_plain & pl.col("name").is_not_null())
    keys = rest.select("name", "country").unique()
    split = [split_full_name(name, land) for name, land in keys.iter_rows()]
    schema = {"given": pl.String, "middle": pl.String, "family": pl.String}
    table = keys.hstack(pl.DataFrame(split, schema=schema, orient="row"))
    odd = rest.join(table, on=["name", "country"], how="left", nulls_equal=True).select(plain.columns)
    found = (
        frame.with_row_index()
        .select("index")
        .join(pl.concat([plain, odd]), on="index", how="left", maintain_order="left")
    )
    return found.drop("index")


_SPECIAL_WORD = (
    r"(?i)(?:^| )(?:"
    + "|".join(sorted(PARTICLES))
    + r"|[\p{L}]*\.[\p{L}]+|[\p{L}]+-(?:"
    + "|".join(sorted(PARTICLES))
    + r"))(?: |$)|"
    + PATRONYMIC_LAST
    + r"|(?-i:(?:^| )\p{Lu}{2,}(?: |$))|[\p{Han}\p{Hangul}\p{Hiragana}\p{Katakana}]"
)


def _one_set_of_parts(parts: pl.DataFrame) -> pl.DataFrame:
    """first_name, middle_name, last_name: as delivered by themselves, filled from the whole name where they are not.

    A part of the whole name is taken only where it does not repeat a part that stands elsewhere already.
    """

    if all(parts.get_column(name).null_count() == parts.height for name in ("given", "middle", "family")):
        return parts.select("first_name", "middle_name", "last_name")

    def filled(own: str, from_whole: str, others: tuple[str, ...]) -> pl.Expr:
        words = " " + pl.col(from_whole).str.to_lowercase() + " "
        standing = [(" " + pl.col(other).str.to_lowercase() + " ") for other in others]
        repeats = pl.any_horizontal([other.str.contains(words, literal=True) for other in standing]).fill_null(False)
        return pl.coalesce(own, pl.when(~repeats).then(from_whole)).alias(own)

    return parts.select(
        filled("first_name", "given", ("last_name", "middle_name")),
        filled("middle_name", "middle", ("first_name", "last_name")),
        filled("last_name", "family", ("first_name", "middle_name")),
    )


def _initial_to_middle(parts: pl.DataFrame, name: str) -> pl.DataFrame:
    """'Linda U' is Linda with the middle initial U; where a middle name stands already, the initial is dropped if equal."""
    rows = parts.get_column(name).str.contains(r" \p{L}\.?$").arg_true()
    if rows.is_empty():
        return parts
    some = _with_initials_in_the_middle(parts.select(pl.all().gather(rows)), name)
    return parts.with_columns(parts.get_column(of).clone().scatter(rows, some.get_column(of)) for of in parts.columns)


def _with_initials_in_the_middle(parts: pl.DataFrame, name: str) -> pl.DataFrame:
    initial = pl.col(name).str.extract(r"^\S{2,}(?: \S{2,})* (\p{L})\.?$")
    rest = pl.col(name).str.replace(r" \p{L}\.?$", "")
    is_name = (
        rest.str.contains(_NAME_WORDS)
        & ~rest.str.contains(r"(?i)^x{2,}$|-$")
        & ~rest.str.contains(_TRAILING_SUFFIX)
        & ~rest.str.contains(_TRAILING_DEGREES)
        & ~rest.str.to_lowercase().is_in(sorted(NO_VALUE_WORDS | _PLACEHOLDER_NAMES))
    )
    takes = (initial.is_not_null() & is_name) & (
        pl.col("middle_name").is_null()
        | (pl.col("middle_name").str.slice(0, 1).str.to_lowercase() == initial.str.to_lowercase())
    )
    return parts.with_columns(
        pl.when(takes).then(rest).otherwise(name).alias(name),
        pl.when(takes & pl.col("middle_name").is_null()).then(initial).otherwise("middle_name").alias("middle_name"),
    )


def _no_letters_no_name(shown: pl.Series, norm: pl.Series) -> pl.Series:
    return shown.set(norm.is_null(), None)


def _sensible_case(names: pl.Series, is_family_name: bool) -> pl.Series:
    """Names in all capitals or all lower get capitals where names have them; others stay as delivered."""
    shouted = VALUE.str.contains(r"\p{Lu}{2}") & ~VALUE.str.contains(r"\p{Ll}")
    whispered = VALUE.str.contains(r"\p{Ll}") & ~VALUE.str.contains(r"\p{Lu}")
    is_flat = computed(names, shouted | whispered)
    distinct = names.filter(is_flat.fill_null(False)).unique()
    if distinct.is_empty():
        return names
    titled = computed(distinct, VALUE.str.to_titlecase())
    special = titled.filter(titled.str.contains(_CASED_OTHERWISE)).unique()
    recased = pl.Series([_recased(name, is_family_name) for name in special.to_list()], dtype=pl.String)
    return looked_up(names, distinct, looked_up(titled, special, recased))


_CASED_OTHERWISE = (
    r"(?:^| )(?:Mc\p{L}|" + "|".join(sorted(p.capitalize() for p in PARTICLES)) + r")|(?i:\b(?:ii|iii|iv|jr|sr)\b)|'S\b"
)
_ROMAN = re.compile(r"\b(Ii|Iii|Iv)\b")


def _recased(name: str, is_family_name: bool) -> str:
    """'Mcdonald' is McDonald, 'Von Der Leyen' von der Leyen; a particle that is the whole name stays a name."""
    name = re.sub(r"\bMc(\w)", lambda match: "Mc" + match.group(1).upper(), name)
    name = _ROMAN.sub(lambda match: match.group(1).upper(), name)
    name = re.sub(r"'S\b", "'s", name)
    words = name.split(" ")
    keeps_last = len(words) - 1
    for n, word in enumerate(words[:keeps_last]):
        if word.lower() in PARTICLES and (n or is_family_name):
            words[n] = word.lower()
    return " ".join(words)

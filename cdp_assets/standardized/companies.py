"""Company names: as people read them, and comparable with the legal form off ('Müller & Söhne GmbH' is
'muller and sohne').

What does not belong here: learning that one company became another (linkage of domains), or legal data on companies.
"""

from __future__ import annotations

import re

import polars as pl

from cdp_assets.standardized.text import by_distinct, clean, comparable_words, in_ascii, without_placeholders, word_set

LEGAL_FORMS = word_set("""
    inc incorporated corp corporation co company llc l.l.c lc ltd limited llp lp plc pllc pc pa pty pty.ltd cic
    gmbh mbh ag kg ohg gbr ug kgaa se ev eg haftungsbeschrankt ohne aktiengesellschaft kommanditgesellschaft
    sa sau sl slu sll sc scoop sociedad.anonima sociedad.limitada sab.de.cv sa.de.cv sapi.de.cv s.de.rl.de.cv s.de.rl cv sab sapi srl sas spa
    sarl sasu eurl snc sci scop gie societe.anonyme
    sp.z.o.o sp.z.oo spzoo sp.zoo spolka.z.ograniczona.odpowiedzialnoscia spolka.z.oo sp.j sp.k spj spk sp.p spolka.akcyjna
    spolka.jawna spolka.komandytowa psa
    srls sapa sas scarl sc.arl coop societa.a.responsabilita.limitata societa.per.azioni
    ltda eireli me epp lda unipessoal
    bv nv vof cvba bvba naamloze.vennootschap besloten.vennootschap
    ab as asa aps oy oyj hb kb a.s s.r.o sro spol.s.r.o kft zrt nyrt bt doo dd ooo oao pao zao ao ip tov pjsc
    kk k.k gk sdn.bhd bhd pte pte.ltd pvt pvt.ltd private.limited
    """)
"""Legal forms of companies in English, German, Spanish, French, Polish, Italian, Portuguese, Dutch, the Nordic and
Slavic languages; a dot stands for the space or dot between its words."""

_SELF = frozenset({
    "self", "self employed", "selfemployed", "self employment", "freelance", "freelancer", "retired", "student",
    "unemployed", "individual", "private", "privat", "private individual", "sole trader", "home", "autonomo",
    "particular", "jubilado", "desempleado", "emeryt", "bezrobotny", "osoba prywatna", "selbststandig",
    "selbstandig", "rentner", "retraite", "particulier", "pensionato", "not employed",
})  # fmt: skip
"""Said where there is no company: people who share these do not share an employer."""

PLACEHOLDER_COMPANIES = frozenset({
    "test", "test company", "company", "company name", "your company", "my company", "firma", "nazwa firmy", "empresa",
    "nombre de la empresa", "mi empresa", "entreprise", "nom de lentreprise", "societe", "azienda", "firmenname",
    "meine firma", "bedrijf", "bedrijfsnaam", "testfirma", "test firma", "asdf", "qwerty", "abc", "xyz", "abc company",
    "no company", "no company name", "none provided", "company not provided", "sin empresa", "keine firma", "brak firmy",
    "not available", "not applicable", "not given", "not known", "example company", "sample company", "dummy company",
})  # fmt: skip
"""What forms and testers write there: the name of nobody's company."""

_FORMS = sorted((form.replace(".", " ") for form in LEGAL_FORMS), key=lambda form: (-len(form), form))
_ENDING = re.compile(r"(?: (?:and )?(?:" + "|".join(map(re.escape, _FORMS)) + r"))+$")
_BEGINNING = re.compile(r"^(?:ooo|oao|pao|zao|tov|pt|ip|the)(?: |$)")
_SPELLED = re.compile(r"\b((?:[a-z]\.){1,}[a-z])\b\.?")


def standardize_companies(delivered: pl.Series) -> pl.DataFrame:
    """``company`` (clean) and ``company_norm`` (comparable, legal form off) of each delivered text."""
    company = without_placeholders(clean(delivered)).alias("company")
    words = comparable_words(in_ascii(by_distinct(company, _joined_initials, pl.String())))
    is_nobodys = words.is_in(sorted(PLACEHOLDER_COMPANIES)).fill_null(False)
    norm = by_distinct(words.set(is_nobodys, None), _without_legal_form, pl.String()).alias("company_norm")
    return pl.DataFrame([company.set(is_nobodys, None), norm])


def _joined_initials(name: str) -> str:
    """'S.p.A.' reads 'spa', 'J. P. Morgan' stays; '&' and '+' read 'and'."""
    joined = _SPELLED.sub(lambda match: match.group(1).replace(".", ""), name.lower())
    return re.sub(r"\s*[&+]\s*", " and ", joined)


def _without_legal_form(words: str) -> str | None:
    """What is left of a comparable name; a name that is nothing but a legal form stays."""
    if words in _SELF:
        return None
    shorter = _BEGINNING.sub("", words) or words
    return re.sub(r"(?: and)+$", "", _ENDING.sub("", shorter)) or words

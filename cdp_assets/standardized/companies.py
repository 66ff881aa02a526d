"""Company names: as people read them, and comparable with the legal form off ('Müller & Söhne GmbH' is
'muller and sohne').

What does not belong here: learning that one company became another (linkage of domains), or legal data on companies.
"""

from __future__ import annotations

import re

import polars as pl

from cdp_assets.standardized.text import (
    VALUE,
    by_distinct,
    by_value,
    changed_where,
    clean,
    comparable_words,
    computed,
    in_ascii,
    none_when_empty,
    without_placeholders,
    word_set,
)

LEGAL_FORMS = word_set("""
    inc incorporated corp corporation co company llc l.l.c lc ltd limited llp lp plc pllc pc pa pty pty.ltd cic
    gmbh mbh ggmbh gesmbh ges.mbh ek eingetragene.genossenschaft gesellschaft.mit.beschrankter.haftung ag kg ohg gbr ug kgaa se ev eg haftungsbeschrankt ohne aktiengesellschaft kommanditgesellschaft
    s.a s.l s.l.u s.l.l s.a.u s.c s.coop sociedad.cooperativa y.cia cia cb sa sau sl slu sll sc scoop sociedad.anonima sociedad.limitada sab.de.cv sa.de.cv sapi.de.cv s.de.rl.de.cv s.de.rl cv sab sapi srl sas spa
    sarl.u sprl sca et.cie cie societe.a.responsabilite.limitee sarl sasu eurl snc sci scop gie societe.anonyme
    ska spolka.cywilna spolka.komandytowo.akcyjna prosta.spolka.akcyjna sp.z.o.o sp.z.oo spzoo sp.zoo spolka.z.ograniczona.odpowiedzialnoscia spolka.z.oo sp.j sp.k spj spk sp.p spolka.akcyjna
    spolka.jawna spolka.komandytowa psa
    s.r.l s.p.a soc.coop societa.cooperativa and.c srls sapa sas scarl sc.arl coop societa.a.responsabilita.limitata societa.per.azioni
    s.a.ltda sgps ltda eireli me epp lda unipessoal
    bv nv vof cvba bvba naamloze.vennootschap besloten.vennootschap
    aktiebolag aktieselskab anpartsselskab aktieselskabet osakeyhtio ab as asa aps oy oyj hb kb a.s s.r.o sro spol.s.r.o kft zrt nyrt bt doo dd ooo oao pao zao ao ip tov pjsc
    kk k.k gk sdn.bhd bhd pte pte.ltd pvt pvt.ltd private.limited
    """)
"""Legal forms of companies in English, German, Spanish, French, Polish, Italian, Portuguese, Dutch, the Nordic and
Slavic languages; a dot stands for the space or dot between its words."""

_SELF = frozenset({
    "self", "self employed", "selfemployed", "self employment", "freelance", "freelancer", "retired", "student",
    "unemployed", "individual", "private", "privat", "private individual", "sole trader", "home", "autonomo",
    "particular", "jubilado", "desempleado", "emeryt", "bezrobotny", "osoba prywatna", "selbststandig",
    "selbstandig", "rentner", "retraite", "particulier", "pensionato", "not employed",
    "housewife", "homemaker", "jobless", "none self", "independent", "own business", "autonoma", "estudiante", "jubilada",
    "pensionista", "ama de casa", "en paro", "parado", "sin trabajo", "cuenta propia", "hausfrau", "hausmann", "rentnerin",
    "studentin", "schuler", "arbeitslos", "selbstaendig", "selbststaendig", "freiberufler", "freiberuflich", "privatperson",
    "pensionar", "emerytka", "rencista", "bezrobotna", "bez pracy", "studentka", "uczen", "gospodyni domowa",
    "samozatrudniony", "dzialalnosc gospodarcza", "wlasna dzialalnosc", "osoba fizyczna", "etudiant", "etudiante", "retraitee",
    "sans emploi", "sans profession", "independant", "auto entrepreneur", "mere au foyer", "au foyer", "profession liberale",
    "pensionata", "studente", "studentessa", "casalinga", "disoccupato", "disoccupata", "libero professionista", "privato",
    "aposentado", "aposentada", "estudante", "dona de casa", "desempregado", "profissional liberal", "huisvrouw", "gepensioneerd",
    "werkloos", "zelfstandig", "zzp",
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
_ENDING = r"(?: (?:and )?(?:" + "|".join(_FORMS) + r"))+$"
_BEGINNING = (
    r"^(?:firma handlowo uslugowa|firma handlowa|firma uslugowa|firma|phu|pphu|fhu|fphu|ooo|oao|pao|zao|tov|pt|ip|the|sarl|"
    r"eurl|sasu|ets|etablissements|ditta)(?: |$)"
)
"""Forms and words for 'firm' that stand in front; 'SAS' and 'SCI' do too, but are names of firms as well."""

_OF_OWNER = r" (?:snc|sas) di .+$"
"""'Rossi S.n.c. di Mario Rossi & C.': Italian partnerships name their owners behind the form."""

_TRADING_AS = re.compile(r"\s+(?:t/a|d/b/a|dba|trading as|doing business as)\s.*$")
_EAST_ASIAN_FORMS = re.compile(
    "株式会社|有限会社|合同会社|股份有限公司|有限责任公司|有限責任公司|有限公司|주식회사|\\(주\\)|\\(株\\)|\\(有\\)"
)
_MAY_BE_JOINED = r"[.&+/]|\b(?:dba|trading|doing)\b|[\p{Han}\p{Hangul}]"
"""What stands in every name that :func:`_joined` changes but by lower case."""

_SPELLED = re.compile(r"\b((?:[a-z]\.){1,}[a-z])\b\.?")


def standardize_companies(delivered: pl.Series) -> pl.DataFrame:
    """``company`` (clean) and ``company_norm`` (comparable, legal form off) of each delivered text."""
    company = without_placeholders(clean(delivered)).alias("company")
    words = comparable_words(in_ascii(_joined_initials(company)))
    is_nobodys = words.is_in(sorted(PLACEHOLDER_COMPANIES)).fill_null(False)
    norm = by_value(_without_legal_form, words.set(is_nobodys, None)).alias("company_norm")
    return pl.DataFrame([company.set(is_nobodys, None), norm])


def _joined_initials(names: pl.Series) -> pl.Series:
    """'S.p.A.' reads 'spa', 'J. P. Morgan' stays; '&' and '+' read 'and'. Lower case."""
    lower = computed(names, VALUE.str.to_lowercase())
    return changed_where(lower, lower.str.contains(_MAY_BE_JOINED).fill_null(False), _with_initials_joined)


def _with_initials_joined(lower: pl.Series) -> pl.Series:
    return by_distinct(lower, _joined, pl.String())


def _joined(name: str) -> str:
    bare = _EAST_ASIAN_FORMS.sub(" ", _TRADING_AS.sub("", name.lower())).strip() or name.lower()
    bare = re.sub(r"^fa\. ", "", bare)
    joined = _SPELLED.sub(lambda match: match.group(1).replace(".", ""), bare)
    return re.sub(r"\s*[&+]\s*", " and ", joined)


def _without_legal_form(words: pl.Series) -> pl.Series:
    """What is left of comparable names; a name that is nothing but a legal form stays."""
    before, shorter = words, _shortened(words)
    while (is_changed := shorter.ne_missing(before)).any():
        before, shorter = shorter, changed_where(shorter, is_changed, _shortened)
    nobodys = shorter.is_in(sorted(_SELF | PLACEHOLDER_COMPANIES)) | words.is_in(sorted(_SELF))
    return shorter.set(nobodys.fill_null(False), None)


def _shortened(words: pl.Series) -> pl.Series:
    """Names with what stands in front off, and behind; where nothing would be left, they stay."""
    begun = computed(words, pl.coalesce(none_when_empty(VALUE.str.replace(_BEGINNING, "")), VALUE))
    owned = computed(begun, VALUE.str.replace(_OF_OWNER, ""))
    ended = VALUE.str.replace(_ENDING, "").str.replace(r"(?: and)+$", "")
    return computed(owned, pl.coalesce(none_when_empty(ended), VALUE))

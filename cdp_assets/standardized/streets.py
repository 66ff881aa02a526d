"""Street lines in comparable form: the street's words, its house number, and the unit in the house.

House number in front (12 High Street) or behind (Hauptstr. 5a), by country, else wherever it stands. Of several parts
parted by commas or lines the one with street and number counts: 'c/o …', a building's or a company's name does not.
Abbreviations are spelled out from own tables (English, German, Spanish, French, Polish, Italian, Portuguese, Dutch);
post-office boxes are the street 'po box' with the box as number. Nothing is guessed about places: no gazetteer, no parser model.

What does not belong here: cities, regions, postcodes, countries (``places.py``).
"""

from __future__ import annotations

import re

from anyascii import anyascii

from cdp_assets.standardized.text import word_set

NUMBER_BEHIND_COUNTRIES = word_set(
    "DE AT CH LI NL BE ES IT PL CZ SK HU SI HR RS BA SE NO DK FI IS EE LV LT PT BR MX AR CL CO PE UY GR TR RU UA BG RO"
)
"""Countries that write the house number behind the street."""

_ENGLISH = {
    "st": "street", "str": "street", "stret": "street", "rd": "road", "ave": "avenue", "av": "avenue", "aven": "avenue",
    "blvd": "boulevard", "boul": "boulevard", "dr": "drive", "drv": "drive", "ln": "lane", "ct": "court", "crt": "court",
    "pl": "place", "sq": "square", "ter": "terrace", "terr": "terrace", "tce": "terrace", "hwy": "highway",
    "pkwy": "parkway", "pky": "parkway", "cir": "circle", "circ": "circuit", "cct": "circuit", "cres": "crescent",
    "cr": "crescent", "crst": "crescent", "cl": "close", "gdns": "gardens", "gdn": "garden", "grn": "green", "gr": "grove",
    "gro": "grove", "pde": "parade", "trl": "trail", "expy": "expressway", "fwy": "freeway", "tpke": "turnpike",
    "aly": "alley", "xing": "crossing", "plz": "plaza", "rte": "route", "hts": "heights", "mnt": "mount", "mt": "mount",
    "ft": "fort", "jct": "junction", "esp": "esplanade", "mws": "mews", "wlk": "walk", "wy": "way", "bvd": "boulevard",
    "pt": "point", "rdg": "ridge", "vly": "valley", "vw": "view", "cv": "cove", "spgs": "springs", "brg": "bridge",
    "n": "north", "s": "south", "e": "east", "w": "west", "ne": "northeast", "nw": "northwest", "se": "southeast",
    "sw": "southwest", "no": "north", "so": "south", "co": "county", "ctr": "center", "centre": "center", "lk": "lake",
    "sth": "south", "nth": "north",
}  # fmt: skip
_GERMAN = {
    "str": "strasse",
    "pl": "platz",
    "dr": "doktor",
    "st": "sankt",
    "prof": "professor",
    "gr": "grosse",
    "kl": "kleine",
}
_SPANISH = {
    "c": "calle", "cl": "calle", "cll": "calle", "av": "avenida", "avd": "avenida", "avda": "avenida", "ave": "avenida",
    "pza": "plaza", "plza": "plaza", "pl": "plaza", "pz": "plaza", "po": "paseo", "pso": "paseo", "ps": "paseo",
    "ctra": "carretera", "carr": "carretera", "cra": "carrera", "kr": "carrera", "cr": "carrera", "urb": "urbanizacion",
    "trav": "travesia", "trva": "travesia", "gta": "glorieta", "rda": "ronda", "cno": "camino", "cmno": "camino",
    "blvr": "bulevar", "blvd": "bulevar", "bv": "bulevar", "psje": "pasaje", "pje": "pasaje", "dr": "doctor",
    "sta": "santa", "sto": "santo", "gral": "general", "nte": "norte", "pte": "poniente", "ote": "oriente", "s": "san",
    "col": "colonia", "esq": "esquina", "avgda": "avinguda", "passeig": "paseo", "carrer": "calle", "diag": "diagonal",
}  # fmt: skip
_FRENCH = {
    "r": "rue", "av": "avenue", "ave": "avenue", "bd": "boulevard", "bld": "boulevard", "blvd": "boulevard",
    "boul": "boulevard", "pl": "place", "rte": "route", "chem": "chemin", "che": "chemin", "ch": "chemin", "imp": "impasse",
    "all": "allee", "allees": "allee", "sq": "square", "crs": "cours", "fg": "faubourg", "fbg": "faubourg", "qu": "quai",
    "res": "residence", "lot": "lotissement", "pass": "passage", "st": "saint", "ste": "sainte", "dr": "docteur",
    "gal": "general", "mal": "marechal", "pdt": "president", "prof": "professeur", "rpt": "rond point", "za": "zone artisanale",
}  # fmt: skip
_POLISH = {
    "al": "aleja", "aleje": "aleja", "alei": "aleja", "pl": "plac", "os": "osiedle", "oś": "osiedle", "sw": "swietego",
    "gen": "generala", "ks": "ksiedza", "dr": "doktora", "prof": "profesora", "marsz": "marszalka", "kard": "kardynala",
    "plk": "pulkownika", "bl": "blogoslawionego", "abp": "arcybiskupa", "bp": "biskupa", "skw": "skwer", "rondo": "rondo",
}  # fmt: skip
_ITALIAN = {
    "v": "via", "vle": "viale", "vlo": "vicolo", "p": "piazza", "pza": "piazza", "pzza": "piazza", "pzale": "piazzale",
    "ple": "piazzale", "cso": "corso", "c": "corso", "lgo": "largo", "str": "strada", "vic": "vicolo", "s": "san",
    "sta": "santa", "loc": "localita", "fraz": "frazione",
}  # fmt: skip
_PORTUGUESE = {
    "r": "rua", "av": "avenida", "ave": "avenida", "pc": "praca", "pca": "praca", "pr": "praca",
    "trav": "travessa", "tv": "travessa", "al": "alameda", "estr": "estrada", "rod": "rodovia", "lgo": "largo",
    "dr": "doutor", "sta": "santa", "sto": "santo", "eng": "engenheiro", "cel": "coronel", "gal": "general",
    "pres": "presidente",
}  # fmt: skip

_DUTCH = {
    "str": "straat", "ln": "laan", "pln": "plein", "wg": "weg", "st": "sint", "dr": "doctor", "prof": "professor",
    "burg": "burgemeester", "kon": "koningin", "v": "van", "vd": "van de",
}  # fmt: skip

_BY_COUNTRY = {
    **dict.fromkeys(word_set("DE AT CH LI"), _GERMAN),
    **dict.fromkeys(word_set("ES MX AR CL CO PE EC VE UY PY BO CR GT HN NI PA SV DO CU"), _SPANISH),
    **dict.fromkeys(word_set("FR LU MC"), _FRENCH),
    "PL": _POLISH,
    "IT": _ITALIAN,
    "NL": _DUTCH,
    **dict.fromkeys(word_set("PT BR"), _PORTUGUESE),
}
_OMITTED = {"PL": {"ul", "ulica", "ulicy"}, **{country: {"calle"} for country in word_set("ES MX AR CL PE UY")}}
"""Words that say 'street' and that people leave out at will."""

_ONLY_FIRST_OR_LAST = {
    "n",
    "s",
    "e",
    "w",
    "no",
    "so",
    "co",
    "dr",
    "st",
    "c",
    "p",
    "v",
    "r",
    "al",
    "pt",
    "cr",
    "gr",
    "ch",
    "all",
}
_SAINT_BEFORE_NAME = {"st", "ste"}

_UNIT_WORDS = (
    r"apartment|apart|appartement|appt|apt|aptmt|flat|suite|ste|unit|room|rm|floor|fl|flr|level|lvl|lot|bldg|building|block|blk|"
    r"trailer|trlr|spc|space|penthouse|ph|piso|pta|puerta|depto|dpto|departamento|esc|escalera|interno|int|scala|"
    r"whg|wohnung|top|stock|etage|et|lgh|pmb|bloco|mieszkania|mieszkanie|lokal|lok|app|bte|boite|bus|box|apto|sala|andar"
)
_UNIT = re.compile(
    rf"[\s,/-]*\b(?:{_UNIT_WORDS})\b[\s.:#]*(?:no\.?|nr\.?)?\s*([0-9]+[a-z]?|[a-z]|[a-z]?-?[0-9]+[a-z]?)\b"
)
_FLOOR_UNIT = re.compile(
    r"[\s,-]+(\d{1,2})\s?[oa]?\s*(?:piso\s*)?[-\s]?([a-z]|izq|izda|dcha|der|dch|cto|ctro)\b\.?\s*$"
)
_NAMED_FLOOR = re.compile(r"[\s,-]+(bajo|bajos|atico|sobreatico|entresuelo|entlo|principal|ppal)\b\.?\s*$")
_POLISH_FLAT = re.compile(r"(?<=[\da-z])[\s/]+m\b[\s.]*(?=\d)")
_HASH_UNIT = re.compile(r"[\s,]*#\s*([0-9a-z][0-9a-z-]*)")
_BOX = re.compile(
    r"\b(?:(?:g|l)?\.?\s*p\.?\s*o\.?\s*box|post(?:al)? (?:office )?box|pobox|postfach|postbus|apartado(?: de correos| postal)?|apdo\.?(?: de correos)?|"
    r"b\.?p(?=\.?\s*\d)|cs(?=\s*\d{5}\b)|tsa(?=\s*\d{5}\b)|pf(?=\.?\s*\d)|^box(?=\s*\d+\s*$)|boite postale|skr(?:ytka|\.)?\s*poczt(?:owa|\.)?|casella postale|caixa postal|locked bag|private bag)\b[\s.:#]*(?:no\.?|nr\.?)?\s*((?:[a-z]{1,2}-?)?[0-9][0-9a-z ]*|[a-z](?=\s|$))"
)
_ITALIAN_BOX = re.compile(r"\bc\.?\s?p\b[\s.:#]*([0-9]+)\s*$")
"""'C.P. 123'; in Spain the letters announce the postcode."""

_CARE_OF = re.compile(r"^\s*(?:c/o|c/-|attn\.?|attention|at\.?t\.?n\.?|zu haenden|z\.?\s?hd\.?|p/a|bei)\b")
_NUMBER_SIGN = re.compile(r"\b(?:no|nr|num|numero)\b\.?\s*(?=\d)")
_CARE_OF_BEHIND = re.compile(r"(?<=\S)\s+(?=(?:c/o|z\.\s?hd\.?)\s)")
_SHORT_NUMBER_SIGN = re.compile(r"\bn\.\s*(?=\d)")
_SHORT_NUMBER_COUNTRIES = word_set("IT ES PT BR FR CH")
"""'n. 12' is a number there; in English it is north."""

_AUSTRIAN_DOOR = re.compile(r"(\d+[a-z]?)/(\d+)/(\d+)$")
_ITALIAN_SHORT = re.compile(r"\b([vpcl])\.(le|zza|za|so|go|lo)\b")
_NO_NUMBER = re.compile(r"[\s,]*\b(?:s/n|sn|snc|s\.n\.c\.|s\.n\.|bb|b\.b\.)\s*$")
_MORE = r"(?:\s?[-/]\s?(?:\d+(?:\s?[a-z](?![a-z]))?|[a-z](?![a-z])))?"
_LEADING_NUMBER = r"\d+[a-z]?(?:\s(?:bis|ter|quater)\b)?" + _MORE
_TRAILING_NUMBER = r"\d+(?:\s?[a-z](?![a-z]))?(?:\s?(?:bis|ter|quater)\b)?" + _MORE
_LEADING = re.compile(rf"^({_LEADING_NUMBER})[\s,.]+(?=\S)(.+)$")
_AU_UNIT = re.compile(r"^(\d+[a-z]?)\s?/\s?(\d+[a-z]?)[\s,]+(.+)$")
_HALF = re.compile(r"^(\d+)\s+1/2\b")
_TRAILING = re.compile(rf"^(.*?[^\W\d_].*?)[\s,.]+({_TRAILING_NUMBER})$")
_GLUED_TRAILING = re.compile(r"^(.*?[^\W\d_]{3,}\.?)(\d+\s?[a-z]?)$")
_NUMBERED_ROAD = (
    r"(?:^|\s)(?:highway|hwy|route|rte|road|rd|county road|cr|sr|interstate|state route|calle|cl|carrera|cra|cr|kr|km)$"
)
"""Roads that have a number for a name: 'Highway 12', 'County Road 5'."""

PLAIN_UNIT = r"^(.*\d.*[a-z]{2}.*?),? (?:(?:apt|apartment|suite|ste|unit|flat)\b\.? ?#?|# ?)(\d+[a-z]?|[a-z])$"
PLAIN_UNIT_WORDS = [" apt", " apartment", " suite", " ste", " unit", " flat", " #"]
"""A line without any of these has no unit of that shape."""

PLAIN_LEADING = r"^(\d+[a-z]?) ([a-z][a-z .'\-]*[a-z][a-z.'\-]*)$"
PLAIN_TRAILING = r"^([a-z][a-z .'\-]*[a-z][a-z.'\-]*?) (\d+ ?[a-z]?)$"
"""Lines of the plainest shape, lower case: ``addresses.py`` takes them apart as whole columns with the same result."""

NOT_PLAIN = (
    r"\b(?:box|postfach|postbus|correos|apartado|apdo|b\.?p|c\.?p|pf|cs|tsa|poczt\S*|postal[ae]?|bag|attn|attention|bei|"
    + _UNIT_WORDS
    + r"|m|n|no|nr|num|"
    r"numero|highway|hwy|route|rte|road|rd|cr|sr|interstate|calle|cl|carrera|cra|kr|km|bis|ter|quater)\b[. ]*\d|\b(?:sn|bb)$|^\d+[a-z]? (?:\d|bis\b|ter\b|quater\b)"
)
"""Words that, before a number, may mean something else than a street."""

PLAIN_BEHIND = r"^(.*\d.*?),? (?:whg|wohnung|appt|apartment|apt|flat|unit|suite|ste)\b\.? ?(\d+[a-z]?)$"
PLAIN_FLOOR = r"^(.*\d), (\d{1,2})[oa] ([a-z]|izq|izda|dcha)$"
PLAIN_COMMA = r"^([a-z][a-z .'\-]*[a-z]{2}[a-z .'\-]*), (\d+ ?[a-z]?)$"
PLAIN_FLAT = r"^([a-z][a-z .'\-]*[a-z]{2}[a-z .'\-]*) (\d+[a-z]?)/(\d+[a-z]?)$"
"""Four ways to a line of the plainest shape: without its unit behind ('Amselweg 5, Whg. 18'), its floor and door ('Plaza
Cruz, 12, 2o B'; ``FLOOR_COUNTRIES``), the comma before its number ('Calle Puerto, 9'), its flat ('ul. Długa 10/5';
``FLAT_COUNTRIES``)."""

MAY_MEAN_MORE = (
    rf"\b(?:{_UNIT_WORDS}|p\.?o|g\.?p\.?o|l\.?p\.?o|pobox|post|postal|postfach|postbus|apartado|apdo|b\.?p|boite|skr\S*|"
    r"casella|caixa|locked|private|c/o|c/-|attn|attention|a\.?t\.?t?\.?n?|zu|z|hd|p/a|bei|no|nr|num|numero|m|s/n|sn|bb)\b"
)
"""Lines with any of these words are never made plain by those four ways."""

StreetParts = tuple[str | None, str | None, str | None]
"""street_norm, house_number, unit"""


def street_parts(street: str, country: str | None) -> StreetParts:
    """Comparable street, house number and unit of a clean street line."""
    marked = _without_raised_letters(street.lower()) if not street.isascii() else street.lower()
    text = _NUMBER_SIGN.sub("", anyascii(re.sub(r"[ºª°]", " ", marked)).lower())
    if country in _SHORT_NUMBER_COUNTRIES:
        text = _SHORT_NUMBER_SIGN.sub("", text)
    text = _CARE_OF_BEHIND.sub(", ", text).replace("//", " whg ")
    box = _BOX.search(text) or (_ITALIAN_BOX.search(text) if country == "IT" else None)
    if box:
        return "po box", re.sub(r"[^0-9a-z]", "", box.group(1)) or None, None
    text, unit = _without_unit(text, country)
    line, unit = _line_that_counts(text, unit)
    name, number, unit = _without_number(line, unit, country)
    return spelled_out(name, country) if name else None, compact_number(number), compact_number(unit)


def _without_raised_letters(street: str) -> str:
    """'nº 5' is a number, 'Pº' paseo, 'Mª' maria; other raised letters only say that a number is counted."""
    numbered = re.sub(r"\bn\s?[º°]", "no ", street)
    return re.sub(r"\bmª", "maria ", re.sub(r"\bpº", "paseo ", numbered))


def _without_unit(text: str, country: str | None) -> tuple[str, str | None]:
    if country == "CO":  # 'Calle 45 # 12-30': the sign is for the house
        text = text.replace("#", " ")
    if country == "PL":
        text = _POLISH_FLAT.sub(" mieszkanie ", text)
    for pattern in (_UNIT, _HASH_UNIT):
        for found in pattern.finditer(text):
            rest = text[: found.start()] + "," + text[found.end() :]
            if re.search(r"[a-z]{2}", rest) and (found.start() > 0 or re.search(r"\d", rest)):
                return rest, found.group(1)
    if country in FLOOR_COUNTRIES:
        named = _NAMED_FLOOR.search(text)
        if named and re.search(r"\d", text[: named.start()]):
            return text[: named.start()], named.group(1)
        floor = _FLOOR_UNIT.search(text)
        if floor and re.search(r"\d", text[: floor.start()]):
            return text[: floor.start()], floor.group(1) + floor.group(2)
    return text, None


FLOOR_COUNTRIES = word_set("ES PT AR CL UY")
FLAT_COUNTRIES = ("PL", "CZ", "SK", "HU", "AT")
"""Countries where 10/5 is flat 5 of house 10."""


def _line_that_counts(text: str, unit: str | None) -> tuple[str, str | None]:
    """Of the parts between commas the first with words and a number; a number alone is joined to the words beside it."""
    parts = [part.strip(" .-") for part in re.split(r"[,;\n|]+", text)]
    parts = [part for part in parts if part]
    spoken = [part for part in parts if not _CARE_OF.match(part)] or parts
    if not spoken:
        return "", unit
    for part in spoken:
        if re.fullmatch(_LEADING_NUMBER, part):
            continue
        if re.search(r"[a-z]{2}", part) and (_LEADING.match(part) or _TRAILING.match(part)):
            return part, unit
    words = [part for part in spoken if re.search(r"[a-z]{2}", part) and not re.fullmatch(_LEADING_NUMBER, part)]
    numbers = [part for part in spoken if re.fullmatch(_TRAILING_NUMBER, part)]
    if words and numbers:
        in_front = spoken.index(numbers[0]) < spoken.index(words[0])
        line = f"{numbers[0]} {words[0]}" if in_front else f"{words[0]} {numbers[0]}"
        return line, unit or (numbers[1] if len(numbers) > 1 else None)
    return (words or spoken)[0], unit


def _without_number(line: str, unit: str | None, country: str | None) -> StreetParts:
    line = _NO_NUMBER.sub("", line).strip()
    door = _AUSTRIAN_DOOR.search(line) if country == "AT" and unit is None else None
    if door:
        line, unit = line[: door.start()] + door.group(1), f"{door.group(2)}-{door.group(3)}"
    slashed = _AU_UNIT.match(line)
    if slashed and country not in NUMBER_BEHIND_COUNTRIES:
        return slashed.group(3), slashed.group(2), slashed.group(1)
    line = _HALF.sub(r"\1", line)
    leading, trailing = _LEADING.match(line), _TRAILING.match(line) or _GLUED_TRAILING.match(line)
    behind_first = country in NUMBER_BEHIND_COUNTRIES
    if trailing and (behind_first or not leading) and not re.search(_NUMBERED_ROAD, trailing.group(1)):
        number, unit = _flat_of(trailing.group(2), unit, country)
        return trailing.group(1), number, unit
    if leading:
        return leading.group(2), leading.group(1), unit
    if re.fullmatch(_TRAILING_NUMBER, line):
        return None, line, unit
    return line, None, unit


def _flat_of(number: str, unit: str | None, country: str | None) -> tuple[str, str | None]:
    """In Poland and its neighbours '10/5' is flat 5 of house 10; in Austria '10/2/5' is its staircase 2, door 5."""
    house, slash, flat = number.partition("/")
    if slash and country in FLAT_COUNTRIES and unit is None:
        return house, flat
    return number, unit


def compact_number(text: str | None) -> str | None:
    """A house or unit number without blanks and zeros in front."""
    if text is None:
        return None
    compact = re.sub(r"[^0-9a-z/-]", "", text).strip("-/")
    return compact.lstrip("0") or compact or None


def spelled_out(name: str, country: str | None) -> str | None:
    """The words of a lower-case street name with abbreviations spelled out; 'st' is saint in front of a name and street behind it."""
    table = _BY_COUNTRY.get(country or "", _ENGLISH)
    if table is _ITALIAN:
        name = _ITALIAN_SHORT.sub(r"\1\2", name)
    words = [word for word in re.sub(r"[^0-9a-z]+", " ", name.replace("'", "").replace("`", "")).split() if word]
    spelled: list[str] = []
    for n, word in enumerate(words):
        spelled.append(_word(word, n, len(words), table))
    if table is _GERMAN:
        spelled = [re.sub(r"(?<=[a-z]{2})str$", "strasse", word) for word in spelled]
    if table is _DUTCH:
        spelled = [re.sub(r"(?<=[a-z]{2})str$", "straat", word) for word in spelled]
    omitted = _OMITTED.get(country or "", set())
    kept = [word for word in spelled if word not in omitted] or spelled
    if "calle" in omitted and len(kept) > 1 and kept[0] == "de":  # 'Calle de Alcalá' is said 'Calle Alcalá' as well
        kept = kept[1:]
    return " ".join(kept) or None


def _word(word: str, position: int, count: int, table: dict[str, str]) -> str:
    if table is _ENGLISH and word in _SAINT_BEFORE_NAME and position == 0 and count > 1:
        return "saint"
    if word in _ONLY_FIRST_OR_LAST and 0 < position < count - 1 and table is not _ENGLISH:
        return word
    if table is _ENGLISH and word in {"n", "s", "e", "w", "no", "so", "co"} and 0 < position < count - 1:
        return word
    return table.get(word, word)

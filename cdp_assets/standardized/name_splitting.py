"""A whole name in parts: given, middle, family.

'Last, First Middle' everywhere; two surnames where people have two (Spain and most of Spanish America); the family name
first in China, Korea, Vietnam, Hungary and, in its own script, Japan; a family name in capitals ('DUPONT Jean') wherever
it stands; the family name first where a father's name stands last (Russia and its neighbours). What is left is split by ``nameparser``, which knows particles, in the western order. Plain western names of
two or three words need no parser and are split as whole columns (``names.py``).

What does not belong here: titles and suffixes (taken off before), comparable forms (``names.py``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from anyascii import anyascii
from nameparser import HumanName

from cdp_assets.standardized.text import word_set

TWO_SURNAME_COUNTRIES = word_set("ES MX CO PE CL VE EC GT CU BO DO HN PY SV NI CR PA UY PR")
FAMILY_FIRST_COUNTRIES = word_set("CN TW HK MO KR KP VN HU")

PARTICLES = word_set("""
    de del della dello dei degli di da das do dos du des la las le los lo van von der den ter ten te het zu zum zur
    vom am af av bin ibn bint al el y e i san santa st ap ab ben abu
    """)
"""Words that belong to the family name that follows."""

PATRONYMIC_COUNTRIES = word_set("RU UA BY KZ KG UZ TJ TM")
PATRONYMIC_LAST = r"(?:ович|евич|ьич|мич|кич|овна|евна|ична|инична|ійович|івна|ївна)$"
"""A father's name, in Cyrillic. Where it stands last, the family name stands first: 'Петрова Анна Сергеевна'."""

_PATRONYMIC = re.compile(r"(?:ovich|evich|yich|ovych|evych|ovna|evna|ivna|yivna|ichna)$")
_HYPHENED_PARTICLE = re.compile(r"(-(?:" + "|".join(sorted(PARTICLES)) + r")) (?=\S)", re.IGNORECASE)
_JOINT = "\ue000"  # of no writing: holds 'Jansen-de Boer' together while a name is parted

_SPANISH_SECOND_NAMES = word_set("""
    jose maria luis antonio carlos manuel angel javier jesus francisco miguel juan pedro pablo rafael fernando alberto
    alejandro andres enrique eduardo ignacio ramon roberto ricardo daniel david jorge alfonso agustin ernesto felipe
    gabriel gerardo guillermo gustavo hugo ivan jaime joaquin julio leonardo marcos mario martin mauricio oscar raul
    rodrigo ruben salvador samuel santiago sergio tomas vicente victor alfredo arturo cesar eugenio
    carmen teresa isabel pilar dolores rosa ana angeles luisa elena cristina mercedes concepcion josefa antonia laura
    lucia marta paula patricia raquel rocio sofia beatriz alicia andrea gloria guadalupe fernanda gabriela victoria
    eugenia jesusa esther eva julia lourdes magdalena margarita milagros montserrat nieves paz soledad susana virginia
    """)
"""Given names that stand second: 'José Luis García' has one surname."""

_DOUBLE_CHINESE = word_set(
    "欧阳 歐陽 司马 司馬 上官 诸葛 諸葛 东方 東方 皇甫 尉迟 公孙 慕容 司徒 令狐 남궁 황보 선우 독고 제갈 사공 서문"
)
_IDEOGRAPHS = re.compile(r"^[\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af々]+$")
_KANA = re.compile(r"[\u3040-\u30ff]")

EAST_ASIAN_SURNAMES = word_set("""
    wang li zhang liu chen yang zhao huang zhou wu xu sun hu zhu gao lin he guo ma luo liang song zheng xie han tang
    feng yu dong xiao cheng cao yuan deng fu shen zeng peng lu su jiang cai jia ding wei xue ye yan pan du dai xia
    zhong tian ren fan fang shi yao tan liao zou xiong jin hao kong bai cui kang mao qiu qin gu hou shao meng long wan
    duan lei qian yin chang wong chan cheung leung lau ng kwok lam tsang tse ho yip chow chiu
    kim lee park choi jung jeong kang cho jo yoon yun jang lim im han oh seo shin kwon hwang ahn an song ryu yoo hong jeon moon
    yang son bae baek heo nam sim noh roh ha gwak sung cha joo woo koo min
    nguyen tran le pham hoang huynh phan vu vo dang bui do ho ngo duong ly
    """)
HUNGARIAN_SURNAMES = word_set("""
    nagy kovacs toth szabo horvath varga kiss molnar nemeth farkas balogh papp takacs juhasz lakatos meszaros olah simon
    racz fekete szilagyi torok feher balazs gal kis szucs kocsis orsos fodor pinter szalai sipos magyar lukacs gulyas
    biro kiraly laszlo balint katona bogdan kelemen boros vass
    """)
_FAMILY_NAMES = EAST_ASIAN_SURNAMES | HUNGARIAN_SURNAMES

Parts = tuple[str | None, str | None, str | None]
"""Given, middle and family name."""


def split_full_name(name: str, country: str | None) -> Parts:
    """Given, middle and family name in a whole name without title and suffix; a single word is a given name."""
    if "," in name:
        return _split_at_comma(name)
    if _HYPHENED_PARTICLE.search(name):
        parts = split_full_name(_HYPHENED_PARTICLE.sub(rf"\1{_JOINT}", name), country)
        return tuple(part.replace(_JOINT, " ") if part else None for part in parts)  # type: ignore[return-value]
    words = name.split()
    if len(words) == 1:
        return _split_unspaced(name)
    if _IDEOGRAPHS.match("".join(words)):
        return " ".join(words[1:]), None, words[0]
    by_capitals = _split_by_capitals(words)
    if by_capitals:
        return by_capitals
    if len(words) == 3 and _ends_with_patronymic(words[2], country):
        return words[1], words[2], words[0]
    if country in FAMILY_FIRST_COUNTRIES and _begins_with_family_name(words):
        return " ".join(words[1:]), None, words[0]
    if country in TWO_SURNAME_COUNTRIES:
        return _split_two_surnames(words)
    return _split_western(name)


def _split_at_comma(name: str) -> Parts:
    family, _, given = (part.strip() for part in name.partition(","))
    given = given.replace(",", " ").strip()
    if not given:
        return None, None, family or None
    if not family:
        return split_full_name(given, None)
    first, *middle = given.split()
    return first, " ".join(middle) or None, family


def _split_unspaced(word: str) -> Parts:
    if not _IDEOGRAPHS.match(word) or len(word) < 2 or len(word) > 6 or _KANA.search(word):
        return word, None, None
    if word[:2] in _DOUBLE_CHINESE and len(word) > 2:
        return word[2:], None, word[:2]
    surname = 1 if len(word) < 4 else 2  # four characters and more: a Japanese name, two for the family
    return word[surname:], None, word[:surname]


def _split_by_capitals(words: Sequence[str]) -> Parts | None:
    capitals = [len(word) > 1 and word.isupper() and "." not in word for word in words]
    count = sum(capitals)
    if count == 0 or count == len(words):
        return None
    family_first = all(capitals[:count])
    if not family_first and not all(capitals[-count:]):
        return None
    family, given = (words[:count], words[count:]) if family_first else (words[-count:], words[:-count])
    return given[0], " ".join(given[1:]) or None, " ".join(family)


def _ends_with_patronymic(word: str, country: str | None) -> bool:
    """In Latin letters only where people have such names: elsewhere Jovovich is a family."""
    if re.search(PATRONYMIC_LAST, word.lower()):
        return True
    return country in PATRONYMIC_COUNTRIES and bool(_PATRONYMIC.search(anyascii(word).lower()))


def _begins_with_family_name(words: Sequence[str]) -> bool:
    """In Latin letters both orders are met: the first word is the family name unless only the last one can be."""
    first, last = (anyascii(word).lower() for word in (words[0], words[-1]))
    return first in _FAMILY_NAMES or last not in _FAMILY_NAMES


def _split_two_surnames(words: Sequence[str]) -> Parts:
    groups = _with_particles(words)
    if len(groups) == 1:
        return groups[0], None, None
    if len(groups) == 2:
        return groups[0], None, groups[1]
    second_is_given = anyascii(groups[1]).lower() in _SPANISH_SECOND_NAMES
    if len(groups) == 3 and second_is_given:
        return groups[0], groups[1], groups[2]
    given, family = groups[:-2], groups[-2:]
    return given[0], " ".join(given[1:]) or None, " ".join(family)


def _with_particles(words: Sequence[str]) -> list[str]:
    """Words with the particles before them joined on: 'María de la Cruz y Soto' has three groups."""
    groups: list[str] = []
    waiting: list[str] = []
    for word in words:
        if word.lower() in PARTICLES and groups:
            waiting.append(word)
        else:
            groups.append(" ".join([*waiting, word]))
            waiting = []
    if waiting:
        groups[-1] = " ".join([groups[-1], *waiting])
    return groups


def _split_western(name: str) -> Parts:
    parsed = HumanName(name)
    first = " ".join(part for part in (parsed.title, parsed.first) if part) or None
    family = " ".join(part for part in (parsed.last, parsed.suffix) if part) or None
    return first, parsed.middle or None, family

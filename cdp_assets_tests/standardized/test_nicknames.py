import polars as pl
import pytest

from cdp_assets.standardized.nicknames import first_name_roots, nickname_roots
from cdp_assets.standardized.text import list_lines


@pytest.mark.parametrize(
    ("name", "root"),
    [
        ("bill", "william"), ("will", "william"), ("wm", "william"), ("bob", "robert"), ("dick", "richard"), ("peggy", "margaret"),
        ("betty", "elizabeth"), ("jack", "john"), ("kate", "catherine"), ("kathy", "catherine"), ("steven", "stephen"),
        ("mike", "michael"), ("paco", "francisco"), ("pepe", "jose"), ("nacho", "ignacio"), ("lupe", "guadalupe"),
        ("gosia", "malgorzata"), ("kasia", "katarzyna"), ("wojtek", "wojciech"), ("janek", "jan"), ("hannes", "hans"),
        ("uschi", "ursula"), ("beppe", "giuseppe"), ("wim", "willem"), ("katya", "ekaterina"), ("mohamed", "mohammad"),
        ("eliza", "elizabeth"), ("elisabeth", "elizabeth"), ("lisl", "elizabeth"), ("stefanie", "stephanie"), ("becki", "rebecca"),
        ("jill", "gillian"), ("rosita", "rosa"), ("charo", "rosario"), ("quim", "joaquin"), ("javi", "javier"), ("panchito", "francisco"),
        ("chiquinho", "francisco"), ("dudu", "eduardo"), ("ania", "ann"), ("marysia", "maria"), ("franek", "franciszek"), ("jola", "jolanta"),
        ("maciek", "maciej"), ("wacek", "waclaw"), ("heidi", "adelheid"), ("vroni", "veronica"), ("klaus", "klaus"), ("claus", "klaus"),
        ("schorsch", "georg"), ("betta", "elisabetta"), ("pippo", "filippo"), ("toine", "antoine"), ("ma carmen", "maria"),
        ("mary ann", "maria"), ("zzyx", "zzyx"),
    ],
)  # fmt: skip
def test_a_nickname_has_a_root(name: str, root: str) -> None:
    assert first_name_roots(pl.Series([name, None])).to_list() == [root, None]


def test_every_form_stands_under_one_root_and_no_root_is_a_form() -> None:
    forms = [form for line in list_lines("nicknames.tsv") for form in line.split("\t")[1].split()]
    assert len(forms) == len(set(forms))
    assert not set(forms) & set(nickname_roots().values())
    assert all(form.isascii() and form.isalpha() and form.islower() for form in forms)

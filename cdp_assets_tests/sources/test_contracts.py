from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from cdp_assets.sources.contracts import (
    CANONICAL_FIELDS,
    ContractError,
    ContractProblem,
    SourceContract,
    json_schema,
    load_contract,
    load_contracts,
    raw_column,
)
from cdp_assets_tests.sources.contract_text import CRM, crm, loaded, written

WHOLE = """
source: crm
about: Contacts exported nightly from the CRM
kind: profiles                  # profiles | activities | consents | corrections
extract:
  files: "*.csv"
delivers: snapshot
key: contact_id
observed_at: updated_at
trust: 80
one_row_per_person: false
country: US
date_format: "%Y-%m-%d"
columns:
  first_name: FirstName
  middle_name: Middle
  last_name: LastName
  name_suffix: Suffix
  sex: Gender
  email: [Email, SecondaryEmail]
  phone: [Mobile, Phone]
  date_of_birth: DOB
  street: Street1
  city: City
  region: State
  postcode: Zip
  country: Country
  company: Account
  job_title: Title
identifiers:
  loyalty_id: LoyaltyNo
  cookie_id: {column: CookieId, shared_by_at_most: 3}
on_new_column: keep
on_missing_column: refuse
"""


def problems_of(folder: Path, text: str, name: str = "crm.yaml") -> tuple[ContractProblem, ...]:
    with pytest.raises(ContractError) as refused:
        load_contract(written(folder, text, name))
    return refused.value.problems


def the_problem(folder: Path, text: str, name: str = "crm.yaml") -> ContractProblem:
    (problem,) = problems_of(folder, text, name)
    return problem


def test_the_documented_contract_loads_with_every_part(tmp_path: Path) -> None:
    contract = loaded(tmp_path, WHOLE)
    assert (contract.source, contract.kind, contract.delivers) == ("crm", "profiles", "snapshot")
    assert contract.key == ("contact_id",)
    assert (contract.trust, contract.one_row_per_person, contract.country) == (80, False, "US")
    assert [source.column for source in contract.field_sources("email")] == ["Email", "SecondaryEmail"]
    assert contract.identifiers["loyalty_id"].column == "LoyaltyNo"
    assert contract.identifiers["cookie_id"].shared_by_at_most == 3
    assert contract.fields[:3] == ("first_name", "middle_name", "last_name")
    assert contract.source_columns[:3] == ("contact_id", "updated_at", "FirstName")
    assert "CookieId" in contract.source_columns


def test_defaults_are_careful(tmp_path: Path) -> None:
    contract = loaded(tmp_path, CRM)
    assert contract.delivers == "changes"
    assert contract.trust == 50
    assert (contract.on_new_column, contract.on_missing_column) == ("keep", "refuse")
    assert contract.extract.files == "*"
    assert contract.observed_at is None


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("activities", "{activity: {value: attended}, email: e}"),
        ("consents", "{consent: c, email: e}"),
        ("corrections", "{corrected_source: s, corrected_key: k, corrected_field: f, corrected_value: v}"),
    ],
)
def test_events_are_appended_and_need_no_key(tmp_path: Path, kind: str, columns: str) -> None:
    contract = loaded(tmp_path, f"source: crm\nkind: {kind}\ncolumns: {columns}\n")
    assert contract.delivers == "events"
    assert contract.key == ()


def test_text_stays_as_it_is_written(tmp_path: Path) -> None:
    contract = loaded(
        tmp_path,
        "source: crm\nkind: profiles\nkey: 007\ncountry: NO\nobserved_at: 2024-01-05\n"
        "columns:\n  email: 1e5\n  full_name: yes\n  sex: {column: ~, values: {0: f, 1: m, no: x}}\n",
    )
    assert contract.key == ("007",)
    assert contract.country == "NO"
    assert contract.observed_at == "2024-01-05"
    assert contract.field_sources("email")[0].column == "1e5"
    assert contract.field_sources("full_name")[0].column == "yes"
    assert contract.field_sources("sex")[0].column == "~"
    assert contract.field_sources("sex")[0].values == {"0": "f", "1": "m", "no": "x"}


def test_null_is_a_word_for_missing_columns(tmp_path: Path) -> None:
    assert loaded(tmp_path, CRM + "on_missing_column: null\n").on_missing_column == "null"


def test_a_key_may_have_several_columns(tmp_path: Path) -> None:
    assert loaded(tmp_path, CRM.replace("key: id", "key: [shop, id]")).key == ("shop", "id")
    assert "twice" in the_problem(tmp_path, CRM.replace("key: id", "key: [id, id]")).problem


def test_the_united_kingdom_has_two_names(tmp_path: Path) -> None:
    assert loaded(tmp_path, CRM + "country: uk\n").country == "GB"


def test_a_byte_order_mark_and_comments_change_nothing(tmp_path: Path) -> None:
    assert loaded(tmp_path, "\ufeff# a comment\n" + CRM) == loaded(tmp_path, CRM)


# -- addresses --------------------------------------------------------------------------------------------------------


def test_addresses_are_read_side_by_side() -> None:
    contract = crm(columns={"street": ["s1", "s2"], "city": ["c1", "c2"], "postcode": "p", "country": "land"})
    first, second = contract.addresses
    assert (first.street, first.city, first.postcode) == tuple(
        contract.field_sources(name)[0] for name in ("street", "city", "postcode")
    )
    assert second.street is not None
    assert second.street.column == "s2"
    assert second.postcode is None, "a single postcode belongs to the first address only"
    assert second.country is not None, "a country holds for all"
    assert second.region is None


def test_a_constant_part_holds_for_all_addresses() -> None:
    _, second = crm(columns={"street": ["s1", "s2"], "city": {"value": "Berlin"}}).addresses
    assert second.city is not None
    assert second.city.value == "Berlin"


def test_no_mapped_part_is_no_address() -> None:
    assert crm().addresses == ()


# -- errors -----------------------------------------------------------------------------------------------------------


def test_every_problem_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = "source: crm\nkind: profile\nkeys: id\ntrust: many\ncolumns:\n  surname: L\n  email:\n"
    found = {problem.line: problem for problem in problems_of(tmp_path, text)}
    assert set(found) == {2, 3, 4, 6, 7}
    assert "did you mean 'profiles'?" in found[2].problem
    assert "did you mean 'key'?" in found[3].problem
    assert "whole number" in found[4].problem
    assert "did you mean 'last_name'?" in found[6].problem
    assert "found nothing" in found[7].problem
    assert str(found[2]).startswith("contracts/crm.yaml, line 2: ")


def test_an_unknown_key_lists_the_known_ones(tmp_path: Path) -> None:
    problem = the_problem(tmp_path, CRM + "extract: {file: '*.csv'}\n")
    assert "did you mean 'files'?" in problem.problem
    assert "encoding" in problem.advice


def test_errors_do_not_repeat_what_was_written_as_a_value(tmp_path: Path) -> None:
    text = CRM + "trust: dana@companyx.example\ndate_format: dana\ncountry: dana\n"
    assert not any("dana" in str(problem) for problem in problems_of(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (CRM + "kind: consents\n", 8, "said twice (first on line 3)"),
        (CRM + "about: &a x\n", 8, "anchors"),
        (CRM + "about: !!python/name:os.system x\n", 8, "tags"),
        (CRM + "about: {x\n", 9, "not readable as YAML"),
        (CRM + "\tabout: x\n", 8, "not readable as YAML"),
        ("- source: crm\n", 1, "expected keys and values"),
        ("", 1, "expected keys and values"),
        (CRM.replace("key: id\n", ""), 3, "profiles need a `key`"),
        (CRM.replace("source: crm", "source: CRM"), 2, "source name"),
        (CRM.replace("source: crm", "source: shop"), 2, "`source: crm`"),
        (CRM + "country: Norway\n", 8, "two letters"),
        (CRM + "trust: 101\n", 8, "trust"),
        (CRM + "one_row_per_person: perhaps\n", 8, "true or false"),
        (CRM + "identifiers: {email: x}\n", 8, "is a field"),
        (CRM + "identifiers: {Loyalty: x}\n", 8, "identifier name"),
        (CRM + "identifiers: {x: {column: c, shared_by_at_most: 0}}\n", 8, "shared_by_at_most"),
        (CRM.replace("  email: email", "  email: []"), 7, "empty list"),
        (CRM.replace("  email: email", "  full_names: x"), 7, "did you mean 'full_name'?"),
        (CRM.replace("  email: email", "  activity: x"), 7, "what happened"),
        (CRM.replace("  email: email", "  email: {column: a, value: b}"), 7, "either `column`, `columns` or `value`"),
        (CRM.replace("  email: email", "  email: {columns: [a]}"), 7, "columns"),
        (CRM.replace("  email: email", "  email: {value: b, values: {c: d}}"), 7, "`values` translates a column"),
        ("source: crm\nkind: profiles\nkey: id\n", 1, "neither `columns` nor `identifiers`"),
        (CRM + "extract: {files: ../*.csv}\n", 8, "without a folder"),
        (CRM + "extract: {files: '*', sql: {url: x, table: t}}\n", 8, "either `files` or `sql`"),
        (CRM + "extract: {encoding: klingon}\n", 8, "text encoding"),
        (CRM + "extract: {delimiter: ab}\n", 8, "one character"),
        (CRM + "extract: {sql: {table: t}}\n", 8, "url_env"),
        (CRM + "extract: {sql: {url_env: X, table: t, query: q}}\n", 8, "either `table` or `query`"),
        (CRM + "extract: {sql: {url_env: X, table: t, overlap: 1 day}}\n", 8, "needs a `cursor`"),
        (CRM + "extract: {sql: {url_env: X, table: t, cursor: c, overlap: soon}}\n", 8, "how far to read back"),
        (CRM + "date_format: DD/MM/YYYY\n", 8, "% directives"),
    ],
)
def test_what_is_refused_is_refused_where_it_stands(tmp_path: Path, text: str, line: int, says: str) -> None:
    problem = the_problem(tmp_path, text)
    assert says in str(problem)
    assert problem.line == line
    assert problem.advice


def test_a_date_format_in_other_words_is_translated(tmp_path: Path) -> None:
    assert '"%d/%m/%Y"' in the_problem(tmp_path, CRM + "date_format: DD/MM/YYYY\n").advice


def test_delimiters_have_names(tmp_path: Path) -> None:
    for spelled, meant in {"tab": "\t", "\\t": "\t", "semicolon": ";", "'|'": "|"}.items():
        assert loaded(tmp_path, CRM + f"extract: {{delimiter: {spelled}}}\n").extract.delimiter == meant


def test_a_broken_contract_never_stops_the_others(tmp_path: Path) -> None:
    written(tmp_path, CRM)
    written(tmp_path, CRM.replace("crm", "shop"), "shop.yml")
    written(tmp_path, CRM.replace("crm", "shop"), "shop.yaml")
    written(tmp_path, "kind: [", "web.yaml")
    written(tmp_path, "not a contract", "notes.txt")
    written(tmp_path, "", ".hidden.yaml")
    (tmp_path / "contracts" / "folder.yaml").mkdir()
    (tmp_path / "contracts" / "latin.yaml").write_bytes("source: é".encode("latin-1"))
    contracts, problems = load_contracts(tmp_path / "contracts")
    assert [contract.source for contract in contracts] == ["crm", "shop"]
    assert {problem.source for problem in problems} == {"folder", "latin", "shop", "web"}
    assert load_contracts(tmp_path / "nowhere") == ([], [])


def test_a_missing_contract_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="not a regular file"):
        load_contract(tmp_path / "contracts" / "crm.yaml")


def test_a_file_that_is_no_contract_is_not_even_parsed(tmp_path: Path) -> None:
    assert "larger than" in the_problem(tmp_path, CRM + "# " + "x" * 1_000_000).problem


# -- versions ---------------------------------------------------------------------------------------------------------


def test_the_version_is_of_what_is_said_not_how(tmp_path: Path) -> None:
    version = loaded(tmp_path, CRM).contract_version
    lines = [line for line in CRM.strip().splitlines() if not line.startswith("  ")]
    reordered = "\n".join(
        [lines[0], lines[2], lines[1], "about: other", "columns:", "  email: [email]", "  full_name: name"]
    )
    assert loaded(tmp_path, reordered + "  # comment\ndelivers: changes\n").contract_version == version
    assert loaded(tmp_path, CRM.replace("email: email", "email: mail")).contract_version != version
    assert loaded(tmp_path, CRM + "trust: 51\n").contract_version != version
    assert loaded(tmp_path, CRM.replace("email: email", "email: {value: email}")).contract_version != version


def test_a_contract_can_not_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        crm().trust = 1  # type: ignore[misc]


# -- names and schema -------------------------------------------------------------------------------------------------


def test_source_columns_never_collide_with_ours() -> None:
    assert [raw_column(name) for name in ("id", "_line", "__x")] == ["id", "__line", "___x"]
    assert crm(columns={"email": "_text"}).field_sources("email")[0].raw_columns == ("__text",)


def test_the_schema_names_everything_a_contract_may_say() -> None:
    schema = json_schema()
    assert json.loads(json.dumps(schema)) == schema
    assert set(schema["properties"]) == set(SourceContract.model_fields)
    assert set(schema["properties"]["columns"]["properties"]) == set(CANONICAL_FIELDS)
    assert schema["additionalProperties"] is False
    check = jsonschema.Draft202012Validator(schema)
    check.check_schema(schema)
    for sound in (WHOLE, CRM, CRM + "on_missing_column: null\n", CRM.replace("key: id", "key: [a, b]")):
        check.validate(yaml.safe_load(sound))
    for broken in (
        CRM + "keys: id\n",
        CRM.replace("email: email", "mail: email"),
        CRM.replace("email: email", "email: []"),
    ):
        assert list(check.iter_errors(yaml.safe_load(broken)))
    references = {part["$ref"] for part in schema["properties"]["columns"]["properties"]["email"]["anyOf"][:3]}
    assert references <= {f"#/$defs/{name}" for name in schema["$defs"]}


def test_activities_that_no_column_names_are_called_by_their_source(tmp_path: Path) -> None:
    contract = load_contract(
        written(tmp_path, "source: webinar\nkind: activities\ncolumns: {email: e}\n", "webinar.yaml")
    )
    assert [source.value for source in contract.field_sources("activity")] == ["webinar"]
    named = load_contract(
        written(
            tmp_path,
            "source: webinar\nkind: activities\ncolumns: {email: e, activity: {value: attended}}\n",
            "webinar.yaml",
        )
    )
    assert [source.value for source in named.field_sources("activity")] == ["attended"]


@pytest.mark.parametrize("kind", ["consents", "corrections"])
def test_other_events_may_be_contact_records_only(tmp_path: Path, kind: str) -> None:
    assert load_contract(written(tmp_path, f"source: x\nkind: {kind}\ncolumns: {{email: e}}\n", "x.yaml")).fields == (
        "email",
    )


def test_several_columns_may_make_one_value(tmp_path: Path) -> None:
    contract = load_contract(
        written(tmp_path, CRM.replace("  email: email", "  street: {columns: [No, Street]}"), "crm.yaml")
    )
    (street,) = contract.field_sources("street")
    assert street.raw_columns == ("No", "Street")
    assert {"No", "Street"} <= set(contract.source_columns)


def test_the_committed_schema_is_the_current_one() -> None:
    committed = Path(__file__).parent.parent.parent / "contract.schema.json"
    assert json.loads(committed.read_text(encoding="utf-8")) == json_schema(), "run `make schema`"

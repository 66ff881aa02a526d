"""Names, kinds and moments of files."""

from __future__ import annotations

import os
from pathlib import Path

from cdp_assets_tests.hostile.case import (
    FILE_PERSON,
    GOOD,
    IGNORED,
    IMPORTED,
    KNOWN,
    PERSON,
    REFUSED,
    REJECTED,
    ROW,
    WAITS,
    Case,
    text,
)
from cdp_assets_tests.hostile.delivered import make_socket

_TEXT = text(ROW)


def _named(name: str, what: str, file: str, becomes: str = "like any other") -> Case:
    return Case(name, what, IMPORTED, becomes, _TEXT, file=file, records=1)


def _link(path: Path) -> None:
    target = path.parent.parent / f"elsewhere {FILE_PERSON}.csv"
    target.write_bytes(_TEXT)
    path.symlink_to(target)


def _link_to_nothing(path: Path) -> None:
    path.symlink_to("/nowhere at all")


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "inside.csv").write_bytes(_TEXT)


def _raw_bytes(path: Path) -> None:
    Path(os.fsdecode(os.fsencode(path))).write_bytes(_TEXT)


def _replace(path: Path) -> None:
    path.write_bytes(text(f"9,Eve {PERSON},e@x.example\n"))


NAMES = (
    _named("dots", "`../` in a name, as far as a name can hold it", f"a..%2f..\\..\\{FILE_PERSON}.csv"),
    _named("newline", "line ends and tabs in a name", f"a\nb\r\tc {FILE_PERSON}.csv"),
    _named("bidi", "characters in a name that turn its direction", f"\u202e{FILE_PERSON}\u2066.csv"),
    _named("long_name", "a name of 255 bytes", f"{FILE_PERSON}{'é' * 121}x.csv"),
    _named(
        "shell_name", "a name that a shell or SQL would act on", f"-rf $(touch x); DROP TABLE '{FILE_PERSON}' --`\".csv"
    ),
    _named("escape_name", "a name with terminal escapes", f"\x1b[31m{FILE_PERSON}\x07.csv"),
    _named("pattern_name", "a name of pattern characters", f"[{FILE_PERSON}*?].csv"),
    Case(
        "bytes_name",
        "a name that is no UTF-8",
        IGNORED,
        "rename it",
        _raw_bytes,
        file="\udcff" + FILE_PERSON + ".csv",
        reason="not UTF-8 text; rename it",
        places=True,
    ),
    Case("hidden", "a hidden file", IGNORED, "", _TEXT, file=f".{FILE_PERSON}.csv", reason="hidden"),
    Case(
        "unfinished_name",
        "a name such as `.tmp`, `.part`, `~`",
        IGNORED,
        "tools name so what they are still writing",
        _TEXT,
        file="{}.csv.part",
        reason="unfinished",
    ),
    Case(
        "other_pattern",
        "a name that does not fit the contract's pattern",
        IGNORED,
        "",
        _TEXT,
        file="{}.txt",
        contract={"extract": {"files": "*.csv"}},
        reason="does not match the contract's *.csv",
    ),
)

KINDS = (
    Case(
        "symlink",
        "a symbolic link to a file, also to one elsewhere",
        IGNORED,
        "links are not followed",
        _link,
        reason="links are not followed",
        places=True,
    ),
    Case(
        "dangling",
        "a symbolic link to nothing",
        IGNORED,
        "",
        _link_to_nothing,
        reason="links are not followed",
        places=True,
    ),
    Case(
        "fifo",
        "a FIFO",
        IGNORED,
        "nobody waits for it",
        lambda path: os.mkfifo(path),
        reason="not a regular file",
        places=True,
    ),
    Case("socket", "a socket", IGNORED, "", make_socket, reason="not a regular file", places=True),
    Case(
        "folder",
        "a directory named `x.csv`, with files in it",
        IGNORED,
        "folders are not looked into",
        _folder,
        reason="not a regular file",
        places=True,
    ),
)

_BETWEEN = (
    Case(
        "same_content",
        "the content of a file that is there already, under another name or compressed",
        KNOWN,
        "the same content is the same import",
        GOOD,
        file="z {}.csv",
    ),
    Case(
        "replaced_before",
        "a file that is replaced between the look and the reading",
        REFUSED,
        "what is there now is not what was registered; the next look registers it",
        _TEXT,
        between=_replace,
        reason="not what it was when it landed",
    ),
    Case(
        "vanished",
        "a file that vanishes between the look and the reading",
        REFUSED,
        "until it is delivered again",
        text(f"5,{PERSON},gone@x.example\n"),
        between=lambda path: path.unlink(),
        reason="the file is gone and none of its rows were kept; deliver it again",
    ),
)


def _elsewhere(name: str, what: str, outcome: str, becomes: str, shown_by: str) -> Case:
    """A case that needs more than a file in a folder, and has a test of its own."""
    return Case(name, what, outcome, becomes, b"", shown_by=shown_by)


MOMENTS = (
    *_BETWEEN,
    _elsewhere(
        "reordered",
        "the rows of an earlier file in another order",
        KNOWN,
        "the import is `repeated`: its lines count as duplicates, and nothing of it is kept twice",
        "test_moments.py::test_the_same_rows_in_another_order_bring_nothing",
    ),
    _elsewhere(
        "written_while_read",
        "a file that is written to while it is read",
        REFUSED,
        "nothing of it is kept; the next look registers what is there then",
        "test_moments.py::test_written_to_while_it_is_read",
    ),
    _elsewhere(
        "renamed_while_read",
        "another file that is renamed into its place while it is read",
        IMPORTED,
        "both: the one that was open is read to its end",
        "test_moments.py::test_another_file_in_its_place_while_it_is_read",
    ),
    _elsewhere(
        "changes_while_looked_at",
        "a file that changes, or goes, while its content is hashed",
        WAITS,
        "for the next look",
        "test_moments.py::test_changed_or_gone_while_it_is_looked_at",
    ),
)

TROUBLE = (
    _elsewhere(
        "no_permission",
        "a file that may not be read",
        WAITS,
        "until it may be; one that was registered before is refused, and `cdp replay` reads it again",
        "test_moments.py::test_a_file_without_read_permission_waits_for_it",
    ),
    _elsewhere(
        "full_disk_of_the_lake",
        "a full disk while rows are written to the lake",
        WAITS,
        "no table has half an import; the run says why it failed, and the same command afterwards ends as if undisturbed",
        "test_full_disk.py::test_a_disk_that_lets_no_file_grow",
    ),
    _elsewhere(
        "full_disk_of_the_ledger",
        "a full disk while the ledger is written",
        WAITS,
        "the same",
        "test_full_disk.py::test_a_disk_that_is_full_to_the_last_byte",
    ),
    _elsewhere(
        "all_rejected",
        "a very long file none of whose rows can be read",
        REJECTED,
        "all of them, in no more memory than any file takes",
        "test_memory.py::test_what_is_hard_on_memory",
    ),
    _elsewhere(
        "sql_source",
        "SQL, `../`, capitals or spaces in the name of a source",
        REFUSED,
        "as a contract: names of sources become names of tables and folders; other contracts stay readable",
        "test_cases.py::test_a_hostile_name_of_a_source_is_refused",
    ),
)

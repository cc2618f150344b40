"""Vector files are read whatever their packing, and what cannot be read is one clear error."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from meshegress import ResourceError
from meshegress.testing.conformance.check import Check
from meshegress.testing.conformance.files import read_records
from meshegress.testing.conformance.ledger import read_ledger

LINES = b'{"id": "one"}\n\n{"id": "two"}\n'


@pytest.mark.parametrize("pack", [pytest.param(bytes, id="plain"), gzip.compress, lzma.compress])
def test_packing_does_not_matter(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    """A file is known by its first bytes, not by its name; records come with their line."""
    path = tmp_path / "vectors"
    path.write_bytes(pack(LINES))
    assert list(read_records(path)) == [(1, {"id": "one"}), (3, {"id": "two"})]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        pytest.param(b'{"id": 1}\n[1]\n', "vectors:2", id="no object"),
        pytest.param(b'{"id": 1}\nnot json\n', "vectors:2", id="no JSON"),
        pytest.param(b"[" * 100_000, "vectors:1", id="deep nesting"),
        pytest.param(b'{"id": "\xff"}', "vectors:1", id="bad UTF-8"),
        pytest.param(gzip.compress(LINES)[:-9], "vectors", id="cut gzip"),
        pytest.param(b"\x1f\x8bnot gzip", "vectors", id="broken gzip"),
        pytest.param(lzma.compress(LINES)[:-9], "vectors", id="cut xz"),
        pytest.param(b"\xfd7not xz", "vectors", id="broken xz"),
    ],
)
def test_broken_file_is_one_error_with_its_place(tmp_path: Path, content: bytes, place: str) -> None:
    """Whatever is wrong with a file, the error names it, and the line where there is one."""
    path = tmp_path / "vectors"
    path.write_bytes(content)
    with pytest.raises(ResourceError) as caught:
        list(read_records(path))
    assert len(caught.value.findings) == 1
    assert str(caught.value.findings[0].where).startswith(str(tmp_path / place))


def test_absent_file_and_folder_are_errors(tmp_path: Path) -> None:
    """A path that is not a file is told as such."""
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(ResourceError):
            list(read_records(path))


def test_ledger_has_a_reason_for_each_of_a_dozen_ids() -> None:
    """The ledger that the package carries is short, and says why of each."""
    ledger = read_ledger()
    assert len(ledger) <= 12
    assert all(ledger.values())


def test_ledger_skips_prose(tmp_path: Path) -> None:
    """Comments and blank lines are not entries."""
    path = tmp_path / "undefined.txt"
    path.write_text("# prose\n\ns001@1.30/c1  two listeners of one age\n", encoding="utf-8")
    assert read_ledger(path) == {"s001@1.30/c1": "two listeners of one age"}


def test_check_shows_only_the_keys_that_differ() -> None:
    """Expected stands beside got."""
    check = Check("w@1.30/c", passed=False, expected={"a": 1, "b": 2}, got={"a": 1, "b": 3, "c": 4}, note="why")
    assert str(check).splitlines() == [
        "w@1.30/c  why",
        "    b  expected 2  got 3",
        "    c  expected '(absent)'  got 4",
    ]

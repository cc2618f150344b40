"""Vector files are read whatever their packing, and what cannot be read is one clear error."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from meshegress import ResourceError
from meshegress.testing.conformance.files import read_records

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

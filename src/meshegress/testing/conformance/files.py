"""Read vector files: JSON lines, plain, gzip or xz, told apart by their first bytes."""

from __future__ import annotations

import gzip
import json
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from meshegress import Finding, ResourceError, Source

Opened = AbstractContextManager[Iterable[bytes]]

OPENERS: dict[bytes, Callable[[str | Path], Opened]] = {b"\x1f\x8b": gzip.GzipFile, b"\xfd7": lzma.LZMAFile}


def read_records(path: str | Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the records of the file at *path* in order, each with the number of its line.

    Raises ResourceError, with file and line, for a file that cannot be read or a line that is not a JSON object.
    """
    try:
        with _open(path) as lines:
            yield from _records(path, lines)
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise _broken(Source(str(path)), getattr(error, "strerror", None) or str(error)) from error


def _records(path: str | Path, lines: Iterable[bytes]) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield number, _record(Source(str(path), number), line)


def _open(path: str | Path) -> Opened:
    with Path(path).open("rb") as file:
        magic = file.read(2)
    opener = OPENERS.get(magic)
    return opener(path) if opener else Path(path).open("rb")


def _record(place: Source, line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _broken(place, f"this line is not a record ({error})") from error
    if not isinstance(record, dict):
        raise _broken(place, "this line is not a record: it holds no JSON object")
    return record


def _broken(place: Source, reason: str) -> ResourceError:
    return ResourceError([Finding("EG009", place, reason)])

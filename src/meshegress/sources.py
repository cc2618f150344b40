"""The only place that opens files: whatever `load` and `check` are given becomes named texts, mappings and models."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Any, BinaryIO

from meshegress.findings import Finding, Source
from meshegress.resources import MeshConfig, Resource

SIZE_LIMIT = 64 * 1024 * 1024
SUFFIXES = frozenset({".yaml", ".yml", ".json"})
STANDARD_INPUT = "-"

# Paths hold none of these; a single line that does is YAML or JSON.
_LONGEST_PATH = 4096
_TEXT_STARTS = ("{", "[", "#", "- ", "--- ", "%")
_IN_TEXT = ("\n", "\r", "\0", ": ", ":\t")

Loadable = str | bytes | PathLike[str] | Mapping[str, Any] | Resource | MeshConfig
"""What can be loaded: text, a path to a file or folder, ``-``, a mapping, a model; or any iterable of these."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text and the name that its places carry."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """A mapping or model that Python made, and the name that its places carry."""

    name: str
    value: Mapping[str, Any] | Resource | MeshConfig


Opened = Text | Value | Finding


def open_sources(sources: Iterable[Any], *, limit: int = SIZE_LIMIT) -> Iterator[Opened]:
    """Give what *sources* hold, and a finding for each that cannot be had; *limit* is in bytes, for all texts together.

    See :func:`is_text` for which `str` is text; any other is a path.

    >>> [opened.name for opened in open_sources(["kind: List", {"kind": "List"}])]
    ['<text>', '<mapping>']
    """
    budget = _Budget(limit)
    for source in sources:
        yield from _open(source, budget)


class _Budget:
    """The bytes that may still be read, and the texts without a name so far."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.left = limit
        self._texts = 0

    def text_name(self) -> str:
        """Return a name for the next text that has none."""
        self._texts += 1
        return "<text>" if self._texts == 1 else f"<text {self._texts}>"

    def take(self, name: str, data: bytes) -> Opened:
        """Count *data* and return its text, or what is wrong with it."""
        self.left -= len(data)
        if self.left < 0:
            return _unreadable("EG002", name, f"more than {self.limit} bytes are to be loaded", "raise `limit`")
        return _decoded(name, data)


def _open(source: Any, budget: _Budget) -> Iterator[Opened]:
    if isinstance(source, (Resource, MeshConfig)):
        yield Value("<python>", source)
    elif isinstance(source, Mapping):
        yield Value("<mapping>", source)
    elif isinstance(source, (bytes, bytearray)):
        yield budget.take(budget.text_name(), bytes(source))
    elif isinstance(source, str) and is_text(source):
        yield _measured(source, budget)
    elif isinstance(source, (str, PathLike)):
        yield from _open_path(fspath(source), budget)
    elif isinstance(source, Iterable):
        for item in source:
            yield from _open(item, budget)
    else:
        yield _unreadable("EG001", "<python>", f"a value of type `{type(source).__name__}` cannot be loaded")


def is_text(source: str) -> bool:
    """Tell whether *source* is YAML or JSON rather than a path.

    >>> is_text("a: 1"), is_text("mesh/"), is_text("-"), is_text("{}")
    (True, False, False, True)
    """
    start = source.lstrip()
    return (
        not start or len(source) > _LONGEST_PATH or start.startswith(_TEXT_STARTS) or any(s in source for s in _IN_TEXT)
    )


def _measured(text: str, budget: _Budget) -> Opened:
    name = budget.text_name()
    if text.isascii() and len(text) <= budget.left:
        budget.left -= len(text)
        return Text(name, text)
    # No character takes fewer bytes than one, so what is beyond the limit is never encoded.
    return budget.take(name, text[: max(0, budget.left) + 1].encode("utf-8", "surrogatepass"))


def _open_path(name: str, budget: _Budget) -> Iterator[Opened]:
    if name == STANDARD_INPUT:
        yield budget.take("<stdin>", sys.stdin.buffer.read(budget.left + 1))
        return
    try:
        path = Path(name)
        files = sorted(_files_in(path)) if path.is_dir() else [path]
    except (OSError, ValueError) as error:
        yield _unreadable("EG001", name, _reason(error))
        return
    if not files:
        yield _unreadable("EG001", name, "the folder holds no file that ends in .yaml, .yml or .json")
    for file in files:
        yield _read_file(file, name if file == path else str(file), budget)


def _files_in(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in SUFFIXES and not hidden and path.is_file():
            yield path


def _read_file(path: Path, name: str, budget: _Budget) -> Opened:
    try:
        with path.open("rb") as file:
            return _read(file, name, budget)
    except (OSError, ValueError) as error:
        return _unreadable("EG001", name, _reason(error))


def _read(file: BinaryIO, name: str, budget: _Budget) -> Opened:
    return budget.take(name, file.read(max(0, budget.left) + 1))


def _decoded(name: str, data: bytes) -> Opened:
    try:
        return Text(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        found = Source(name, line, column)
        return Finding("EG003", found, f"byte 0x{data[error.start]:02x} is not UTF-8", help="save the file as UTF-8")


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:1].lower() + error.strerror[1:]
    return f"cannot be opened: {error}"


def _unreadable(code: str, name: str, message: str, help: str = "") -> Finding:
    return Finding(code, Source(name), message, help=help)

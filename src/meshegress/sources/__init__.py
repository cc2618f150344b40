"""The only place that opens files: whatever `load` and `check` are given becomes named texts, mappings and models."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import FileIO
from os import PathLike, fspath
from pathlib import Path
from typing import Any, NamedTuple

from meshegress.findings import Finding, Severity, Source
from meshegress.resources import MeshConfig, Resource
from meshegress.sources.folders import FoundFile, NotEntered, files_in, is_excluded

SIZE_LIMIT = 64 * 1024 * 1024
STANDARD_INPUT = "-"

# Paths hold none of these; a single line that does is YAML or JSON.
_LONGEST_PATH = 4096
_TEXT_STARTS = ("{", "[", "#", "- ", "--- ", "%")
_IN_TEXT = ("\n", "\r", "\0", ": ", ":\t")
#: Most files are smaller, and read in one go.
_AT_ONCE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Text:
    """A text and the name that its places carry; *is_file* where it was read from one."""

    name: str
    text: str
    is_file: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """A mapping or model that Python made, and the name that its places carry."""

    name: str
    value: Mapping[str, Any] | Resource | MeshConfig


@dataclass(frozen=True, slots=True)
class Named:
    """A source and the *name* that its places carry, such as ``request.object`` for what came with a request.

    >>> from meshegress import check
    >>> check(Named("request.object", {"kind": "Pod"}))[1][0].where.file
    'request.object'
    """

    name: str
    source: str | bytes | bytearray | Mapping[str, Any] | Resource | MeshConfig


class PassedOver(NamedTuple):
    """A file of a folder that holds no object, told by its bytes alone."""

    name: str
    data: bytes


Loadable = str | bytes | PathLike[str] | Mapping[str, Any] | Resource | MeshConfig | Named
"""What can be loaded: text, a path to a file or folder, ``-``, a mapping, a model; or any iterable of these."""


@dataclass(frozen=True, slots=True)
class EndOfSource:
    """Here one of the sources ends, called *name*; *is_folder* where it was all that a folder holds."""

    name: str
    is_folder: bool
    is_file: bool


Opened = Text | Value | PassedOver | EndOfSource | Finding


def nothing_is_foreign(data: bytes) -> bool:
    """Return False: each file of a folder is read."""
    return False


@dataclass(frozen=True, slots=True)
class Opening:
    """How sources are opened: *limit* in bytes for all texts together, what to *exclude*, which files are foreign."""

    limit: int = SIZE_LIMIT
    exclude: tuple[str, ...] = ()
    is_foreign: Callable[[bytes], bool] = nothing_is_foreign


def open_sources(sources: Iterable[Any], opening: Opening | None = None) -> Iterator[Opened]:
    """Give what *sources* hold, a finding for each that cannot be had, and the end of each.

    See :func:`is_text` for which `str` is text; any other is a path.

    >>> [type(opened).__name__ for opened in open_sources(["kind: List", {"kind": "List"}])]
    ['Text', 'EndOfSource', 'Value', 'EndOfSource']
    """
    budget = _Budget(opening or Opening())
    for source in sources:
        yield from _open(source, budget)


class _Budget:
    """The bytes that may still be read, and the texts without a name so far."""

    def __init__(self, opening: Opening) -> None:
        self.opening = opening
        self.left = opening.limit
        self._texts = 0

    def text_name(self) -> str:
        """Return a name for the next text that has none."""
        self._texts += 1
        return "<text>" if self._texts == 1 else f"<text {self._texts}>"

    def take(self, name: str, data: bytes, *, is_file: bool = False) -> Text | Finding:
        """Count *data* and return its text, or what is wrong with it."""
        self.left -= len(data)
        if self.left < 0:
            message = f"more than {self.opening.limit} bytes are to be loaded"
            return _unreadable("EG002", name, message, "raise `limit`")
        return _decoded(name, data, is_file=is_file)


def _open(source: Any, budget: _Budget) -> Iterator[Opened]:
    if isinstance(source, (Resource, MeshConfig)):
        yield Value("<python>", source)
    elif isinstance(source, Named):
        yield from _open_named(source, budget)
    elif isinstance(source, Mapping):
        yield Value("<mapping>", source)
        yield EndOfSource("<mapping>", is_folder=False, is_file=False)
    elif isinstance(source, (bytes, bytearray)):
        name = budget.text_name()
        yield budget.take(name, bytes(source))
        yield EndOfSource(name, is_folder=False, is_file=False)
    elif isinstance(source, str) and is_text(source):
        opened = _measured(source, budget)
        yield opened
        yield EndOfSource(opened.name if isinstance(opened, Text) else "", is_folder=False, is_file=False)
    elif isinstance(source, (str, PathLike)):
        yield from _open_path(fspath(source), budget)
    elif isinstance(source, Iterable):
        for item in source:
            yield from _open(item, budget)
    else:
        yield _unreadable("EG001", "<python>", f"a value of type `{type(source).__name__}` cannot be loaded")


def _open_named(source: Named, budget: _Budget) -> Iterator[Opened]:
    """Give what is called by its own name; a text is one, and no path."""
    held: object = source.source
    if isinstance(held, (Resource, MeshConfig, Mapping)):
        yield Value(source.name, held)
    elif isinstance(held, (str, bytes, bytearray)):
        yield budget.take(source.name, held.encode("utf-8", "surrogatepass") if isinstance(held, str) else bytes(held))
    else:
        yield _unreadable("EG001", source.name, f"a value of type `{type(held).__name__}` cannot be loaded")
        return
    yield EndOfSource(source.name, is_folder=False, is_file=False)


def is_text(source: str) -> bool:
    """Tell whether *source* is YAML or JSON rather than a path.

    >>> is_text("a: 1"), is_text("mesh/"), is_text("-"), is_text("{}")
    (True, False, False, True)
    """
    start = source.lstrip()
    return (
        not start or len(source) > _LONGEST_PATH or start.startswith(_TEXT_STARTS) or any(s in source for s in _IN_TEXT)
    )


def _measured(text: str, budget: _Budget) -> Text | Finding:
    name = budget.text_name()
    if text.isascii() and len(text) <= budget.left:
        budget.left -= len(text)
        return Text(name, text)
    # No character takes fewer bytes than one, so what is beyond the limit is never encoded.
    return budget.take(name, text[: max(0, budget.left) + 1].encode("utf-8", "surrogatepass"))


def _open_path(name: str, budget: _Budget) -> Iterator[Opened]:
    if name == STANDARD_INPUT:
        yield budget.take("<stdin>", sys.stdin.buffer.read(budget.left + 1), is_file=True)
        yield EndOfSource("<stdin>", is_folder=False, is_file=True)
        return
    try:
        is_folder = Path(name).is_dir()
    except ValueError as error:
        yield _unreadable("EG001", name, _reason(error))
        return
    if is_folder:
        yield from _open_folder(name, budget)
    elif not is_excluded(name, budget.opening.exclude):
        yield _read_file(name, budget)
        yield EndOfSource(name, is_folder=False, is_file=True)


def _open_folder(folder: str, budget: _Budget) -> Iterator[Opened]:
    is_foreign = budget.opening.is_foreign
    found = sorted(files_in(folder, budget.opening.exclude), key=_kustomizations_first)
    for each in found:
        if isinstance(each, NotEntered):
            yield Finding("EG010", Source(each.name), each.message, Severity.INFO, help=each.help)
            continue
        try:
            data = _bytes_of(each.name, budget)
        except (OSError, ValueError) as error:
            yield _unreadable("EG001", each.name, _reason(error))
            continue
        if not each.is_kustomization and is_foreign(data):
            yield PassedOver(each.name, data)
        else:
            yield budget.take(each.name, data, is_file=True)
    if not any(isinstance(each, FoundFile) for each in found):
        yield _unreadable("EG001", folder, "the folder holds no file that ends in .yaml, .yml or .json")
    yield EndOfSource(folder, is_folder=True, is_file=False)


def _kustomizations_first(found: FoundFile | NotEntered) -> bool:
    """Return the sort key that puts kustomizations first: they say which of the other files are patches."""
    return not (isinstance(found, FoundFile) and found.is_kustomization)


def _read_file(name: str, budget: _Budget) -> Text | Finding:
    try:
        return budget.take(name, _bytes_of(name, budget), is_file=True)
    except (OSError, ValueError) as error:
        return _unreadable("EG001", name, _reason(error))


def _bytes_of(name: str, budget: _Budget) -> bytes:
    """Return what the file *name* holds, one byte more than may be read at most."""
    with FileIO(name) as file:
        data = file.read(_AT_ONCE)
        more = file.read(1)
        if not more:
            return data
        with open(file.fileno(), "rb", closefd=False) as rest:
            return data + more + rest.read(max(0, budget.left - len(data)))


_BYTE_ORDER_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def _decoded(name: str, data: bytes, *, is_file: bool) -> Text | Finding:
    encoding = encoding_of(data)
    try:
        text = data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        return _undecodable(name, data, error)
    # Files put together by `cat` have a byte order mark wherever one of them began.
    return Text(name, text if text.isascii() else text.replace("\n\ufeff", "\n"), is_file)


def encoding_of(data: bytes) -> str:
    """Return the encoding of *data*: UTF-8, or UTF-16 as some shells write what a command prints.

    >>> encoding_of("a: 1".encode("utf-16")), encoding_of(b"a: 1")
    ('utf-16-le', 'utf-8')
    """
    marked = _BYTE_ORDER_MARKS.get(data[:2])
    if marked is not None:
        return marked
    if b"\0" not in data[:4]:
        return "utf-8"
    zeros = [byte == 0 for byte in data[:4]]
    if zeros == [True, False, True, False]:
        return "utf-16-be"
    return "utf-16-le" if zeros == [False, True, False, True] else "utf-8"


def _undecodable(name: str, data: bytes, error: UnicodeDecodeError) -> Finding:
    before = data[: error.start]
    line = before.count(b"\n") + 1
    column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
    message = f"byte 0x{data[error.start]:02x} is not {'UTF-8' if error.encoding == 'utf-8' else 'UTF-16'}"
    return Finding("EG003", Source(name, line, column), message, help="save the file as UTF-8")


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:1].lower() + error.strerror[1:]
    return f"cannot be opened: {error}"


def _unreadable(code: str, name: str, message: str, help: str = "") -> Finding:
    return Finding(code, Source(name), message, help=help)

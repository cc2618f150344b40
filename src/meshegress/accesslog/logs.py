"""Open access logs: files, gzip, rotated files, standard input; the lines stream, nothing is held."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

from meshegress.accesslog import AccessLogFormat
from meshegress.accesslog.reader import MOST_LINE_BYTES, LogReader
from meshegress.accesslog.reading.encodings import BROKEN, as_utf8
from meshegress.accesslog.textparser import TieBreak

LogSource: TypeAlias = "str | os.PathLike[str] | BinaryIO | Iterable[str | os.PathLike[str]] | Iterable[bytes]"
_BUFFER = 1 << 18
# What a rotated file adds to the name of the live one: a number, or the instant of rotation.
_ROTATED = re.compile(r"[.-](?:(?P<number>[0-9]{1,3})|(?P<instant>[0-9]{8}(?:[-T]?[0-9]{4,6})?))(?:\.log)?(?:\.gz)?")


def read_log(
    source: LogSource,
    format: AccessLogFormat | str | Iterable[AccessLogFormat] = (),
    *,
    rotated: bool = False,
    names: str = "strict",
    tie_break: TieBreak | None = None,
    strict: bool = False,
    most_samples: int = 5,
) -> LogReader:
    r"""Return an iterator over the entries of *source*; its ``counts`` say what was read, and what was not.

    *source* is a path, ``-`` for standard input, an open binary file, or an iterable of paths or of lines. Files may
    be compressed (gzip, bzip2, xz, zstd) or UTF-16, and records may stand behind what tools print before them or inside
    of JSON; ``entry.emitter`` has what is known of their writer. *rotated* reads the rotated neighbours of a path too,
    oldest first. *format* is a format, several, or the name of a preset; without it every preset is tried. *strict*
    reads only lines that are exactly of a format; else ``entry.tolerances`` says what was tolerated.

    Raises OSError for a file that cannot be read, LogFormatError for a format that cannot be read from a stream; at
    the end, LogParseError where no known format fitted any line.

    >>> [entry.response_code for entry in read_log([b"200\n", b"x\n"], AccessLogFormat("%RESPONSE_CODE%\n"))]
    [200]
    """
    if isinstance(format, str):
        format = AccessLogFormat.preset(format)
    formats = (format,) if isinstance(format, AccessLogFormat) else tuple(format)
    lines = _lines(source, rotated=rotated)
    return LogReader(lines, formats, names=names, tie_break=tie_break, strict=strict, most_samples=most_samples)


def open_lines(paths: Iterable[str | os.PathLike[str]], *, rotated: bool = False) -> Iterator[bytes]:
    """Yield the lines of the files at *paths*, with their newlines; ``-`` is standard input."""
    for path in paths:
        yield from _path_lines(path, rotated=rotated)


def rotated_files(path: str | os.PathLike[str]) -> tuple[Path, ...]:
    """Return the rotated neighbours of *path* that exist, oldest first, and *path* itself.

    Rotated files carry a number (1 is the youngest) or the instant of rotation: ``a.log.2.gz``, ``a.log-20201203``.
    """
    live = Path(path)
    found = []
    for other in live.parent.iterdir():
        match = _ROTATED.fullmatch(other.name[len(live.name) :]) if other.name.startswith(live.name) else None
        if match:
            found.append((-int(match["number"]) if match["number"] else 0, match["instant"] or "", other))
    return (*(other for *_, other in sorted(found)), *([live] if live.exists() else []))


def _lines(source: LogSource, *, rotated: bool) -> Iterator[bytes]:
    if isinstance(source, str | os.PathLike):
        yield from _path_lines(source, rotated=rotated)
    elif hasattr(source, "read"):
        yield from _stream_lines(cast(BinaryIO, source))
    else:
        for item in cast("Iterable[str | os.PathLike[str] | bytes]", source):
            if isinstance(item, bytes):
                yield item
            else:
                yield from _path_lines(item, rotated=rotated)


def _path_lines(path: str | os.PathLike[str], *, rotated: bool) -> Iterator[bytes]:
    if path == "-":
        yield from _stream_lines(cast(BinaryIO, io.BufferedReader(_LiveInput(sys.stdin.buffer), _BUFFER)))
        return
    for file in rotated_files(path) if rotated else (Path(path),):
        with file.open("rb", buffering=_BUFFER) as stream:
            yield from _stream_lines(stream)


class _LiveInput(io.RawIOBase):
    """Standard input; what was printed is shown before there is a wait for more, so that a live log can be followed."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # of bytes, as here
        """Fill *buffer* with what is there, at least a byte; 0 at the end."""
        with contextlib.suppress(ValueError):  # closed meanwhile
            sys.stdout.flush()
        part = cast(io.BufferedReader, self._source).read1(len(buffer))
        buffer[: len(part)] = part
        return len(part)


def _stream_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield lines; of one that is too long only as much as proves it."""
    try:
        buffered = as_utf8(stream)
        while line := buffered.readline(MOST_LINE_BYTES + 1):
            yield line
            if len(line) > MOST_LINE_BYTES:
                _skip_line(buffered, line)
            elif line == b"\n":
                _skip_newlines(buffered)
    except BROKEN as error:
        raise OSError(f"the compressed log ends early or is broken: {error}") from error


def _skip_line(stream: io.BufferedReader, line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = stream.readline(MOST_LINE_BYTES)


def _skip_newlines(stream: io.BufferedReader) -> None:
    """Blank lines do not count, however many there are."""
    while (head := stream.peek(1)).startswith(b"\n"):
        stream.read(len(head) - len(head.lstrip(b"\n")))

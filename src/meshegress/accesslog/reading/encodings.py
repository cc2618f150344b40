"""The bytes of a stream as UTF-8: compression and UTF-16 are taken off, layer by layer, by what the first bytes say."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from importlib import import_module
from typing import BinaryIO, cast

#: What a broken or cut compressed stream raises while it is read.
BROKEN = (EOFError, zlib.error, lzma.LZMAError)
_MOST_LAYERS = 4
_BUFFER = 1 << 16
# Whoever brings zstd: Python since 3.14, and two packages.
_ZSTD = (("compression.zstd", "ZstdFile"), ("backports.zstd", "ZstdFile"), ("pyzstd", "ZstdFile"))
_UTF8_MARK = codecs.BOM_UTF8


class _Decoded(io.RawIOBase):
    """A stream in another encoding as UTF-8; what cannot be decoded is shown by the replacement character."""

    def __init__(self, source: BinaryIO, encoding: str) -> None:
        self._source = source
        self._decode = codecs.getincrementaldecoder(encoding)(errors="replace").decode
        self._pending = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # of bytes, as here
        """Fill *buffer* with what comes next; 0 at the end."""
        while not self._pending:
            chunk = self._source.read(_BUFFER)
            self._pending = self._decode(chunk, final=not chunk).encode("utf-8", "replace")
            if not chunk:
                break
        part = self._pending[: len(buffer)]
        self._pending = self._pending[len(part) :]
        buffer[: len(part)] = part
        return len(part)


def as_utf8(stream: BinaryIO) -> io.BufferedReader:
    """Return *stream* without its compression (gzip, bzip2, xz, zstd), as UTF-8 and without a byte order mark.

    Raises OSError for what cannot be read here, with the command that makes it readable.

    >>> as_utf8(io.BytesIO(gzip.compress("ä".encode("utf-16")))).read().decode()
    'ä'
    """
    binary = getattr(stream, "buffer", stream)  # of a file that was opened as text
    buffered = binary if isinstance(binary, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, binary))
    for _ in range(_MOST_LAYERS):
        head = buffered.peek(8)[:8]
        opener = next((opener for magic, opener in _LAYERS if head.startswith(magic)), None) or _unmarked(head)
        if opener is None:
            break
        buffered = io.BufferedReader(cast(io.RawIOBase, opener(buffered)), _BUFFER)
    if buffered.peek(3).startswith(_UTF8_MARK):
        buffered.read(len(_UTF8_MARK))
    return buffered


def _unmarked(head: bytes) -> Callable[[BinaryIO], object] | None:
    """UTF-16 without a mark: every second byte of a text of ASCII is zero."""
    if len(head) < 4 or not any(head):
        return None
    for zeros, letters, encoding in ((head[1::2], head[0::2], "utf-16-le"), (head[0::2], head[1::2], "utf-16-be")):
        if not any(zeros) and all(letters):
            return lambda stream: _Decoded(stream, encoding)
    return None


def _zstd(stream: BinaryIO) -> object:
    for module, name in _ZSTD:
        try:
            return getattr(import_module(module), name)(stream)
        except ImportError:
            continue
    try:
        return import_module("zstandard").ZstdDecompressor().stream_reader(stream, read_across_frames=True)
    except ImportError:
        raise OSError("the log is compressed with zstd, which needs `pip install zstandard`, or `zstd -dc`") from None


def _refused(what: str, command: str) -> Callable[[BinaryIO], object]:
    def refuse(_: BinaryIO) -> object:
        raise OSError(f"the log is {what}, which is not read here; pipe it through `{command}`")

    return refuse


_LAYERS: tuple[tuple[bytes, Callable[[BinaryIO], object]], ...] = (
    (b"\x1f\x8b", lambda stream: gzip.GzipFile(fileobj=stream, mode="rb")),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\x00", lzma.LZMAFile),
    (b"\x28\xb5\x2f\xfd", _zstd),
    (b"\x04\x22\x4d\x18", _refused("compressed with lz4", "lz4 -dc")),
    (b"PK\x03\x04", _refused("a zip archive", "unzip -p")),
    (codecs.BOM_UTF16_LE, lambda stream: _Decoded(stream, "utf-16")),
    (codecs.BOM_UTF16_BE, lambda stream: _Decoded(stream, "utf-16")),
)

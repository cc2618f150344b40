"""Standard output and error: any text can be written to them, and a reader that leaves is no fault."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys

# As in the package itself: to import it from typing would take longer than all the rest.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import TextIO

PLAIN = {"–": "-", "—": "-", "…": "...", "→": "->", "·": "*", "“": '"', "”": '"', "‘": "'", "’": "'", "×": "x"}
"""What stands for the signs that messages are written with where the stream cannot show them."""

ANY_TEXT = "meshegress.plain"
"""How text is encoded so that nothing is refused; known from `prepare_streams` on."""

_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(9), *range(11, 32), *range(127, 160))}


def prepare_streams() -> None:
    """Let standard output and error take any text, whatever their encoding (cp1252, ASCII, a lone surrogate)."""
    codecs.register_error(ANY_TEXT, _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ANY_TEXT)


def harmless(text: str) -> str:
    r"""Return *text* with the control characters escaped that could steer a terminal, all but newlines and tabs.

    >>> harmless("a\x1b[31m")
    'a\\x1b[31m'
    """
    return text.translate(_CONTROLS)


def complain(text: str) -> None:
    """Write *text* to standard error, if anybody reads there."""
    if sys.stderr is None:
        return
    try:
        print(harmless(text), file=sys.stderr, flush=True)
    except (OSError, ValueError):
        _let_go(sys.stderr)


def flush_or_let_go() -> None:
    """Write what waits for standard output; where that fails, keep Python from trying again when it ends."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        _let_go(sys.stdout)


def _let_go(stream: TextIO) -> None:
    """Keep Python from flushing into what is closed or full: that would be a message, and another exit code."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for the characters that cannot be encoded."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    refused = error.object[error.start : error.end]
    return "".join(PLAIN.get(character) or _escaped(character) for character in refused), error.end


def _escaped(character: str) -> str:
    if 0xDC80 <= ord(character) <= 0xDCFF:  # a byte of a file name that is not UTF-8
        return f"\\x{ord(character) & 0xFF:02x}"
    return character.encode("ascii", "backslashreplace").decode("ascii")

"""Which format a line nearly fits, and where it stops: what to tell the one who has a line that is not read."""

from __future__ import annotations

from meshegress.accesslog.reading.candidates import Candidates, TextCandidate
from meshegress.accesslog.reading.textreading import Stop
from meshegress.accesslog.values import to_text
from meshegress.errors import visible

_SHOWN_BYTES = 40
_LEAST_FIELDS = 2


def nearest_hint(line: bytes, candidates: Candidates) -> str:
    """Return a sentence: the nearest format, the byte where *line* leaves it, what to give for ``-f``; or nothing."""
    start = candidates.record_start.search(line)
    nearest = candidates.nearest(line[start.start() if start else 0 :])
    if nearest is None or nearest[1].fields < _LEAST_FIELDS:
        return ""
    text, stop = nearest
    byte = stop.byte + (start.start() if start else 0)
    shown = visible(to_text(line[byte : byte + _SHOWN_BYTES]))
    wanted = f"`{stop.name}` should stand" if stop.name else "the record should end"
    name = f"`{text.name}`" if not candidates.is_given else "the format"
    there = f"where {wanted} and `{shown}` stands" if shown else f"where the line ends and {wanted}"
    return f"{name} fits up to byte {byte}, {there}; say how it goes on: -f '{_cut(text, stop)}…'"


def _cut(text: TextCandidate, stop: Stop) -> str:
    """Return the format up to the command that did not fit."""
    commands = text.log.commands
    whole = text.log.text.removesuffix("\n")
    return whole[: commands[stop.fields].start] if stop.fields < len(commands) else whole

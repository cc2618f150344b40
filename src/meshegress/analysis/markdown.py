"""Changes as a Markdown table that fits a comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from meshegress.analysis.cells import Doubt
from meshegress.analysis.changes import Change
from meshegress.analysis.shown import request_text

_SPECIAL = re.compile(r"[\\*_<>\[\]]")
_HEAD = ("", "| | for | before | after | try |", "|-|-|-|-|-|")


def markdown_of(
    changes: Sequence[Change],
    doubts: Sequence[Doubt],
    names: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]],
    *,
    most: int,
    limit: int,
) -> str:
    """Return *changes*, *most* of them, *doubts* and *names* in *limit* characters at most."""
    if not changes and not doubts and not names:
        return "**No change in egress behaviour.**"
    plain = [change for change in changes if not change.is_minor] or changes
    lines = [f"**{_counted(len(plain), 'change')} in egress behaviour**"] if plain else []
    if plain:
        lines += [*_HEAD, *_rows(plain, most, limit // 2)]
    if len(plain) < len(changes):
        lines += ["", f"<sub>and {len(changes) - len(plain)} for malformed HTTP, CONNECT and silent clients</sub>"]
    if names:
        lines += ["", f"{_counted(len(names), 'name')} resolve otherwise: {_some([_code(name) for name in names])}"]
    if doubts:
        lines += ["", "**Not proven**", "", *(f"- {_text(str(doubt))}" for doubt in doubts[:5])]
        if len(doubts) > 5:
            lines.append(f"- and {len(doubts) - 5} more")
    text = "\n".join(lines)
    return text if len(text) <= limit else text[: limit - 2] + "\n…"


def _rows(changes: Sequence[Change], most: int, limit: int) -> Iterator[str]:
    length = 0
    for number, change in enumerate(changes):
        row = _row(change)
        length += len(row)
        if number >= most or length > limit:
            yield f"\nand {len(changes) - number} more"
            return
        yield row


def _row(change: Change) -> str:
    effect = str(change.effect) if change.is_certain else f"{change.effect}, not certain"
    cells = (
        effect,
        _text(change.sentence),
        _code(change.before_text),
        _code(change.after_text),
        _code(request_text(change.witness)),
    )
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    """Return *text* as code, whatever stands in it."""
    fence = "``" if "`" in text else "`"
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{_cell(text)}{pad}{fence}"


def _text(text: str) -> str:
    """Return *text* with everything that Markdown would read escaped, but for what stands in backticks."""
    parts = text.split("`")
    parts[::2] = [_SPECIAL.sub(r"\\\g<0>", part) for part in parts[::2]]
    return _cell("`".join(parts))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\r", " ").replace("\n", " ")


def _some(texts: Sequence[str]) -> str:
    return ", ".join(texts[:5]) + (f" and {len(texts) - 5} more" if len(texts) > 5 else "")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number != 1 else ''}"

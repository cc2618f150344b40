"""Goals C1, C2 and C5: one line of an access log read, eagerly and lazily, and written again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime

from benchmarks.goals import Result, against_the_best, compare
from benchmarks.loglines import TEXT, text_lines
from benchmarks.rounds import empty_loop, interleaved, require_equal, scalar_nanoseconds, without_loop

LINES = 3000
_WORD = r"([^ ]*)"
_PERCENT = '[%s] "%s %s %s" %s %s %s %s "%s" %s %s %s %s "%s" "%s" "%s" "%s" "%s" %s %s %s %s %s %s'
_NUMBERS = (4, 9, 10, 11)
_LAZY_OBSTACLE = (
    "its parts, switched off one by one on a loaded machine: 27 ns for one look at all bytes, 62 for the places of 24 "
    "fields, 50 to look at the bytes of each, which no expression here does, the rest for the call and its object"
)


def _expression(quoted: str) -> Callable[[str], tuple[str, ...]]:
    """Return what reads a line with one regular expression, in which *quoted* stands for the inside of quotes."""
    compiled = re.compile(
        rf'\[([^\]]*)\] "{_WORD} {_WORD} {quoted}" {_WORD} {_WORD} {_WORD} {_WORD} "{quoted}" {_WORD} {_WORD} {_WORD} '
        rf'{_WORD} "{quoted}" "{quoted}" "{quoted}" "{quoted}" "{quoted}" {_WORD} {_WORD} {_WORD} {_WORD} {_WORD} '
        rf"{_WORD}$"
    ).match
    return lambda line: compiled(line).groups()  # type: ignore[union-attr]  # every line of these matches


def results(largest: int) -> Iterator[Result]:
    """Yield the ratios of reading and writing a few thousand lines; *largest* is for other goals."""
    del largest
    lines = text_lines(LINES)
    parser, write = TEXT.parser(), TEXT.writer()
    values = [parser.values(line) for line in lines]
    strings = [tuple(map(_ready, one)) for one in values]
    readers = {"re []": _expression('([^"]*)'), "re .*?": _expression("(.*?)")}
    answers: dict[str, object] = {"eager": strings, "split": [tuple(map(_ready, typed_split(line))) for line in lines]}
    answers |= {name: [read(line) for line in lines] for name, read in readers.items()}
    answers["lazy"] = [tuple(map(_ready, parser.parse(line).as_dict().values())) for line in lines]
    require_equal("fields", answers)
    require_equal(
        "lines", {"given": lines, "written": list(map(write, values)), "%": [_PERCENT % one for one in strings]}
    )

    contenders = {**readers, "split": typed_split, "eager": parser.values, "lazy": parser.parse}
    times = scalar_nanoseconds(contenders, lines)
    yield against_the_best("C1 re", "istio-text", times, readers, "eager")
    yield compare("C1 split", "istio-text", times, "split", "eager")
    yield against_the_best("C2", "istio-text", times, readers, "lazy", obstacle=_LAZY_OBSTACLE)
    yield _writing(write, values, strings)


def _writing(write: Callable[..., str], values: list[tuple[object, ...]], strings: list[tuple[str, ...]]) -> Result:
    def percent(_: None) -> None:
        for one in strings:
            _PERCENT % one

    def written(_: None) -> None:
        for one in values:
            write(one)

    contenders = {"the loop": lambda _: empty_loop(values), "%": percent, "writer": written}
    return compare("C5", "istio-text", without_loop(interleaved(contenders, lambda: None, len(values))), "%", "writer")


def typed_split(line: str) -> list[object]:
    """Split a line by hand, as scripts do, and make numbers of numbers."""
    head, request, rest = line.split('"', 2)
    middle, failure, numbers, forwarded, _, agent, _, request_id, _, authority, _, host, tail = rest.split('"')
    values: list[object] = [head[1:-2], *request.split(" "), *middle.split(), failure, *numbers.split(), forwarded]
    values += [agent, request_id, authority, host, *tail.split()]
    return [int(v) if n in _NUMBERS else None if v == "-" else v for n, v in enumerate(values)]


def _ready(value: object) -> str:
    """Return *value* as the string that ``%`` wants."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03}Z"
    if isinstance(value, tuple):
        return ",".join(value) or "-"
    return "-" if value is None else str(value)

"""Ask both twins millions of questions: ``PYTHONPATH=tests python -m fuzz.twins [--cases N] [--seed N] [TWIN...]``.

Rounds are drawn from a seed: a table and its questions. The first difference ends the run with what was asked.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from fuzz import drawing
from meshegress import _fastmatch, _purematch
from meshegress._engine.chosen import PackedRequest
from meshegress._engine.native import log as native_log
from meshegress._engine.native import log_columns as native_log_columns
from meshegress._engine.native import walk as native_walk
from meshegress._engine.reference import log as reference_log
from meshegress._engine.reference import log_columns as reference_log_columns
from meshegress._engine.reference import walk as reference_walk
from meshegress._match import IMPLEMENTATION
from meshegress.accesslog.boundaries import compile_program
from meshegress.accesslog.logformat import AccessLogFormat
from meshegress.accesslog.presets import TEXT_PRESETS
from meshegress.accesslog.shapes import Names
from meshegress.compiler.program.layout import lay_out_table
from meshegress.request import Request
from meshegress.table import RouteConfiguration, Table

LINE = (
    b'[2026-11-22T22:44:33.490Z] "GET /a HTTP/1.1" 200 UF,URX - - "-" 0 6 0 0 "-" "a" "id" "a.com" "1.2.3.4:80" '
    b"outbound|80||a.com 10.0.0.1:1 1.2.3.4:80 10.0.0.1:2 - default"
)


def equal(expected: object, found: object, *asked: object) -> None:
    """Raise AssertionError unless both twins said the same."""
    if expected != found:
        raise AssertionError(f"readable {expected!r}, compiled {found!r}, asked {asked!r}")


def names(rng: Random) -> int:
    """Look names up in a table of domains and in one of server names, one by one and in lists."""
    rows = [[drawing.domain(rng) for _ in range(rng.randrange(4))] for _ in range(rng.choice([1, 2, 4, 6, 6, 40, 400]))]
    known = [one for row in rows for one in row]
    texts = [drawing.near(rng, known) for _ in range(40 + len(rows))]
    for kind in ("DomainTable", "ServerNameTable"):
        readable, compiled = getattr(_purematch, kind)(rows), getattr(_fastmatch, kind)(rows)
        expected = [readable.find(text) for text in texts]
        if [compiled.find(text) for text in texts] != expected or compiled.find_many(texts) != expected:
            for text, row in zip(texts, expected, strict=True):
                equal(row, compiled.find(text), kind, rows, text)
            equal(expected, compiled.find_many(texts), kind, rows, texts)
    return 2 * len(texts)


def hosts(rng: Random) -> int:
    """Compare hosts of resources with each other."""
    asked = [drawing.domain(rng) for _ in range(12)]
    asked += [rng.choice(["*", "*.", ""]) + one[rng.randrange(4) :] for one in asked]
    for one in asked:
        for other in asked:
            for question in ("host_matches", "host_subset_of"):
                equal(getattr(_purematch, question)(one, other), getattr(_fastmatch, question)(one, other), one, other)
    return 2 * len(asked) ** 2


def prefixes(rng: Random) -> int:
    """Look addresses up in a table of prefixes, and read what may be none."""
    drawn = [drawing.prefix(rng) for _ in range(30)]
    rows: list[list[str]] = [[] for _ in range(rng.randrange(1, 8))]
    for text in drawn:
        told = [_told(matcher.PrefixTable, [[text]]) for matcher in (_purematch, _fastmatch)]
        equal(*told, text)
        if not isinstance(told[0], str):
            rng.choice(rows).append(text)
    texts = [drawing.address(rng) for _ in range(70)] + [text.partition("/")[0] for text in drawn]
    readable, compiled = _purematch.PrefixTable(rows), _fastmatch.PrefixTable(rows)
    for text in texts:
        equal(readable.find(text), compiled.find(text), rows, text)
    equal(readable.find_many(texts), compiled.find_many(texts), rows, texts)
    return len(drawn) + len(texts)


def _told(make: Callable[[Any], Any], given: object) -> object:
    """Return the words in which *given* is refused, or nothing."""
    try:
        make(given)
    except ValueError as error:
        return str(error)
    return None


@cache
def _requests(number: int) -> list[Request]:
    rng = random.Random(number)
    return [drawing.request(rng) for _ in range(4000)]


def walks(rng: Random) -> int:
    """Walk a table with requests of all kinds."""
    listeners = tuple(drawing.drawn_listener(rng) for _ in range(rng.randrange(5)))
    served = tuple(drawing.virtual_host(rng, number) for number in range(rng.randrange(4)))
    layout = lay_out_table(Table(listeners, {"80": RouteConfiguration("80", served)}, {})).layout
    readable, compiled = reference_walk.Walk(layout, str), native_walk.Walk(layout, str)
    asked: list[PackedRequest] = list(rng.sample(_requests(rng.randrange(8)), 100))
    for request in asked:
        equal(readable.find(request), compiled.find(request), listeners, served, request)
        equal(readable.find(request, "10.0.0.1"), compiled.find(request, "10.0.0.1"), listeners, served, request)
    equal(readable.decide_all(asked), compiled.decide_all(asked), listeners, served, asked)
    equal(readable.choices, compiled.choices, listeners, served)
    return 2 * len(asked)


def columns(rng: Random) -> int:
    """Decide a table of rows, and each row by itself."""
    from walk.test_columns import EGRESS, TYPES, answers, table, without_headers  # needs pyarrow

    known = ["a.com", "x.w.com", "b.com", "c.com", "é.w.com", "x" * 80 + ".w.com", "B.COM", "b.com."]
    drawn = [drawing.row(rng, known) for _ in range(300)]
    drawn = [row for row in drawn if all(_is_arrow_text(value) for value in row)]
    decided = EGRESS.decide_many(table(drawn, TYPES[rng.choice(sorted(TYPES))]), threads=rng.randrange(1, 3))
    for one, other, row in zip(answers(drawn), decided, drawn, strict=True):
        equal(one, without_headers(other), row)
    return len(drawn)


def _is_arrow_text(value: object) -> bool:
    """Arrow's text is UTF-8, which has no surrogates."""
    return not isinstance(value, str) or not any("\ud800" <= character <= "\udfff" for character in value)


def lines(rng: Random) -> int:
    """Cut lines by the programs of formats that nobody would write."""
    literals, fields = drawing.log_program(rng)
    widest = [number for number in range(len(fields)) if rng.random() < 0.3]
    readable, compiled = (twin.LogSplitter(literals, fields, widest) for twin in (reference_log, native_log))
    for _ in range(40):
        line = bytes(rng.choices(b'a01b-" :\xff', k=rng.randrange(13)))
        equal(readable.split(line), compiled.split(line), literals, fields, widest, line)
    return 40


@cache
def _splitters(preset: str, kind: Names) -> tuple[AccessLogFormat, Any, Any]:
    log = AccessLogFormat.preset(preset)
    program = compile_program(log.pieces, names=kind, omit_empty_values=log.omit_empty_values)
    return log, *(twin.LogSplitter(program.literals, program.fields) for twin in (reference_log, native_log))


def log_columns(rng: Random) -> int:
    """Read lines that almost fit a preset, one by one and into columns."""
    log, readable, compiled = _splitters(rng.choice(sorted(TEXT_PRESETS)), rng.choice(list(Names)))
    line, data = LINE, []
    for _ in range(20):
        data.append(line)
        line = drawing.changed_line(rng, LINE if rng.random() < 0.3 else line)[:3000]
    for one in data:
        equal(readable.split(one), compiled.split(one), log, one)
    kinds, takes_first = log.parser().layout.kinds, rng.random() < 0.5
    read = [
        twin.read_columns(splitter, kinds, b"\n".join(data), takes_first=takes_first, most=1000)
        for twin, splitter in ((reference_log_columns, readable), (native_log_columns, compiled))
    ]
    equal(*map(_as_bytes, read), log, data)
    return 2 * len(data)


def _as_bytes(read: Any) -> object:
    columns = [(one.nulls, *(None if b is None else bytes(b) for b in one[1:])) for one in read.columns]
    return read.rows, columns, read.unread, read.is_ascii


@dataclass(frozen=True, slots=True)
class Twins:
    """Two halves of the library that answer alike, and how many of a hundred questions they get."""

    ask: Callable[[Random], int]
    share: int


TWINS = {
    "names": Twins(names, 45),
    "hosts": Twins(hosts, 15),
    "prefixes": Twins(prefixes, 10),
    "walks": Twins(walks, 15),
    "columns": Twins(columns, 5),
    "lines": Twins(lines, 7),
    "log columns": Twins(log_columns, 3),
}


def run(name: str, cases: int, seed: int) -> int:
    """Ask the twins called *name* at least *cases* questions, and return how many there were."""
    asked, number, began = 0, 0, time.process_time()
    while asked < cases:
        try:
            asked += TWINS[name].ask(random.Random(f"{seed} {name} {number}"))
        except Exception as error:
            error.add_note(f"{name}, seed {seed}, round {number}, after {asked} questions")
            raise
        number += 1
    print(
        f"{name:<12} {asked:>9} questions in {number} rounds, all alike; {time.process_time() - began:.0f} s",
        flush=True,
    )
    return asked


def main() -> int:
    """Ask all twins, or those that were named."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.twins", description=(__doc__ or "").split(":")[0])
    parser.add_argument("twins", nargs="*", metavar="TWIN", help=", ".join(TWINS))
    parser.add_argument("--cases", type=int, default=100_000, metavar="N", help="questions, shared among the twins")
    parser.add_argument(
        "--seed", type=int, default=random.randrange(1 << 32), metavar="N", help="what rounds are drawn from"
    )
    options = parser.parse_args()
    if IMPLEMENTATION == "pure":
        parser.error("the compiled twins are not in use: build them, and unset MESHEGRESS_PURE")
    print(f"seed {options.seed}")
    chosen = options.twins or list(TWINS)
    whole = sum(TWINS[name].share for name in chosen)
    total = sum(run(name, -(-options.cases * TWINS[name].share // whole), options.seed) for name in chosen)
    print(f"{total} questions, all alike")
    return 0


if __name__ == "__main__":
    sys.exit(main())

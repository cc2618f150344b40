"""The readable and the native twin of the parser give the same answers."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conftest import twin
from meshegress import AccessLogFormat
from meshegress._engine.reference.log import LogField, LogSpan
from meshegress._engine.reference.log import LogSplitter as Readable
from meshegress.accesslog.boundaries import SplitterProgram, compile_program
from meshegress.accesslog.presets import TEXT_PRESETS
from meshegress.accesslog.shapes import Names


def programs(log: AccessLogFormat) -> list[SplitterProgram]:
    """The programs of a text format, names read strictly and not."""
    return [compile_program(log.pieces, names=names, omit_empty_values=log.omit_empty_values) for names in Names]


def test_recorded_lines_are_cut_alike(recorded: tuple[dict[str, Any], ...]) -> None:
    """Every recorded line, whole and damaged, has the same cuts in both twins."""
    compiled = twin("_engine.native.log").LogSplitter
    made: dict[tuple[str, bool], list[tuple[Any, Readable]]] = {}
    for record in recorded[::2]:
        if record["kind"] != "text" or record.get("rejected"):
            continue
        key = record["format"], record["omit_empty_values"]
        if key not in made:
            log = AccessLogFormat(key[0], omit_empty_values=key[1], formatters=record.get("formatters", ()))
            made[key] = [
                (compiled(one.literals, one.fields), Readable(one.literals, one.fields)) for one in programs(log)
            ]
        line = record["line"].encode("utf-8", "surrogateescape")
        for fast, readable in made[key]:
            for data in (line, line[:-1], line + b" ", line[: len(line) // 2] + line[len(line) // 2 + 1 :]):
                assert fast.split(data) == readable.split(data)


def with_agent(agent: bytes) -> bytes:
    """A line of Istio's format with the given user agent."""
    line = b'[2026-11-22T22:44:33.490Z] "GET / HTTP/1.1" 200 - - - "-" 0 6 0 0 "-" "' + agent
    return line + b'" "id" "a.com" "1.2.3.4:80" a 10.0.0.1:1 1.2.3.4:80 10.0.0.1:2 - -'


@pytest.fixture(scope="module")
def istio_text() -> tuple[Any, Readable]:
    """The splitters of Istio's format, compiled and readable."""
    program = compile_program(AccessLogFormat.preset("istio-text").pieces, names=Names.STRICT, omit_empty_values=False)
    compiled = twin("_engine.native.log").LogSplitter
    return compiled(program.literals, program.fields), Readable(program.literals, program.fields)


@pytest.mark.parametrize("size", range(1, 140))
def test_lines_of_every_size_are_cut_alike(istio_text: tuple[Any, Readable], size: int) -> None:
    """Marks are found in blocks: none may be lost, or made up, where one ends; nor a byte that is not visible."""
    fast, readable = istio_text
    cuts = {b"a": 1, b" ": 1, b"\xff": 1, b"\x7f": 0, b"\n": 0}
    for byte, ways in cuts.items():
        for line in (with_agent(b"a" * (size - 1) + byte), with_agent(byte + b" " * (size - 1))):
            assert fast.split(line) == readable.split(line)
            assert fast.split(line)[0] == ways


@pytest.mark.parametrize("spaces", [985, 986, 987, 988, 989, 990, 991, 992, 993, 994, 995, 996, 2000])
def test_any_number_of_marks_is_cut_alike(istio_text: tuple[Any, Readable], spaces: int) -> None:
    """Too many marks to list are not a hindrance."""
    fast, readable = istio_text
    line = with_agent(b" " * spaces)
    assert fast.split(line) == readable.split(line)
    assert fast.split(line)[0] == 1


_BYTES = st.binary(max_size=3)
_ALPHABET = st.sampled_from([b"0123456789", b"a", b"ab-", bytes(range(256)), b'"- ', b"01-", bytes(range(0x20, 0x7F))])


@st.composite
def spans(draw: st.DrawFn) -> LogSpan:
    """A span over few bytes."""
    first, rest = draw(_ALPHABET), draw(_ALPHABET)
    least, most = draw(st.integers(0, 2)), draw(st.none() | st.integers(1, 4))
    last = draw(st.sampled_from([b"", b"", first])) if least else b""
    return LogSpan(first, rest, least, most, last, draw(st.sampled_from([b"", b"", b"a:"])))


_FIELDS = st.builds(
    LogField,
    st.lists(spans(), max_size=1).map(tuple),
    st.lists(st.sampled_from([b"-", b"", b"a1", b"01"]), max_size=2, unique=True).map(tuple),
    st.lists(st.sampled_from([b"00", b"0-a"]), max_size=1).map(tuple),
)
_LITERALS = st.sampled_from([b"", b" ", b'" "', b'"', b'" ', b"a", b"--"])


@given(st.lists(_FIELDS, max_size=4), st.lists(_LITERALS, min_size=5, max_size=5), st.text('a01b-" :\xff', max_size=12))
@example([LogField((LogSpan(b"ab", b"ab"),))], [b""] * 5, "ab")
def test_any_program_cuts_any_line_alike(fields: list[LogField], literals: list[bytes], text: str) -> None:
    """Counts are equal always, and so are the places of a cut."""
    chosen = literals[: len(fields) + 1]
    fast = twin("_engine.native.log").LogSplitter(chosen, fields)
    assert fast.split(text.encode("latin-1")) == Readable(chosen, fields).split(text.encode("latin-1"))


@given(
    st.sampled_from(sorted(TEXT_PRESETS)),
    st.lists(st.sampled_from([*'- "aA1./|,:', "HTTP/1.1", '" "', "UF"]), max_size=60),
)
def test_presets_cut_any_line_alike(preset: str, words: list[str]) -> None:
    """The presets too, on lines that almost fit."""
    line = ('[2026-11-22T22:44:33.490Z] "' + "".join(words)).encode()
    for program in programs(AccessLogFormat.preset(preset)):
        fast = twin("_engine.native.log").LogSplitter(program.literals, program.fields, [14])
        assert fast.split(line) == Readable(program.literals, program.fields, [14]).split(line)


def test_records_have_the_same_values(recorded: tuple[dict[str, Any], ...]) -> None:
    """Entries of either twin are equal, field by field."""
    for record in recorded[::3]:
        if record["kind"] != "text" or record.get("rejected") or record.get("parses") != 1 or "preset" not in record:
            continue
        log = AccessLogFormat.preset(record["preset"])
        parser = log.parser(names="relaxed")
        entry = parser.parse(record["line"])
        values = tuple(parser.layout.typed(number, entry.piece(number)) for number in range(len(log.commands)))
        assert parser.values(record["line"]) == values == tuple(entry.field(n) for n in range(len(values)))
        assert parser.parse(record["line"].encode("utf-8", "surrogateescape")) == entry
        assert pickle.loads(pickle.dumps(entry)) == entry


def test_long_lines_and_many_fields() -> None:
    """Records keep places of any number and size."""
    log = AccessLogFormat("".join(f"%REQ(A{number})%\t" for number in range(40)) + "\n")
    line = "\t".join(str(number) * 3000 for number in range(40)) + "\t"
    assert log.parser().count(line) == 1
    assert log.parse(line)["REQ(A39)"] == "39" * 3000


def test_a_line_of_a_megabyte_is_bounded() -> None:
    """Fake separators by the hundred thousand are counted, not tried."""
    program = compile_program(AccessLogFormat.preset("istio-text").pieces, names=Names.STRICT, omit_empty_values=False)
    fast = twin("_engine.native.log").LogSplitter(program.literals, program.fields)
    line = b'[2026-11-22T22:44:33.490Z] "GET / HTTP/1.1" 200 - - - "-" 0 6 0 0 "-" "' + b'a" "' * 250_000
    line += b'" "id" "a.com" "1.2.3.4:80" a 10.0.0.1:1 1.2.3.4:80 10.0.0.1:2 - -'
    assert fast.split(line)[0] == 2


def test_records_without_a_line_have_no_fields() -> None:
    """Asking for one is an IndexError in both twins."""
    for name in ("_engine.reference.lines", "_engine.native.lines"):
        with pytest.raises(IndexError):
            twin(name).LogRecord().piece(0)


@given(
    st.lists(
        st.none() | st.integers(-5, 2**70) | st.text(max_size=4) | st.datetimes() | st.sampled_from([(), ("UF",), 1.5]),
        min_size=8,
        max_size=8,
    )
)
def test_any_values_are_written_alike(values: list[object]) -> None:
    """Whatever is given, both twins write what the formatter writes."""
    commands = [
        "START_TIME",
        "RESPONSE_CODE",
        "RESPONSE_FLAGS",
        "REQ(A)",
        "REQ(B):2",
        "DURATION",
        "ROUTE_NAME",
        "PROTOCOL",
    ]
    log = AccessLogFormat("".join(f"é%{command}%" if command == "REQ(A)" else f"|%{command}%" for command in commands))
    line = log.format(dict(zip(commands, values, strict=True)))
    literals = [str(piece) for piece in log.pieces if isinstance(piece, str)] + [""]
    kinds = bytes(map(log._writing_kind, log.commands))
    for name in ("_engine.reference.log_writer", "_engine.native.log_writer"):
        assert twin(name).LogWriter(literals, kinds, log._show).write(tuple(values)) == line


def test_recorded_lines_are_written_from_their_values(recorded: tuple[dict[str, Any], ...]) -> None:
    """A parser's values go into the writer as they are."""
    for record in recorded[::3]:
        if record["kind"] == "text" and record.get("parses") == 1 and "preset" in record:
            log = AccessLogFormat.preset(record["preset"])
            assert log.writer()(log.parser(names="relaxed").values(record["line"])) == record["line"]

"""Lines as columns: what a parser reads, in both twins, and nothing that it refuses."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import twin
from meshegress import AccessLogFormat, LogFormatError, LogParseError
from meshegress.accesslog.boundaries import compile_program
from meshegress.accesslog.presets import TEXT_PRESETS
from meshegress.accesslog.shapes import Names

_ODD = [
    b"",
    b" \t\r\v\f",
    b'[2026-02-30T22:44:33.490Z] "GET / HTTP/1.1" 200 - - - "-" 0 6 0 0 "-" "a" "id" "a.com" "1.2.3.4:80" a '
    b"10.0.0.1:1 1.2.3.4:80 10.0.0.1:2 - -",
    b'[2024-02-29T22:44:33.490Z] "GET / HTTP/1.1" 200 - - - "-" 0 6 0 0 "-" "a "b" \xff" "id" "a.com" "1.2.3.4:80" a '
    b"10.0.0.1:1 1.2.3.4:80 10.0.0.1:2 - -",
    b'[0001-01-01T22:44:33.490Z] "GET / HTTP/1.1" 200 UF,URX - - "-" 1234567890123456789 6 0 0 "-" "\xc3\xa9" "id" '
    b'"a.com" "1.2.3.4:80" a 10.0.0.1:1 1.2.3.4:80 10.0.0.1:2 - -',
    b'[2026-11-22T22:44:33.490Z] "GET / HTTP/1.1" 200 - - - "-" 0 6 0 0 "-" "a" "b" "c" "d" "id" "a.com" "1.2.3.4:80" '
    b"a 10.0.0.1:1 1.2.3.4:80 10.0.0.1:2 - -",
]


def plain(read: Any) -> Any:
    """What a twin has read, its buffers as bytes."""
    columns = [(c.nulls, *(None if b is None else bytes(b) for b in c[1:])) for c in read.columns]
    return read.rows, columns, read.unread, read.is_ascii


def both(data: bytes, log: AccessLogFormat, *, takes_first: bool = False, most: int = 1 << 20) -> list[Any]:
    """What either twin reads."""
    program = compile_program(log.pieces, names=Names.STRICT, omit_empty_values=log.omit_empty_values)
    kinds = log.parser().layout.kinds
    return [
        plain(
            twin(f"_engine.{kind}.log_columns").read_columns(
                twin(f"_engine.{kind}.log").LogSplitter(program.literals, program.fields),
                kinds,
                data,
                takes_first=takes_first,
                most=most,
            )
        )
        for kind in ("reference", "native")
    ]


def valued(entry: Any) -> list[object]:
    """The values of an entry, as a table shows them."""
    return [",".join(v) or None if isinstance(v, tuple) else v for v in entry.as_dict().values()]


@given(
    st.sampled_from(sorted(TEXT_PRESETS)),
    st.lists(st.sampled_from(_ODD) | st.binary(max_size=30).map(lambda b: _ODD[2] + b), max_size=5),
    st.booleans(),
    st.sampled_from([100, 1 << 20]),
)
def test_any_lines_are_read_alike(preset: str, lines: list[bytes], takes_first: bool, most: int) -> None:
    """Rows, buffers and the reasons of unread lines are those of the reference twin."""
    readable, compiled = both(b"\n".join(lines), AccessLogFormat.preset(preset), takes_first=takes_first, most=most)
    assert readable == compiled


def test_recorded_lines_are_read_alike(recorded: tuple[dict[str, Any], ...]) -> None:
    """The lines that a real Envoy wrote, more of them than are cut at once."""
    by_preset: dict[str, list[bytes]] = {}
    for record in recorded[::2]:
        if record["kind"] == "text" and "preset" in record:
            by_preset.setdefault(record["preset"], []).append(record["line"].encode("utf-8", "surrogateescape"))
    for preset, lines in by_preset.items():
        readable, compiled = both(b"\n".join(line.rstrip(b"\n") for line in lines), AccessLogFormat.preset(preset))
        assert readable == compiled
        assert readable[0]


def test_rows_are_what_a_parser_reads(recorded: tuple[dict[str, Any], ...]) -> None:
    """A table has the values of ``parse``, and tells of the lines that it refuses in its words."""
    pytest.importorskip("pyarrow")
    from meshegress.integrations.arrow_logs import read_table

    log = AccessLogFormat.preset("istio-text")
    texts = [record["line"].rstrip("\n") for record in recorded[::2] if "preset" in record and record["kind"] == "text"]
    lines = [text.encode("utf-8", "surrogateescape") for text in texts if "\n" not in text]
    lines += _ODD
    parser, rows, errors = log.parser(), [], []
    for line in lines:
        try:
            rows += [valued(parser.parse(line))] if line.strip() else []
        except LogParseError as error:
            errors.append(str(error))
    read = read_table(b"\n".join(lines), log)
    read.table.validate(full=True)
    assert [str(error) for error in read.unread] == errors
    assert read.table.column_names == list(log.names)
    assert len(rows) > 128
    for row, found in zip(rows, read.table.to_pylist(), strict=True):
        for wanted, value in zip(row, found.values(), strict=True):
            odd_moment = isinstance(wanted, str) and wanted.startswith("2026-02-30")
            too_large = isinstance(wanted, int) and wanted >= 10**18
            if isinstance(wanted, str):
                wanted = wanted.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            assert value == (None if odd_moment or too_large else wanted)
            assert isinstance(value, datetime) == (isinstance(wanted, datetime))


def test_records_of_several_lines_have_no_columns() -> None:
    """Nor have those that no newline ends."""
    pytest.importorskip("pyarrow")
    from meshegress.integrations.arrow_logs import read_table

    for log in (AccessLogFormat("%DURATION%\n\n"), AccessLogFormat("%DURATION%")):
        with pytest.raises(LogFormatError):
            read_table(b"1\n", log)


def test_tables_that_live_at_once_share_no_memory() -> None:
    """Memory that one table gave back goes to one other: tables come and go in four threads, and stay as they were."""
    log = AccessLogFormat("%BYTES_SENT% %REQ(:PATH)%\n")
    program = compile_program(log.pieces, names=Names.STRICT, omit_empty_values=False)
    splitter = twin("_engine.native.log").LogSplitter(program.literals, program.fields)
    kinds = log.parser().layout.kinds
    read_columns = twin("_engine.native.log_columns").read_columns

    def come_and_go(seed: int) -> int:
        rng, held, compared = random.Random(seed), list[tuple[int, int, Any]](), 0
        for digit in (rng.randint(1, 9) for _ in range(100)):
            rows = rng.choice([10, 9_000, 12_000, 40_000])
            data = b"%d /%d\n" % (digit, digit) * rows
            held.append((digit, rows, read_columns(splitter, kinds, data, takes_first=True, most=99)))
            while len(held) > rng.randint(0, 4):
                digit, rows, table = held.pop(rng.randrange(len(held)))
                numbers, paths = table.columns
                assert bytes(numbers.values) == digit.to_bytes(8, "little") * rows
                assert bytes(paths.text) == b"/%d" % digit * rows
                compared += 1
        return compared

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(come_and_go, range(4))) > 300

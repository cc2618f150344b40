"""Lines of JSON as columns: what a parser reads, in both twins, however the line is spelled."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conftest import twin
from meshegress import AccessLogFormat, LogParseError
from meshegress.accesslog.columns import columns_of
from meshegress.accesslog.jsoncolumns import flat_members, json_kinds, pieces_of
from meshegress.accesslog.jsonparser import JsonParser

FLAT = AccessLogFormat.json(
    {
        "a": "%REQ(A)%",
        "by": "lab",
        "code": "%RESPONSE_CODE%",
        "flags": "%RESPONSE_FLAGS%",
        "meta": "%DYNAMIC_METADATA(x)%",
        "n": 1,
        "took": "%DURATION%",
        "when": "%START_TIME%",
        'é"': "%PROTOCOL%",
    }
)
DEEP = AccessLogFormat.json({"a": {"b": "%REQ(A)%", "c": ["%RESPONSE_CODE%", True]}, "d": "%PROTOCOL% %DURATION%"})
OMITTING = AccessLogFormat.json({"a": "%REQ(A)%", "b": "%DURATION%"}, omit_empty_values=True)


def both(data: bytes, log: AccessLogFormat, *, most: int = 1 << 20) -> list[Any]:
    """What either twin reads, its buffers as bytes."""
    parser = log.parser()
    assert isinstance(parser, JsonParser)
    found = []
    for name in ("_engine.reference.log_columns", "_engine.native.log_columns"):
        read = twin(name).read_json_columns(
            flat_members(parser), json_kinds(parser), data, pieces_of(parser), most=most
        )
        columns = [(c.nulls, *(None if b is None else bytes(b) for b in c[1:])) for c in read.columns]
        found.append((read.rows, columns, read.unread, read.is_ascii))
    return found


_STRINGS = st.sampled_from(
    [
        *('""', '"-"', '"x"', '"a long text that fills more than sixteen bytes"', '"\\u0041\\n\\"\\\\\\/\\b\\f\\r\\t"'),
        *('"\\u00e9\\u00ff"', '"\\u20ac"', '"\\ud83d\\ude00"', '"\\ud800"', '"\\udc80"', '"\\u00"', '"\\x"', '"\\'),
        *('"é and more behind the letter"', '"\x7f"', '"\t"', '"\udcff"', '"UF,URX"', '"HTTP/1.1"', '"lab"'),
        *('"2026-11-22T22:44:33.490Z"', '"2026-02-30T22:44:33.490Z"', '"2026-11-22T22:44:33.4x0Z"', '"2026-11-22"'),
    ]
)
_OTHERS = st.sampled_from(
    [
        *("null", "0", "200", "-1", "-", "01", "-0", "1.5", "1e+05", "12345678901234567890", "1234567890", "true"),
        *("nul", "1", '{"b":[1,"x"]}', "[]", "NaN", ""),
    ]
)
_BLANKS = st.sampled_from(["", "", "", " ", "\t ", "\r"])


@st.composite
def members(draw: st.DrawFn) -> str:
    """An object of the members of FLAT, spelled anyhow, most of them as they should be."""
    right = {
        "a": _STRINGS,
        "by": st.just('"lab"'),
        "code": st.just("200"),
        "flags": _STRINGS,
        "meta": _OTHERS | _STRINGS,
    }
    right |= {"n": st.just("1"), "took": _OTHERS, "when": _STRINGS, 'é"': _STRINGS}
    keys = draw(st.sampled_from([list(right), list(right), draw(st.permutations(list(right))), [*right, "a"], ["a"]]))
    wrong = draw(st.sampled_from([None, None, None, *right]))
    parts = []
    for key in keys:
        value = draw(_OTHERS | _STRINGS) if key == wrong else draw(right[key])
        blanks = [draw(_BLANKS) for _ in range(4)]
        parts.append(f"{blanks[0]}{json.dumps(key, ensure_ascii=False)}{blanks[1]}:{blanks[2]}{value}{blanks[3]}")
    return f"{draw(_BLANKS)}{{{','.join(parts)}}}{draw(_BLANKS)}"


@given(
    st.lists(members() | st.text(max_size=20).filter(lambda text: "\n" not in text), max_size=6),
    st.sampled_from([60, 1 << 20]),
)
@example(
    ['{"a":"\\u00e9","by":"lab","code":1,"flags":"","meta":null,"n":1,"took":0,"when":"","é\\"":null}'] * 70, 1 << 20
)
def test_any_lines_are_read_alike(lines: list[str], most: int) -> None:
    """Rows, buffers and the reasons of unread lines are those of the reference twin."""
    readable, compiled = both("\n".join(lines).encode("utf-8", "surrogateescape"), FLAT, most=most)
    assert readable == compiled


@pytest.mark.parametrize("log", [FLAT, DEEP, OMITTING], ids=["flat", "deep", "omitting"])
def test_rows_are_what_a_parser_reads(log: AccessLogFormat) -> None:
    """A column has what an entry has; a line that a parser refuses is told in its words."""
    values = {
        "REQ(A)": "é\n",
        "RESPONSE_CODE": 200,
        "PROTOCOL": "HTTP/2",
        "DURATION": 7,
        "RESPONSE_FLAGS": ("UF", "URX"),
    }
    lines = [log.format(values), log.format({"RESPONSE_CODE": 0, "DURATION": 1}), "{}", "[]", '{"a":1e400}']
    parser, wanted, errors = log.parser(), [], []
    for line in lines:
        try:
            wanted.append(parser.values(line))
        except LogParseError as error:
            errors.append(str(error))
    (read,) = columns_of("\n".join(lines).encode(), log, names="strict", tie_break=None, most_line_bytes=1 << 20)
    assert [str(error) for error in read.unread] == errors
    assert read.rows == len(wanted) == 2 + (log is OMITTING)
    pytest.importorskip("pyarrow")
    from meshegress.integrations.arrow_logs import read_table

    table = read_table("\n".join(lines).encode(), log).table
    table.validate(full=True)
    for name, values_of_name in zip(log.names, zip(*wanted, strict=True), strict=True):
        shown = [",".join(v) or None if isinstance(v, tuple) else v for v in values_of_name]
        assert table[name].to_pylist() == shown


def test_recorded_lines_are_read_alike(recorded: tuple[dict[str, Any], ...]) -> None:
    """The lines that a real Envoy wrote, in its order and shuffled as a log shipper may do it."""
    by_preset: dict[str, list[str]] = {}
    for record in recorded[::3]:
        if record["kind"] == "json" and "preset" in record:
            by_preset.setdefault(record["preset"], []).append(record["line"].rstrip("\n"))
    assert by_preset
    for preset, lines in by_preset.items():
        shuffled = [json.dumps(dict(reversed(json.loads(line).items()))) for line in lines if line.isascii()]
        data = "\n".join([*lines, *shuffled, *lines]).encode("utf-8", "surrogateescape")
        readable, compiled = both(data, AccessLogFormat.preset(preset))
        assert readable == compiled
        assert readable[0] == 2 * len(lines) + len(shuffled)


def test_an_error_of_the_callback_is_raised() -> None:
    """Whatever it is, the reading ends with it."""

    def fail(line: bytes) -> int:
        raise KeyboardInterrupt(line)

    for name in ("_engine.reference.log_columns", "_engine.native.log_columns"):
        with pytest.raises(KeyboardInterrupt, match="odd"):
            twin(name).read_json_columns((), b"\1", b"odd\n", fail, most=100)

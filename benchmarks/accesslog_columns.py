"""Goals C3 and C4: a whole log to typed columns, of text beside the best CSV readers, of JSON beside its readers.

A CSV reader that takes the space for a delimiter and the quote for a quote reads these lines, and mistakes every user
agent with a quote in it; none of these has one. On one thread each; CPU time counts.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import duckdb
import msgspec
import orjson
import pandas
import polars
import pyarrow as pa
from pyarrow import csv, json

from benchmarks.goals import Result, against_the_best
from benchmarks.loglines import JSON, TEXT, joined, json_lines, text_lines
from benchmarks.rounds import interleaved, require_equal
from meshegress.integrations.arrow_logs import read_table

LINES, CHECKED, ROUNDS = 100_000, 20_000, 5
#: The columns of a CSV reader, for which the three words of a request are one, and those that are whole numbers.
_CSV = [f"f{number}" for number in range(22)]
_NUMBERS = ("f2", "f7", "f8", "f9")
_TEXT_OBSTACLE = (
    "its parts, switched off one by one, of 195 ns for a line of 314 bytes with AVX-512: 47 ns to list its marks (67 "
    "with AVX2), 35 for the places of 24 fields, 31 to look at their bytes, which no reader of CSV does, 82 for the "
    "columns to take them; with memory new to the process, as the first batch has it, 50 to 100 more"
)
_Reader = Callable[[tuple[bytes, str]], Any]


def results(largest: int) -> Iterator[Result]:
    """Yield the ratios of logs of a hundred thousand lines; *largest* is for other goals."""
    del largest
    with tempfile.TemporaryDirectory() as folder:
        yield _text(Path(folder) / "access.log")
        yield _json(Path(folder) / "access.jsonl")


def _text(path: Path) -> Result:
    peers: dict[str, _Reader] = {
        "pyarrow": _arrow_csv,
        "polars": _polars_csv,
        "duckdb": _duckdb_csv,
        "pandas": _pandas_csv,
    }
    lines = text_lines(LINES)
    path.write_bytes(joined(lines[:CHECKED]))
    given = path.read_bytes(), str(path)
    answers: dict[str, object] = {"columns": _csv_rows(read_table(given[0], TEXT).table)}
    answers |= {name: _plain_rows(read(given)) for name, read in peers.items()}
    require_equal("CSV", answers)

    path.write_bytes(joined(lines))
    given = path.read_bytes(), str(path)
    contenders = {"columns": lambda given: read_table(given[0], TEXT).table, **peers}
    times = interleaved(contenders, lambda: given, LINES, rounds=ROUNDS)
    return against_the_best("C3", f"{len(given[0]) // LINES} B lines", times, peers, "columns", obstacle=_TEXT_OBSTACLE)


def _arrow_csv(given: tuple[bytes, str]) -> pa.Table:
    return csv.read_csv(
        pa.BufferReader(given[0]),
        read_options=csv.ReadOptions(column_names=_CSV, use_threads=False),
        parse_options=csv.ParseOptions(delimiter=" ", quote_char='"'),
        convert_options=csv.ConvertOptions(
            null_values=["-"],
            strings_can_be_null=True,
            column_types={name: pa.int64() if name in _NUMBERS else pa.string() for name in _CSV},
        ),
    )


def _polars_csv(given: tuple[bytes, str]) -> polars.DataFrame:
    schema = {name: polars.Int64 if name in _NUMBERS else polars.String for name in _CSV}
    return polars.read_csv(given[0], separator=" ", quote_char='"', has_header=False, schema=schema, null_values=["-"])


def _duckdb_csv(given: tuple[bytes, str]) -> pa.Table:
    types = {name: "BIGINT" if name in _NUMBERS else "VARCHAR" for name in _CSV}
    query = f"from read_csv('{given[1]}', delim=' ', quote='\"', header=false, nullstr='-', columns={types})"
    return _duckdb(query)


def _duckdb(query: str) -> pa.Table:
    with duckdb.connect(config={"threads": 1}) as connection:
        return connection.sql(query).to_arrow_table()


def _pandas_csv(given: tuple[bytes, str]) -> pandas.DataFrame:
    types = {name: "Int64" if name in _NUMBERS else "str" for name in _CSV}
    return pandas.read_csv(
        io.BytesIO(given[0]), sep=" ", header=None, names=_CSV, na_values=["-"], keep_default_na=False, dtype=types
    )


def _csv_rows(table: pa.Table) -> list[tuple[str, ...]]:
    """Return the rows of *table* as a CSV reader has them."""
    rows = []
    for row in table.to_pylist():
        stamp, method, path, protocol, *rest = map(_shown, row.values())
        rows.append((f"[{stamp}]", f"{method} {path} {protocol}", *rest))
    return rows


def _plain_rows(read: Any) -> list[tuple[str, ...]]:
    if isinstance(read, pandas.DataFrame):
        read = pa.Table.from_pandas(read, preserve_index=False)
    columns = [read[name].to_list() if isinstance(read, polars.DataFrame) else read[name].to_pylist() for name in _CSV]
    return [tuple(map(_shown, row)) for row in zip(*columns, strict=True)]


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03}Z"
    return "-" if value is None else str(value)


def _json(path: Path) -> Result:
    peers: dict[str, _Reader] = {"duckdb": _duckdb_json, "polars": _polars_json, "pyarrow": _arrow_json}
    peers |= {"msgspec": _msgspec_json, "orjson": _orjson_json}
    lines = json_lines(LINES)
    path.write_bytes(joined(lines[:CHECKED]))
    given = path.read_bytes(), str(path)
    answers: dict[str, object] = {"columns": _sorted_rows(read_table(given[0], JSON).table)}
    answers |= {name: _sorted_rows(read(given)) for name, read in peers.items()}
    require_equal("JSON", answers)

    path.write_bytes(joined(lines))
    given = path.read_bytes(), str(path)
    contenders = {"columns": lambda given: read_table(given[0], JSON).table, **peers}
    times = interleaved(contenders, lambda: given, LINES, rounds=ROUNDS)
    return against_the_best("C4", f"{len(given[0]) // LINES} B lines", times, peers, "columns")


_JSON_NUMBERS = frozenset({"bytes_received", "bytes_sent", "duration", "response_code"})


def _duckdb_json(given: tuple[bytes, str]) -> pa.Table:
    types = {name: "BIGINT" if name in _JSON_NUMBERS else "VARCHAR" for name in JSON.names}
    return _duckdb(f"from read_ndjson('{given[1]}', columns={types | {'start_time': 'TIMESTAMP'}})")


def _polars_json(given: tuple[bytes, str]) -> polars.DataFrame:
    schema = {name: polars.Int64 if name in _JSON_NUMBERS else polars.String for name in JSON.names}
    return polars.read_ndjson(given[0], schema=schema)


def _arrow_json(given: tuple[bytes, str]) -> pa.Table:
    schema = pa.schema([(name, pa.int64() if name in _JSON_NUMBERS else pa.string()) for name in JSON.names])
    options = json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    return json.read_json(
        pa.BufferReader(given[0]), read_options=json.ReadOptions(use_threads=False), parse_options=options
    )


_Line = msgspec.defstruct(
    "_Line", [(name, int if name in _JSON_NUMBERS else str | None) for name in JSON.names], gc=False
)
_lines_decoder = msgspec.json.Decoder(_Line)


def _msgspec_json(given: tuple[bytes, str]) -> list[Any]:
    return _lines_decoder.decode_lines(given[0])


def _orjson_json(given: tuple[bytes, str]) -> list[Any]:
    return [orjson.loads(line) for line in given[0].splitlines()]


def _sorted_rows(read: Any) -> list[tuple[str, ...]]:
    """Return the rows of *read*, a table, objects or dictionaries, in the order of the format."""
    if isinstance(read, polars.DataFrame):
        rows = read.rows(named=True)
    elif isinstance(read, pa.Table):
        rows = read.to_pylist()
    else:
        rows = [row if isinstance(row, dict) else msgspec.structs.asdict(row) for row in read]
    return [tuple(_shown(row[name]) for name in JSON.names) for row in rows]

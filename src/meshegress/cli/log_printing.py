"""Entries on their way out: JSON lines, one JSON list, a table, CSV or Parquet."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from datetime import datetime

from meshegress import AccessLogEntry, MissingExtraError
from meshegress.errors import visible

_COLUMNS = ("start_time", "method", "authority", "path", "response_code", "response_flags", "upstream_cluster")
_BATCH = 10_000
#: What is known of an entry beside its fields, and can be asked for like one.
CIRCUMSTANCES: dict[str, Callable[[AccessLogEntry], object]] = {
    "direction": lambda entry: str(entry.direction),
    "direction_reason": lambda entry: entry.direction.reason,
    "emitter": lambda entry: entry.emitter.as_dict() or None,
    "rest": lambda entry: entry.rest,
    "unsure": lambda entry: list(entry.unsure) or None,
    "tolerances": lambda entry: list(entry.tolerances) or None,
}
_ALWAYS = ("emitter", "rest", "unsure", "tolerances")


def print_entries(entries: Iterable[AccessLogEntry], output: str, fields: tuple[str, ...]) -> None:
    """Print *entries* as *output* says; all fields, where *fields* are not given."""
    _PRINTERS[output](entries, fields)


def row_of(entry: AccessLogEntry, fields: tuple[str, ...]) -> dict[str, object]:
    """Return the values of an entry, and what is known of it beside them where that is something."""
    if fields:
        return {name: CIRCUMSTANCES[name](entry) if name in CIRCUMSTANCES else entry.get(name) for name in fields}
    row: dict[str, object] = dict(entry.as_dict())
    if entry.circumstances.is_plain:
        return row
    return row | {name: value for name in _ALWAYS if (value := CIRCUMSTANCES[name](entry)) is not None}


def _print_lines(entries: Iterable[AccessLogEntry], fields: tuple[str, ...]) -> None:
    encode = json.JSONEncoder(default=plain_value).encode
    write = sys.stdout.write
    for entry in entries:
        write(encode(row_of(entry, fields)) + "\n")


def _print_list(entries: Iterable[AccessLogEntry], fields: tuple[str, ...]) -> None:
    encode = json.JSONEncoder(default=plain_value).encode
    separator = "["
    for entry in entries:
        sys.stdout.write(f"{separator}\n{encode(row_of(entry, fields))}")
        separator = ","
    sys.stdout.write("[]\n" if separator == "[" else "\n]\n")


def _print_table(entries: Iterable[AccessLogEntry], fields: tuple[str, ...]) -> None:
    columns = fields or _COLUMNS
    widths: list[int] = []
    for entry in entries:
        if not widths:
            columns = columns if fields or not entry.emitter else ("emitter", *columns)
            widths = _print_head(columns)
        row = row_of(entry, columns)
        cells = [_cell(str(entry.emitter) if name == "emitter" else row[name]) for name in columns]
        widths = [max(width, min(len(cell), 60)) for width, cell in zip(widths, cells, strict=True)]
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip())
    if not widths:
        _print_head(columns)


def _print_head(columns: tuple[str, ...]) -> list[int]:
    widths = [24 if field == "start_time" else max(8, len(field)) for field in columns]
    print("  ".join(f"{field:<{width}}" for field, width in zip(columns, widths, strict=True)).rstrip())
    return widths


def _cell(value: object) -> str:
    plain = plain_value(value)
    return "-" if plain in (None, [], "") else visible(",".join(plain) if isinstance(plain, list) else str(plain))


def plain_value(value: object) -> object:
    """Return *value* as JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return list(value) if isinstance(value, tuple) else value


def _flat(entry: AccessLogEntry, fields: tuple[str, ...]) -> dict[str, object]:
    """Return a row of plain cells: what is known of the emitter has a column each, lists are joined."""
    row = row_of(entry, fields)
    emitter = row.pop("emitter", None)
    flat = {name: _flat_cell(value) for name, value in row.items()}
    return flat | {f"emitter_{name}": text for name, text in (emitter.items() if isinstance(emitter, dict) else ())}


def _flat_cell(value: object) -> object:
    plain = plain_value(value) if isinstance(value, tuple) else value
    if isinstance(plain, list):
        return ",".join(map(str, plain)) or None
    return json.dumps(plain) if isinstance(plain, dict) else plain


def _print_csv(entries: Iterable[AccessLogEntry], fields: tuple[str, ...]) -> None:
    from csv import DictWriter

    writer: DictWriter[str] | None = None
    for entry in entries:
        row = _flat(entry, fields)
        if writer is None:
            writer = DictWriter(sys.stdout, list(row), restval="", extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
        writer.writerow({name: plain_value(value) for name, value in row.items()})


def _write_parquet(entries: Iterable[AccessLogEntry], fields: tuple[str, ...]) -> None:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError("arrow") from None
    rows = [_flat(entry, fields) for entry in entries]
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: [row.get(name) for row in rows] for name in names}
    parquet.write_table(pa.table(columns), sys.stdout.buffer, row_group_size=_BATCH)


_PRINTERS: dict[str, Callable[[Iterable[AccessLogEntry], tuple[str, ...]], None]] = {
    "jsonl": _print_lines,
    "json": _print_list,
    "table": _print_table,
    "csv": _print_csv,
    "parquet": _write_parquet,
}
OUTPUTS = tuple(_PRINTERS)

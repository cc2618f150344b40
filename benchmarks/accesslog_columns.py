"""A log to columns beside the best CSV readers: ``python benchmarks/accesslog_columns.py [LINES]``.

The CSV readers take the space for a delimiter and the quote for a quote, which is wrong for user agents with quotes;
the lines here have none. All candidates take turns on one thread, their answers are compared before.
"""

from __future__ import annotations

import os
import sys
import time

os.environ["POLARS_MAX_THREADS"] = "1"

import polars
import pyarrow as pa
from pyarrow import csv

from accesslog import lines
from meshegress import AccessLogFormat
from meshegress.integrations.arrow_logs import read_table

LOG = AccessLogFormat.preset("istio-text")
_COLUMNS = [f"f{number}" for number in range(22)]
#: Columns of the CSV readers and of the table that hold the same.
_SAME = {"f7": "bytes_received", "f2": "response_code", "f16": "upstream_cluster"}


def arrow_csv(data: bytes) -> pa.Table:
    """Read *data* with pyarrow's CSV reader."""
    return csv.read_csv(
        pa.BufferReader(data),
        read_options=csv.ReadOptions(column_names=_COLUMNS, use_threads=False),
        parse_options=csv.ParseOptions(delimiter=" ", quote_char='"'),
        convert_options=csv.ConvertOptions(null_values=["-"], strings_can_be_null=True),
    )


def polars_csv(data: bytes) -> polars.DataFrame:
    """Read *data* with the CSV reader of Polars."""
    return polars.read_csv(
        data, separator=" ", quote_char='"', has_header=False, new_columns=_COLUMNS, null_values=["-"]
    )


def main(count: int) -> None:
    """Check the answers, measure, and print ns for each line and the ratio."""
    data = "".join(f"{line}\n" for line in lines(count)).encode()
    steps = {"pyarrow.csv": arrow_csv, "polars": polars_csv, "read_table": lambda data: read_table(data, LOG).table}
    read = {name: step(data) for name, step in steps.items()}
    for csv_name, name in _SAME.items():
        wanted = read["read_table"][name].to_pylist()
        assert read["pyarrow.csv"][csv_name].to_pylist() == read["polars"][csv_name].to_list() == wanted
    best = dict.fromkeys(steps, float("inf"))
    del read
    for _ in range(9):
        for name, step in steps.items():
            started = time.process_time_ns()
            step(data)
            best[name] = min(best[name], (time.process_time_ns() - started) / count)
    for name, took in best.items():
        print(f"{name:<12} {took:6.0f} ns")
    ratio = min(best["pyarrow.csv"], best["polars"]) / best["read_table"]
    print(f"C3 columns, to CSV {ratio:5.2f}x  wanted 2.5x  {'reached' if ratio >= 2.5 else 'missed'}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)

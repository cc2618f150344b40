"""Decide what a DuckDB query gives, and query that: ``python examples/batches/with_duckdb.py``."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

import meshegress
from meshegress.integrations.arrow import add_decisions

QUICKSTART = Path(__file__).parents[1] / "quickstart"


def main() -> None:
    """Print how many requests each cluster gets; the rows stream through, a record batch at a time."""
    egress = meshegress.load(QUICKSTART / "registry-only", QUICKSTART / "entries").egress("shop")
    source, target = duckdb.connect(), duckdb.connect()  # one reads while the other asks for more
    requests = source.read_csv(str(Path(__file__).with_name("requests.csv"))).to_arrow_reader()

    fields = ("outcome", "cluster")
    schema = pa.schema([*requests.schema, *((field, pa.dictionary(pa.int32(), pa.string())) for field in fields)])
    decided = pa.RecordBatchReader.from_batches(schema, add_decisions(egress, requests, fields=fields))

    query = "SELECT count(*) AS n, outcome, cluster FROM decided GROUP BY ALL ORDER BY n DESC, outcome DESC"
    target.register("decided", decided)
    for count, outcome, cluster in target.execute(query).fetchall():
        print(f"{count} {outcome} {cluster or '-'}")


if __name__ == "__main__":
    main()

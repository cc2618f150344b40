"""Decide the rows of a Polars frame, and count what becomes of them: ``python examples/batches/with_polars.py``."""

from __future__ import annotations

from pathlib import Path

import polars as pl

import meshegress

QUICKSTART = Path(__file__).parents[1] / "quickstart"


def main() -> None:
    """Print how many requests each cluster gets."""
    egress = meshegress.load(QUICKSTART / "registry-only", QUICKSTART / "entries").egress("shop")
    requests = pl.read_csv(Path(__file__).with_name("requests.csv"), schema_overrides={"port": pl.UInt16})

    decided = egress.decide_many(requests)

    shown = {field: pl.Series(decided.column(field)) for field in ("outcome", "cluster")}
    counted = (
        requests.with_columns(**shown).group_by("outcome", "cluster").len().sort("len", "outcome", descending=True)
    )
    for outcome, cluster, count in counted.rows():
        print(f"{count} {outcome} {cluster or '-'}")


if __name__ == "__main__":
    main()

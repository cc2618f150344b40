"""The policy of a batch world as joins, as well written as we can: Polars, DuckDB and pyarrow, each on one thread.

Every peer takes the table of requests and gives a number for each row, in order: that of the pattern that took it, or
how many patterns there are where none did. Rows are joined by address and port where there are addresses, then by host
and port, then by what is left of the host behind each of its dots.
"""

from __future__ import annotations

import os
from collections.abc import Callable

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.batch_worlds import NAMED, BatchWorld, Pattern

Peer = Callable[[pa.Table], pa.Array]
#: More dots than any host of a batch world has.
_DEPTH = 6
_FOUND = pl.col("number").is_not_null()


def peers(world: BatchWorld) -> dict[str, Peer]:
    """Return the peers, ready for the requests of *world*."""
    pa.set_cpu_count(1)
    return {
        "polars": PolarsJoins(world).decide,
        "polars by port": PolarsJoins(world).decide_by_port,
        "duckdb": duckdb_joins(world),
        "pyarrow": arrow_look_ups(world),
    }


def _policy(patterns: tuple[Pattern, ...]) -> pl.DataFrame:
    columns = {
        "port": pl.Series([one.port for one in patterns], dtype=pl.UInt16),
        "host": [one.host for one in patterns],
        "is_wild": [one.is_wild for one in patterns],
        "address": pl.Series([one.address for one in patterns], dtype=pl.String),
    }
    return pl.DataFrame(columns).with_row_index("number").with_columns(pl.col("number").cast(pl.Int32))


def _behind_a_dot(host: pl.Expr) -> pl.Expr:
    """Return what stands behind the first dot; null where there is none."""
    return host.str.slice(host.str.find(".", literal=True) + 1)


class PolarsJoins:
    """Joins in stages: each stage takes only the rows that no stage before has taken."""

    def __init__(self, world: BatchWorld) -> None:
        policy = _policy(world.patterns)
        self._rest = len(world.patterns)
        self._listeners = policy.filter(pl.col("address").is_not_null()).select("address", "port", "number")
        named = policy.filter(pl.col("address").is_null())
        self._exact = named.filter(~pl.col("is_wild")).select("port", "host", "number")
        self._wild = named.filter("is_wild").select("port", "host", "number")
        self._by_port = [
            (port, *(table.filter(pl.col("port") == port).drop("port") for table in (self._exact, self._wild)))
            for port in NAMED
        ]

    def decide(self, requests: pa.Table) -> pa.Array:
        """Return the numbers by joins on host and port."""
        rows, parts = self._by_address(requests)
        return self._in_order(requests, parts + _staged(rows, self._exact, self._wild, on=["port", "host"]))

    def decide_by_port(self, requests: pa.Table) -> pa.Array:
        """Return the numbers by joins on the host, one port at a time."""
        rows, parts = self._by_address(requests)
        for port, exact, wild in self._by_port:
            parts += _staged(rows.filter(pl.col("port") == port).drop("port"), exact, wild, on=["host"])
        return self._in_order(requests, parts)

    def _by_address(self, requests: pa.Table) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
        rows = pl.from_arrow(requests).rename({"authority": "host"}).with_row_index("row")
        if not self._listeners.height:
            return rows.select("row", "port", "host"), []
        joined = rows.join(self._listeners, on=["address", "port"], how="left", maintain_order="left")
        return joined.filter(~_FOUND).select("row", "port", "host"), [joined.filter(_FOUND).select("row", "number")]

    def _in_order(self, requests: pa.Table, parts: list[pl.DataFrame]) -> pa.Array:
        found = pl.concat(parts)
        numbers = pl.zeros(requests.num_rows, dtype=pl.Int32, eager=True) + self._rest
        return numbers.scatter(found["row"], found["number"]).to_arrow()


def _staged(rows: pl.DataFrame, exact: pl.DataFrame, wild: pl.DataFrame, *, on: list[str]) -> list[pl.DataFrame]:
    parts, table = [], exact
    while rows.height:
        joined = rows.join(table, on=on, how="left", maintain_order="left")
        parts.append(joined.filter(_FOUND).select("row", "number"))
        rows = joined.filter(~_FOUND).select("row", *on).with_columns(host=_behind_a_dot(pl.col("host")))
        rows, table = rows.filter(pl.col("host").is_not_null()), wild
    return parts


def duckdb_joins(world: BatchWorld) -> Peer:
    """Return one query over tables of DuckDB's own, which joins as often as a host has dots."""
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.register("policy", _policy(world.patterns).to_arrow())
    connection.execute("CREATE TABLE listeners AS FROM policy WHERE address IS NOT NULL")
    connection.execute("CREATE TABLE exact AS FROM policy WHERE address IS NULL AND NOT is_wild")
    connection.execute("CREATE TABLE wild AS FROM policy WHERE address IS NULL AND is_wild")
    connection.register("requests", world.requests)
    names = ["SELECT *, authority AS h0 FROM requests"]
    for depth in range(_DEPTH):
        behind = f"substr(h{depth}, strpos(h{depth}, '.') + 1) AS h{depth + 1}"
        names.append(f"SELECT *, {behind} FROM ({names[-1]})")
    joins = ["LEFT JOIN exact e ON e.port = r.port AND e.host = r.h0"]
    numbers = ["e.number"]
    for depth in range(1, _DEPTH + 1):
        joins.append(f"LEFT JOIN wild w{depth} ON w{depth}.port = r.port AND w{depth}.host = r.h{depth}")
        numbers.append(f"w{depth}.number")
    if any(one.address for one in world.patterns):
        joins.append("LEFT JOIN listeners a ON a.port = r.port AND a.address = r.address")
        numbers.insert(0, "a.number")
    number = f"coalesce({', '.join(numbers)}, {len(world.patterns)})::INT AS number"
    query = f"SELECT {number} FROM ({names[-1]}) r {' '.join(joins)}"

    def decide(_requests: pa.Table) -> pa.Array:
        return connection.sql(query).to_arrow_table()["number"].combine_chunks()

    return decide


def arrow_look_ups(world: BatchWorld) -> Peer:
    """Return look-ups of one text for host and port, those that found nothing once more for each dot."""
    named = [(number, one) for number, one in enumerate(world.patterns) if one.address is None]
    exact = _keys([(number, f"{one.host}|{one.port}") for number, one in named if not one.is_wild])
    wild = _keys([(number, f"{one.host}|{one.port}") for number, one in named if one.is_wild])
    listeners = _keys([(n, f"{one.address}|{one.port}") for n, one in enumerate(world.patterns) if one.address])

    def decide(requests: pa.Table) -> pa.Array:
        port = pc.cast(requests["port"], pa.string()).combine_chunks()
        rest = pc.binary_join_element_wise(requests["authority"].combine_chunks(), port, "|")
        found = pa.nulls(len(rest), pa.int32())
        if "address" in requests.column_names:
            found = _look_up(pc.binary_join_element_wise(requests["address"].combine_chunks(), port, "|"), listeners)
        table = exact
        for _ in range(_DEPTH):
            open_rows = pc.is_null(found)
            names = pc.filter(rest, open_rows)
            found = pc.replace_with_mask(found, open_rows, _look_up(names, table))
            behind = pc.replace_substring_regex(names, r"^[^.|]*\.", "", max_replacements=1)
            rest, table = pc.replace_with_mask(rest, open_rows, behind), wild
        return pc.fill_null(found, pa.scalar(len(world.patterns), pa.int32()))

    return decide


def _keys(rows: list[tuple[int, str]]) -> tuple[pa.Array, pa.Array]:
    return pa.array([key for _, key in rows], pa.string()), pa.array([number for number, _ in rows], pa.int32())


def _look_up(keys: pa.Array, table: tuple[pa.Array, pa.Array]) -> pa.Array:
    return pc.take(table[1], pc.index_in(keys, value_set=table[0]))

"""Tables in, columns out: row by row what a request by itself is told."""

from __future__ import annotations

import gc
import re
import sys
import threading
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import meshegress
from meshegress._engine.chosen import Columns
from meshegress._match import IMPLEMENTATION
from meshegress.columns import COLUMNS, _columns_of, export, row_request
from meshegress.columns.arrow_memory import ArrowError, read_batches
from meshegress.integrations.arrow import add_decisions

pa = pytest.importorskip("pyarrow")

WORLD = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a, namespace: default, creationTimestamp: "2024-01-01T00:00:00Z"}
spec: {hosts: [a.com, "*.w.com"], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS,
       endpoints: [{address: e.com}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: b, namespace: default, creationTimestamp: "2024-01-01T00:01:00Z"}
spec: {hosts: [b.com], ports: [{number: 443, name: https, protocol: HTTPS}], resolution: DNS}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: c, namespace: default, creationTimestamp: "2024-01-01T00:02:00Z"}
spec: {hosts: [c.com], addresses: [10.0.0.0/8, 1.2.3.4], ports: [{number: 9000, name: tcp, protocol: TCP}],
       resolution: NONE}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: default, creationTimestamp: "2024-01-01T00:03:00Z"}
spec:
  hosts: [a.com]
  http:
  - {name: paths, match: [{uri: {prefix: /v1}}], route: [{destination: {host: a.com}}]}
  - {name: regex, match: [{uri: {regex: "/v[2-9]+"}}], route: [{destination: {host: a.com}}]}
  - {name: header, match: [{headers: {x: {exact: "1"}}}], directResponse: {status: 418}}
  - {name: rest, route: [{destination: {host: gone.com}}]}
"""
EGRESS = meshegress.load(WORLD).egress()
TYPES = {
    "string": pa.string(),
    "large_string": pa.large_string(),
    "string_view": pa.string_view(),
    "dictionary": pa.dictionary(pa.int8(), pa.string()),
    "dictionary of views": pa.dictionary(pa.uint32(), pa.large_string()),
}
VALUES: dict[str, list[Any]] = {
    "address": [None, "9.9.9.9", "1.2.3.4", "10.1.1.1", "2001:db8::1", "no address", ""],
    "port": [80, 443, 9000, 81, 15001, None, 0],
    "kind": ["http", "http2", "http1.0", "tls", "https", "tcp", "raw", "gopher", None],
    "authority": ["a.com", "A.com:80", "x.w.com", "b.com", "", None, "a b", "é.com", "u@a.com", "x" * 80 + ".w.com"],
    "server_name": ["b.com", "B.COM", "", None, "b.com.", "é.com"],
    "path": ["/", "/v1/x?q", "/v22", None, "/a/../v1", "/%00", "x", ""],
}


def rows() -> st.SearchStrategy[list[tuple[Any, ...]]]:
    """Draw the rows of a table."""
    return st.lists(st.tuples(*(st.sampled_from(VALUES[name]) for name in COLUMNS)), max_size=40)


def table(drawn: list[tuple[Any, ...]], text: Any) -> Any:
    """Return *drawn* as a table whose text has one layout."""
    columns = zip(*drawn, strict=True) if drawn else [()] * len(COLUMNS)
    return pa.table(
        {
            name: pa.array(list(values), pa.uint16() if name == "port" else text)
            for name, values in zip(COLUMNS, columns, strict=True)
        }
    )


def answers(drawn: list[tuple[Any, ...]]) -> list[Any]:
    """Return what each row is told by itself."""
    requests = [row_request(values) for values in drawn]
    return [None if request is None else EGRESS.decide(request) for request in requests]


def without_headers(decision: Any) -> Any:
    """Return *decision* without what is assumed because headers are not a column; all else has to be as it is."""
    if decision is None:
        return None
    return replace(decision, assumptions=tuple(one for one in decision.assumptions if one.code != "headers"))


@given(rows(), st.sampled_from(sorted(TYPES)), st.integers(0, 5), st.integers(1, 3))
def test_a_row_is_told_what_a_request_is_told(
    drawn: list[tuple[Any, ...]], layout: str, start: int, parts: int
) -> None:
    """Any layout, any slice, any batches: the answers are those of the rows."""
    whole = table(drawn, TYPES[layout])
    part = pa.Table.from_batches(whole.slice(start).to_batches(max_chunksize=parts), whole.schema)
    decided = EGRESS.decide_many(part)
    assert [without_headers(one) for one in decided] == answers(drawn[start:])


def test_what_headers_could_change_is_assumed() -> None:
    """Where a route asks for a header, the answer without one comes first and the others are candidates."""
    decided = EGRESS.decide_many(table([("9.9.9.9", 80, "http", "a.com", None, "/")], pa.string()))
    (decision,) = decided
    assert decision is not None
    assert [one.route for one in decision.candidates] == ["rest", "header"]
    assert pa.array(decided.column("approximate")).to_pylist() == ["true"]


def test_a_route_before_the_header_is_certain() -> None:
    """Where a route is found before any header is asked for, nothing is assumed."""
    (decision,) = EGRESS.decide_many(table([("9.9.9.9", 80, "http", "a.com", None, "/v1")], pa.string()))
    assert decision is not None
    assert (decision.route, decision.candidates) == ("paths", ())


def test_columns_may_have_other_names_and_be_fewer() -> None:
    """Port and kind are needed; one column may hold both names; others may be missing."""
    data = pa.table({"p": [80, 443, 443], "proto": ["http", "tls", "tcp"], "host": ["a.com", "b.com", "b.com"]})
    decided = EGRESS.decide_many(data, port="p", kind="proto", authority="host")
    assert [one.cluster for one in decided if one is not None] == [
        "outbound|80||gone.com",
        "outbound|443||b.com",
        "PassthroughCluster",
    ]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(pa.table({"port": [1], "authority": ["a"]}), id="no kind"),
        pytest.param(pa.table({"kind": ["http"], "authority": ["a"]}), id="no port"),
        pytest.param(pa.table({"kind": ["http"], "port": ["80"], "authority": ["a"]}), id="a port that is text"),
        pytest.param(pa.table({"kind": [1.5], "port": [80], "authority": ["a"]}), id="a kind that is a number"),
        pytest.param(pa.array([1, 2]), id="no table"),
    ],
)
def test_bad_table(data: Any) -> None:
    """What cannot be read is a ValueError that says why."""
    with pytest.raises(ValueError, match=r"column|table"):
        EGRESS.decide_many(data)


@pytest.mark.parametrize(
    ("columns", "complaint"),
    [
        pytest.param(
            {"authority": "hots"}, "no column `hots`; it has `port`, `kind`, `host`", id="a name that is not there"
        ),
        pytest.param(
            {"host": "host"}, "`host` is not a column that is read; those are address", id="a word that is not known"
        ),
        pytest.param(
            {}, 'neither a column `authority` nor `server_name`: name one, as in `authority="host"`', id="no names"
        ),
        pytest.param(
            {"authority": "port"}, "`port` holds whole numbers, and `authority` is read from text", id="no text"
        ),
        pytest.param({"authority": "host", "threads": 0}, "`threads` is a number from 1, not `0`", id="no thread"),
    ],
)
def test_what_is_named_wrongly_is_told(columns: dict[str, Any], complaint: str) -> None:
    """A name that is not there is never taken for a column of nulls."""
    data = pa.table({"port": pa.array([80], pa.uint16()), "kind": ["http"], "host": ["a.com"]})
    with pytest.raises(ValueError, match=re.escape(complaint)):
        EGRESS.decide_many(data, **columns)


def test_bytes_need_no_names() -> None:
    """A table of opaque connections has no column of names, if the caller says so."""
    data = pa.table({"port": pa.array([81], pa.uint16()), "kind": ["tcp"]})
    assert [str(one) for one in EGRESS.decide_many(data, authority=None)] == ["PassthroughCluster"]


@pytest.mark.parametrize("wrong", [5, None, "http://a.com/", object()])
def test_what_is_no_list_is_refused(wrong: Any) -> None:
    """A URL by itself is not a list of requests; nor is a number."""
    with pytest.raises(TypeError, match="expected a table or a list of requests"):
        EGRESS.decide_many(wrong)


@pytest.mark.parametrize("wrong", [5, None, b"http://a.com/", object()])
def test_what_is_no_request_is_refused(wrong: Any) -> None:
    """A list holds requests and URLs."""
    with pytest.raises(TypeError, match="expected a Request or a URL, not "):
        EGRESS.decide_many([wrong])


def test_an_array_that_is_no_table_is_told() -> None:
    """A single column is not a table."""
    assert issubclass(ArrowError, ValueError)


def test_no_rows() -> None:
    """An empty table gives an empty column, which Arrow takes."""
    decided = EGRESS.decide_many(table([], pa.string()))
    assert len(decided) == len(pa.array(decided)) == 0


def test_the_column_is_dictionary_encoded() -> None:
    """Arrow takes the decisions as text; what is not a request is null."""
    drawn = [("9.9.9.9", 80, "http", "x.w.com", None, "/"), ("9.9.9.9", None, "http", "a.com", None, "/")]
    column = pa.array(EGRESS.decide_many(table(drawn, pa.string())))
    assert column.type == pa.dictionary(pa.int32(), pa.string())
    assert column.to_pylist() == ["outbound|80||*.w.com", None]


def test_other_fields_are_columns_too() -> None:
    """Each field of a decision can be a column; an unknown one is refused."""
    decided = EGRESS.decide_many(table([("9.9.9.9", 80, "http", "a.com", None, "/")], pa.string()))
    shown = {name: pa.array(decided.column(name)).to_pylist()[0] for name in ("outcome", "status", "allowed", "route")}
    assert shown == {"outcome": "no_cluster", "status": "503", "allowed": "false", "route": "rest"}
    with pytest.raises(ValueError, match="no field"):
        decided.column("colour")


def test_what_is_handed_out_is_released() -> None:
    """Neither a column that is taken nor one that nobody takes stays behind."""
    decided = EGRESS.decide_many(table([("9.9.9.9", 80, "http", "a.com", None, "/")], pa.string()))
    gc.collect()
    before = len(export.alive)
    taken, left = pa.array(decided), decided.__arrow_c_array__()
    assert len(export.alive) > before
    del taken, left
    gc.collect()
    assert len(export.alive) == before


def test_threads_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads share the rows of a batch."""
    monkeypatch.setattr("meshegress.columns.CHUNK", 16)
    drawn = [("9.9.9.9", 80, "http", f"h{number}.w.com", None, "/") for number in range(100)]
    data = table(drawn, pa.string()).combine_chunks()
    assert list(EGRESS.decide_many(data, threads=2)) == list(EGRESS.decide_many(data))


@pytest.mark.skipif(IMPLEMENTATION == "pure", reason="the reference twin is Python")
def test_a_batch_does_not_hold_the_gil() -> None:
    """Other Python runs while one call decides a batch, though nobody may take the GIL from the caller."""
    drawn = [("9.9.9.9", 80, "http", f"h{number}.w.com", None, "/") for number in range(10_000)]
    data = pa.concat_tables([table(drawn, pa.string())] * 20).combine_chunks()
    (batch,) = read_batches(data)
    columns = Columns(batch.length, _columns_of(batch, {}), "192.0.2.1", bytes(8192), bytes(8192), None)
    out = memoryview(bytearray(4 * batch.length)).cast("i")
    steps, is_over, interval = [0], threading.Event(), sys.getswitchinterval()

    def step() -> None:
        while not is_over.is_set():
            steps[0] += 1
            time.sleep(0)  # gives the GIL back at once

    stepper = threading.Thread(target=step)
    stepper.start()
    try:
        sys.setswitchinterval(60)  # from here on the caller gives it up of its own free will, or not at all
        seen = []
        for _ in range(10):
            before = steps[0]
            columns.walk(EGRESS.columns.walk, out, 0, batch.length)
            seen.append(steps[0] - before)
    finally:
        sys.setswitchinterval(interval)
        is_over.set()
        stepper.join()
    assert max(seen) > 0


def test_tables_are_swapped_while_threads_decide() -> None:
    """Each batch is decided by the one table that its caller took, whatever is put in its place meanwhile."""
    worlds = [meshegress.load(WORLD.replace("w.com", f"w{number}.com")).egress() for number in range(2)]
    drawn = [("9.9.9.9", 80, "http", f"a.w{number % 2}.com", None, "/") for number in range(200)]
    data = table(drawn, pa.string())
    expected = [[str(one) for one in world.decide_many(data)] for world in worlds]
    assert expected[0] != expected[1]
    current, is_over, wrong = [0], threading.Event(), []

    def read() -> None:
        while not is_over.is_set():
            number = current[0]
            if [str(one) for one in worlds[number].decide_many(data, threads=2)] != expected[number]:
                wrong.append(number)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for number in range(10):
        fresh = meshegress.load(WORLD.replace("w.com", f"w{number % 2}.com")).egress()
        worlds[number % 2], current[0] = fresh, number % 2
    is_over.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_rows_that_are_not_there_are_refused() -> None:
    """The compiled kernel writes nowhere but into its rows."""
    columns = Columns(2, (None,) * 6, "192.0.2.1", bytes(8192), bytes(8192), None)
    for start, stop in ((0, 3), (-1, 1), (2, 1)):
        with pytest.raises(IndexError):
            columns.walk(EGRESS.columns.walk, memoryview(bytearray(8)).cast("i"), start, stop)


def test_lists_are_lists() -> None:
    """Without Arrow, a list of requests and URLs gives a list of decisions."""
    asked: list[meshegress.Request | str] = ["http://a.com/v1", meshegress.Request.tcp("9.9.9.9", 81)]
    assert EGRESS.decide_many(asked) == [EGRESS.decide(one) for one in asked]


def test_batches_get_their_decisions_as_columns() -> None:
    """The entry point for engines that pass batches through keeps what is there and adds what is asked for."""
    data = pa.table({"port": [80, 443], "kind": ["http", "tls"], "authority": ["x.w.com", "b.com"]})
    (batch,) = add_decisions(EGRESS, data.to_batches(), fields=["cluster"])
    assert batch.to_pydict() == {**data.to_pydict(), "cluster": ["outbound|80||*.w.com", "outbound|443||b.com"]}

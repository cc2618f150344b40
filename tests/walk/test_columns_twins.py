"""Whole batches on drawn tables: what the compiled kernel answers is what the readable walk answers, row by row."""

from __future__ import annotations

from array import array
from itertools import product
from types import ModuleType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conftest import twin
from meshegress._engine.reference.columns import ASKS, NULL_ROW
from meshegress._match import IMPLEMENTATION
from meshegress.columns import COLUMNS, KINDS, row_request
from meshegress.columns.arrow_memory import read_batches
from meshegress.compiler.program.layout import TableLayout, lay_out_table
from meshegress.table import FilterChainMatch, HttpConnectionManager, Listener, RouteConfiguration, Table, VirtualHost
from meshegress.uncertainty.addresses import free_address
from meshegress.wire.paths import PathNormalization
from walk.drawn_tables import ADDRESSES, NAMES, hosts, listeners
from walk.tables import host, http, listener, opaque, route, route_of

pa = pytest.importorskip("pyarrow")

#: Bits for no port.
NONE = bytes(8192)
ODD_NAMES = [
    *("A.COM", "a.com:80", "a.com:", "a.com:80:80", "[::1]:80", "[::1]", "::", ":", ".", "..", ".a.com", "a.com."),
    *("x.", "*", "*.a.com", "İ.a.com", "é.com", "a b", "a\0.com", "u@a.com", "a/b", "xn--e.a.com", "\x7f.a.com"),
    *("l" * 300 + ".a.com", "x" * 26 + ".a.com", "x" * 27 + ".a.com", "x" * 58 + ".a.com", "x" * 59 + ".a.com", "-"),
]
ODD_ADDRESSES = [
    *(
        "",
        "1.1.1",
        "1.1.1.1.1",
        "01.1.1.1",
        "1.1.1.01",
        "1.1.1.256",
        "1.1.1.1000",
        "1..1.1",
        ".1.1.1",
        "1.1.1.",
        "1.1.1.1 ",
    ),
    *("255.255.255.255", "100.200.30.4", "1.1.1.1\0", "a.1.1.1", "1.1.1.1/8", "::ffff:1.1.1.1", "::1%1", "٠.1.1.1"),
]
PATHS = [
    *("/", "/v1", "/v1?q", "/V1", "/v1/x", "/v", "/v12345678901234567890?a=b", "/v1#f", "//v1", "/v1//", "/v1?//"),
    *("/%00", "/a/../v1", "/v1/.", "/v1/.x", "x:1", "", "/é", "/v1\\", "/v1?a=%00", "/0123456789abcde/.", "/v1 x"),
]
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "address": st.sampled_from([None, None, *ADDRESSES, *ODD_ADDRESSES]),
    "port": st.sampled_from([80, 80, 443, 15001, 81, None, 0, 65535]),
    "kind": st.sampled_from([*KINDS, "http", "tls", "gopher", None]),
    "authority": st.one_of(st.sampled_from([None, *NAMES, *ODD_NAMES]), st.text("aA.:[]*é-\0 ", max_size=40)),
    "server_name": st.one_of(st.sampled_from([None, *NAMES, *ODD_NAMES]), st.text("aA.*é\0", max_size=40)),
    "path": st.sampled_from([None, *PATHS]),
}
#: Text as bytes, which may hold what is not Unicode; and with offsets of either width, or as views.
LAYOUTS = {"binary": pa.binary(), "large_binary": pa.large_binary(), "binary_view": pa.binary_view()}


@pytest.fixture(scope="module")
def twins() -> tuple[ModuleType, ModuleType, ModuleType]:
    """The readable walk, the compiled one and the compiled kernel, which take no other tables than compiled ones."""
    if IMPLEMENTATION == "pure":
        pytest.skip("the tables of this run are the readable ones")
    return twin("_engine.reference.walk"), twin("_engine.native.walk"), twin("_engine.native.columns")


def rows() -> st.SearchStrategy[list[tuple[Any, ...]]]:
    """Draw rows; more than the kernel takes at once."""
    return st.lists(st.tuples(*(VALUES[name] for name in COLUMNS)), min_size=4, max_size=40)


def conditional() -> VirtualHost:
    """Return a virtual host of routes with every kind of path, and some that ask for more."""
    asked = [
        route_of("exact", {"path": {"exact": "/v1"}}),
        route_of("folded", {"path": {"prefix": "/V1/", "ignore_case": True}}),
        route_of("header", {"path": {"prefix": "/v12"}, "headers": {"x": {"exact": "1"}}}),
        route_of("query", {"path": {"prefix": "/0"}, "query": {"q": {"present": True}}}),
        route_of("prefix", {"path": {"prefix": "/v1"}}),
        route_of("regex", {"path": {"regex": "/v.*"}}),
    ]
    return host("c", *asked, domains=["*.a.com", "a.com"])


def laid_out(drawn: list[Listener], served: tuple[VirtualHost, ...]) -> TableLayout:
    """Return a table's layout of one route configuration."""
    return lay_out_table(Table(tuple(drawn), {"80": RouteConfiguration("80", served)}, {}))


def batch(drawn: list[tuple[Any, ...]], layout: str, *, encoded: bool, start: int) -> Any:
    """Return the rows from *start* on as a record batch; *encoded*: through dictionaries."""
    arrays = []
    for name, values in zip(COLUMNS, zip(*drawn, strict=True), strict=True):
        if name == "port":
            arrays.append(pa.array(values, pa.uint16()))
            continue
        texts = [None if value is None else value.encode("utf-8", "surrogatepass") for value in values]
        column = pa.array(texts, LAYOUTS[layout])
        if encoded:
            column = pa.array(texts, pa.binary()).dictionary_encode()
        arrays.append(column)
    return pa.record_batch(arrays, names=list(COLUMNS)).slice(start)


def numbers(kernel: ModuleType, walk: Any, data: Any, free: str) -> list[int]:
    """Return what the compiled kernel says of every row of *data*."""
    (read,) = read_batches(data)
    columns = tuple(read.columns[name] for name in COLUMNS)
    out = array("i", bytes(4 * read.length))
    left = kernel.Columns(read.length, columns, free, NONE, NONE, None).walk(walk, out, 0, read.length)
    assert left == out.count(ASKS)
    return list(out)


@given(
    st.lists(listeners(), max_size=4),
    hosts(),
    rows(),
    st.sampled_from(sorted(LAYOUTS)),
    st.booleans(),
    st.integers(0, 3),
)
@example(
    [listener(http())],
    (conditional(),),
    [(None, 80, "http", "x.a.com", None, path) for path in PATHS],
    "binary",
    False,
    0,
)
@example([listener(opaque("a"))], (), [(one, 80, "tcp", None, None, None) for one in ODD_ADDRESSES], "binary", True, 1)
def test_the_kernel_agrees(
    twins: tuple[ModuleType, ModuleType, ModuleType],
    drawn: list[Listener],
    served: tuple[VirtualHost, ...],
    asked: list[tuple[Any, ...]],
    layout: str,
    encoded: bool,
    start: int,
) -> None:
    """A number is the leaf of the row's request; a row is null where there is no request; the rest is left open."""
    table = laid_out(drawn, (*served, conditional())).layout
    readable, compiled = (module.Walk(table, str) for module in twins[:2])
    free = free_address(drawn, v6=False)
    found = numbers(twins[2], compiled, batch(asked, layout, encoded=encoded, start=start), free)
    for values, number in zip(asked[start:], found, strict=True):
        request = row_request(values)
        if request is None:
            assert number in (ASKS, NULL_ROW), values
        elif number != ASKS:
            assert number == readable.find(request, request.address or free, headers_unknown=True), values


@pytest.mark.parametrize("mode", PathNormalization)
def test_paths_are_judged_without_python(
    twins: tuple[ModuleType, ModuleType, ModuleType], mode: PathNormalization
) -> None:
    """What a path alone decides is answered by the kernel; what takes more, or is odd, is left open."""
    chain = http()
    manager = HttpConnectionManager("80", path_normalization=mode)
    table = laid_out([listener(type(chain)(manager, chain.match, chain.name))], (conditional(),)).layout
    asked = ["/v1", "/V1/x", "/v1/x?y", "/v", "/v123", "/0", "/x", "/v1//", "/a/../v1"]
    expected = ["exact", "folded", "folded", ASKS, ASKS, ASKS, ASKS, "folded", ASKS]
    merging = {"/v1//": ASKS} if mode.name.endswith("MERGE_SLASHES") or mode.name.startswith("DECODE") else {}
    found = numbers(
        twins[2],
        twins[1].Walk(table, str),
        batch([("9.9.9.9", 80, "http", "a.com", None, path) for path in asked], "binary", encoded=False, start=0),
        "192.0.2.1",
    )
    routes = [one.name for one in conditional().routes]
    first = min(number for number in found if number >= 0) - routes.index("exact")
    shown = [routes[number - first] if number >= 0 else number for number in found]
    assert shown == [merging.get(path, leaf) for path, leaf in zip(asked, expected, strict=True)]


def test_ordinary_rows_are_answered_without_python(twins: tuple[ModuleType, ModuleType, ModuleType]) -> None:
    """Nothing is left open where nothing is odd, with and without addresses."""
    table = laid_out([listener(http(), addresses=("1.1.1.1", "0.0.0.0"))], (host("a.com"), host("*.b.com"))).layout
    asked = [
        (address, port, kind, name, name, "/x?y=z")
        for address in (None, "1.1.1.1", "9.9.9.9", "::1")
        for port in (80, 81)
        for kind in KINDS
        for name in ("a.com", "A.com:80", "x.b.com", "nobody.com", "")
    ]
    found = numbers(twins[2], twins[1].Walk(table, str), batch(asked, "binary", encoded=False, start=0), "192.0.2.1")
    assert min(found) >= 0
    assert len(set(found)) > 4


def test_a_route_of_every_path_stands_for_the_rest(twins: tuple[ModuleType, ModuleType, ModuleType]) -> None:
    """Behind routes that a path passes over, one that takes all is found without Python."""
    first = route_of("first", {"path": {"prefix": "/v1"}, "headers": {"x": {"exact": "1"}}})
    table = laid_out([listener(http())], (host("a", first, route("rest"), domains=["*"]),)).layout
    asked = [("9.9.9.9", 80, "http", "a.com", None, path) for path in ("/v2", "/v1")]
    found = numbers(twins[2], twins[1].Walk(table, str), batch(asked, "binary", encoded=False, start=0), "192.0.2.1")
    assert found[0] >= 0
    assert found[1] == ASKS


def test_every_shape_of_an_address_is_read(twins: tuple[ModuleType, ModuleType, ModuleType]) -> None:
    """Each of four numbers may have one to three digits: every address finds its own listener."""
    addresses = [".".join(parts) for parts in product(("0", "42", "255"), repeat=4) if parts != ("0",) * 4]
    table = laid_out([listener(opaque(address), addresses=(address,)) for address in addresses], ()).layout
    asked = [(address, 80, "tcp", None, None, None) for address in addresses]
    for layout in LAYOUTS:
        found = numbers(twins[2], twins[1].Walk(table, str), batch(asked, layout, encoded=False, start=0), "192.0.2.1")
        assert found == [3 + 4 * row for row in range(80)]


def test_rows_of_many_ways_do_not_mix(twins: tuple[ModuleType, ModuleType, ModuleType]) -> None:
    """However many ports, kinds and families stand side by side, each row is answered as if it were alone."""
    ports = range(1000, 1400)
    drawn = [
        listener(
            opaque(f"c{port}", FilterChainMatch(server_names=("a.com",))),
            addresses=(address,),
            port=port,
            tls_inspector=True,
        )
        for port in ports
        for address in ("1.1.1.1", "0.0.0.0", "::")
    ]
    table = laid_out(drawn, ()).layout
    asked = [
        (address, port, kind, "a.com", "a.com", "/")
        for port in ports
        for kind in ("tls", "raw", "http")
        for address in ("1.1.1.1", "2001:db8::1", "9.9.9.9")
    ]
    walk = twins[1].Walk(table, str)
    found = numbers(twins[2], walk, batch(asked, "binary", encoded=False, start=0), "192.0.2.1")
    requests = [row_request(values) for values in asked]
    assert found == [
        twins[0].Walk(table, str).find(request, request.address, headers_unknown=True)
        for request in requests
        if request
    ]


@pytest.mark.parametrize("wrong", ["", "00", "01", "007", "256", "300", "999", "1000", "1 ", "a", "/9", ":"])
def test_a_number_that_is_no_byte_makes_no_address(
    twins: tuple[ModuleType, ModuleType, ModuleType], wrong: str
) -> None:
    """Wherever it stands among four, and whatever the others are: the row is null."""
    table = laid_out([listener(opaque("a"))], ()).layout
    texts = [
        ".".join([*[other] * place, wrong, *[other] * (3 - place)])
        for other in ("1", "23", "198")
        for place in range(4)
    ]
    asked = [(text, 80, "tcp", None, None, None) for text in texts]
    found = numbers(twins[2], twins[1].Walk(table, str), batch(asked, "binary", encoded=False, start=0), "192.0.2.1")
    assert found == [NULL_ROW] * 12

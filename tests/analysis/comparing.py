"""What a comparison promises, asked of two subjects and some requests; and requests that stand beside a region."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from hypothesis import strategies as st

from meshegress import Egress, Request
from meshegress.analysis.answers import KEYS, By
from meshegress.analysis.cells import Cell, Doubt
from meshegress.analysis.changes import changes_of
from meshegress.analysis.differ.ports import compare
from meshegress.analysis.differ.sides import Subject, TableSubject
from meshegress.analysis.subjects import EgressSubject
from meshegress.analysis.texts.product import Budget
from meshegress.compiler.program import program_of
from meshegress.errors import RequestError
from meshegress.request import WireProtocol
from meshegress.table import Table

PLACES = ("9.9.9.9", "1.1.1.1", "10.0.0.1", "10.0.0.7", "127.0.0.1", "127.9.9.9", "::1", "2001:db8::1", "fd00::1")
PORTS = (80, 81, 443, 3306, 8080, 8443, 9000, 15001, 15006, 15021)


def tables(before: Table, after: Table) -> tuple[Subject, Subject]:
    """Return two tables as what can be compared."""
    return TableSubject(program_of(before)), TableSubject(program_of(after))


def egresses(before: Egress, after: Egress) -> tuple[Subject, Subject]:
    """Return two egresses as what can be compared."""
    return EgressSubject(before), EgressSubject(after)


def problems(
    sides: tuple[Subject, Subject],
    requests: Iterable[Request],
    *,
    by: By = "answer",
    budget: Budget | None = None,
    beside: st.DataObject | None = None,
) -> list[str]:
    """Return where the promise is broken: requests differ exactly if one cell holds them, with the cell's answers.

    *beside* draws requests that stand beside the cells: a witness with one thing changed.
    """
    cells, doubts = compare(*sides, by=by, budget=budget)
    asked = [one if one.address is not None else one.to("9.9.9.9") for one in requests]
    if beside is not None and cells:
        witnesses = beside.draw(st.lists(st.sampled_from([cell.witness for cell in cells]), max_size=8))
        asked += [beside.draw(derived(witness)) for witness in witnesses]
    found = [f"witness outside: {cell.witness!r}" for cell in cells if not cell.contains(cell.witness)]
    changes = changes_of(cells)
    if sum(change.cells for change in changes) != len(cells):
        found.append("merging loses cells")
    for request in (*asked, *(cell.witness for cell in cells)):
        found += _problems_of(request, sides, cells, doubts, by)
        holding = [change for change in changes if change.contains(request)]
        if len(holding) != any(cell.contains(request) for cell in cells):
            found.append(f"{len(holding)} changes hold {request!r}")
    return found


def _problems_of(
    request: Request, sides: tuple[Subject, Subject], cells: list[Cell], doubts: list[Doubt], by: By
) -> Iterator[str]:
    key = KEYS[by]
    before, after = (side.decide(request) for side in sides)
    holding = [cell for cell in cells if cell.contains(request)]
    told = f"{request!r} {request.headers} {request.payload!r}: {before} -> {after}"
    if key(before) == key(after):
        if holding:
            yield f"false: {told}"
        return
    if not holding and not any(doubt.contains(request) for doubt in doubts):
        yield f"missed: {told}"
    if len(holding) > 1:
        yield f"overlapping: {told}"
    for cell in holding:
        is_other = (key(cell.before), key(cell.after)) != (key(before), key(after))
        if is_other and request.variant == cell.witness.variant:
            yield f"another answer: {told}, not {cell.before} -> {cell.after}"


def differing(sides: tuple[Subject, Subject], requests: Iterable[Request]) -> list[Request]:
    """Return those of *requests* that are answered otherwise."""
    key = KEYS["answer"]
    return [one for one in requests if key(sides[0].decide(one)) != key(sides[1].decide(one))]


@st.composite
def derived(draw: st.DrawFn, request: Request) -> Request:
    """Draw *request* with one thing changed."""
    name = draw(st.sampled_from(sorted(_CHANGES)))
    fields = {key: getattr(request, key) for key in _FIELDS}
    try:
        return Request(**{**fields, **draw(_CHANGES[name](request))})
    except RequestError:
        return request


_FIELDS = ("address", "port", "protocol", "is_tls", "sni", "alpn", "host", "method", "path", "headers", "payload")


def _fields(**strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(strategies)


def _names(request: Request) -> st.SearchStrategy[dict[str, Any]]:
    name = (request.sni if request.is_tls else request.host) or ""
    others = [f"x.{name}", name.partition(".")[2], f"{name}.", name.upper(), f"x{name}", f"{name}:80", "", None]
    return _fields(**{"sni" if request.is_tls else "host": st.sampled_from(others)})


def _paths(request: Request) -> st.SearchStrategy[dict[str, Any]]:
    path = request.path
    bare = path.partition("?")[0]
    others = [f"{path}x", path[:-1] or "/", path.upper(), f"{bare}/", f"{bare}?v=1", f"/{path}", f"{bare}/../x", bare]
    return _fields(path=st.sampled_from([*others, "/%41pi", "*", "/%00"]))


def _headers(request: Request) -> st.SearchStrategy[dict[str, Any]]:
    rows = request.headers
    more = [
        ("x-user", "alice"),
        ("x", "1"),
        ("connection", "upgrade"),
        ("content-type", "application/grpc"),
        ("x-forwarded-proto", "https"),
    ]
    others = [(*rows, one) for one in more] + [rows[:-1], rows[::-1]]
    others += [(*rows, (name, other)) for name, value in rows for other in (f"{value}x", value.upper(), "")]
    others += [((name, f"{value}x"), *rows[1:]) for name, value in rows[:1]]
    return _fields(headers=st.sampled_from(others))


_CHANGES: dict[str, Callable[[Request], st.SearchStrategy[dict[str, Any]]]] = {
    "address": lambda _request: _fields(address=st.sampled_from(PLACES)),
    "port": lambda _request: _fields(port=st.sampled_from(PORTS)),
    "name": _names,
    "path": _paths,
    "headers": _headers,
    "method": lambda _request: _fields(method=st.sampled_from(["GET", "POST", "CONNECT", "QUERY", "get", "FOO"])),
    "protocol": lambda _request: _fields(protocol=st.sampled_from(WireProtocol)),
    "offer": lambda _request: _fields(alpn=st.sampled_from([(), ("h2",), ("http/1.1", "h2"), ("x",)])),
    "payload": lambda _request: _fields(
        payload=st.sampled_from([b"", b"\x16\x03", b"PING PONG", b"GET / HTTP/1.0\r\n\r\n", b"A /\n"])
    ),
}

"""Take one part of the comparison away, and a case of its own notices: what is promised cannot hold by chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from analysis.comparing import egresses, problems, tables
from analysis.test_cases import ROUTED, TABLES, entry, requests, table
from meshegress import Budget, Mesh, Request
from meshegress.analysis.differ import places, ports, virtual_hosts
from meshegress.analysis.differ.pairs import Pair
from meshegress.analysis.differ.search import Search
from meshegress.analysis.differ.sides import Side, Subject
from meshegress.analysis.matches.values import ValueSearch
from meshegress.analysis.spaces.domains import Authority, Domains
from meshegress.analysis.spaces.first_bytes import Bytes, samples
from meshegress.analysis.spaces.offers import Offers
from meshegress.analysis.spaces.server_names import ServerNames
from meshegress.table import Cluster, EndpointState, FilterChainMatch, Table
from walk.tables import host, http, listener, opaque, route, route_of

Patch = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Mutant:
    """A part that is taken away, what notices, and what is asked for."""

    patch: Patch
    sides: Callable[[], tuple[Subject, Subject]]
    asked: Sequence[Request]
    budget: Budget | None = None


def attribute(owner: Any, name: str, value: Any) -> Patch:
    """Return what sets an attribute."""
    return lambda monkeypatch: monkeypatch.setattr(owner, name, value)


def case(name: str) -> Callable[[], tuple[Subject, Subject]]:
    """Return the sides of a case of tables."""
    return lambda: tables(*TABLES[name])


def routed(before: Sequence[Any], after: Sequence[Any], *domains: str) -> Callable[[], tuple[Subject, Subject]]:
    """Return tables with one virtual host of these routes on each side."""
    rows = [[route_of(f"r{number}", given) for number, given in enumerate(side)] for side in (before, after)]
    hosts = [host("a", *side, route("rest"), domains=domains or ["*.com", "a.com"]) for side in rows]
    return lambda: tables(*(table(listener(http()), hosts=[one]) for one in hosts))


def with_cluster(one: Table) -> Table:
    """Return the table with the cluster ``c``."""
    return Table(one.listeners, one.route_configurations, {"c": Cluster("c", EndpointState.SOME)})


TO_C = table(listener(opaque("c")), listener(http(), port=443), hosts=[host("a.com", route("c")), host("b.com")])
NAMED_ZERO = FilterChainMatch(prefix_ranges=("0.0.0.0/0",), server_names=("a.com",))
ZEROS = (
    table(listener(opaque("x"), tls_inspector=True)),
    table(listener(opaque("x"), opaque("y", NAMED_ZERO), tls_inspector=True)),
)
HEADERS = ([{"headers": {"x": {"exact": "1"}}}], [{"headers": {"x": {"exact": "2"}}}])
PATTERNS = ([{"path": {"regex": "/v[0-9]"}}], [{"path": {"regex": "/v1.*"}}])
LONG, SHORT = {"path": {"prefix": "/v1"}}, {"path": {"prefix": "/v"}}
PREFIXES = ([LONG, SHORT], [SHORT, LONG])
SUFFIXES = [FilterChainMatch(server_names=("*.a.com",), transport_protocol="tls")]


def undated() -> tuple[Subject, Subject]:
    """Return meshes that answer alike in the order by name, and otherwise in others."""
    first, second, third = (entry(name, f"{name}.com", 9000, "TCP") for name in ("a", "b", "c"))
    return egresses(Mesh([first, second]).egress("shop"), Mesh([first, third]).egress("shop"))


def only_the_first(self: Any, port: int) -> list[Pair]:
    """Pair the natural tables alone."""
    before, after = self._search.before.natural, self._search.after.natural
    return [self._pair(before, after)]


def asked_as_alike(self: Any, *given: Any) -> bool:
    """Ask as if all tables read HTTP."""
    served = _ask.__get__(self)
    self._ends = _Alike(self._ends)
    return bool(served(*given))


class _Alike:
    is_mixed = False

    def __init__(self, ends: Any) -> None:
        self._ends = ends

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ends, name)


_ask = virtual_hosts.Served._ask


def without(kind: Bytes) -> Callable[[], Any]:
    """Return the samples without those of *kind*."""
    return lambda: {one: makers for one, makers in samples().items() if one is not kind}


MUTANTS = {
    "no loopback atom": Mutant(attribute(ports, "LOOPBACK", frozenset()), case("loopback"), requests()),
    "first look ignored": Mutant(attribute(Pair, "_has_other_look", lambda _self: False), case("loopback"), requests()),
    "written /0 ignored": Mutant(
        attribute(Pair, "has_other_zero", lambda *_: False), lambda: tables(*ZEROS), requests()
    ),
    "clusters ignored": Mutant(
        attribute(Pair, "_changed_clusters", lambda _self: frozenset()),
        lambda: tables(TO_C, with_cluster(TO_C)),
        requests(),
    ),
    "clusters of hosts ignored": Mutant(
        attribute(Pair, "domains_between", lambda *_: ()), lambda: tables(TO_C, with_cluster(TO_C)), requests()
    ),
    "default chain ignored": Mutant(
        attribute(Pair, "_has_other_default", lambda *_: False),
        case("names that come to the default chain"),
        requests(),
    ),
    "suffixes ignored": Mutant(
        attribute(Domains, "_atoms_of", lambda _self, domain: [Authority(domain)] if "*" not in domain else []),
        case("the port of an authority is any text"),
        [Request.http("x.a.com", address="9.9.9.9"), Request.http("y.a.com:80", address="9.9.9.9")],
    ),
    "suffixes of server names ignored": Mutant(
        attribute(ServerNames, "classify", lambda _self, name: name),
        lambda: tables(
            table(listener(opaque("x", SUFFIXES[0]), tls_inspector=True)), table(listener(tls_inspector=True))
        ),
        [Request.tls("x.a.com", address="9.9.9.9", port=80), Request.tls("y.a.com", address="9.9.9.9", port=80)],
    ),
    "variants ignored": Mutant(
        attribute(virtual_hosts.Served, "_ask", asked_as_alike),
        case("an upgrade that HTTP refuses passes as bytes"),
        requests(),
    ),
    "offers ignored": Mutant(
        attribute(Offers, "witnesses", lambda self: [(self.classify(()), ())]),
        case("the first protocol that is offered"),
        [*requests(), Request.tls("a.com", address="9.9.9.9", port=80, alpn=("h2",))],
    ),
    "prefixes ignored": Mutant(
        attribute(ports.Comparison, "_prefixes", lambda *_: set()), case("loopback beside a prefix"), requests()
    ),
    "ports of chains ignored": Mutant(
        attribute(Side, "ports", lambda self: set(self.layout.ports)), case("a chain that asks for a port"), requests()
    ),
    "too few bytes ignored": Mutant(
        attribute(places, "samples", without(Bytes.TOO_FEW)),
        case("fewer than five bytes keep the TLS inspector waiting"),
        requests(),
    ),
    "common rows go too far": Mutant(
        attribute(virtual_hosts.Served, "_common", lambda _self, lists: len(lists[0])), routed(*PREFIXES), ROUTED
    ),
    "one value of a header": Mutant(
        attribute(ValueSearch, "_value_lists", lambda _self, _dimension, _asked, singles: [(singles[0],)]),
        routed(*HEADERS),
        ROUTED,
    ),
    "doubts ignored": Mutant(attribute(Search, "doubt", lambda *_: None), routed(*PATTERNS), ROUTED, Budget(states=2)),
    "other orders ignored": Mutant(
        attribute(ports.Comparison, "_pairs_on", only_the_first), undated, [Request.tcp("9.9.9.9", 9000)]
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_killed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole comparison keeps its promise on the case; without the part it breaks it."""
    mutant = MUTANTS[name]
    assert problems(mutant.sides(), mutant.asked, budget=mutant.budget) == []
    mutant.patch(monkeypatch)
    assert problems(mutant.sides(), mutant.asked, budget=mutant.budget) != []

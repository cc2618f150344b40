"""HTTP at one place: which authorities are served otherwise, and under which conditions of their routes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from meshegress._engine.layout import NO_MATCH
from meshegress.analysis.cells import ALL_VARIANTS, Routing, Scope
from meshegress.analysis.differ.pairs import Pair
from meshegress.analysis.differ.search import Search
from meshegress.analysis.differ.writing import Draft, chosen_values
from meshegress.analysis.matches.combinations import Cube, combine
from meshegress.analysis.matches.dimensions import Conditions, Dimension, Ends
from meshegress.analysis.matches.values import Value, ValueSearch
from meshegress.analysis.spaces.domains import Authority, Domains
from meshegress.analysis.spaces.first_bytes import SPOKEN, Bytes, Objection, objection_of
from meshegress.compiler.program.leaves import Owner
from meshegress.compiler.program.trees import is_answered
from meshegress.request import Request
from meshegress.table import HttpConnectionManager, Listener, Route, RouteConfiguration, VirtualHost
from meshegress.wire.paths import PathNormalization

_Rows = Sequence[tuple[Pair, Listener | None, Listener | None]]


@dataclass(slots=True)
class HttpEnds:
    """Who answers HTTP at a place: of each pair of tables the owners of the leaves before and after."""

    pairs: Sequence[tuple[Pair, Sequence[Owner], Sequence[Owner]]]
    sample: Request
    objection: Objection
    kinds: list[Bytes] = field(default_factory=list)

    @classmethod
    def of(cls, rows: _Rows, sample: Request, kind: Bytes, objection: Objection) -> HttpEnds:
        """Return who answers *sample*."""
        pairs = [(pair, pair.before.owners_of(sample), pair.after.owners_of(sample)) for pair, _, _ in rows]
        return cls(pairs, sample, objection)

    @property
    def tables(self) -> list[Sequence[Owner]]:
        """The owners in each table."""
        return [owners for _, before, after in self.pairs for owners in (before, after)]

    @property
    def http(self) -> list[Owner]:
        """All owners that read HTTP."""
        return [owner for owners in self.tables for owner in owners if owner.routes is not None]

    @property
    def key(self) -> Hashable:
        """What is the same for first bytes that end alike."""
        return tuple(tuple((owner.first_leaf, id(owner.routes)) for owner in owners) for owners in self.tables)

    @property
    def modes(self) -> set[PathNormalization]:
        """How paths are normalised."""
        return {_manager(owner).path_normalization for owner in self.http}

    @property
    def normalizes(self) -> bool:
        """Whether any table normalises paths."""
        return self.modes != {PathNormalization.NONE}

    @property
    def is_ambiguous(self) -> bool:
        """Whether one table normalises paths and another does not."""
        return self.normalizes and PathNormalization.NONE in self.modes

    @property
    def is_mixed(self) -> bool:
        """Whether some table does not read HTTP here, or may not."""
        return any(len(owners) != 1 or owners[0].routes is None for owners in self.tables)

    def is_alike(self, *, by_name: bool) -> bool:
        """Return whether all tables come to one route configuration each, on ways that do not differ."""
        if self.is_mixed or len(self.modes) > 1:
            return False
        if self.objection.is_http_10 and not all(_manager(owner).accept_http_10 for owner in self.http):
            return False  # some refuse an old version
        ways = {(owner.listener.name, _name(owner), _manager(owner).route_config) for owner in self.http}
        return not by_name or len(ways) == 1

    def routes(self) -> list[RouteConfiguration]:
        """Return the route configurations, each once."""
        found = {id(owner.routes.routes): owner.routes.routes for owner in self.http if owner.routes is not None}
        return list(found.values())

    def hosts(self, authority: str) -> list[VirtualHost | None]:
        """Return the virtual hosts that serve *authority*, None where there is none or no HTTP is read."""
        return [_host(owner, authority) for owners in self.tables for owner in owners]


def compare_http(search: Search, scope: Scope, ends: HttpEnds) -> None:
    """Look for cells among the requests that *ends* answer."""
    scope = replace(scope, kinds=frozenset(ends.kinds), objection=ends.objection, normalizes=ends.normalizes)
    if not ends.http:
        search.ask(scope, ends.sample)
        return
    routes = ends.routes()
    if ends.is_alike(by_name=search.by == "decision"):
        touched = _touched_domains(ends)
    else:
        touched = [*(name for one in routes for host in one.virtual_hosts for name in host.domains), "*"]
    if not touched:
        return
    domains = search.facts.domains(routes)
    for atom in domains.atoms(touched):
        authority = domains.witness(atom)
        own = replace(scope, name=atom, names=domains)
        if authority is None:
            search.doubt(own, "no authority was found that no more specific domain takes")
        else:
            Served(search, own, ends, atom, authority).compare()


def _touched_domains(ends: HttpEnds) -> list[str]:
    found: dict[str, None] = {}
    for pair, (before,), (after,) in ends.pairs:
        assert before.routes is not None  # all read HTTP
        assert after.routes is not None
        found.update(dict.fromkeys(pair.domains_between(before.routes.routes, after.routes.routes)))
    return list(found)


class Served:
    """The requests for one atom of authorities."""

    def __init__(self, search: Search, scope: Scope, ends: HttpEnds, atom: Authority, authority: str) -> None:
        self._search = search
        self._scope = scope
        self._ends = ends
        self._atom = atom
        self._authority = authority

    def compare(self) -> None:
        """Look for cells: one for each combination of routes that requests can take."""
        hosts = [] if self._ends.objection.is_connect else self._ends.hosts(self._authority)
        if all(host is None or is_answered(host) for host in hosts):
            self._ask(Conditions((), self._ends.modes), ((), False), ({},), {})
            return
        conditions = self._conditions(hosts)
        if conditions.is_ambiguous:
            self._search.doubt(self._scope, "paths that only one side normalises, or that they do otherwise")
        domains = self._scope.names
        assert isinstance(domains, Domains)
        budget = self._search.budget
        searched = ValueSearch(conditions, self._authority, domains, self._atom, budget)
        values = {dimension: searched.values(dimension) for dimension in conditions.dimensions}
        combined = combine(conditions, values, budget)
        for ends, cubes in combined.found.items():
            if not self._ask(conditions, ends, cubes, values):
                searched.doubts.append("no request was found for some combination of conditions")
        for reason in dict.fromkeys((*searched.doubts, combined.reason)):
            if reason:
                self._search.doubt(self._scope, reason)

    def _ask(
        self,
        conditions: Conditions,
        ends: tuple[Ends, bool],
        cubes: Sequence[Cube],
        values: Mapping[Dimension, Mapping[int, Value]],
    ) -> bool:
        """Decide the requests that take the rows *ends*; return False where none was found that can be written."""
        routing = Routing(conditions=conditions, ends=ends[0], is_grpc=ends[1], cubes=cubes, variants=ALL_VARIANTS)
        writer = _Writer(self, routing, values)
        self._search.ask_routing(self._scope, routing, writer.write, is_mixed=self._ends.is_mixed)
        return not writer.is_lost

    def _conditions(self, hosts: Sequence[VirtualHost | None]) -> Conditions:
        lists = list({id(host.routes): host.routes for host in hosts if host is not None}.values())
        ends = None
        if self._search.by == "answer":
            is_everywhere = bool(hosts) and None not in hosts
            ends = self._row_ends(lists, self._common(lists) if is_everywhere else 0)
        return Conditions(lists, self._ends.modes, ends)

    def _common(self, lists: Sequence[Sequence[Route]]) -> int:
        """Return how many rows all lists begin with, and lead to the same in both tables of each pair."""
        pairs = [pair for pair, _, _ in self._ends.pairs]
        number = 0
        for rows in zip(*lists, strict=False):
            if any(row != rows[0] for row in rows) or any(pair.is_moved(rows[0].action) for pair in pairs):
                break
            number += 1
        return number

    def _row_ends(self, lists: Iterable[Sequence[Route]], common: int) -> list[list[Hashable]]:
        """Return what each row comes to, as far as the answer goes; those that all begin with are one."""
        return [["same"] * common + [(row.action, row.fault) for row in rows[common:]] for rows in lists]

    def draft(self) -> Draft:
        """Return the request that asks for nothing special."""
        sample = self._ends.sample
        method = "CONNECT" if self._ends.objection.is_connect else "GET"
        return Draft(sample.destination, sample.port, self._authority, method=method)

    def write(self, draft: Draft) -> Request | None:
        """Return *draft* in the first version in which it is of this scope, or None where there is none."""
        objection = self._ends.objection
        for kind in SPOKEN:
            request = draft.write(kind, is_http_10=objection.is_http_10) if kind in self._ends.kinds else None
            if request is not None and objection_of(request, normalizes=self._ends.normalizes) == objection:
                return request
        return None


class _Writer:
    """Writes the witness of a routing; it is lost where a request can be written, but not one that takes these rows."""

    def __init__(self, served: Served, routing: Routing, values: Mapping[Dimension, Mapping[int, Value]]) -> None:
        self._served = served
        self._routing = routing
        self._values = values
        self.is_lost = False

    def write(self, variant: int) -> Request | None:
        """Return a request in *variant*, or None."""
        is_lost = False
        for cube in self._routing.cubes:
            request = self._write(cube, variant)
            if request is not None and request.variant == variant and self._routing.contains(request):
                return request
            is_lost = is_lost or (request is not None and request.variant == variant)
        self.is_lost = self.is_lost or is_lost
        return None

    def _write(self, cube: Cube, variant: int) -> Request | None:
        draft = self._served.draft().with_values(chosen_values(cube, self._values))
        return self._served.write(draft.in_variant(variant))


def _host(owner: Owner, authority: str) -> VirtualHost | None:
    if owner.routes is None:
        return None
    row = owner.routes.node.domains.find(authority)
    return None if row == NO_MATCH else owner.routes.hosts[row]


def _manager(owner: Owner) -> HttpConnectionManager:
    assert owner.chain is not None  # whoever has routes has a chain
    manager = owner.chain.network_filter
    assert isinstance(manager, HttpConnectionManager)
    return manager


def _name(owner: Owner) -> str | None:
    return owner.chain.name if owner.chain is not None else None

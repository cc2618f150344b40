"""Route configurations: the virtual hosts behind each port.

Source: Istio, pilot/pkg/networking/core, httproute.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from meshegress._match import host_matches
from meshegress.compiler.model.domains import bracketed, host_and_port, service_domains
from meshegress.compiler.model.drafts import single, target_cluster
from meshegress.compiler.model.orders import claimant_first
from meshegress.compiler.model.part_pool import PartPool
from meshegress.compiler.model.projections import http_selectors
from meshegress.compiler.model.protocols import Protocol
from meshegress.compiler.model.proxy import Proxy
from meshegress.compiler.model.routing import ResolvedVirtualService, RouteTarget
from meshegress.compiler.model.scopes import EgressListener, Scope
from meshegress.compiler.model.services import RegistryPort, Service, ServiceResolution
from meshegress.compiler.model.ties import domains_of
from meshegress.compiler.routes.http import http_routes
from meshegress.compiler.routes.label_dependent import HostRoutes, LabelDependentRoutes, Routed, RouteSet
from meshegress.decision import Origin
from meshegress.naming import cluster_name
from meshegress.profiles import Profile
from meshegress.table import EVERY_PATH, Route, RouteAction, RouteConfiguration, VirtualHost

__all__ = ["RouteBuilder", "RouteSet", "Routed"]

UNIX = "unix://"
#: The port on which a VirtualService may serve a host that nobody declared.
_OPEN_PORT = 80


@dataclass(frozen=True, slots=True)
class _Served:
    """A service as one port's routes know it: the host in lower case, and the ports that count."""

    host: str
    service: Service
    ports: tuple[RegistryPort, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    """Virtual hosts that share their routes: declared services, and hosts that only a VirtualService names."""

    port: int
    served: tuple[_Served, ...]
    other_hosts: tuple[str, ...]
    routes: tuple[Route, ...]
    origin: Origin | None = None


@dataclass(slots=True)
class _Domains:
    """The domains that are given away already, in lower case, and the names that short forms must not take.

    Each of those has the text that stands for it in the table: a name is kept once.
    """

    full_names: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    hosts: set[str] = field(default_factory=set)
    #: Whether somebody did not get what it wanted.
    are_contested: bool = False

    def give(self, domains: Iterable[str], other_forms: Sequence[str]) -> tuple[str, ...]:
        """Return those *domains* that are still free, and take them."""
        given: list[str] = []
        for domain in domains:
            folded = domain.lower()
            if folded in self.taken or (domain in other_forms and domain in self.full_names):
                self.are_contested = True
                continue
            self.taken.add(domain if folded == domain else folded)  # of two equal texts one is enough
            given.append(domain)
        return tuple(given)


class RouteBuilder:
    """Builds the route configurations that one proxy's listeners ask for."""

    def __init__(self, scope: Scope, proxy: Proxy, profile: Profile, catch_all: VirtualHost, *, turn: int = 0) -> None:
        self._scope = scope
        self._proxy = proxy
        self._profile = profile
        self._catch_all = catch_all
        self._turn = turn
        # Virtual hosts of a port, by their own domain, for the listeners that sniff one service's address.
        self._of_port: dict[int, dict[str, VirtualHost]] = {}
        self._served: dict[tuple[int, int], dict[str, _Served]] = {}
        self._choices: list[LabelDependentRoutes] = []
        # Whether each virtual host is one VirtualService's and has all of its domains, whatever routes there are.
        self._are_apart = True
        self._claimed: set[str] = set()

    def build_all(self, names: Iterable[str], part_pool: PartPool) -> RouteSet:
        """Return the route configurations of these *names*, taken from *part_pool* as far as they are there."""
        configurations = {name: self.build(name) for name in names}
        return RouteSet(configurations, self._choices, self._proxy, part_pool, are_apart=self._are_apart)

    def build(self, name: str) -> RouteConfiguration:
        """Return the route configuration *name*: a port, ``host:port``, a socket or the HTTP proxy."""
        head, colon, tail = name.partition(":")
        sniffs = bool(colon) and not name.startswith(UNIX)
        port_text = tail if sniffs else head
        port = int(port_text) if port_text.isdecimal() else 0
        if sniffs:
            return RouteConfiguration(name, tuple(self._take_for_address(head, port)))
        hosts = self._virtual_hosts(name, port)
        self._of_port[port] = _by_domain(hosts)
        hosts.sort(key=lambda host: host.name)
        return RouteConfiguration(name, (*hosts, self._catch_all))

    def _take_for_address(self, host: str, port: int) -> Iterator[VirtualHost]:
        """Yield the virtual host that owns *host*, for every name; whoever asks later does not find it again."""
        if port not in self._of_port:
            self._of_port[port] = _by_domain(self._virtual_hosts(f"{host}:{port}", port))
        owners = self._of_port[port]
        owner = owners.get(host)
        if owner is not None:
            for domain in owner.domains:
                owners.pop(domain, None)
            yield replace(owner, domains=("*",))

    def _virtual_hosts(self, name: str, port: int) -> list[VirtualHost]:
        egress = self._scope.listener_for_port(port, name)
        if egress is None:
            return []
        if egress.port is not None and egress.port.protocol is Protocol.HTTP_PROXY:
            port = 0
        served = self._services_on(egress, port)
        groups = list(self._groups(egress, served, port))
        domains = _Domains()
        for group in groups:
            for one in group.served:
                with_port = host_and_port(one.host, group.port)
                domains.full_names[one.host], domains.full_names[with_port] = one.host, with_port
        hosts = [(group.port, host) for group in _drain(groups) for host in self._hosts_of(group, port, domains)]
        self._are_apart = self._are_apart and not domains.are_contested
        if port:
            return [host for number, host in hosts if number == port]
        return list(_merge_ports(hosts))

    def _services_on(self, egress: EgressListener, port: int) -> dict[str, _Served]:
        """Return the services with *port* (all of them for 0) by host; the last of a host counts."""
        if not port:
            return {one.hostname: _Served(one.hostname, one, one.ports) for one in egress.services}
        if (id(egress), port) not in self._served:
            self._index(egress)
        return self._served.get((id(egress), port), {})

    def _written(self, host: str) -> str:
        """Return *host* as route configurations write it."""
        return host.lower() if self._profile.lower_case_http_hosts else host

    def _index(self, egress: EgressListener) -> None:
        for service in egress.services:
            host = self._written(service.hostname)
            for number in {port.number for port in service.ports}:
                found = next((p for p in service.ports if p.number == number and p.protocol is not Protocol.UDP), None)
                if found is not None:
                    rows = self._served.setdefault((id(egress), number), {})
                    rows[host] = _Served(host, service, (found,))

    def _groups(self, egress: EgressListener, served: Mapping[str, _Served], port: int) -> Iterator[_Group]:
        consumed: set[str] = set()
        rows = egress.virtual_services
        if port != _OPEN_PORT:
            wide = [host for host in served if host.startswith("*")]
            rows = [row for row in rows if _is_related(map(self._written, row.hosts), served, wide)]
        for row in rows:
            for group in self._groups_of(row, egress, served, port):
                consumed.update(one.host for one in group.served)
                yield group
        rest = [one for host, one in served.items() if host not in consumed]
        for one in self._turned(rest):
            if one.service.resolution is not ServiceResolution.ALIAS:
                yield from (_default_group(one, own) for own in one.ports if own.protocol.is_http_or_auto)

    def _groups_of(
        self, row: ResolvedVirtualService, egress: EgressListener, served: Mapping[str, _Served], port: int
    ) -> Iterator[_Group]:
        """Yield the virtual hosts that a VirtualService gives routes to, by port."""
        selectors = frozenset(http_selectors(row))
        choose = _chooser(row, served, port)
        routes = choose(self._proxy)
        if not routes and not selectors:
            return
        matched, others = self._split_hosts(row, egress, served)
        by_port: dict[int, list[_Served]] = {}
        for one in matched:
            for own in one.ports:
                if own.protocol.is_http_or_auto:
                    by_port.setdefault(own.number, []).append(one)
        if not by_port and port == _OPEN_PORT:
            by_port[_OPEN_PORT] = []
        origin = row.origin("spec", "hosts")
        self._claim(host_and_port(one.host, number) for number, services in by_port.items() for one in services)
        if selectors:
            choice = LabelDependentRoutes(selectors, choose, origin, _otherwise(by_port) if port and not others else {})
            routes = choice.routes(self._proxy)
            self._choices.append(choice)
        start = self._turn % len(by_port) if by_port and not port else 0  # Istio takes the ports from a map
        in_turn = [*by_port.items()][start:] + [*by_port.items()][:start]
        for number, services in in_turn if routes else ():
            yield _Group(number, tuple(services), others, routes, origin)

    def _turned(self, rows: list[_Served]) -> list[_Served]:
        """Return *rows*, which Istio takes from a map, such that of those that want one domain another is first."""
        return claimant_first(rows, lambda one: domains_of(one.service), self._turn) if self._turn else rows

    def _split_hosts(
        self, row: ResolvedVirtualService, egress: EgressListener, served: Mapping[str, _Served]
    ) -> tuple[list[_Served], tuple[str, ...]]:
        """Return the services that *row* routes for, and those of its hosts that are not a service's.

        A wildcard host takes the services that no other VirtualService names more closely.
        """
        matched: list[_Served] = []
        others: list[str] = []
        hosts = [self._written(host) for host in row.hosts]
        for host in (host for host in hosts if not host.startswith("*")):
            if host in served:
                matched.append(served[host])
            else:
                others.append(host)
        for host in (host for host in hosts if host.startswith("*")):
            overlapping = [one for name, one in served.items() if host_matches(name, host)]
            matched += self._turned([one for one in overlapping if egress.closest.get(one.host) is row])
            if not overlapping:
                others.append(host)
        return matched, tuple(others)

    def _claim(self, names: Iterable[str]) -> None:
        """Note that a VirtualService wants the virtual hosts of these *names*, of which it has some alone."""
        for name in names:
            self._are_apart = self._are_apart and name not in self._claimed
            self._claimed.add(name)

    def _hosts_of(self, group: _Group, port: int, domains: _Domains) -> Iterator[VirtualHost]:
        if not group.routes:
            return
        for host in group.other_hosts:
            name = host_and_port(host, group.port)
            if name not in domains.hosts:
                domains.hosts.add(name)
                if given := domains.give([bracketed(host)], ()):
                    yield VirtualHost(name, given, group.routes, group.origin)
        for one in group.served:
            name = domains.full_names[host_and_port(one.host, group.port)]
            if name not in domains.hosts:
                domains.hosts.add(name)
                forms, other_forms = service_domains(
                    one.service,
                    one.host,
                    self._proxy,
                    port=None if port else group.port,
                    absolute=self._profile.absolute_domains,
                )
                if given := domains.give(forms, other_forms):
                    yield VirtualHost(name, given, group.routes, group.origin or one.service.origin(one.ports[0]))


def _chooser(
    row: ResolvedVirtualService, served: Mapping[str, _Served], port: int
) -> Callable[[Proxy], tuple[Route, ...]]:
    """Return what gives the routes of *row* on *port* for a proxy; of those *served* it keeps only the targets."""
    hosts = {target.host for entry in row.http for target in entry.targets}
    targets = {host: served[host] for host in hosts if host in served}
    return partial(http_routes, row, port=port, cluster_of=partial(_cluster_of, served=targets, port=port))


def _otherwise(by_port: Mapping[int, Sequence[_Served]]) -> dict[str, HostRoutes]:
    """Return what services, by port, have where no rule applies; nothing where one of them then has no virtual host."""
    found: dict[str, HostRoutes] = {}
    for number, services in by_port.items():
        for one in services:
            if one.service.resolution is ServiceResolution.ALIAS:
                return {}
            own = next(port for port in one.ports if port.number == number)
            group = _default_group(one, own)
            found[host_and_port(one.host, number)] = HostRoutes(group.routes, group.origin)
    return found


def _default_group(one: _Served, port: RegistryPort) -> _Group:
    origin = one.service.origin(port)
    service = one.service
    named = service.cluster(port.number) if one.host == service.hostname else cluster_name(port.number, one.host)
    cluster = single(named)
    route = Route("default", EVERY_PATH, RouteAction(cluster), origin=origin)
    return _Group(port.number, (one,), (), (route,), origin)


def _drain(groups: list[_Group]) -> Iterator[_Group]:
    """Yield *groups*, and let go of each: what is made of them takes their place in memory."""
    groups.reverse()
    while groups:
        yield groups.pop()


def _by_domain(hosts: Iterable[VirtualHost]) -> dict[str, VirtualHost]:
    return {domain: host for host in hosts for domain in host.domains}


def _cluster_of(target: RouteTarget, *, served: Mapping[str, _Served], port: int) -> str:
    """Return the cluster that *target* means among the services on a port."""
    one = served.get(target.host)
    if one is None:
        return target_cluster(target, None, only_port=None, listener_port=port)
    only = one.ports[0].number if len(one.ports) == 1 else None
    return target_cluster(target, one.service, only_port=only, listener_port=port)


def _is_related(hosts: Iterable[str], served: Mapping[str, _Served], wildcards: Sequence[str]) -> bool:
    """Return whether a VirtualService of these *hosts* has to do with those served, of which some are *wildcards*."""
    return any(_concerns(host, served, wildcards) for host in hosts)


def _concerns(host: str, served: Mapping[str, _Served], wildcards: Sequence[str]) -> bool:
    others: Iterable[str] = served if host.startswith("*") else wildcards
    return host in served or any(host_matches(host, other) for other in others)


def _merge_ports(hosts: Iterable[tuple[int, VirtualHost]]) -> Iterator[VirtualHost]:
    """Yield the virtual hosts of a proxy port: those of port 80 whole, of others the domains with a colon."""
    for port, host in hosts:
        domains = host.domains if port == _OPEN_PORT else tuple(d for d in host.domains if ":" in d)
        if domains:
            yield replace(host, domains=domains)

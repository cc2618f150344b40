"""VirtualServices made ready: names written out, delegates merged in, indexed by who may see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_address

from meshegress.compiler.model.ages import UNKNOWN, Undated
from meshegress.compiler.model.orders import TieOrder, TieRule
from meshegress.compiler.model.routing import MESH_GATEWAY, HttpEntry, ResolvedVirtualService, RouteTarget, TcpEntry
from meshegress.decision import Origin
from meshegress.resources import VirtualService
from meshegress.resources.virtual_service import (
    Delegate,
    Destination,
    HTTPMatchRequest,
    HTTPRoute,
    HTTPRouteDestination,
    RouteDestination,
    StringMatch,
)


def full_name(host: str, namespace: str, domain: str) -> str:
    """Return *host*, a short one written out for *namespace* and the cluster's *domain*.

    Source: Istio, pilot/pkg/model, ResolveShortnameToFQDN.

    >>> full_name("reviews", "shop", "cluster.local"), full_name("a.com", "shop", "cluster.local")
    ('reviews.shop.svc.cluster.local', 'a.com')
    """
    if not host or host == "*" or "." in host or _is_ip(host):
        return host
    return f"{host}.{namespace}.svc.{domain}"


def prepare(
    resources: Iterable[VirtualService],
    default_export_to: Iterable[str],
    *,
    domain: str,
    order: TieOrder,
    undated: Undated = UNKNOWN,
) -> list[ResolvedVirtualService]:
    """Return the VirtualServices that stand on their own, oldest first, with their delegates merged in."""
    default = frozenset(default_export_to)
    ready = [_prepare_one(resource, default, domain, undated) for resource in resources]
    delegates = {(row.namespace, row.name): row for row in ready if not row.hosts}
    roots = [_with_delegates(row, delegates) for row in ready if row.hosts]
    return virtual_service_ties(roots, domain).arranged(roots, order)


def virtual_service_ties(rows: Iterable[ResolvedVirtualService], domain: str) -> TieRule:
    """Return how *rows* are tied: by hosts, where one of them covers another, or is a short form of it."""
    wide = {host.lower() for row in rows for host in row.hosts if host.startswith("*")}

    def claims(row: ResolvedVirtualService) -> Iterator[str]:
        for host in map(str.lower, row.hosts):
            yield from (host, host.removesuffix(f".{domain}"), host.removesuffix(f".svc.{domain}"))
            yield from (name for name in _covers(host) if name in wide) if wide else ()

    return TieRule(
        created=lambda row: row.created, key=lambda row: (row.name, row.namespace), claims=claims, first_number=1
    )


def _covers(host: str) -> Iterator[str]:
    """Yield every wildcard that covers *host*."""
    bare = host.removeprefix("*")
    return ("*" + bare[start:] for start in range(len(bare) + 1))


def _prepare_one(
    resource: VirtualService, default: frozenset[str], domain: str, undated: Undated
) -> ResolvedVirtualService:
    spec = resource.spec
    namespace = resource.namespace

    def written_out(rows: Sequence[HTTPRouteDestination | RouteDestination]) -> tuple[RouteTarget, ...]:
        return tuple(_target(row.destination, row.weight, namespace, domain) for row in rows)

    def origin(part: str, index: int) -> Origin:
        return Origin("VirtualService", namespace, resource.name, resource, ("spec", part, index))

    return ResolvedVirtualService(
        namespace=namespace,
        name=resource.name,
        created=undated.created_of(resource),
        hosts=tuple(full_name(host, namespace, domain) for host in spec.hosts),
        gateways=tuple(full_gateway(name, namespace) for name in spec.gateways),
        http=tuple(
            HttpEntry(
                name=route.name,
                matches=tuple(_with_full_gateways(match, namespace) for match in route.match),
                targets=written_out(route.route),
                mirror=_mirror(route.mirror, namespace, domain),
                mirrors=_mirrors(route, namespace, domain),
                redirect=route.redirect,
                direct_response=route.direct_response.status if route.direct_response is not None else None,
                fault=route.fault,
                rewrite=route.rewrite,
                origin=origin("http", index),
            )
            for index, route in enumerate(spec.http)
        ),
        tls=tuple(
            TcpEntry(route, written_out(route.route), origin("tls", index)) for index, route in enumerate(spec.tls)
        ),
        tcp=tuple(
            TcpEntry(route, written_out(route.route), origin("tcp", index)) for index, route in enumerate(spec.tcp)
        ),
        export_to=frozenset(spec.export_to) or default,
        resource=resource,
    )


def _target(destination: Destination | None, weight: int, namespace: str, domain: str) -> RouteTarget:
    if destination is None:
        return RouteTarget("", None, "", weight)
    port = destination.port.number if destination.port is not None else None
    return RouteTarget(full_name(destination.host, namespace, domain), port, destination.subset, weight)


def _mirror(destination: Destination | None, namespace: str, domain: str) -> RouteTarget | None:
    return None if destination is None else _target(destination, 0, namespace, domain)


def _mirrors(route: HTTPRoute, namespace: str, domain: str) -> tuple[RouteTarget, ...]:
    mirrored = (_mirror(row.destination, namespace, domain) for row in route.mirrors)
    return tuple(row for row in mirrored if row is not None)


def _with_full_gateways(match: HTTPMatchRequest, namespace: str) -> HTTPMatchRequest:
    if not match.gateways:
        return match
    return match.model_copy(update={"gateways": tuple(full_gateway(name, namespace) for name in match.gateways)})


def full_gateway(name: str, namespace: str) -> str:
    """Return the namespace and name of a gateway as resources of *namespace* call it.

    Source: Istio, pilot/pkg/model, resolveGatewayName.
    """
    if name == MESH_GATEWAY:
        return name
    owner, slash, rest = name.partition("/")
    if slash:
        return f"{namespace}/{rest}" if owner == "." else name
    short, dot, rest = name.partition(".")
    return f"{rest.partition('.')[0] if dot else namespace}/{short}"


def _with_delegates(
    root: ResolvedVirtualService, delegates: Mapping[tuple[str, str], ResolvedVirtualService]
) -> ResolvedVirtualService:
    routes = root.resource.spec.http
    if not any(route.delegate is not None for route in routes):
        return root
    merged: list[HttpEntry] = []
    for entry, route in zip(root.http, routes, strict=True):
        if route.delegate is None:
            merged.append(entry)
        else:
            merged.extend(_delegated(root, entry, route.delegate, delegates))
    return replace(root, http=tuple(merged))


def _delegated(
    root: ResolvedVirtualService,
    entry: HttpEntry,
    reference: Delegate,
    delegates: Mapping[tuple[str, str], ResolvedVirtualService],
) -> Iterator[HttpEntry]:
    """Yield the entries of the delegate, narrowed by *entry*; none where it is missing or not exported to the root.

    Source: Istio, pilot/pkg/model, MergeHTTPRoutes and the VirtualService controller.
    """
    delegate = delegates.get((reference.namespace or root.namespace, reference.name))
    if delegate is None or not _exports(delegate, root.namespace):
        return
    for part in delegate.http:
        matches = _merge_matches(entry.matches, part.matches)
        if matches is not None:
            yield replace(
                part,
                name="-".join(filter(None, (entry.name, part.name))),
                matches=matches,
                mirror=part.mirror or entry.mirror,
                mirrors=part.mirrors or entry.mirrors,
                direct_response=part.direct_response if part.direct_response is not None else entry.direct_response,
                fault=part.fault or entry.fault,
                rewrite=part.rewrite or entry.rewrite,
            )


def _exports(delegate: ResolvedVirtualService, namespace: str) -> bool:
    exported = delegate.export_to
    return "*" in exported or namespace in exported or ("." in exported and delegate.namespace == namespace)


_Matches = tuple[HTTPMatchRequest, ...]


def _merge_matches(root: _Matches, leaf: _Matches) -> _Matches | None:
    """Return every compatible pair merged; None where some match of the delegate has no partner."""
    if not root or not leaf:
        return leaf or root
    merged: list[HTTPMatchRequest] = []
    for inner in leaf:
        partners = [_merge_match(outer, inner) for outer in root if not _conflict(outer, inner)]
        if not partners:
            return None
        merged.extend(partners)
    return tuple(merged)


def _merge_match(root: HTTPMatchRequest, leaf: HTTPMatchRequest) -> HTTPMatchRequest:
    return leaf.model_copy(
        update={
            "name": "-".join(filter(None, (root.name, leaf.name))),
            "uri": leaf.uri or root.uri,
            "scheme": leaf.scheme or root.scheme,
            "method": leaf.method or root.method,
            "authority": leaf.authority or root.authority,
            "headers": {**root.headers, **leaf.headers},
            "without_headers": {**root.without_headers, **leaf.without_headers},
            "query_params": {**root.query_params, **leaf.query_params},
            "port": leaf.port or root.port,
            "source_labels": {**root.source_labels, **leaf.source_labels},
            "source_namespace": leaf.source_namespace or root.source_namespace,
            "gateways": leaf.gateways or root.gateways,
        }
    )


def _conflict(root: HTTPMatchRequest, leaf: HTTPMatchRequest) -> bool:
    """Return whether no request can satisfy both, by Istio's cautious reckoning."""
    pairs = [(root.uri, leaf.uri), (root.scheme, leaf.scheme), (root.method, leaf.method)]
    pairs.append((root.authority, leaf.authority))
    for name in ("headers", "without_headers", "query_params"):
        outer, inner = getattr(root, name), getattr(leaf, name)
        pairs += [(outer.get(key), value) for key, value in inner.items()]
    return (
        any(_texts_conflict(outer, inner) for outer, inner in pairs)
        or root.ignore_uri_case != leaf.ignore_uri_case
        or bool(root.port and leaf.port and root.port != leaf.port)
        or bool(root.source_namespace and root.source_namespace != leaf.source_namespace)
        or any(root.source_labels.get(key, value) != value for key, value in leaf.source_labels.items())
        or _gateways_conflict(root.gateways, leaf.gateways)
    )


def _gateways_conflict(root: Sequence[str], leaf: Sequence[str]) -> bool:
    return bool(root and leaf) and (len(root) < len(leaf) or not set(leaf) <= set(root))


def _texts_conflict(root: StringMatch | None, leaf: StringMatch | None) -> bool:
    if root is None or leaf is None:
        return False
    if (root.regex and (leaf.regex or leaf.prefix or leaf.exact)) or (leaf.regex and (root.prefix or root.exact)):
        return True
    if root.exact:
        return bool(leaf.prefix) or leaf.exact != root.exact
    if root.prefix and (inner := leaf.prefix or leaf.exact):
        return not inner.startswith(root.prefix)
    return True


class VirtualServiceIndex:
    """The VirtualServices bound to the mesh, or to *gateway* (``namespace/name``), by who may see them.

    Source: Istio, pilot/pkg/model, PushContext.initVirtualServices.
    """

    def __init__(self, rows: Iterable[ResolvedVirtualService], gateway: str = MESH_GATEWAY) -> None:
        self._public: list[ResolvedVirtualService] = []
        self._private: dict[str, list[ResolvedVirtualService]] = {}
        self._exported: dict[str, list[ResolvedVirtualService]] = {}
        self.rows = tuple(row for row in rows if gateway in (row.gateways or (MESH_GATEWAY,)))
        for row in self.rows:
            self._add(row)

    def visible_to(self, namespace: str) -> list[ResolvedVirtualService]:
        """Return what *namespace* may see: its own private ones, those exported to it by name, the public ones."""
        return [*self._private.get(namespace, ()), *self._exported.get(namespace, ()), *self._public]

    def _add(self, row: ResolvedVirtualService) -> None:
        if "*" in row.export_to:
            self._public.append(row)
        elif "~" not in row.export_to:
            for name in {row.namespace if name == "." else name for name in row.export_to}:
                index = self._private if name == row.namespace else self._exported
                index.setdefault(name, []).append(row)


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True

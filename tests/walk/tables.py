"""Small tables, made by hand: what the tests of the walk are asked about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from meshegress.compiler.program import Program, program_of
from meshegress.request import Request, WireProtocol
from meshegress.table import (
    EVERY_PATH,
    Cluster,
    EndpointState,
    FieldMatch,
    FilterChain,
    FilterChainMatch,
    HttpConnectionManager,
    Listener,
    ListenerKind,
    MatchKind,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    StringMatcher,
    Table,
    TcpProxy,
    VirtualHost,
    WeightedCluster,
)

DEFAULT = "default"


def to(cluster: str) -> tuple[WeightedCluster, ...]:
    """Return one cluster as a list of them."""
    return (WeightedCluster(cluster),)


def opaque(cluster: str, match: FilterChainMatch | None = None) -> FilterChain:
    """Return a chain that carries bytes to *cluster*, and has its name."""
    return FilterChain(TcpProxy(to(cluster)), match or FilterChainMatch(), name=cluster)


def http(match: FilterChainMatch | None = None, **settings: Any) -> FilterChain:
    """Return a chain that asks route configuration ``80``."""
    return FilterChain(HttpConnectionManager("80", **settings), match or FilterChainMatch(), name="http")


def listener(*chains: FilterChain, default: bool = True, **settings: Any) -> Listener:
    """Return a listener on every IPv4 address and port 80, with a default chain of its own."""
    fields: dict[str, Any] = {"name": "0.0.0.0_80", "addresses": ("0.0.0.0",), "port": 80, **settings}
    return Listener(filter_chains=chains, default_filter_chain=opaque(DEFAULT) if default else None, **fields)


def host(name: str, *routes: Route, domains: Iterable[str] = ()) -> VirtualHost:
    """Return a virtual host for *domains*, or for its own name; without routes it has one that takes every path."""
    return VirtualHost(name, tuple(domains) or (name,), routes or (route(DEFAULT),))


def route(name: str, match: RouteMatch = EVERY_PATH, **settings: Any) -> Route:
    """Return a route that leads to the cluster of its name."""
    return Route(name, match, **{"action": RouteAction(to(name)), **settings})


def program(*listeners: Listener, routes: Iterable[VirtualHost] = (), clusters: Iterable[str] = ()) -> Program:
    """Return the program of a table with one route configuration, ``80``."""
    known = {name: Cluster(name, EndpointState.SOME) for name in clusters}
    return program_of(Table(listeners, {"80": RouteConfiguration("80", tuple(routes))}, known))


def catch_all(*chains: FilterChain, **settings: Any) -> Listener:
    """Return virtualOutbound."""
    return listener(
        *chains, name="virtualOutbound", port=15001, default=False, kind=ListenerKind.VIRTUAL_OUTBOUND, **settings
    )


def chain_match(given: Mapping[str, Any]) -> FilterChainMatch:
    """Return the match that a case describes."""
    lists = {key: tuple(value) for key, value in given.items() if isinstance(value, list)}
    return FilterChainMatch(**{**given, **lists})


def request(given: Mapping[str, Any]) -> Request:
    """Return the request that a case describes."""
    address, port = given.get("to", "9.9.9.9"), given.get("port", 80)
    if "tls" in given:
        return Request.tls(given["tls"], alpn=given.get("alpn", ()), address=address, port=port)
    if "bytes" in given:
        return Request.tcp(address, port, given["bytes"].encode("latin-1"))
    if "http" in given:
        return Request.http("a.com", address=address, port=port, protocol=WireProtocol(given["http"]))
    return Request.tcp(address, port)


def route_of(name: str, given: Mapping[str, Any]) -> Route:
    """Return the route that a case describes: ``path``, ``headers`` and ``query`` of one-entry mappings."""
    path = text_match(given["path"]) if "path" in given else EVERY_PATH.path
    headers = tuple(field_match(key, value) for key, value in given.get("headers", {}).items())
    query = tuple(field_match(key, value) for key, value in given.get("query", {}).items())
    return route(name, RouteMatch(path, headers, query))


def field_match(name: str, given: Mapping[str, Any]) -> FieldMatch:
    """Return the condition that a case describes."""
    flags = {key: given[key] for key in ("invert", "missing_is_empty") if key in given}
    return FieldMatch(name, text_match({key: given[key] for key in given if key not in flags}), **flags)


def text_match(given: Mapping[str, Any]) -> StringMatcher:
    """Return the comparison that a case describes."""
    ignore_case = given.get("ignore_case", False)
    kind, value = next((key, value) for key, value in given.items() if key != "ignore_case")
    return StringMatcher(MatchKind(kind), "" if kind == "present" else value, ignore_case)

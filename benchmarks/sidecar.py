"""A small table made by hand, to decide by without resources: HTTP on port 80, TLS on port 443."""

from __future__ import annotations

from collections.abc import Callable

from meshegress._engine.chosen import Decider
from meshegress._engine.layout import port_bits
from meshegress.compiler.program import program_of
from meshegress.request import Request
from meshegress.table import (
    EVERY_PATH,
    FilterChain,
    FilterChainMatch,
    HttpConnectionManager,
    Listener,
    Route,
    RouteAction,
    RouteConfiguration,
    Table,
    TcpProxy,
    VirtualHost,
    WeightedCluster,
)

HOSTS = tuple(f"h{number:03}.example.com" for number in range(200))


def decide() -> Callable[[Request], object]:
    """Return what decides requests to the hosts."""
    http = FilterChain(HttpConnectionManager("80"), FilterChainMatch(), name="http")
    tls = (FilterChain(TcpProxy(_to(host)), FilterChainMatch(server_names=(host,)), name=host) for host in HOSTS)
    listeners = (
        Listener("0.0.0.0_80", ("0.0.0.0",), 80, (http,), http_inspector=True),
        Listener("0.0.0.0_443", ("0.0.0.0",), 443, tuple(tls), tls_inspector=True),
    )
    served = tuple(VirtualHost(host, (host,), (Route(host, EVERY_PATH, RouteAction(_to(host))),)) for host in HOSTS)
    program = program_of(Table(listeners, {"80": RouteConfiguration("80", served)}, {}))
    return Decider(program.walk, port_bits(()), str).decide


def requests(count: int) -> list[Request]:
    """Return requests to the hosts, half of them HTTP and half TLS."""
    make = (Request.http, Request.tls)
    return [make[number % 2](HOSTS[number * 37 % 200], address="203.0.113.9") for number in range(count)]


def _to(host: str) -> tuple[WeightedCluster, ...]:
    return (WeightedCluster(host),)

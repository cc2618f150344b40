"""The walk again, slowly, in Envoy's nouns: every step, why it was taken, and what lost there.

It reads the table itself and none of the layout, so it is a second opinion on the walk: the tests hold that both
take the same path.
"""

from __future__ import annotations

from collections.abc import Iterable

from meshegress.decision import Decision
from meshegress.decision.reasons import Reason
from meshegress.explain.chains import choose_chain, choose_listener, inspect
from meshegress.explain.routes import choose_host, choose_route, judge_codec, show_action, show_clusters
from meshegress.explain.steps import Explanation as Explanation
from meshegress.explain.steps import RejectedAlternative as RejectedAlternative
from meshegress.explain.steps import Step as Step
from meshegress.request import Request, WireProtocol
from meshegress.table import FilterChain, HttpConnectionManager, ListenerKind, RouteConfiguration, Table


def explain(table: Table, request: Request, decision: Decision, reasons: Iterable[Reason] = ()) -> Explanation:
    """Return how *request* comes to *decision* in *table*; *reasons* are what the resources add."""
    return Explanation(describe_request(request), tuple(_walk(table, request)), decision, tuple(reasons))


def describe_request(request: Request) -> str:
    """Return *request* in one line."""
    where = f"to {request.address or 'an unknown address'}, port {request.port}"
    if request.payload is not None:
        return f"{len(request.payload)} literal bytes {where}"
    if request.is_mutual:
        inside = describe_request(_inside(request))
        return f"the mesh's mutual TLS for {f'`{request.sni}`' if request.sni else 'no name'}, inside it {inside}"
    if request.is_tls:
        return f"TLS for {f'`{request.sni}`' if request.sni else 'no name'} {where}"
    if request.protocol is WireProtocol.RAW:
        return f"bytes {where}"
    return f"{request.method} {request.path} of `{request.host or ''}` ({request.protocol.value}) {where}"


def _inside(request: Request) -> Request:
    """Return what stands inside of mutual TLS, as a request of its own."""
    return Request(
        address=request.address,
        port=request.port,
        protocol=request.protocol,
        host=request.host,
        method=request.method,
        path=request.path,
    )


def _walk(table: Table, request: Request) -> Iterable[Step]:
    listener, step = choose_listener(table, request)
    yield step
    if listener is None or listener.kind is ListenerKind.RESERVED:
        return
    seen, looked = inspect(listener, request, table)
    if looked is not None:
        yield looked
    if seen.waits is not None:
        return
    chain, step = choose_chain(listener, request, seen)
    yield step
    if chain is not None:
        yield from _follow(table, request, chain)


def _follow(table: Table, request: Request, chain: FilterChain) -> Iterable[Step]:
    end = chain.network_filter
    if chain.ends_tls and not request.is_mutual:
        yield Step("handshake", "fails", "the chain ends the mesh's mutual TLS, and this client does not speak it")
        return
    if not isinstance(end, HttpConnectionManager):
        yield show_clusters(table, end.clusters)
        return
    refused = judge_codec(end, request, ends_tls=chain.ends_tls)
    if refused is not None:
        yield refused
        return
    routes = table.route_configurations.get(end.route_config) or RouteConfiguration(end.route_config, ())
    host, step = choose_host(routes, request)
    yield step
    if host is None:
        return
    route, step = choose_route(host, end, request)
    yield step
    if route is not None:
        yield show_action(table, route)

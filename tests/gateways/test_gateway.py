"""The table of a gateway: which proxy, which servers, what becomes of requests, and why."""

from __future__ import annotations

import pytest

from gateways.worlds import HOST, POD, mesh_of, server, through
from gateways.worlds import gateway as gateway_of
from meshegress import Outcome, Request, Workload

POD_ADDRESS = "10.244.9.9"
MUTUAL = {"mode": "ISTIO_MUTUAL"}


@pytest.mark.parametrize("named", ["istio-system/istio-egressgateway", "istio-system/egress-0"])
def test_gateway_is_found_by_its_service_or_its_pod(named: str) -> None:
    """Labels and addresses come from the Pod, and so the Gateways that select it."""
    gateway = mesh_of().gateway(named)
    assert gateway.workload.addresses == (POD_ADDRESS,)
    decision = gateway.decide(Request.http(HOST, port=8080))
    assert (decision.outcome, decision.cluster) == (Outcome.SERVICE, f"outbound|80||{HOST}")


def test_gateway_without_pods_has_the_labels_of_its_service() -> None:
    """Charts install gateways: a Service says enough, with its target ports."""
    gateway = mesh_of(without="Pod").gateway("istio-system/istio-egressgateway")
    assert gateway.workload.labels == {"istio": "egressgateway"}
    assert [one.port for one in gateway.servers] == [8080]


def test_gateway_refuses_what_no_server_takes() -> None:
    """There is no outbound policy: a port without a server is closed, a host without a route is 404."""
    gateway = mesh_of().gateway("istio-system/egress-0")
    closed = gateway.decide(Request.http(HOST, port=9999))
    unknown = gateway.decide(Request.http("other.com", port=8080))
    assert (closed.outcome, closed.listener) == (Outcome.NO_LISTENER, None)
    assert (unknown.outcome, unknown.status, unknown.route_config) == (Outcome.NO_ROUTE, 404, "http.8080")


def test_http_is_read_inside_the_mutual_tls_that_a_server_ends() -> None:
    """The server name picks the server, the host the virtual host; other TLS fails in the handshake."""
    mesh = mesh_of(gateway_of(server(443, "HTTPS", tls=MUTUAL)), through(http=[ROUTE]))
    gateway = mesh.gateway("istio-system/egress-0")
    inside = Request.mutual_tls(HOST, Request.http(HOST, port=8443))
    assert gateway.decide(inside).cluster == f"outbound|80||{HOST}"
    assert gateway.decide(Request.tls(HOST, port=8443)).outcome is Outcome.TLS_ERROR
    assert gateway.decide(Request.mutual_tls("x.com", Request.http(HOST, port=8443))).outcome is Outcome.NO_FILTER_CHAIN


ROUTE = {"route": [{"destination": {"host": HOST, "port": {"number": 80}}}]}


@pytest.mark.parametrize(
    ("alpn", "outcome"),
    [
        pytest.param(("istio-http/1.1", "istio", "http/1.1"), Outcome.SERVICE, id="the version that is spoken"),
        pytest.param(("istio", "h2"), Outcome.CODEC_ERROR, id="another version was negotiated"),
        pytest.param((), Outcome.SERVICE, id="nothing in common: the first bytes decide"),
    ],
)
def test_negotiated_version_fixes_the_codec(alpn: tuple[str, ...], outcome: Outcome) -> None:
    """HTTP/1.1 inside TLS for which HTTP/2 was negotiated is a codec error."""
    mesh = mesh_of(gateway_of(server(443, "HTTPS", tls=MUTUAL)), through(http=[ROUTE]))
    request = Request.mutual_tls(HOST, Request.http(HOST, port=8443), alpn=alpn)
    assert mesh.gateway("istio-system/egress-0").decide(request).outcome is outcome


def test_explanation_names_the_gateway_that_a_virtual_service_does_not_list() -> None:
    """A short name means the namespace of the VirtualService."""
    mesh = mesh_of(through(gateways=["mesh", "egress"]))
    notes = mesh.gateway("istio-system/egress-0").explain(Request.http(HOST, port=8080)).notes
    assert any("lists `mesh`, `default/egress`; this Gateway is `istio-system/egress`" in note for note in notes)


def test_explanation_names_the_rule_that_does_not_fit() -> None:
    """`port` is the one that the server is written with."""
    rules = [{**ROUTE, "match": [{"gateways": ["istio-system/egress"], "port": 8080}]}]
    notes = mesh_of(through(http=rules)).gateway("istio-system/egress-0").explain(Request.http(HOST, port=8080)).notes
    assert any("`port` is 8080, and the server is written with 80" in note for note in notes)


def test_server_that_is_dropped_says_why() -> None:
    """TLS after HTTP on one port does not live."""
    late = server(80, "TLS", tls={"mode": "PASSTHROUGH"})
    gateway = mesh_of(gateway_of(server(), {**late, "port": {**late["port"], "name": "late"}})).gateway(
        "istio-system/egress-0"
    )
    assert [one.reason for one in gateway.dropped] == [
        "TLS after HTTP on port 8080, which server 1 of Gateway `istio-system/egress` has"
    ]


def test_selector_that_takes_no_pod_is_named() -> None:
    """A Gateway for other Pods is the reason why nothing listens."""
    gateway = mesh_of(gateway_of(server(), selector={"istio": "egress"})).gateway("istio-system/egress-0")
    explained = gateway.explain(Request.http(HOST, port=8080))
    assert explained.decision.outcome is Outcome.NO_LISTENER
    assert any("selects other Pods: istio=egress" in note for note in explained.notes)


def test_a_workload_may_be_given_instead_of_a_name() -> None:
    """What a Pod is not asked for is given."""
    workload = Workload("istio-system", labels={"istio": "egressgateway"}, addresses=(POD_ADDRESS,))
    assert mesh_of().gateway(workload).decide(Request.http(HOST, port=8080)).outcome is Outcome.SERVICE


def test_private_ports_of_an_unprivileged_pod_are_not_opened() -> None:
    """Port 80 that stays 80 has no listener in a Pod without privileges."""
    mesh = mesh_of({**POD, "status": {**POD["status"], "podIP": "10.244.9.10"}})
    plain = mesh.gateway("istio-system/egress-0")
    bound = mesh.gateway("istio-system/egress-0", metadata={"UNPRIVILEGED_POD": "true"})
    assert plain.decide(Request.http(HOST, port=80)).outcome is Outcome.SERVICE
    assert bound.decide(Request.http(HOST, port=80)).outcome is Outcome.NO_LISTENER

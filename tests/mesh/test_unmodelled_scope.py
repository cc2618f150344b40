"""What is not modelled marks the decisions that it could change: by selector, context, parent and name."""

from __future__ import annotations

import pytest

from meshegress import Decision, Severity, check

WORLD = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: prod}
spec: {clusterIP: 10.0.0.1, ports: [{name: http, port: 80}, {name: tcp, port: 9000}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: api, namespace: prod}
spec:
  hosts: [api.example]
  ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}]
  resolution: DNS
---
"""
URLS = ["http://web.prod/", "tcp://web.prod.svc.cluster.local:9000", "http://api.example/", "https://api.example/"]
NONE: list[str] = []
HTTP = ["http://web.prod/", "http://api.example/"]


def marked(text: str, *, namespace: str = "shop", labels: dict[str, str] | None = None) -> list[str]:
    """Return the URLs whose decisions are marked as touched by the object *text*."""
    egress = check(WORLD + text)[0].egress(namespace, labels=labels)
    return [url for url in URLS if "unsupported" in codes(egress.decide(url))]


def codes(decision: Decision) -> set[str]:
    """Return the codes of what *decision* assumes."""
    return {one.code for one in decision.assumptions}


def envoy_filter(patches: str, *, namespace: str = "istio-system", selector: str = "") -> str:
    """Return an EnvoyFilter with *patches*."""
    return f"""
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {{name: f, namespace: {namespace}}}
spec: {{{selector} configPatches: [{patches}]}}
"""


def route(kind: str, parents: str, *, namespace: str = "prod") -> str:
    """Return a route of the Gateway API with *parents*."""
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: {kind}
metadata: {{name: r, namespace: {namespace}}}
spec: {{parentRefs: [{parents}]}}
"""


@pytest.mark.parametrize(
    ("patch", "urls"),
    [
        pytest.param("{applyTo: LISTENER, match: {context: GATEWAY}}", NONE, id="of gateways"),
        pytest.param("{applyTo: HTTP_FILTER, match: {context: SIDECAR_INBOUND}}", NONE, id="of inbound traffic"),
        pytest.param("{applyTo: LISTENER, match: {context: ANY}}", URLS, id="of everything"),
        pytest.param("{applyTo: LISTENER}", URLS, id="without a context"),
        pytest.param("{applyTo: HTTP_FILTER, match: {context: SIDECAR_OUTBOUND}}", HTTP, id="of HTTP"),
        pytest.param("{applyTo: EXTENSION_CONFIG}", NONE, id="of an extension alone"),
        pytest.param("{applyTo: NETWORK_FILTER, match: {listener: {portNumber: 443}}}", URLS[3:], id="of a port"),
        pytest.param("{applyTo: LISTENER, match: {listener: {name: 0.0.0.0_443}}}", URLS[3:], id="of a listener"),
        pytest.param(
            "{applyTo: NETWORK_FILTER, match: {listener: {filterChain: {filter: "
            "{name: envoy.filters.network.tcp_proxy}}}}}",
            [URLS[1], URLS[3]],
            id="of TCP chains",
        ),
        pytest.param("{applyTo: HTTP_ROUTE, match: {routeConfiguration: {name: '81'}}}", NONE, id="of other routes"),
        pytest.param(
            "{applyTo: VIRTUAL_HOST, match: {routeConfiguration: {vhost: {name: 'api.example:80'}}}}",
            URLS[2:3],
            id="of a virtual host",
        ),
        pytest.param("{applyTo: CLUSTER, match: {cluster: {service: api.example}}}", URLS[2:], id="of a service"),
        pytest.param(
            "{applyTo: CLUSTER, match: {cluster: {name: 'outbound|443||api.example'}}}", URLS[3:], id="of a cluster"
        ),
        pytest.param(
            "{applyTo: CLUSTER, patch: {operation: ADD, value: {name: mine}}}", NONE, id="of a cluster of its own"
        ),
    ],
)
def test_a_patch_marks_what_it_matches(patch: str, urls: list[str]) -> None:
    """An EnvoyFilter touches the decisions that go through what its patches match, in the contexts they name."""
    assert marked(envoy_filter(patch)) == urls


@pytest.mark.parametrize(
    ("labels", "urls"), [pytest.param({"app": "cart"}, URLS, id="has it"), pytest.param({}, NONE, id="has it not")]
)
def test_a_selector_chooses_workloads(labels: dict[str, str], urls: list[str]) -> None:
    """An EnvoyFilter with a selector is for the workloads that have its labels."""
    text = envoy_filter("{applyTo: LISTENER}", selector="workloadSelector: {labels: {app: cart}},")
    assert marked(text, labels=labels) == urls


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        pytest.param(route("HTTPRoute", "{kind: Gateway, name: ingress}"), NONE, id="a gateway's"),
        pytest.param(route("HTTPRoute", "{name: ingress}"), NONE, id="a gateway's by default"),
        pytest.param(route("HTTPRoute", "{group: '', kind: Service, name: web}"), URLS[:1], id="a Service's"),
        pytest.param(route("HTTPRoute", "{group: '', kind: Service, name: web, port: 81}"), NONE, id="of another port"),
        pytest.param(
            route("GRPCRoute", "{group: networking.istio.io, kind: ServiceEntry, name: api}"),
            URLS[2:3],
            id="an entry's",
        ),
        pytest.param(route("TCPRoute", "{group: '', kind: Service, name: web}"), URLS[1:2], id="of bytes"),
        pytest.param(
            route("HTTPRoute", "{group: '', kind: Service, name: web, namespace: prod}", namespace="other"),
            NONE,
            id="of another consumer",
        ),
        pytest.param(
            route("HTTPRoute", "{group: '', kind: Service, name: web, namespace: prod}", namespace="shop"),
            URLS[:1],
            id="of the consumer itself",
        ),
        pytest.param(route("HTTPRoute", "7, {kind: Service, name: [x]}"), NONE, id="of no shape at all"),
    ],
)
def test_a_route_marks_requests_to_its_parent(text: str, urls: list[str]) -> None:
    """A route touches clients of the Service or entry that is its parent: a producer's all, a consumer's its own."""
    assert marked(text) == urls


@pytest.mark.parametrize(
    ("spec", "urls"),
    [
        pytest.param("{}", HTTP, id="any"),
        pytest.param("{match: [{mode: SERVER}]}", NONE, id="inbound"),
        pytest.param("{match: [{mode: SERVER}, {mode: CLIENT}]}", HTTP, id="both"),
        pytest.param("{type: NETWORK}", URLS, id="of bytes"),
        pytest.param("{targetRefs: [{kind: Gateway, name: g}]}", NONE, id="at a gateway"),
        pytest.param("{selector: {matchLabels: {app: cart}}}", NONE, id="of others"),
    ],
)
def test_a_plugin_marks_what_it_selects(spec: str, urls: list[str]) -> None:
    """A WasmPlugin touches outgoing requests of the workloads that it selects."""
    text = f"""
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {{name: w, namespace: shop}}
spec: {spec}
"""
    assert marked(text) == urls


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        pytest.param(envoy_filter("{applyTo: LISTENER, match: {context: GATEWAY}}"), Severity.INFO, id="of gateways"),
        pytest.param(envoy_filter("{applyTo: LISTENER}"), Severity.WARNING, id="of everything"),
        pytest.param(route("HTTPRoute", "{name: ingress}"), Severity.INFO, id="a gateway's route"),
        pytest.param(route("HTTPRoute", "{group: '', kind: Service, name: web}"), Severity.WARNING, id="a Service's"),
    ],
)
def test_a_check_warns_only_of_what_sidecars_feel(text: str, severity: Severity) -> None:
    """What is for gateways or inbound traffic alone is told, and nobody is warned of it."""
    (finding,) = check(text)[1]
    assert (finding.code, finding.severity) == ("EG301", severity)

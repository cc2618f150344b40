"""What the API server refuses beside the webhook: schema and CEL, judged by what is written."""

from __future__ import annotations

import pytest

from meshegress.loading import check

ENTRY = """\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: a
spec:
  hosts: [a.com]
  ports:
  - {{number: 80, name: http, protocol: HTTP{port}}}
  resolution: {resolution}
{rest}
"""


def refused(text: str, validation: str) -> list[str]:
    """Return where *text* is refused."""
    _, findings = check(text, validation=validation)
    return [f"{finding.code} {finding.field}" for finding in findings if finding.code.startswith("EG2")]


@pytest.mark.parametrize(
    ("port", "resolution", "rest", "place"),
    [
        pytest.param("", "NONE", "  endpoints: []", "EG284 spec.endpoints", id="NONE with an empty list of endpoints"),
        pytest.param(", targetPort: 0", "DNS", "", "EG283 spec.ports[0].targetPort", id="targetPort 0"),
        pytest.param("", "2", "", "EG281 spec.resolution", id="an enum by number"),
        pytest.param(', targetPort: "81"', "DNS", "", "EG281 spec.ports[0].targetPort", id="a quoted number"),
        pytest.param("", "DNS", "  export_to: ['.']", "EG281 spec.export_to", id="a name in snake_case"),
        pytest.param(
            "",
            "STATIC",
            "  endpoints: []\n  workloadSelector: {labels: {a: b}}",
            "EG284 spec.endpoints",
            id="a selector beside an empty list of endpoints",
        ),
        pytest.param(
            "",
            "STATIC",
            "  workloadSelector: {labels: {a: " + "v" * 64 + "}}",
            "EG285 spec.workloadSelector.labels.a",
            id="a long value in a selector",
        ),
        pytest.param(
            "",
            "STATIC",
            "  endpoints: [{address: 'unix:///a', ports: {}}]",
            "EG284 spec.endpoints[0].ports",
            id="a unix socket with an empty mapping of ports",
        ),
        pytest.param(
            "",
            "STATIC",
            "  endpoints: [{address: 1.1.1.1, locality: " + "x" * 2049 + "}]",
            "EG284 spec.endpoints[0].locality",
            id="a long locality",
        ),
    ],
)
def test_the_api_server_refuses_what_the_webhook_takes(port: str, resolution: str, rest: str, place: str) -> None:
    """Each is accepted by the webhook alone, and told with its place by the cluster."""
    text = ENTRY.format(port=port, resolution=resolution, rest=rest)
    assert (refused(text, "webhook"), refused(text, "cluster")) == ([], [place])


MANY = "{" + ", ".join(f"k{number}: v" for number in range(257)) + "}"
LONG = "a" * 63
MANY_PORTS = "{" + ", ".join(f"p{number}: 80" for number in range(129)) + "}"


@pytest.mark.parametrize(
    ("rest", "place"),
    [
        pytest.param(f"  addresses: {['1.1.1.1'] * 257}", "EG282 spec.addresses", id="257 addresses"),
        pytest.param(f"  endpoints: {[{'address': '1.1.1.1'}] * 4097}", "EG284 spec.endpoints", id="4097 endpoints"),
        pytest.param(
            f"  endpoints: [{{address: 1.1.1.1, labels: {MANY}}}]", "EG284 spec.endpoints[0].labels", id="257 labels"
        ),
        pytest.param(
            "  endpoints: [{address: 1.1.1.1, serviceAccount: " + "x" * 254 + "}]",
            "EG284 spec.endpoints[0].serviceAccount",
            id="a long service account",
        ),
        pytest.param(
            "  endpoints: [{address: 1.1.1.1, network: " + "x" * 2049 + "}]",
            "EG284 spec.endpoints[0].network",
            id="a long network",
        ),
        pytest.param(
            f"  workloadSelector: {{labels: {MANY}}}", "EG285 spec.workloadSelector.labels", id="257 labels to select"
        ),
    ],
)
def test_lists_and_texts_have_limits(rest: str, place: str) -> None:
    """What is too long is refused by the server, and taken by the webhook."""
    text = ENTRY.format(port="", resolution="STATIC", rest=rest)
    assert (refused(text, "webhook"), refused(text, "cluster")) == ([], [place])


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param(
            ENTRY.format(
                port="", resolution="STATIC", rest=f"  endpoints: [{{address: 1.1.1.1, ports: {MANY_PORTS}}}]"
            ),
            "EG284 spec.endpoints[0].ports",
            id="129 ports of an endpoint",
        ),
        pytest.param(
            ENTRY.format(port="", resolution="STATIC", rest="  endpoints: [{address: 'unix://'}]"),
            "EG284 spec.endpoints[0].address",
            id="a socket without a path",
        ),
        pytest.param(
            ENTRY.format(port="", resolution="STATIC", rest="  endpoints: [{locality: a}]"),
            "EG284 spec.endpoints[0].address",
            id="an endpoint without address and network",
        ),
        pytest.param(
            ENTRY.format(
                port="", resolution="STATIC", rest="  endpoints: [{address: 1.1.1.1, ports: {" + "a" * 63 + ": 1}}]"
            ),
            "EG284 spec.endpoints[0].ports." + "a" * 63,
            id="a port name of 63 letters",
        ),
        pytest.param(
            ENTRY.format(port="", resolution="NONE", rest="").replace("HTTP", "H" * 257),
            "EG283 spec.ports[0].protocol",
            id="a long protocol",
        ),
        pytest.param(
            "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: a}\nspec:\n"
            "  workloadSelector: {labels: {a: " + "v" * 64 + "}}\n  egress: [{hosts: ['*/*']}]\n",
            "EG285 spec.workloadSelector.labels.a",
            id="a long value of a Sidecar's selector",
        ),
        pytest.param(
            "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {name: a}\n"
            "spec: {address: 'unix:///a', ports: {}}\n",
            "EG284 spec.ports",
            id="a WorkloadEntry with a socket and a mapping of ports",
        ),
    ],
)
def test_the_server_says_it_whatever_the_webhook_says(text: str, place: str) -> None:
    """Some are refused by both, each in its own words."""
    assert place not in refused(text, "webhook")
    assert place in refused(text, "cluster")


def test_ports_have_a_number_and_a_name() -> None:
    """Both are required by presence, beside what the webhook says of their values."""
    text = ENTRY.format(port="", resolution="NONE", rest="").replace("{number: 80, name: http, protocol: HTTP}", "{}")
    assert [place for place in refused(text, "cluster") if place.startswith("EG283")] == [
        "EG283 spec.ports[0].number",
        "EG283 spec.ports[0].name",
    ]


def test_a_plain_entry_pleases_both() -> None:
    """Nothing is said of an ordinary entry."""
    assert refused(ENTRY.format(port="", resolution="DNS", rest=""), "cluster") == []


def test_another_validation_is_refused_with_the_list() -> None:
    """The argument is one of two words."""
    with pytest.raises(ValueError, match="webhook, cluster"):
        check("{}", validation="both")


@pytest.mark.parametrize(("release", "codes"), [("1.30", ["EG303"]), ("1.31", ["EG101"])])
def test_an_older_release_does_not_mind_a_newer_field(release: str, codes: list[str]) -> None:
    """What the API does not have yet is ignored, whatever it holds."""
    rule = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": "a"},
        "spec": {"host": "a.com", "trafficPolicy": {"outlierDetection": {"outlierDetectionHttpErrorCodes": ["x"]}}},
    }
    assert [finding.code for finding in check(rule, istio=release)[1]] == codes


STORED = """\
apiVersion: networking.istio.io/v1
kind: {kind}
metadata:
  annotations: {{kubectl.kubernetes.io/last-applied-configuration: "{{}}"}}
  creationTimestamp: "2024-01-01T00:00:00Z"
  deletionGracePeriodSeconds: 0
  deletionTimestamp: "2025-01-01T00:00:00Z"
  finalizers: [example.com/keep]
  generation: 2
  managedFields:
  - {{apiVersion: networking.istio.io/v1, fieldsType: FieldsV1, fieldsV1: {{"f:spec": {{}}}}, manager: kubectl,
      operation: Update, time: "2024-01-01T00:00:00Z"}}
  name: a
  namespace: shop
  ownerReferences: [{{apiVersion: v1, kind: Pod, name: x, uid: y, controller: true}}]
  resourceVersion: "123"
  uid: 11111111-1111-1111-1111-111111111111
spec: {spec}
status:
  conditions:
  - {{lastTransitionTime: "2024-01-01T00:00:00.123456Z", observedGeneration: "3", status: "True", type: Reconciled}}
  observedGeneration: "3"
"""


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("ServiceEntry", "{hosts: [a.com], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS}"),
        ("Sidecar", "{egress: [{hosts: ['*/*']}]}"),
        ("VirtualService", "{hosts: [a.com], http: [{route: [{destination: {host: a.com}}], timeout: 3s}]}"),
        ("DestinationRule", "{host: a.com, trafficPolicy: {connectionPool: {tcp: {connectTimeout: 3s}}}}"),
        ("WorkloadEntry", "{address: 10.0.0.1, ports: {http: 80}}"),
        ("Gateway", "{selector: {a: b}, servers: [{hosts: [a.com], port: {number: 80, name: http, protocol: HTTP}}]}"),
    ],
)
def test_what_the_api_server_has_stored_it_takes(kind: str, spec: str) -> None:
    """Its timestamps, counters and managed fields are as its own schema writes them."""
    assert check(STORED.format(kind=kind, spec=spec), validation="cluster")[1] == ()

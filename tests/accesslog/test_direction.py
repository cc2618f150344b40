"""Which way the request of an entry went, and that only outbound ones are asked again."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshegress import AccessLogEntry, AccessLogFormat, LogParseError, Request
from meshegress.accesslog.explain import explain_entry
from meshegress.accesslog.reading.circumstances import Circumstances
from meshegress.accesslog.reading.emitter import Emitter

FIELD = Path(__file__).parent / "field"
TEXT = AccessLogFormat.preset("istio-text")
OWN, OTHER = "10.8.1.4", "10.8.2.9"


def entry(
    cluster: str | None, own: str | None, local: str | None, remote: str | None, **more: object
) -> AccessLogEntry:
    """Return an entry with the addresses of a connection."""
    values = {
        "UPSTREAM_CLUSTER": cluster,
        "UPSTREAM_LOCAL_ADDRESS": own,
        "DOWNSTREAM_LOCAL_ADDRESS": local,
        "DOWNSTREAM_REMOTE_ADDRESS": remote,
    }
    return AccessLogEntry({**values, **more})


@pytest.mark.parametrize(
    ("given", "direction"),
    [
        pytest.param(entry("inbound|8080||", None, f"{OWN}:8080", f"{OTHER}:1"), "inbound", id="inbound cluster"),
        pytest.param(entry("inbound|80|http|h.a;", None, None, None), "inbound", id="inbound cluster of old"),
        pytest.param(entry("InboundPassthroughClusterIpv4", None, None, None), "inbound", id="inbound passthrough"),
        pytest.param(entry("inbound-vip|80|http|h.a", "envoy://internal/", None, None), "waypoint", id="waypoint"),
        pytest.param(entry("inbound-pod||http|1.2.3.4", None, None, None), "waypoint", id="waypoint to a Pod"),
        pytest.param(entry("outbound_.80_._.h.a", None, None, None), "gateway", id="passed on by server name"),
        pytest.param(entry("httproute/a/b/rule/0", None, None, None), "gateway", id="Envoy Gateway"),
        pytest.param(entry("outbound|80||h", f"{OWN}:9", "1.2.3.4:80", f"{OWN}:8"), "outbound", id="sidecar"),
        pytest.param(entry("outbound|80||h", f"{OWN}:9", f"{OWN}:8080", f"{OTHER}:8"), "gateway", id="gateway"),
        pytest.param(entry("outbound|80||h", f"{OWN}:9", f"{OWN}:80", f"{OWN}:8"), "outbound", id="calls itself"),
        pytest.param(entry("outbound|80||h", "[fd00::4]:9", "1.2.3.4:80", f"{OWN}:8"), "outbound", id="two families"),
        pytest.param(entry("outbound|80||h", f"{OWN}:9", "1.2.3.4:80", f"{OTHER}:8"), "unknown", id="neither end"),
        pytest.param(entry("outbound|80||h", f"{OWN}:9", "1.2.3.4:80", f"{OTHER}:0"), "outbound", id="forwarded for"),
        pytest.param(entry("outbound|80||h", f"{OWN}:9", "127.0.0.1:15080", "127.0.0.1:8"), "outbound", id="loopback"),
        pytest.param(entry("outbound|80||h", None, "1.2.3.4:80", f"{OWN}:8"), "outbound", id="nothing sent"),
        pytest.param(entry("outbound|80||h", None, f"{OWN}:8080", f"{OTHER}:8"), "unknown", id="perhaps a gateway"),
        pytest.param(entry("PassthroughCluster", None, "1.2.3.4:80", f"{OWN}:8"), "outbound", id="passthrough"),
        pytest.param(entry("BlackHoleCluster", None, "1.2.3.4:80", f"{OWN}:8"), "outbound", id="black hole"),
        pytest.param(entry(None, None, "1.2.3.4:80", f"{OWN}:8", ROUTE_NAME="block_all"), "outbound", id="block_all"),
        pytest.param(entry(None, None, "1.2.3.4:80", f"{OWN}:8", ROUTE_NAME="default"), "unknown", id="no cluster"),
        pytest.param(entry(None, "127.0.0.6:9", f"{OWN}:80", f"{OTHER}:8"), "inbound", id="to the application"),
        pytest.param(
            entry(None, None, f"{OWN}:80", None, REQUESTED_SERVER_NAME="outbound_.80_._.h"), "inbound", id="server name"
        ),
        pytest.param(
            entry(None, None, f"{OWN}:15443", None, REQUESTED_SERVER_NAME="outbound_.80_._.h"), "gateway", id="15443"
        ),
        pytest.param(entry(None, None, None, None), "unknown", id="nothing known"),
    ],
)
def test_direction(given: AccessLogEntry, direction: str) -> None:
    """The cluster tells, else the proxy's own address, else route and server name; every direction has its reason."""
    assert given.direction == direction
    assert given.direction.reason


@pytest.mark.parametrize(
    ("emitter", "direction"),
    [
        pytest.param(Emitter(node_type="router"), "gateway", id="router"),
        pytest.param(Emitter(node_type="waypoint"), "waypoint", id="waypoint"),
        pytest.param(Emitter(node_type="sidecar"), "outbound", id="sidecar"),
        pytest.param(Emitter(pod="istio-ingressgateway-6d5f-x"), "gateway", id="name of the Pod"),
        pytest.param(Emitter(pod="cart-6d5f-x"), "unknown", id="any Pod"),
    ],
)
def test_who_wrote_the_record_tells_more(emitter: Emitter, direction: str) -> None:
    """A sidecar's line and a gateway's may look the same; what surrounds the record decides."""
    given = entry("outbound|80||h", None, f"{OWN}:8080", f"{OTHER}:8")
    assert given.under(Circumstances(emitter)).direction == direction


def test_only_outbound_entries_are_requests() -> None:
    """A sidecar's log mixes directions; a replay of the others would be a lie."""
    lines = (FIELD / "mixed-directions.log").read_text().splitlines()[1:]
    entries = [TEXT.parse(line) for line in lines]
    assert [entry.direction for entry in entries] == [
        *("outbound", "inbound", "waypoint", "gateway", "inbound", "outbound")
    ]
    assert entries[0].to_request() == Request.http(
        "api.shop.example",
        "/v1/items",
        address="203.0.113.20",
        headers=[("user-agent", "curl/8.9.1"), ("x-request-id", "3f1c1c1e-0b1d-4c53-9d5e-0d4b8a6f7e21")],
    )
    assert entries[5].to_request() == Request.tls("www.bank.example", address="203.0.113.44")
    for refused in entries[1:5]:
        with pytest.raises(LogParseError, match=f"the direction is {refused.direction}") as caught:
            refused.to_request()
        assert caught.value.reason == "not_outbound"
        assert refused.to_request(direction="any").port


def test_a_format_without_the_destination_does_not_tell_it() -> None:
    """The upstream's address is not where the client went."""
    (line,) = (FIELD / "no-local-address.log").read_text().splitlines()
    given = AccessLogFormat.preset("envoy-default").parse(line)
    request = given.to_request(direction="any")
    assert (request.address, request.host, request.port) == (None, "api.shop.example", 80)
    assert "not logged" in given.request_doubts()[0]


def test_a_dash_is_no_method() -> None:
    """Without a method or path nothing was asked; a status shows that it was HTTP."""
    (line,) = (FIELD / "dash-method.log").read_text().splitlines()
    with pytest.raises(LogParseError) as caught:
        AccessLogFormat.preset("istio-json").parse(line).to_request()
    assert caught.value.reason == "no_request"


@pytest.mark.parametrize(
    ("cluster", "words"),
    [
        ("InboundPassthroughCluster", "a port that no service declares"),
        ("inbound|80|http|h.a", "into the workload, to its port 80 for h.a"),
        ("inbound|80||", "into the workload, to its port 80"),
        ("inbound-vip|80|http/v1|h.a", "through a waypoint to the service h.a, port 80 (http), subset v1"),
        ("outbound_.80_.v1_.h.a", "outbound to h.a, port 80, subset v1; a gateway passes it on by server name"),
        ("outbound|80||h.a", "outbound to h.a, port 80"),
    ],
)
def test_clusters_of_every_direction_are_explained(cluster: str, words: str) -> None:
    """A name is said in words; what looks like a subset and is none is not called one."""
    field, *_ = explain_entry(AccessLogEntry({"UPSTREAM_CLUSTER": cluster}))
    assert words in field.meaning
    assert ("subset" in field.meaning) == ("v1" in cluster)

"""Replaying a log: what each line counts as, what is said of it, and why."""

from __future__ import annotations

import json

import pytest

from meshegress import AccessLogEntry, Mesh, Workload, load, replay
from meshegress.analysis.replay.answers import Answer, Change, Logged, change_of, disagreement
from meshegress.analysis.replay.senders import workload_name
from meshegress.decision import Outcome

ENTRY = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: shop, namespace: egress}
spec:
  hosts: [api.shop.example]
  ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}]
  resolution: DNS
"""
HIDDEN = ENTRY.replace("  resolution: DNS", "  resolution: DNS\n  exportTo: ['.']")
ROUTES = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: egress}
spec:
  hosts: [api.shop.example]
  http:
  - match: [{uri: {prefix: /old}}]
    directResponse: {status: 410}
  - route: [{destination: {host: api.shop.example, port: {number: 80}}}]
"""
WITH_AN_ENTRY = "outbound|80||api.shop.example"


def line(
    path: str = "/",
    *,
    host: str = "api.shop.example",
    cluster: str = "PassthroughCluster",
    code: int = 200,
    flags: str = "-",
    second: int = 0,
) -> bytes:
    """Return a line of an HTTP request."""
    return (
        f'[2026-11-20T08:15:{second:02}.000Z] "GET {path} HTTP/1.1" {code} {flags} - - "-" 10 20 5 - "-" "curl" "-" '
        f'"{host}" "203.0.113.7:80" {cluster} 10.8.1.4:50000 203.0.113.7:80 10.8.1.4:40000 - -'
    ).encode()


TCP = (
    b'[2026-11-20T08:15:30.000Z] "- - -" 0 - - - "-" 10 20 5 - "-" "-" "-" "-" "203.0.113.9:5432" PassthroughCluster '
    b"10.8.1.4:50000 203.0.113.9:5432 10.8.1.4:40000 - -"
)
INBOUND = (
    b'[2026-11-20T08:15:30.000Z] "GET / HTTP/1.1" 200 - via_upstream - "-" 10 20 5 4 "-" "curl" "-" "cart" '
    b'"10.8.1.4:8080" inbound|8080|| 127.0.0.6:50000 10.8.1.4:8080 10.8.1.9:40000 - default'
)


def test_what_registry_only_blocks() -> None:
    """What no entry declares leaves under ALLOW_ANY, and not under REGISTRY_ONLY."""
    found = replay([line(), line(host="other.example"), TCP], load(ENTRY), "REGISTRY_ONLY")
    assert sorted(row.key.destination for row in found.blocked) == ["http://other.example:80", "tcp://203.0.113.9:5432"]


def test_requests_that_ask_and_meet_the_same_are_one_row() -> None:
    """Lines are counted, with their bytes and the time of the first and the last of them."""
    found = replay([line("/a", second=3), line("/b?c=d", second=1), line("/", second=2)], Mesh())
    (row,) = found.rows
    assert (row.count, row.bytes) == (3, 90)
    assert [str(moment) for moment in (row.first, row.last)] == [
        "2026-11-20 08:15:01+00:00",
        "2026-11-20 08:15:03+00:00",
    ]


def test_paths_are_told_apart_where_a_route_asks_for_them() -> None:
    """Of a host with routes by path there is a row for each thing that a path meets."""
    lines = [line("/old/1"), line("/old/2"), line("/a")]
    found = replay(lines, load(ENTRY, ROUTES))
    assert {(row.sample.path, row.lines, row.now.status) for row in found.rows} == {("/old/1", 2, 410), ("/a", 1, None)}


def test_a_candidate_of_other_files_opens_and_moves() -> None:
    """What no file declared goes to the service of the candidate; what was answered by a route leaves."""
    found = replay([line("/old/1"), line("/a")], load(ENTRY, ROUTES), load(ENTRY))
    assert {(row.sample.path, row.change) for row in found.rows} == {("/old/1", Change.OPENED), ("/a", Change.KEPT)}
    (row,) = replay([line()], Mesh(), load(ENTRY)).rows
    assert row.change is Change.MOVED


@pytest.mark.parametrize(
    ("mesh", "text", "why"),
    [
        pytest.param("{}", line(), "no entry names `api.shop.example`", id="no entry"),
        pytest.param(HIDDEN, line(), "is not exported to namespace `default`", id="not visible"),
        pytest.param(
            ENTRY.replace("number: 80, name: http, protocol: HTTP", "number: 81, name: http, protocol: HTTP"),
            line(),
            "is known on port 81, 443, not on 80",
            id="another port",
        ),
        pytest.param(
            ENTRY.replace("number: 80, name: http, protocol: HTTP", "number: 80, name: tls-a, protocol: TLS"),
            line(),
            "this request is plain HTTP, and port 80 is declared as TLS",
            id="another protocol",
        ),
        pytest.param("{}", TCP, "the log shows no name, and nothing declares 203.0.113.9 on port 5432", id="no name"),
    ],
)
def test_why_nothing_declares_a_destination(mesh: str, text: bytes, why: str) -> None:
    """Each way to the PassthroughCluster has its own reason, which names the resource."""
    (row,) = replay([text], load(mesh)).rows
    assert why in " ".join(row.why)


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        pytest.param(line(cluster=WITH_AN_ENTRY), None, id="as predicted"),
        pytest.param(line(cluster=f"{WITH_AN_ENTRY};"), None, id="with the delimiter of 1.23"),
        pytest.param(line(cluster=WITH_AN_ENTRY, code=503, flags="UF,URX"), None, id="how a connection fared"),
        pytest.param(line(cluster=WITH_AN_ENTRY, code=503, flags="UH"), "endpoints", id="no endpoints"),
        pytest.param(line(), "nothing declared this", id="an entry came later"),
        pytest.param(line(cluster="outbound|80||b.example"), "these files send nothing", id="another service"),
    ],
)
def test_where_the_log_disagrees(text: bytes, begins: str | None) -> None:
    """What the log says is compared with what is predicted, and the reason is named."""
    (row,) = replay([text], load(ENTRY)).rows
    assert (row.disagreement or "").startswith(begins or "")
    assert (row.disagreement is None) is (begins is None)


def test_what_disagrees_comes_first() -> None:
    """Everything else stands on the files being those of the log."""
    found = replay([line(host="b.example"), line(host="b.example"), line()], load(ENTRY), "REGISTRY_ONLY")
    assert [bool(row.disagreement) for row in found.rows] == [True, False]


def test_lines_that_are_not_replayed_are_counted_apart() -> None:
    """Inbound lines, lines without any destination, and lines that are none, are not among the rows."""
    nowhere = AccessLogEntry({"UPSTREAM_CLUSTER": "PassthroughCluster", "RESPONSE_CODE": 0})
    found = replay([nowhere], Mesh())
    mixed = replay([INBOUND, b"no line at all", TCP], Mesh())
    assert (found.not_attributable, found.rows) == ({"no destination": 1}, ())
    assert (mixed.not_outbound, mixed.unread, len(mixed.rows)) == ({"inbound": 1}, {"no_match": 1}, 1)


def test_the_sampling_factor_multiplies() -> None:
    """One line stands for so many requests; lines stay lines."""
    (row,) = replay([TCP], Mesh(), factor=100).rows
    assert (row.lines, row.count) == (1, 100)


def test_parts_of_different_samples_do_not_merge() -> None:
    """Their counts would mean different things."""
    with pytest.raises(ValueError, match="different sampling factors"):
        replay([TCP], Mesh()).merge(replay([TCP], Mesh(), factor=2))


def test_the_sender_is_the_pod_that_wrote_the_line() -> None:
    """Its namespace and labels choose the table; Pods of one workload are one sender."""
    pod = (
        "{apiVersion: v1, kind: Pod, metadata: {name: cart-5b7fb5d8c4-x2x9z, namespace: egress, "
        "labels: {app: cart, pod-template-hash: 5b7fb5d8c4}}}"
    )
    prefixed = [
        b'{"kubernetes": {"namespace_name": "egress", "pod_name": "cart-5b7fb5d8c4-x2x9z"}, "log": '
        + _quoted(line(cluster=WITH_AN_ENTRY))
        + b"}"
    ]
    (row,) = replay(prefixed, load(HIDDEN, pod)).rows
    assert (str(row.key.sender), dict(row.key.sender.workload.labels)) == ("egress/cart", {"app": "cart"})
    assert row.disagreement is None


def _quoted(text: bytes) -> bytes:
    return json.dumps(text.decode()).encode()


def test_a_function_may_say_who_sent_what() -> None:
    """It is asked for each emitter."""
    (row,) = replay([line(cluster=WITH_AN_ENTRY)], load(HIDDEN), workloads=lambda _: Workload("egress")).rows
    assert row.now.clusters == ((WITH_AN_ENTRY, 1),)


@pytest.mark.parametrize(
    ("pod", "name"),
    [
        pytest.param("cart-5b7fb5d8c4-x2x9z", "cart", id="of a ReplicaSet"),
        pytest.param("my-cart-v1-5b7fb5d8c4-x2x9z", "my-cart-v1", id="with dashes"),
        pytest.param("agent-x2x9z", "agent", id="of a DaemonSet"),
        pytest.param("db-0", "db", id="of a StatefulSet"),
        pytest.param("cart", "cart", id="bare"),
        pytest.param("istio-proxy", "istio-proxy", id="not generated: it has vowels"),
    ],
)
def test_the_name_of_a_workload(pod: str, name: str) -> None:
    """It is the Pod's, without what a controller appends."""
    assert workload_name(pod) == name


@pytest.mark.parametrize(
    ("now", "then", "change"),
    [
        (Answer(Outcome.PASSTHROUGH, (("PassthroughCluster", 1),)), Answer(Outcome.SERVICE, (("a", 1),)), Change.MOVED),
        (Answer(Outcome.PASSTHROUGH), Answer(Outcome.BLACKHOLE), Change.BLOCKED),
        (Answer(Outcome.NO_ENDPOINTS, (("a", 1),), status=503), Answer(Outcome.SERVICE, (("a", 1),)), Change.OPENED),
        (Answer(Outcome.NO_ROUTE, status=404), Answer(Outcome.DIRECT_RESPONSE, status=502), Change.CHANGED_STATUS),
        (Answer(Outcome.SERVICE, (("a", 1),), governed_by="x"), Answer(Outcome.SERVICE, (("a", 1),)), Change.KEPT),
    ],
)
def test_what_a_candidate_does(now: Answer, then: Answer, change: Change) -> None:
    """A change is what a client would see."""
    assert change_of(now, then) is change


def test_a_sidecar_answers_grpc_with_200() -> None:
    """So a status of 200 without a cluster fits whatever the sidecar answers itself."""
    assert disagreement(Logged(None, (), 200), Answer(Outcome.DIRECT_RESPONSE, status=502)) is None

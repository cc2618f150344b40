"""The verbs that know gateways: `follow`, `clusters`, and `--gateway`."""

from __future__ import annotations

import json
from pathlib import Path

from cli.command import run

EXAMPLE = Path(__file__).parents[2] / "examples" / "egress-gateway"
MESH = (str(EXAMPLE / "gateway.yaml"), str(EXAMPLE / "httpbin.yaml"))
GATEWAY = ("--gateway", "istio-system/istio-egressgateway")


def test_follow_tells_the_journey() -> None:
    """As a letter, or as JSON with every row."""
    told = run("follow", *MESH, "http://httpbin.org/")
    assert (told.returncode, told.stderr.startswith("meshegress: read 8 documents")) == (0, True)
    assert "dials httpbin.org (by DNS), port 80, in the clear" in told.stdout
    shown = json.loads(run("follow", *MESH, "http://httpbin.org/", "-o", "json").stdout)
    assert shown["asked"] == "http://httpbin.org/"
    assert shown["sent"][0]["leaves"][0]["address"] == "httpbin.org"


def test_decide_asks_a_gateway() -> None:
    """The port is the one that the Pod listens on, and `why` names what governs."""
    told = run("decide", *MESH, "http://httpbin.org:8080/", *GATEWAY)
    assert told.stdout.splitlines()[0] == "outbound|80||httpbin.org"
    closed = run("decide", *MESH, "http://httpbin.org/", *GATEWAY, "--expect", "no_listener")
    assert (closed.returncode, "listens on 8080, not on 80" in closed.stdout) == (0, True)


def test_explain_asks_a_gateway() -> None:
    """There is no outbound policy to tell of."""
    told = run("explain", *MESH, "http://other.org:8080/", *GATEWAY).stdout
    assert "virtual host  none" in told
    assert "outbound policy" not in told


def test_clusters_are_listed_and_shown_alone() -> None:
    """A line for each, or one with all that leaves through it."""
    listed = run("clusters", *MESH, *GATEWAY).stdout.splitlines()
    assert listed[0].split()[:3] == ["SERVICE", "FQDN", "PORT"]
    own = ["istio-egressgateway.istio-system.svc.cluster.local"] * 2
    assert [line.split()[0] for line in listed[1:]] == ["httpbin.org", *own]
    alone = run("clusters", *MESH, "outbound|80||httpbin.org").stdout
    assert "discovery   STRICT_DNS" in alone


def test_cluster_that_is_not_there_is_an_error_with_the_reason() -> None:
    """The name of a subset that nobody gives is told so."""
    told = run("clusters", *MESH, *GATEWAY, "outbound|80|httpbin|istio-egressgateway.istio-system.svc.cluster.local")
    assert told.returncode == 2
    assert "gives `istio-egressgateway.istio-system.svc.cluster.local` the subset `httpbin`" in told.stderr


def test_a_gateway_and_a_workload_do_not_go_together() -> None:
    """Who asks is said once."""
    told = run("decide", *MESH, "http://httpbin.org/", *GATEWAY, "--namespace", "default")
    assert (told.returncode, "--gateway names the proxy" in told.stderr) == (2, True)

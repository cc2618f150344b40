"""Where listeners stand, and who has a place that two want; expectations are what Istio 1.30.3 generates."""

import pytest

import meshegress

MAPPED = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: mapped, namespace: default}
spec:
  hosts: [a.com]
  addresses: ["::ffff:1.2.3.4/128"]
  ports: [{number: 9000, name: tcp, protocol: TCP}]
"""

ON_THE_PROXY_PORT = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: local, namespace: default}
spec:
  hosts: [a.com]
  addresses: [127.0.0.1]
  ports: [{number: 9000, name: tcp, protocol: TCP}]
---
proxyHttpPort: 9000
"""


def test_mapped_address_keeps_its_dots() -> None:
    """A full-length CIDR of a v4-mapped address is listened on under the dotted form."""
    table = meshegress.load(MAPPED).egress("default").table
    assert "::ffff:1.2.3.4_9000" in [listener.name for listener in table.listeners]


def test_declared_service_has_the_place_of_the_http_proxy() -> None:
    """Where a declared address is the HTTP proxy's, the service's listener comes first and the proxy's is refused."""
    egress = meshegress.load(ON_THE_PROXY_PORT).egress("default")
    request = meshegress.Request.tcp("127.0.0.1", 9000)
    assert egress.decide(request).cluster == "outbound|9000||a.com"
    assert [row.name for row in egress.rejected] == ["127.0.0.1_9000"]


SOCKET = """
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: socket, namespace: default}
spec:
  egress:
  - {port: {number: 0, name: http, protocol: HTTP}, bind: "unix:///run/a.sock", hosts: ["*/*"]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a, namespace: default}
spec:
  hosts: [a.com]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: DNS
"""


def test_a_socket_is_no_privileged_port() -> None:
    """A pod without privileges may listen on a unix socket, whose port is 0."""
    workload = meshegress.Workload("default", metadata={"UNPRIVILEGED_POD": "true"})
    table = meshegress.load(SOCKET).egress(workload).table
    assert "unix:///run/a.sock_0" in [listener.name for listener in table.listeners]


@pytest.mark.parametrize(("count", "candidates"), [(7, 7), (8, 8), (30, 8)])
def test_of_many_that_are_tied_eight_are_tried(count: int, candidates: int) -> None:
    """Of more than eight the decision says that not all were."""
    entry = {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry"}
    spec = {"ports": [{"number": 3306, "name": "tcp", "protocol": "TCP"}], "resolution": "DNS"}
    entries = [
        {**entry, "metadata": {"name": f"e{number}"}, "spec": {**spec, "hosts": [f"e{number}.com"]}}
        for number in range(count)
    ]
    decision = meshegress.load(entries).egress("default").decide(meshegress.Request.tcp("9.9.9.9", 3306))
    assert len(decision.candidates) == candidates
    assert ("more than 8 are tied" in decision.assumptions[0].reason) is (count >= 8)

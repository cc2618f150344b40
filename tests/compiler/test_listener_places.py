"""Where listeners stand, and who has a place that two want; expectations are what Istio 1.30.3 generates."""

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

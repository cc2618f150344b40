"""The line that a gateway writes for a decided request."""

from __future__ import annotations

import pytest

from gateways.worlds import HOST, mesh_of, server
from gateways.worlds import gateway as gateway_of
from meshegress import AccessLogEntry, AccessLogFormat, LogParseError, Request, RequestError

GATEWAY = "istio-system/egress-0"


def test_gateway_logs_its_own_cluster() -> None:
    """The address is the Pod's, the cluster the one that the gateway chose."""
    request = Request.http(HOST, "/a", address="10.244.9.9", port=8080)
    entry = AccessLogEntry.from_decision(mesh_of().gateway(GATEWAY).decide(request), request, istio="1.30")
    line = AccessLogFormat.preset("istio-text").format(entry)
    assert f'"GET /a HTTP/1.1" 200 - via_upstream - "-" 0 0 0 - "-" "-" "-" "{HOST}" "-" outbound|80||{HOST} ' in line
    assert " 10.244.9.9:8080 " in line


def test_line_of_a_gateway_is_asked_again() -> None:
    """HTTP with a server name came inside the mutual TLS that the gateway ended."""
    entry = AccessLogEntry(
        {
            "UPSTREAM_CLUSTER": f"outbound|80||{HOST}",
            "DOWNSTREAM_LOCAL_ADDRESS": "10.244.9.9:8443",
            "UPSTREAM_LOCAL_ADDRESS": "10.244.9.9:40000",
            "DOWNSTREAM_REMOTE_ADDRESS": "10.244.7.7:51000",
            "REQUESTED_SERVER_NAME": HOST,
            "PROTOCOL": "HTTP/1.1",
            "REQ(:METHOD)": "GET",
            "REQ(:PATH)": "/a",
            "REQ(:AUTHORITY)": HOST,
        }
    )
    request = entry.to_request(direction="gateway")
    assert (str(entry.direction), request.is_mutual, request.sni, request.path) == ("gateway", True, HOST, "/a")
    with pytest.raises(LogParseError, match="direction is gateway"):
        entry.to_request()


def test_failed_handshake_leaves_no_line() -> None:
    """Nothing is read, so nothing is logged."""
    gateway = mesh_of(gateway_of(server(80, "HTTPS", tls={"mode": "ISTIO_MUTUAL"}))).gateway(GATEWAY)
    request = Request.tls(HOST, address="10.244.9.9", port=8080)
    with pytest.raises(RequestError, match="handshake"):
        AccessLogEntry.from_decision(gateway.decide(request), request, istio="1.30")

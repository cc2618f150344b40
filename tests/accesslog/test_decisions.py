"""From a decision to the line that the sidecar would write, and from a line to the request behind it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from meshegress import (
    AccessLogEntry,
    AccessLogFormat,
    Decision,
    LogFormatError,
    LogParseError,
    Outcome,
    Request,
    RequestError,
)
from meshegress.accesslog.presets import JSON_PRESETS, TEXT_PRESETS
from meshegress.request import WireProtocol

TEXT = AccessLogFormat.preset("istio-text")
LISTENER = "0.0.0.0_80"


@pytest.mark.parametrize(
    ("decision", "request_", "line"),
    [
        pytest.param(
            Decision(outcome=Outcome.PASSTHROUGH, cluster="PassthroughCluster", listener="virtualOutbound"),
            Request.tls("www.baidu.com", address="192.0.2.7"),
            '"- - -" 0 - - - "-" 0 0 0 - "-" "-" "-" "-" "192.0.2.7:443" PassthroughCluster - 192.0.2.7:443 '
            "192.0.2.1:40000 - -",
            id="today's catch-all listener reads no server name",
        ),
        pytest.param(
            Decision(outcome=Outcome.SERVICE, cluster="outbound|443||a.com", listener="0.0.0.0_443"),
            Request.tls("A.com", address="192.0.2.7"),
            '"- - -" 0 - - - "-" 0 0 0 - "-" "-" "-" "-" "-" outbound|443||a.com - 192.0.2.7:443 '
            "192.0.2.1:40000 a.com -",
            id="a listener that matches by server name logs it",
        ),
        pytest.param(
            Decision(
                outcome=Outcome.DIRECT_RESPONSE,
                route="block_all",
                status=502,
                details="direct_response",
                route_config="80",
                listener=LISTENER,
            ),
            Request.http("b.com", address="192.0.2.7", headers={"User-Agent": "curl"}),
            '"GET / HTTP/1.1" 502 - direct_response - "-" 0 0 0 - "-" "curl" "-" "b.com" "-" - - 192.0.2.7:80 '
            "192.0.2.1:40000 - block_all",
            id="what REGISTRY_ONLY answers",
        ),
        pytest.param(
            Decision(
                outcome=Outcome.CODEC_ERROR,
                status=400,
                flags="DPE",
                details="http1.codec_error",
                route_config="80",
                listener=LISTENER,
            ),
            Request.tcp("192.0.2.7", 80, b"not http at all"),
            '"- - HTTP/1.1" 400 DPE http1.codec_error - "-" 0 11 0 - "-" "-" "-" "-" "-" - - 192.0.2.7:80 '
            "192.0.2.1:40000 - -",
            id="bytes that are not a request",
        ),
    ],
)
def test_the_line_of_a_decision(decision: Decision, request_: Request, line: str) -> None:
    """The line is what the sidecar would write, and reads back to the same entry."""
    entry = AccessLogEntry.from_decision(decision, request_)
    assert TEXT.format(entry) == f"[1970-01-01T00:00:00.000Z] {line}"
    assert TEXT.format(TEXT.parse(TEXT.format(entry))) == TEXT.format(entry)


_UNLOGGED = (
    Outcome.NO_LISTENER,
    Outcome.RESERVED,
    Outcome.WAITING,
    Outcome.TLS_ERROR,
    Outcome.NOT_CAPTURED,
    Outcome.UNKNOWN,
)
_REQUESTS = {
    "http": Request.http("a.com", "/x?y", address="192.0.2.7", headers={"user-agent": 'a "b'}),
    "tls": Request.tls("a.com", address="192.0.2.7"),
    "tcp": Request.tcp("2001:db8::1", 9),
}


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome not in _UNLOGGED])
@pytest.mark.parametrize("kind", _REQUESTS)
@pytest.mark.parametrize("preset", [*TEXT_PRESETS, *JSON_PRESETS])
def test_every_outcome_is_written_in_every_preset(outcome: Outcome, kind: str, preset: str) -> None:
    """The line reads back, strictly and in one way, to the values that it was written from."""
    routes = "80" if kind == "http" else None
    decision = Decision(
        outcome=outcome, cluster="outbound|80||a.com", listener=LISTENER, flags="UH", route_config=routes, route=routes
    )
    log = AccessLogFormat.preset(preset)
    line = log.format(AccessLogEntry.from_decision(decision, _REQUESTS[kind], istio="1.30"))
    entry = log.parse(line)
    assert log.format(entry) == line
    if entry.protocol and entry.method is None:
        with pytest.raises(LogParseError):  # bytes that were no request
            entry.to_request()
    elif "downstream_local_address" in entry:  # not every format tells the original destination
        assert entry.to_request().address == _REQUESTS[kind].address


def test_the_sidecars_own_answers_have_their_length() -> None:
    """No healthy upstream is nineteen bytes, none for HEAD; without a filter chain the listener gives the details."""
    unhealthy = Decision(
        outcome=Outcome.NO_ENDPOINTS, status=503, flags="UH", details="no_healthy_upstream", route_config="80"
    )
    request = Request.http("a.com", address="192.0.2.7")
    assert AccessLogEntry.from_decision(unhealthy, request).bytes_sent == 19
    head = Request.http("a.com", address="192.0.2.7", method="HEAD")
    assert AccessLogEntry.from_decision(unhealthy, head).bytes_sent == 0
    unmatched = Decision(outcome=Outcome.NO_ROUTE, listener=LISTENER, flags="NR", details="filter_chain_not_found")
    entry = AccessLogEntry.from_decision(unmatched, _REQUESTS["tcp"])
    assert (entry.response_code, entry.response_code_details) == (0, "filter_chain_not_found")


def test_what_is_known_can_be_given() -> None:
    """Fields are named by Istio's keys; a wrong one is an error."""
    decision = Decision(outcome=Outcome.SERVICE, cluster="outbound|80||a.com", route_config="80", listener=LISTENER)
    request = Request.http("a.com", address="192.0.2.7")
    entry = AccessLogEntry.from_decision(decision, request, response_code=404, upstream_host="1.2.3.4:80", istio="1.30")
    assert (entry.response_code, entry.upstream_host, entry.response_code_details) == (
        404,
        "1.2.3.4:80",
        "via_upstream",
    )
    assert AccessLogFormat("%UPSTREAM_CLUSTER% %UPSTREAM_CLUSTER_RAW%").format(entry) == (
        "outbound|80||a.com; outbound|80||a.com"
    )
    with pytest.raises(RequestError, match="is not a field"):
        AccessLogEntry.from_decision(decision, request, nope=1)


def test_what_is_not_logged_is_an_error() -> None:
    """A connection that no listener takes leaves no record."""
    with pytest.raises(RequestError, match="nothing is logged"):
        AccessLogEntry.from_decision(Decision(outcome=Outcome.NO_LISTENER), Request.tcp("192.0.2.7", 1))


@pytest.mark.parametrize(
    "request_",
    [
        Request.http("a.com", "/x?y", address="192.0.2.7", method="PUT", headers={"user-agent": "curl"}),
        Request.http("a.com", address="192.0.2.7", protocol=WireProtocol.HTTP2),
        Request.tcp("2001:db8::1", 9),
    ],
)
def test_a_logged_request_can_be_decided_again(request_: Request) -> None:
    """What the format shows of a request comes back."""
    is_http = request_.host is not None
    decision = Decision(
        outcome=Outcome.PASSTHROUGH, cluster="PassthroughCluster", route_config="80" if is_http else None
    )
    line = TEXT.format(AccessLogEntry.from_decision(decision, request_))
    assert TEXT.parse(line).to_request() == request_
    assert TEXT.parse(line).request_doubts()


def test_an_entry_without_destination_is_no_request() -> None:
    """Some formats do not tell where a request went."""
    with pytest.raises(RequestError):
        AccessLogFormat("%RESPONSE_CODE%").parse("0").to_request(direction="any")


@pytest.mark.parametrize(
    ("text", "encoding", "kind", "first"),
    [
        pytest.param("", "TEXT", "text", "START_TIME", id="nothing said: Istio's default"),
        pytest.param("", "JSON", "json", "REQ(:AUTHORITY)", id="nothing said, as JSON"),
        pytest.param("%PROTOCOL%", "TEXT", "text", "PROTOCOL", id="Istio adds the newline"),
        pytest.param("%REQ_WITHOUT_QUERY(:PATH)%", "TEXT", "text", "REQ_WITHOUT_QUERY(:PATH)", id="and the extension"),
        pytest.param('{"p":"%PROTOCOL%"}', "JSON", "json", "PROTOCOL", id="a JSON object"),
    ],
)
def test_the_mesh_configuration_gives_the_format(text: str, encoding: str, kind: str, first: str) -> None:
    """The two fields accessLogFormat and accessLogEncoding are enough."""
    log = AccessLogFormat.from_mesh(SimpleNamespace(access_log_format=text, access_log_encoding=encoding))
    assert (log.kind, log.commands[0].text) == (kind, first)
    assert kind == "json" or log.text.endswith("\n")


def test_a_mesh_format_of_the_wrong_kind_is_an_error() -> None:
    """Text where JSON is asked for is told."""
    with pytest.raises(LogFormatError, match="JSON object"):
        AccessLogFormat.from_mesh(SimpleNamespace(access_log_format="%PROTOCOL%", access_log_encoding="JSON"))

"""Writing lines: derived values, shapes of numbers, times with their traps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from meshegress import AccessLogFormat, LogFormatError
from meshegress.accesslog import Process, Shown


@pytest.mark.parametrize(
    ("text", "values", "line"),
    [
        ("%REQ(X?:PATH)% %REQUEST_HEADER(:path):3%", {"REQ(:PATH)": "/index"}, "/index /in"),
        ("%PATH(NQ)% %QUERY_PARAMS% %QUERY_PARAM(b)%", {"REQ(:PATH)": "/p?a=1&b=%20"}, "/p a=1&b=%20  "),
        ("%PATH% %PATH(WQ:PATH)%", {"REQ(X-ENVOY-ORIGINAL-PATH)": "/o", "REQ(:PATH)": "/p"}, "/o /p"),
        (
            "%UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT(16)% %UPSTREAM_REMOTE_PORT%",
            {"UPSTREAM_HOST": "1.2.3.4:5"},
            "1.2.0.0/16 5",
        ),
        ("[%DOWNSTREAM_LOCAL_PORT%]", {"DOWNSTREAM_LOCAL_ADDRESS": "/a b.sock"}, "[]"),
        (
            "%RESPONSE_FLAGS_LONG%",
            {"response_flags": ("UF", "URX")},
            "UpstreamConnectionFailure,UpstreamRetryLimitExceeded",
        ),
        ("%GRPC_STATUS% %GRPC_STATUS(SNAKE_STRING)%", {"GRPC_STATUS_NUMBER": 14}, "Unavailable UNAVAILABLE"),
        ("%METADATA(CLUSTER:a:b)%", {"CLUSTER_METADATA(a)": {"b": {"c": [1e5, True]}}}, '{"c":[1e+05,true]}'),
        (
            "%START_TIME(%F)% %START_TIME_LOCAL%",
            {"START_TIME": datetime(2026, 1, 2, tzinfo=UTC)},
            "2026-01-02 2026-01-02T05:30:00.000+0530",
        ),
        ('%COALESCE({"operators":["PROTOCOL",{"command":"REQ","param":"a","max_length":1}]})%', {"REQ(A)": "xy"}, "x"),
        ("%ENVIRONMENT(A)% %ENVIRONMENT(B)% %HOSTNAME%", {}, "1 - host"),
        ("%BYTES_SENT% %RESPONSE_FLAGS% %ROUTE_NAME%", {}, "0 - -"),
        (
            "%FILTER_STATE(k)% %FILTER_STATE(k:PLAIN)%",
            {"FILTER_STATE(k)": 'a"', "FILTER_STATE(k:PLAIN)": 'a"'},
            '"a\\"" a"',
        ),
        ("%TYPED_CEL(a)%", {"TYPED_CEL(a)": Shown(None, "NULL")}, "NULL"),
        ("%QUERY_PARAM(a b)% %QUERY_PARAMS%", {"REQ(:PATH)": "/?a%20b=1#f"}, "1#f a%20b=1#f"),
        ("%QUERY_PARAM(a)%", {"REQ(X-ENVOY-ORIGINAL-PATH)": "/?a=1", "REQ(:PATH)": "/?a=2"}, "2"),
        ("%PATH% %PATH(WQ:ORIG)%", {"REQ(X-ENVOY-ORIGINAL-PATH)": "", "REQ(:PATH)": "/p"}, "/p -"),
        ("%QUERY_PARAMS(DECODED)%", {"REQ(:PATH)": "/?%60%7e%5c"}, "`~%5c"),
        ("%QUERY_PARAMS(DECODED)%", {"REQ(:PATH)": "/?%zz%%41%0a%%4"}, "zzA%0a%4"),
        ("%REQ(HOST)% %REQ(X?HOST)%", {"authority": "a.com"}, "a.com a.com"),
        (
            "%REQUESTED_SERVER_NAME(SNI_FIRST)% %REQUESTED_SERVER_NAME(HOST_FIRST)% %REQUESTED_SERVER_NAME(:HOST)%",
            {"REQUESTED_SERVER_NAME": "sni.com", "REQ(:AUTHORITY)": "a.com:80"},
            "sni.com a.com:80 sni.com",
        ),
        ("%REQUESTED_SERVER_NAME(SNI_FIRST:ORIG)%", {"REQ(:AUTHORITY)": "a.com"}, "-"),
        ("%RESPONSE_CODE_DETAILS%", {"RESPONSE_CODE_DETAILS(ALLOW_WHITESPACES)": "a b\n"}, "a_b_"),
        ("%STREAM_ID%", {"request_id": "1-2"}, "1-2"),
        ("%XFCC_VALUE(dns):2%", {"REQ(X-FORWARDED-CLIENT-CERT)": 'By=x;DNS="a,b",DNS=c'}, "a,b"),
        ("%REQ(A):3%", {"REQ(A)": "\U0010ffff"}, "\udcf4\udc8f\udcbf"),
        *(
            (f"%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT({prefix})%", {"DOWNSTREAM_LOCAL_ADDRESS": "10.1.2.3:4"}, shown)
            for prefix, shown in (("2147483647", "10.1.2.3/32"), ("2147483648", "10.1.2.3"), ("1_6", "10.1.2.3"))
        ),
        ('%COALESCE({"operators":[{"command":"ENVIRONMENT","param":"B"},"PROTOCOL"]})%', {"PROTOCOL": "HTTP/2"}, "-"),
        ('%COALESCE({"operators":["DOWNSTREAM_LOCAL_PORT"]})%', {"DOWNSTREAM_LOCAL_ADDRESS": "@s"}, ""),
        ('%COALESCE({"operators":[{"command":"METADATA","param":"ROUTE:a"}]})%', {"METADATA(ROUTE:a)": 1e5}, "1e+05"),
        ("%START_TIME% %START_TIME_LOCAL(%s)%", {"START_TIME_LOCAL": 1_500_000_000}, "1970-01-01T00:00:01.500Z 1"),
        ("%START_TIME%", {"START_TIME": 2**70}, str(2**70)),
        ("%METADATA(ROUTE:a)%", {"METADATA(ROUTE:a)": float("-inf")}, "-inf"),
    ],
)
def test_values_follow_from_related_ones(text: str, values: dict[str, object], line: str) -> None:
    """What is not given is derived where another value tells it."""
    process = Process(environment={"A": "1"}, hostname="host", zone=ZoneInfo("Asia/Kolkata"))
    assert AccessLogFormat(text).format(values, process=process) == line


def test_a_local_time_keeps_its_own_zone() -> None:
    """A moment that was read with an offset is written with it."""
    log = AccessLogFormat.json({"t": "%START_TIME_LOCAL%"})
    line = '{"t":"2026-11-23T02:59:05.213+0530"}'
    assert log.format(log.parse(line)) == line
    assert AccessLogFormat("%START_TIME_LOCAL%").format({"start_time": 0}) == "1970-01-01T00:00:00.000+0000"


def test_each_piece_of_a_json_string_is_escaped_on_its_own() -> None:
    """Bytes that are not UTF-8 in one value leave the literals and values beside it as they are."""
    log = AccessLogFormat.json({"a": '"%REQ(A)%" %REQ(B)%'})
    line = '{"a":"\\"\\u00c3\\u00a9\\u00ff\\" é"}'
    assert log.format({"REQ(A)": "é\udcff", "REQ(B)": "é"}) == line
    assert log.parse(line)["REQ(A)"] == "é\udcff"


def test_recorded_paths_and_queries_follow_from_their_headers(recorded: tuple[dict[str, Any], ...]) -> None:
    """Operators that show parts of the path show what the recorded path holds."""
    paths = {}
    for record in recorded:
        path = record.get("truth", {}).get("REQ(:PATH)")
        if path is not None and "REQ(X-ENVOY-ORIGINAL-PATH?:PATH)" not in record["truth"]:
            paths[record["case"], record["record"]] = path
    checked = 0
    for record in recorded:
        path = paths.get((record["case"], record.get("record")))
        for text, value in record.get("truth", {}).items() if path else ():
            if text.startswith(("QUERY_PARAM", "PATH(NQ:PATH)", "PATH(WQ:PATH)")):
                assert AccessLogFormat.json({"v": f"%{text}%"}).format({"REQ(:PATH)": path}) == (
                    AccessLogFormat.json({"v": f"%{text}%"}).format({text: value})
                )
                checked += 1
    assert checked > 5


def test_json_formats_hold_constants_and_nested_values() -> None:
    """Keys are sorted by bytes at every depth; constants are doubles; empty values can be dropped."""
    mapping = {"b": {"z": "%REQ(A)%", "c": 100000}, "a": ["%PROTOCOL%", 1.5, None], "%": "100%%"}
    assert AccessLogFormat.json(mapping).format({}) == '{"%":"100%","a":[null,1.5,null],"b":{"c":1e+05,"z":null}}'
    omit = AccessLogFormat.json({"b": {"z": "%REQ(A)%"}, "a": ["%PROTOCOL%"], "c": None}, omit_empty_values=True)
    assert omit.format({}) == '{"a":[]}'


@pytest.mark.parametrize("mapping", [{"a": {1: "x"}}, {"a": object()}, {"a": {"b": ["%"]}}, {"a": "%REQ()%"}])
def test_json_formats_are_checked_as_deep_as_they_go(mapping: dict[str, object]) -> None:
    """A refused string anywhere refuses the format."""
    with pytest.raises(LogFormatError):
        AccessLogFormat.json(mapping)


def test_deep_formats_end_no_process() -> None:
    """Nesting has a limit, told as a refusal."""
    nested: dict[str, object] = {}
    for _ in range(5000):
        nested = {"a": nested}
    with pytest.raises(LogFormatError, match="nested too deeply"):
        AccessLogFormat.json(nested)

"""Writing lines: derived values, shapes of numbers, times with their traps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from meshegress import AccessLogFormat, LogFormatError
from meshegress.accesslog import Process, Shown
from meshegress.accesslog.timeformat import Moment, format_time

MOMENT = Moment.at(1_795_387_730_479_885_000, UTC, timezone(timedelta(hours=5, minutes=30), "IST"))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        pytest.param("%-d %_d %^a %#Z %5Y", "22 22 SUN ist 02026", id="flags and widths; a zone with a flag is local"),
        pytest.param("%10f", "      %10f", id="a width before an unknown letter pads"),
        pytest.param("%0f %Ef %-f", "%0f %Ef %-f", id="these are no fractions"),
        pytest.param(
            "%%3f %%s", "%479 %1795387730", id="fractions and seconds are replaced even behind a percent sign"
        ),
        pytest.param("%3s", "1795367930", id="seconds with a width are off by the zone"),
        pytest.param("%1f%2f%9f%f", "447479885000479885000", id="fractions are cut"),
        pytest.param("%E3S %E*S %E6f %E*f", "50.479 50.479885 479885 479885", id="fractions with digits"),
        pytest.param("%Ez %E*z %:z %::z %z", "+00:00 +00:00:00 +00:00 +00:00:00 +0000", id="zones"),
        pytest.param("%EY %Ey %Od %OH %E4Y", "2026 26 22 22 2026", id="modifiers change nothing"),
        pytest.param("%i%J%K%q %Y %", "%i%J%K%q 2026 %", id="unknown letters stay"),
        pytest.param(
            "%a %A %b %B %C %D %e %F %g %G %h", "Sun Sunday Nov November 20 11/22/26 22 2026-11-22 26 2026 Nov"
        ),
        pytest.param("%I %j %k %l %p %P %r %R %T", "10 326 22 10 PM pm 10:48:50 PM 22:48 22:48:50"),
        pytest.param("%u %U %V %w %W %x %X %c", "7 47 47 0 46 11/22/26 22:48:50 Sun Nov 22 22:48:50 2026"),
    ],
)
def test_time_formats(pattern: str, text: str) -> None:
    """Every hand that touches a time format is followed, traps included."""
    assert format_time(pattern, MOMENT) == text


def test_recorded_times_follow_from_their_instant(recorded: tuple[dict[str, Any], ...]) -> None:
    """Every START_TIME that Envoy wrote is what the instant of its exchange gives."""
    zone = ZoneInfo("Asia/Kolkata")
    checked = 0
    for record in recorded:
        truth = record.get("truth", {})
        instant = truth.get("START_TIME(%s.%9f)", "").replace(".", "") or truth.get("START_TIME(%s)", "") + "0" * 9
        for text, shown in truth.items():
            name, _, pattern = text.partition("(")
            if name in ("START_TIME", "START_TIME_LOCAL") and pattern and len(instant) == 19:
                local = zone if name.endswith("LOCAL") else UTC
                if instant.endswith("0" * 9) and "f" in pattern:
                    continue
                assert format_time(pattern[:-1] or None, Moment.at(int(instant), local, zone)) == shown
                checked += 1
    assert checked > 20


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
    ],
)
def test_values_follow_from_related_ones(text: str, values: dict[str, object], line: str) -> None:
    """What is not given is derived where another value tells it."""
    process = Process(environment={"A": "1"}, hostname="host", zone=ZoneInfo("Asia/Kolkata"))
    assert AccessLogFormat(text).format(values, process=process) == line


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

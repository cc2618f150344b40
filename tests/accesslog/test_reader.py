"""Streams of lines: wrappers, mixed formats, what cannot be read, rotated and compressed files."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from pathlib import Path

import pytest

from meshegress import AccessLogFormat, LogFormatError, LogParseError, read_log
from meshegress.accesslog.logs import rotated_files
from meshegress.accesslog.wrappers import Unwrapper

TCP = (
    '[2026-11-22T22:44:33.490Z] "- - -" 0 - - - "-" 1 2 3 - "-" "-" "-" "-" "1.2.3.4:443" PassthroughCluster '
    "10.0.0.1:1 1.2.3.4:443 10.0.0.1:2 - -"
)
NINE, INDIA = "2026-11-22T22:44:33.490123456Z", "2026-11-22T22:44:33+05:30"
POD = {"pod": "a-1", "container": "istio-proxy"}
CODE = AccessLogFormat("%RESPONSE_CODE%\n")


@pytest.mark.parametrize(
    ("wrapped", "emitter"),
    [
        pytest.param(TCP, {}, id="as it is"),
        pytest.param(f"{NINE} stdout F {TCP}", {"stream": "stdout", "time": NINE}, id="CRI"),
        pytest.param(
            f"2026-11-22T22:44:33+05:30 stderr F {TCP}",
            {"stream": "stderr", "time": "2026-11-22T22:44:33+05:30"},
            id="CRI with an offset",
        ),
        pytest.param(
            json.dumps({"log": f"{TCP}\n", "stream": "stdout", "time": "x"}),
            {"stream": "stdout", "time": "x"},
            id="Docker",
        ),
        pytest.param(
            f"[pod/a-1/istio-proxy] {TCP}", {"pod": "a-1", "container": "istio-proxy"}, id="kubectl with prefix"
        ),
        pytest.param(
            f"[pod/a-1/istio-proxy] 2026-11-22T22:44:33.490Z {TCP}",
            {"pod": "a-1", "container": "istio-proxy", "time": "2026-11-22T22:44:33.490Z"},
            id="and timestamps",
        ),
        pytest.param(
            f"2026-11-22T22:44:33.490Z {TCP}", {"time": "2026-11-22T22:44:33.490Z"}, id="kubectl with timestamps"
        ),
    ],
)
def test_wrappings_are_taken_off(wrapped: str, emitter: dict[str, str]) -> None:
    """The line is found as the proxy wrote it."""
    unwrapped = Unwrapper().unwrap(wrapped.encode())
    assert unwrapped is not None
    assert (unwrapped.line.decode(), unwrapped.emitter.as_dict()) == (TCP, emitter)


def test_cut_lines_are_joined_by_stream() -> None:
    """Parts of two streams may be mixed."""
    lines = ["2026-11-22T22:44:33Z stdout P 20", "2026-11-22T22:44:33Z stderr F 404", "2026-11-22T22:44:33Z stdout F 0"]
    assert [entry.response_code for entry in read_log([line.encode() for line in lines], CODE)] == [404, 200]


def test_mixed_lines_are_read_each_in_its_format() -> None:
    """Text, JSON and other lines may stand in one log; blank ones do not count."""
    as_json = AccessLogFormat.preset("istio-json").format(AccessLogFormat.preset("istio-text").parse(TCP))
    reader = read_log([f"{line}\n".encode() for line in (TCP, "info Envoy proxy is ready", "", as_json)])
    assert [entry.upstream_cluster for entry in reader] == ["PassthroughCluster"] * 2
    assert str(reader.counts) == "3 lines, 2 entries, 1 no match"
    assert reader.counts.unread["no_match"].samples == ["info Envoy proxy is ready"]


def test_files_of_other_systems_are_read(tmp_path: Path) -> None:
    """A byte order mark before the first line and carriage returns at the ends belong to the file."""
    path = tmp_path / "a.log"
    path.write_bytes(b"\xef\xbb\xbf" + f"{TCP}\r\n{TCP}\r\n".encode())
    assert [entry.route_name for entry in read_log(path)] == [None, None]
    assert [entry.response_code for entry in read_log([b"200\r\n"], CODE)] == [200]
    with path.open(encoding="utf-8") as opened_as_text:
        assert len(list(read_log(opened_as_text))) == 2  # its bytes are read


def test_what_cannot_be_read_is_counted_by_reason() -> None:
    """Ambiguous lines and lines that are too long stop nothing."""
    quoted = AccessLogFormat('"%REQ(A)%" "%REQ(B)%"\n')
    reader = read_log([b'"a" "b" "c"\n', b'"a" "b"\n', b"x" * (2 << 20)], quoted)
    assert len(list(reader)) == 1
    assert {reason: unread.lines for reason, unread in reader.counts.unread.items()} == {"ambiguous": 1, "too_long": 1}


def test_records_of_several_lines_are_found_again_after_a_misfit() -> None:
    """A line that belongs to no record is lost, and only it."""
    log = AccessLogFormat("code %RESPONSE_CODE%\nend\n")
    reader = read_log([b"code 200\n", b"end\n", b"noise\n", b"code 404\n", b"end\n", b"code"], log)
    assert [entry.response_code for entry in reader] == [200, 404]
    assert reader.counts.unread_lines == 2


def test_a_stream_needs_an_end_of_records() -> None:
    """Without a newline nobody can tell where a record ends."""
    with pytest.raises(LogFormatError, match="do not end in a newline"):
        read_log([b"200"], AccessLogFormat("%RESPONSE_CODE%"))


def test_an_unknown_format_is_an_error() -> None:
    """Nothing is guessed."""
    with pytest.raises(LogParseError, match="no known format"):
        list(read_log([b"hello\n"]))


@pytest.mark.parametrize(
    "preset",
    [
        "istio-text",
        "istio-1.8-text",
        "istio-1.5-text",
        "istio-1.2-text",
        "istio-1.1-mixer-text",
        "istio-1.1-text",
        "emissary",
        "kuma-http",
        "kuma-1-http",
        "kuma-tcp",
        "envoy-gateway-json",
        "envoy-default",
        "istio-json",
        "istio-1.5-json",
    ],
)
def test_detection_finds_the_preset(preset: str) -> None:
    """Each preset is told from the others by its lines; the share that did not fit is told."""
    line = AccessLogFormat.preset(preset).format(AccessLogFormat.preset("istio-text").parse(TCP))
    found = AccessLogFormat.detect([line, "other"])
    assert (found.name, found.fitting, found.lines, found.misfit_share) == (preset, 1, 2, 0.5)
    assert AccessLogFormat.detect([line]).is_sure


def test_files_stream_compressed_rotated_and_as_they_are(tmp_path: Path) -> None:
    """Rotated neighbours come first, the oldest before all."""
    (tmp_path / "a.log").write_bytes(b"204\n")
    (tmp_path / "a.log.1").write_bytes(b"203\n")
    (tmp_path / "a.log.2.gz").write_bytes(gzip.compress(b"201\n") + gzip.compress(b"202\n"))
    (tmp_path / "a.log.txt").write_bytes(b"500\n")
    reader = read_log(tmp_path / "a.log", CODE, rotated=True)
    assert [entry.response_code for entry in reader] == [201, 202, 203, 204]
    assert [entry.response_code for entry in read_log(io.BytesIO(b"1\n2"), CODE)] == [1, 2]
    (tmp_path / "0.log").touch()
    (tmp_path / "0.log.20201203-101112.gz").touch()
    (tmp_path / "0.log.20201202-101112").touch()
    assert [path.name for path in rotated_files(tmp_path / "0.log")] == [
        *("0.log.20201202-101112", "0.log.20201203-101112.gz", "0.log")
    ]


def test_broken_files_are_an_os_error(tmp_path: Path) -> None:
    """A file that ends inside its compression is told, not swallowed."""
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"200\n" * 5_000)[:-12])
    with pytest.raises(OSError, match="ends early"):
        list(read_log(tmp_path / "a.gz", CODE))


def test_memory_does_not_grow_with_the_log() -> None:
    """Thousands of lines pass through what a few of them need."""
    tracemalloc.start()
    try:
        reader = read_log((b"200\n" for _ in range(5_000)), CODE)
        assert sum(1 for _ in reader) == 5_000
        assert tracemalloc.get_traced_memory()[1] < 500_000
    finally:
        tracemalloc.stop()

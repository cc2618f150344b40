"""``meshegress log`` on a log of the field: filters, sums, outputs, formats from elsewhere, live logs."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from meshegress.cli import main

FIELD = Path(__file__).parents[1] / "accesslog" / "field"
MINUTE = "2026-11-20T08:15"
MIXED = str(FIELD / "mixed-directions.log")


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """Return what a command prints."""
    assert main(["log", *arguments]) == code
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("filters", "authorities"),
    [
        pytest.param(["--status", "2xx", "--direction", "outbound"], ["api.shop.example"], id="status and direction"),
        pytest.param(["--status", "0"], [None, None], id="no status"),
        pytest.param(["--status", "5xx,404"], [], id="none"),
        pytest.param(["--cluster", "inbound-vip|*"], ["reviews:9080"], id="cluster"),
        pytest.param(
            ["--direction", "gateway", "--direction", "waypoint"], ["reviews:9080", "api.shop.example"], id="or"
        ),
        pytest.param(
            ["--since", "2026-11-20T08:15:34Z", "--until", "2026-11-20T08:15:35Z"], ["api.shop.example"], id="time"
        ),
        pytest.param(["--flags", "UH,NR"], [], id="flags"),
        pytest.param(["--emitter", "cart*"], [], id="emitter"),
    ],
)
def test_filters_choose_entries(
    filters: list[str], authorities: list[str | None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Options of one kind add, those of several kinds narrow."""
    lines = printed(capsys, "parse", *filters, "--fields", "authority", MIXED).splitlines()
    assert [json.loads(line)["authority"] for line in lines] == authorities


@pytest.mark.parametrize("filter", [["--status", "7"], ["--since", "yesterday"]])
def test_a_filter_that_is_none_ends_in_two(filter: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The message shows what it may be."""
    assert main(["log", "parse", *filter, MIXED]) == 2
    assert filter[1] in capsys.readouterr().err


def test_an_emitter_is_written_out_by_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """As a member, a column, a row."""
    log = str(FIELD / "prefix-stern.log")
    first = json.loads(printed(capsys, "parse", log).splitlines()[0])
    assert first["emitter"] == {"pod": "cart-6d5f8-x2x4z", "container": "istio-proxy"}
    assert first["tolerances"] == ["prefix"]
    assert "cart-6d5f8-x2x4z/istio-proxy" in printed(capsys, "parse", "-o", "table", log)
    assert "emitter_pod" in printed(capsys, "parse", "-o", "csv", log).splitlines()[0]
    assert "emitter.pod" in printed(capsys, "explain", log)
    assert "cart-6d5f8-x2x4z/istio-proxy" in printed(capsys, "stats", log)
    lines = printed(capsys, "parse", "--emitter", "cart-*", "--fields", "emitter", log).splitlines()
    assert len(lines) == 2


def test_a_log_is_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    """By cluster, code, direction and client, with percentiles and bytes; as text and as JSON."""
    stats = json.loads(printed(capsys, "stats", "-o", "json", MIXED))
    assert stats["total"]["count"] == 6
    assert stats["cluster"]["outbound|443||www.bank.example"] == {
        "count": 1,
        "errors": 0,
        "p50": 23,
        "p90": 23,
        "p99": 23,
        "bytes_received": 781,
        "bytes_sent": 4652,
    }
    assert {name: group["count"] for name, group in stats["direction"].items()} == {
        "inbound": 2,
        "outbound": 2,
        "gateway": 1,
        "waypoint": 1,
    }
    assert stats["read"]["agent_lines"] == 1
    text = printed(capsys, "stats", "--top", "1", MIXED)
    assert text.startswith(
        "7 lines, 6 entries, 0.0% unread\nfrom 2026-11-20T08:15:30.123Z to 2026-11-20T08:15:35.100Z\n"
    )
    assert "… and 5 more" in text


def test_lines_as_they_stand(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """The chosen lines of a log make a log again."""
    assert main(["log", "parse", "--raw", "--direction", "inbound", MIXED]) == 0
    lines = Path(MIXED).read_bytes().splitlines(keepends=True)
    assert capfdbinary.readouterr().out == lines[2] + lines[5]


def test_rejects_are_kept_with_their_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is not read is not lost."""
    log, rejects = tmp_path / "a.log", tmp_path / "rejects"
    log.write_text(Path(MIXED).read_text() + "odd line\n")
    printed(capsys, "parse", "--rejects", str(rejects), str(log), code=1)
    assert rejects.read_text() == "no_match\todd line\n"


def test_lists_and_files_of_columns(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """JSON as one list, CSV, and Parquet with types."""
    parquet = pytest.importorskip("pyarrow.parquet")
    assert main(["log", "parse", "-o", "json", "--fields", "bytes_sent", MIXED]) == 0
    assert [one["bytes_sent"] for one in json.loads(capfdbinary.readouterr().out)] == [512, 2, 358, 512, 200, 4652]
    assert main(["log", "parse", "-o", "parquet", MIXED]) == 0
    table = parquet.read_table(io.BytesIO(capfdbinary.readouterr().out))
    assert table["bytes_sent"].to_pylist() == [512, 2, 358, 512, 200, 4652]
    assert str(table.schema.field("start_time").type).startswith("timestamp")


def test_an_empty_log_is_not_an_error() -> None:
    """In no command."""
    empty = str(FIELD / "empty.log")
    codes = [main(["log", command, empty]) for command in ("parse", "explain", "detect", "stats", "format")]
    assert codes == [0] * 5


MESH = """
apiVersion: v1
kind: ConfigMap
metadata: {name: istio}
data:
  mesh: |
    defaultProviders: {accessLogging: [mine]}
    extensionProviders:
    - name: mine
      envoyFileAccessLog:
        path: /dev/stdout
        logFormat: {text: "%RESPONSE_CODE% %REQ_WITHOUT_QUERY(:PATH)%"}
    - name: json
      envoyFileAccessLog: {path: /dev/stdout, logFormat: {labels: {code: "%RESPONSE_CODE%"}}}
"""
TELEMETRY = """
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: a}
spec: {accessLogging: [{providers: [{name: json}]}]}
"""


@pytest.mark.parametrize(
    ("format", "line", "code"),
    [
        pytest.param("@{path}/format", "200\t/x", 200, id="a file"),
        pytest.param(r"%RESPONSE_CODE%\t%REQ(:PATH)%\n", "200\t/x", 200, id="escapes as two characters"),
        pytest.param("%RESPONSE_CODE% %REQ_WITHOUT_QUERY(:PATH)%", "201 /", 201, id="what Istio configures"),
        pytest.param("mesh:{path}/mesh.yaml", "202 /", 202, id="the provider of the mesh"),
        pytest.param("mesh:{path}/telemetry.yaml", '{"code":203}', 203, id="the provider of a Telemetry"),
        pytest.param("mesh:{path}/values.yaml", '{"code":204}', 204, id="a format of its own in Helm's values"),
    ],
)
def test_formats_come_from_where_they_are(
    format: str, line: str, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file, a mesh configuration with its providers, a Telemetry beside it."""
    (tmp_path / "format").write_text("%RESPONSE_CODE%\\t%REQ(:PATH)%\\n\n")
    (tmp_path / "mesh.yaml").write_text(MESH)
    (tmp_path / "telemetry.yaml").write_text(MESH + TELEMETRY)
    own = {"accessLogEncoding": "JSON", "accessLogFormat": '{"code":"%RESPONSE_CODE%"}'}
    (tmp_path / "values.yaml").write_text(json.dumps({"meshConfig": own}))
    (tmp_path / "a.log").write_text(f"{line}\n")
    out = printed(
        capsys,
        "parse",
        "-f",
        format.replace("{path}", str(tmp_path)),
        "--fields",
        "RESPONSE_CODE",
        str(tmp_path / "a.log"),
    )
    assert json.loads(out) == {"RESPONSE_CODE": code}


@pytest.mark.parametrize(
    "text", ["{", "kind: Service", "extensionProviders: []\ndefaultProviders: {accessLogging: [x]}"]
)
def test_a_file_without_a_mesh_ends_in_two(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One message, no traceback."""
    (tmp_path / "mesh.yaml").write_text(text)
    assert main(["log", "parse", "-f", f"mesh:{tmp_path}/mesh.yaml", MIXED]) == 2
    assert capsys.readouterr().err.startswith("meshegress: ")


def test_a_live_log_is_followed() -> None:
    """What was read is shown before there is a wait for more, through a pipe, too."""
    lines = Path(MIXED).read_bytes().splitlines(keepends=True)
    command = [sys.executable, "-m", "meshegress", "log", "parse", "--fields", "authority"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(lines[1])
        process.stdin.flush()
        assert json.loads(process.stdout.readline()) == {"authority": "api.shop.example"}
        process.stdin.close()

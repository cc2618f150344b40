"""``meshegress log``: what it prints, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from meshegress.cli import main

LINE = (
    '[2020-12-03T04:17:20.514Z] "- - -" 0 - "-" "-" 781 4652 20 - "-" "-" "-" "-" "14.215.177.38:443" '
    "outbound|443||www.baidu.com 10.0.1.38:41854 14.215.177.38:443 10.0.1.38:41852 www.baidu.com -\n"
)


@pytest.fixture
def log(tmp_path: Path) -> str:
    """A log of one line."""
    path = tmp_path / "access.log"
    path.write_text(LINE)
    return str(path)


def test_lines_are_read_and_written_back(log: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """What parse prints, format writes again."""
    assert main(["log", "parse", log]) == 0
    printed = capfdbinary.readouterr().out
    assert json.loads(printed)["upstream_cluster"] == "outbound|443||www.baidu.com"
    (tmp_path / "entries.jsonl").write_bytes(printed)
    assert main(["log", "format", "-f", "istio-1.5-text", str(tmp_path / "entries.jsonl")]) == 0
    assert capfdbinary.readouterr().out == LINE.encode()


def test_a_table_is_printed(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The columns can be chosen."""
    assert main(["log", "parse", "--table", "--fields", "bytes_sent,upstream_cluster", log]) == 0
    assert capsys.readouterr().out.split() == ["bytes_sent", "upstream_cluster", "4652", "outbound|443||www.baidu.com"]


def test_the_format_is_detected(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    """How sure that is, and what does not fit, is told."""
    assert main(["log", "detect", log]) == 0
    assert capsys.readouterr().out.startswith("istio-1.5-text: 1 of 1 lines fit\nsure; 0.0% of the lines do not fit\n")


def test_a_line_is_explained(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each field has its value and what it means."""
    assert main(["log", "explain", log]) == 0
    assert "upstream_cluster                   outbound|443||www.baidu.com  (outbound to www.baidu.com, port 443)" in (
        capsys.readouterr().out
    )


def test_unread_lines_end_in_one(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    """They are counted, with samples that cannot harm a terminal."""
    with Path(log).open("a") as file:
        file.write("\x1b[31mno\n")
    assert main(["log", "parse", log]) == 1
    assert "2 lines, 1 entries, 1 no match\n  no_match: \\x1b[31mno\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["parse", "-f", "%REQ("], ["parse", "-f", "nope"], ["parse", "/nowhere"], ["format", "-f", '{"a":"%"}']],
)
def test_bad_formats_and_files_end_in_two(arguments: list[str], log: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One clear message, no traceback."""
    assert main(["log", *arguments, *([log] if "/nowhere" not in arguments else [])]) == 2
    assert capsys.readouterr().err.startswith("meshegress: ")


def test_an_unknown_field_is_refused(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The message shows which one, and what there is."""
    assert main(["log", "parse", "--fields", "start_time,nope", log]) == 2
    assert capsys.readouterr().err.endswith("  start_time,nope\n             ^^^^\n")


def test_what_a_client_sent_does_no_harm_to_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters in messages are escaped."""
    path = tmp_path / "odd.log"
    path.write_bytes(b"\x1b[31m\xff\n")
    assert main(["log", "parse", str(path)]) == 2
    assert "\\x1b[31m\\xff" in capsys.readouterr().err
